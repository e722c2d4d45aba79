"""Every version that the library depends on: which, where it is published, and since when."""

from .charts import KARPENTER_CHART, KARPENTER_CRD_CHART
from .kinds import Artifact, Chart, GoModule, Image, Version
from .programs import (
    ARTIFACTS,
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
)

__all__ = [
    "ARTIFACTS",
    "ETCD",
    "GATEWAY_API",
    "GO",
    "JOBSET",
    "KARPENTER",
    "KARPENTER_CHART",
    "KARPENTER_CRD_CHART",
    "KEDA",
    "KUBERNETES",
    "KWOK",
    "METRICS_SERVER",
    "PAUSE",
    "TRAINER",
    "Artifact",
    "Chart",
    "GoModule",
    "Image",
    "Version",
]
