"""Numbers of pods that follow the load."""

from .behavior import ScalingDirection, ScalingStep, ScalingUnit, StepSelection
from .event_driven_scaling import (
    EventDrivenScaling,
    EventDrivenScalingArgs,
    EventDrivenScalingPlan,
    FallbackBehavior,
    ScalingFallback,
    plan_event_driven_scaling,
)
from .horizontal_scaling import (
    HorizontalScaling,
    HorizontalScalingArgs,
    HorizontalScalingPlan,
    plan_horizontal_scaling,
)
from .metrics import ContainerUtilization, ExternalMetric, ObjectMetric, PodsMetric
from .scale_target import ScaleTarget
from .triggers import ScalingTrigger, TriggerMetricType

__all__ = [
    "ContainerUtilization",
    "EventDrivenScaling",
    "EventDrivenScalingArgs",
    "EventDrivenScalingPlan",
    "ExternalMetric",
    "FallbackBehavior",
    "HorizontalScaling",
    "HorizontalScalingArgs",
    "HorizontalScalingPlan",
    "ObjectMetric",
    "PodsMetric",
    "ScaleTarget",
    "ScalingDirection",
    "ScalingFallback",
    "ScalingStep",
    "ScalingTrigger",
    "ScalingUnit",
    "StepSelection",
    "TriggerMetricType",
    "plan_event_driven_scaling",
    "plan_horizontal_scaling",
]
