"""The hardware catalog: instance types and accelerators with prices, each figure with its source."""

from .accelerators import (
    TIME_SLICING_REPLICAS,
    Accelerator,
    MigProfile,
    accelerator,
    accelerators,
    check_time_slicing,
    find_accelerator,
    find_mig_profile,
    mig_profile,
)
from .assumptions import Assumption, assumptions
from .capacity_blocks import usable_time, usable_until
from .collectives import AllReduceFloor, all_reduce_floors
from .data_files import Source, sources
from .instance_types import InstanceType, all_instance_types, find_instance_type, instance_type
from .karpenter import karpenter_instance_types
from .language_models import LanguageModel, find_language_model, language_models
from .network_interfaces import (
    InterfaceKind,
    NetworkInterface,
    NetworkLayout,
    find_network_layout,
    network_layout,
    network_layouts,
)
from .prices import Price, regions
from .quotas import Quota, quota_of, quotas
from .requirements import Requirement, find_instance_types, instance_types
from .shared_nodes import SharedNode

__all__ = [
    "TIME_SLICING_REPLICAS",
    "Accelerator",
    "AllReduceFloor",
    "Assumption",
    "InstanceType",
    "InterfaceKind",
    "LanguageModel",
    "MigProfile",
    "NetworkInterface",
    "NetworkLayout",
    "Price",
    "Quota",
    "Requirement",
    "SharedNode",
    "Source",
    "accelerator",
    "accelerators",
    "all_instance_types",
    "all_reduce_floors",
    "assumptions",
    "check_time_slicing",
    "find_accelerator",
    "find_instance_type",
    "find_instance_types",
    "find_language_model",
    "find_mig_profile",
    "find_network_layout",
    "instance_type",
    "instance_types",
    "karpenter_instance_types",
    "language_models",
    "mig_profile",
    "network_layout",
    "network_layouts",
    "quota_of",
    "quotas",
    "regions",
    "sources",
    "usable_time",
    "usable_until",
]
