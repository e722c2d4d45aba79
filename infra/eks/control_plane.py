"""The control plane: its logs, its role, itself."""

from typing import TYPE_CHECKING, Any, Final

import pulumi

from .arguments import ClusterIpFamily, EksClusterArgs
from .cluster_plan import EksClusterPlan
from .roles import create_control_plane_role

if TYPE_CHECKING:
    from pulumi_aws.eks import Cluster

_LOG_TYPES: Final = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
_AUTO_MODE_POOLS: Final = ["general-purpose", "system"]


def create_control_plane(
    name: str,
    plan: EksClusterPlan,
    args: EksClusterArgs,
    *,
    region: pulumi.Output[str],
    node_role_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> "Cluster":
    """Make the control plane. Its log group comes first: one that EKS makes is neither encrypted nor bounded."""
    from pulumi_aws import cloudwatch, eks

    logs = cloudwatch.LogGroup(
        f"{name}-logs",
        name=f"/aws/eks/{plan.cluster_name}/cluster",
        retention_in_days=plan.log_retention_days,
        kms_key_id=args.get("log_key"),
        opts=opts,
    )
    encryption_key = args.get("encryption_key")
    role, policies = create_control_plane_role(
        name,
        region=region,
        auto_mode=plan.auto_mode,
        encryption_key=encryption_key,
        permissions_boundary=args.get("permissions_boundary"),
        opts=opts,
    )
    # Without its policies the control plane could not remove its own network interfaces at the end.
    after = pulumi.ResourceOptions(depends_on=[logs, *policies], protect=plan.protect or None)
    given: dict[str, Any] = {}
    if encryption_key is not None:
        given["encryption_config"] = {"provider": {"key_arn": encryption_key}, "resources": ["secrets"]}
    return eks.Cluster(
        name,
        name=plan.cluster_name,
        version=plan.kubernetes_version,
        role_arn=role.arn,
        vpc_config=_endpoint(plan, args),
        kubernetes_network_config=_network(plan),
        access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
        bootstrap_self_managed_addons=False,
        enabled_cluster_log_types=_LOG_TYPES,
        deletion_protection=plan.deletion_protection,
        upgrade_policy={"support_type": plan.support_policy.value.upper()},
        zonal_shift_config={"enabled": plan.zonal_shift},
        # EKS takes the three settings of Auto Mode only together, for on as for off.
        compute_config=_compute(plan, node_role_arn),
        storage_config={"block_storage": {"enabled": plan.auto_mode}},
        **given,
        opts=pulumi.ResourceOptions.merge(opts, after),
    )


def _endpoint(plan: EksClusterPlan, args: EksClusterArgs) -> Any:
    endpoint: dict[str, Any] = {
        "subnet_ids": args["subnet_ids"],
        "endpoint_private_access": True,
        "endpoint_public_access": bool(plan.endpoint_public_cidrs),
    }
    if plan.endpoint_public_cidrs:
        endpoint["public_access_cidrs"] = list(plan.endpoint_public_cidrs)
    return endpoint


def _network(plan: EksClusterPlan) -> Any:
    network: dict[str, Any] = {
        "ip_family": plan.ip_family.value,
        "elastic_load_balancing": {"enabled": plan.auto_mode},
    }
    if plan.ip_family is ClusterIpFamily.IPV4:
        network["service_ipv4_cidr"] = plan.service_cidr
    return network


def _compute(plan: EksClusterPlan, node_role_arn: pulumi.Input[str]) -> Any:
    if not plan.auto_mode:
        return {"enabled": False}
    return {"enabled": True, "node_pools": _AUTO_MODE_POOLS, "node_role_arn": node_role_arn}
