"""Images: where they are kept, and how they get there."""

from .container_registry import ContainerRegistry
from .registry_plan import ContainerRegistryArgs, RegistryScanning, RepositorySettings
from .upstream import UpstreamCache, UpstreamRegistry
from .workload_image import WorkloadImage, WorkloadImageArgs

__all__ = [
    "ContainerRegistry",
    "ContainerRegistryArgs",
    "RegistryScanning",
    "RepositorySettings",
    "UpstreamCache",
    "UpstreamRegistry",
    "WorkloadImage",
    "WorkloadImageArgs",
]
