"""The layers of a data center on AWS, and which of its settings belong to which."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Layer(StrEnum):
    """A part of an environment that has a stack of its own."""

    FOUNDATION = "foundation"
    PLATFORM = "platform"
    WORKLOADS = "workloads"


SECTIONS: Final[Mapping[Layer, tuple[str, ...]]] = {
    Layer.FOUNDATION: (
        "encryption_keys",
        "permissions_boundary",
        "network",
        "account_guards",
        "audit_trail",
        "threat_detection",
        "container_registry",
        "access_log_bucket",
        "recovery_site",
        "backup_plans",
    ),
    Layer.PLATFORM: (
        "cluster",
        "karpenter",
        "cluster_addons",
        "storage_classes",
        "node_classes",
        "gpu_node_pools",
        "cpu_node_pools",
        "priority_classes",
    ),
    Layer.WORKLOADS: (
        "images",
        "tenants",
        "secret_stores",
        "certificates",
        "web_firewalls",
        "object_stores",
        "bucket_replications",
        "velero",
        "shared_filesystems",
        "dataset_volumes",
        "warm_capacity",
        "preprocessing_jobs",
        "training_jobs",
        "inference_services",
        "microservices",
    ),
}
"""Settings by the layer that makes what they describe, lowest layer first."""


def layer_of(section: str) -> Layer:
    """Return the layer that a section of the settings belongs to."""
    return next(layer for layer, sections in SECTIONS.items() if section in sections)
