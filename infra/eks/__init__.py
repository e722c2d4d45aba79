"""Kubernetes on AWS: the EKS cluster, its system nodes and its managed add-ons."""

from .arguments import (
    ClusterAccess,
    ClusterAccessPolicy,
    ClusterIpFamily,
    EksClusterArgs,
    SupportPolicy,
    SystemNodes,
)
from .cluster_plan import EksClusterPlan, plan_eks_cluster
from .eks_cluster import EksCluster
from .kubeconfig import kubeconfig
from .provider import eks_provider
from .system_nodes_plan import SYSTEM_POOL
from .version_skew import check_karpenter, check_minor_version, check_node_skew, check_upgrade

__all__ = [
    "SYSTEM_POOL",
    "ClusterAccess",
    "ClusterAccessPolicy",
    "ClusterIpFamily",
    "EksCluster",
    "EksClusterArgs",
    "EksClusterPlan",
    "SupportPolicy",
    "SystemNodes",
    "check_karpenter",
    "check_minor_version",
    "check_node_skew",
    "check_upgrade",
    "eks_provider",
    "kubeconfig",
    "plan_eks_cluster",
]
