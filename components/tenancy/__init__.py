"""Who shares a cluster, and how much of it."""

from .tenancy import ContainerDefaults, PodSecurity, Tenancy, TenancyArgs, TenancyPlan, TenantQuota, plan_tenancy

__all__ = [
    "ContainerDefaults",
    "PodSecurity",
    "Tenancy",
    "TenancyArgs",
    "TenancyPlan",
    "TenantQuota",
    "plan_tenancy",
]
