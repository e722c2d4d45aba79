"""Kubernetes on AWS: the EKS cluster, its system nodes and its managed add-ons."""

from .arguments import (
    ClusterAccess,
    ClusterAccessPolicy,
    ClusterIpFamily,
    EksClusterArgs,
    NodeImage,
    SupportPolicy,
    SystemNodes,
)
from .cluster_plan import EksClusterPlan, plan_eks_cluster
from .eks_cluster import EksCluster
from .kubeconfig import kubeconfig
from .provider import eks_provider

__all__ = [
    "ClusterAccess",
    "ClusterAccessPolicy",
    "ClusterIpFamily",
    "EksCluster",
    "EksClusterArgs",
    "EksClusterPlan",
    "NodeImage",
    "SupportPolicy",
    "SystemNodes",
    "eks_provider",
    "kubeconfig",
    "plan_eks_cluster",
]
