"""Karpenter on AWS: its controller, its identity, its interruption queue."""

from .controller_plan import (
    KarpenterControllerArgs,
    KarpenterControllerPlan,
    KarpenterFeatures,
    instance_profile_name,
    plan_karpenter_controller,
)
from .interruption import INTERRUPTION_EVENTS, queue_statements
from .karpenter_controller import KarpenterController
from .statements import karpenter_statements

__all__ = [
    "INTERRUPTION_EVENTS",
    "KarpenterController",
    "KarpenterControllerArgs",
    "KarpenterControllerPlan",
    "KarpenterFeatures",
    "instance_profile_name",
    "karpenter_statements",
    "plan_karpenter_controller",
    "queue_statements",
]
