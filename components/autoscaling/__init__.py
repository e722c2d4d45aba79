"""Numbers and sizes of pods that follow the load."""

from .behavior import ScalingDirection, ScalingStep, ScalingUnit, StepSelection
from .container_sizing import ContainerSizing, ControlledValues
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
from .hybrid_scaling import HybridScaling, HybridScalingArgs, HybridScalingPlan, plan_hybrid_scaling
from .metrics import ContainerUtilization, ExternalMetric, ObjectMetric, PodsMetric
from .predictive_inputs import (
    PodCapacity,
    PredictiveActing,
    PredictiveMode,
    PredictiveScalingArgs,
    PrometheusLoad,
)
from .predictive_plan import PredictiveScalingPlan, plan_predictive_scaling
from .predictive_scaling import PredictiveScaling
from .scale_target import ScaleTarget
from .triggers import ScalingTrigger, TriggerMetricType
from .vertical_scaling import (
    SizeUpdate,
    VerticalScaling,
    VerticalScalingArgs,
    VerticalScalingPlan,
    counted_resources,
    plan_vertical_scaling,
)

__all__ = [
    "ContainerSizing",
    "ContainerUtilization",
    "ControlledValues",
    "EventDrivenScaling",
    "EventDrivenScalingArgs",
    "EventDrivenScalingPlan",
    "ExternalMetric",
    "FallbackBehavior",
    "HorizontalScaling",
    "HorizontalScalingArgs",
    "HorizontalScalingPlan",
    "HybridScaling",
    "HybridScalingArgs",
    "HybridScalingPlan",
    "ObjectMetric",
    "PodCapacity",
    "PodsMetric",
    "PredictiveActing",
    "PredictiveMode",
    "PredictiveScaling",
    "PredictiveScalingArgs",
    "PredictiveScalingPlan",
    "PrometheusLoad",
    "ScaleTarget",
    "ScalingDirection",
    "ScalingFallback",
    "ScalingStep",
    "ScalingTrigger",
    "ScalingUnit",
    "SizeUpdate",
    "StepSelection",
    "TriggerMetricType",
    "VerticalScaling",
    "VerticalScalingArgs",
    "VerticalScalingPlan",
    "counted_resources",
    "plan_event_driven_scaling",
    "plan_horizontal_scaling",
    "plan_hybrid_scaling",
    "plan_predictive_scaling",
    "plan_vertical_scaling",
]
