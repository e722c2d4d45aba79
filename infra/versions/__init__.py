"""Every version that the library depends on: which, where it is published, and since when."""

from .charts import ADDON_CHARTS, KARPENTER_CHART, KARPENTER_CRD_CHART, VELERO_CHART
from .definitions import DEFINITIONS, Definitions
from .eks import (
    ADDON_NAMES,
    AL2023_IMAGE,
    AL2023_KUBELETS,
    BOTTLEROCKET_BUILD,
    BOTTLEROCKET_IMAGE,
    EKS_ADDONS,
    EKS_KUBERNETES,
    EKS_KUBERNETES_VERSIONS,
    KARPENTER_MINIMUMS,
)
from .engines import VLLM
from .kinds import Artifact, Chart, GoModule, Image, Version
from .programs import (
    ARTIFACTS,
    CONTAINERD,
    COREDNS,
    ETCD,
    GATEWAY_API,
    GO,
    JOBSET,
    KARPENTER,
    KEDA,
    KUBERNETES,
    KWOK,
    METRICS_SERVER,
    PAUSE,
    TRAINER,
    VERTICAL_POD_AUTOSCALER,
)
from .ray import KUBERAY, RAY
from .recovery import VELERO_AWS_PLUGIN
from .scanners import CHECKOV, KUBE_SCORE

__all__ = [
    "ADDON_CHARTS",
    "ADDON_NAMES",
    "AL2023_IMAGE",
    "AL2023_KUBELETS",
    "ARTIFACTS",
    "BOTTLEROCKET_BUILD",
    "BOTTLEROCKET_IMAGE",
    "CHECKOV",
    "CONTAINERD",
    "COREDNS",
    "DEFINITIONS",
    "EKS_ADDONS",
    "EKS_KUBERNETES",
    "EKS_KUBERNETES_VERSIONS",
    "ETCD",
    "GATEWAY_API",
    "GO",
    "JOBSET",
    "KARPENTER",
    "KARPENTER_CHART",
    "KARPENTER_CRD_CHART",
    "KARPENTER_MINIMUMS",
    "KEDA",
    "KUBERAY",
    "KUBERNETES",
    "KUBE_SCORE",
    "KWOK",
    "METRICS_SERVER",
    "PAUSE",
    "RAY",
    "TRAINER",
    "VELERO_AWS_PLUGIN",
    "VELERO_CHART",
    "VERTICAL_POD_AUTOSCALER",
    "VLLM",
    "Artifact",
    "Chart",
    "Definitions",
    "GoModule",
    "Image",
    "Version",
]
