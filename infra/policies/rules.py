"""All rules, in the order in which they are applied and shown."""

from typing import Final

from .addon_rules import ADDON_RULES
from .bucket_rules import BUCKET_RULES
from .capacity_rules import CAPACITY_RULES
from .data_rules import DATA_RULES
from .eks_rules import EKS_RULES
from .identity_rules import IDENTITY_RULES
from .network_rules import NETWORK_RULES
from .pod_rules import POD_RULES
from .reference_rules import REFERENCE_RULES
from .rule import Rule
from .workload_rules import WORKLOAD_RULES

RULES: Final[tuple[Rule, ...]] = (
    *EKS_RULES,
    *NETWORK_RULES,
    *BUCKET_RULES,
    *DATA_RULES,
    *IDENTITY_RULES,
    *POD_RULES,
    *WORKLOAD_RULES,
    *CAPACITY_RULES,
    *ADDON_RULES,
    *REFERENCE_RULES,
)
"""All rules; their names are unique."""
