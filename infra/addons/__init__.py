"""What a cluster needs beside Kubernetes: drivers, controllers, operators, as a declared graph."""

from .catalog import ADDONS
from .cluster_addons import ClusterAddons
from .gpu_software import AmiFamily, GpuOwner, GpuOwnership, GpuSoftware, gpu_ownership
from .plan import ClusterAddonsArgs, plan_cluster_addons
from .settings import AddonSettings

__all__ = [
    "ADDONS",
    "AddonSettings",
    "AmiFamily",
    "ClusterAddons",
    "ClusterAddonsArgs",
    "GpuOwner",
    "GpuOwnership",
    "GpuSoftware",
    "gpu_ownership",
    "plan_cluster_addons",
]
