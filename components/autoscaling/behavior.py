"""How fast a number of pods may change: the same for both kinds of autoscaler."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NotRequired, TypedDict

from ...problems import Problems

# Bounds of `spec.behavior` in autoscaling/v2.
_LONGEST_WINDOW: Final = 3600
_LONGEST_PERIOD: Final = 1800


class ScalingUnit(StrEnum):
    """What a step counts."""

    PODS = "Pods"
    """Pods."""

    PERCENT = "Percent"
    """Percent of the pods that there are."""


class StepSelection(StrEnum):
    """Which of several steps counts."""

    MAX = "Max"
    """The one that changes most."""

    MIN = "Min"
    """The one that changes least."""

    DISABLED = "Disabled"
    """None: this direction is closed."""


class ScalingStep(TypedDict):
    """The most that may change within a period."""

    unit: ScalingUnit
    """Whether `amount` is in pods or in percent."""

    amount: int
    """Pods or percent, 1 or more."""

    period_seconds: NotRequired[int]
    """Seconds that the amount is for, 1 to 1,800. Default: 60."""


class ScalingDirection(TypedDict):
    """How fast the number of pods may go up, or down."""

    stabilization_seconds: NotRequired[int]
    """Seconds of recommendations of which the most careful one counts, 0 to 3,600. Default: 0 up, 300 down."""

    steps: NotRequired[list[ScalingStep]]
    """What may change at most. Default: up, 100 percent or 4 pods every 15 seconds; down, 10 percent or 1 pod every
    60 seconds."""

    select: NotRequired[StepSelection]
    """Which of the steps counts; `Disabled` closes the direction. Default: `Max`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepPlan:
    """A step with every default applied."""

    unit: ScalingUnit
    amount: int
    period_seconds: int

    def manifest(self) -> dict[str, Any]:
        """An item of `policies`."""
        return {"type": str(self.unit), "value": self.amount, "periodSeconds": self.period_seconds}


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectionPlan:
    """A direction with every default applied."""

    stabilization_seconds: int
    steps: Sequence[StepPlan]
    select: StepSelection

    def manifest(self) -> dict[str, Any]:
        """`scaleUp` or `scaleDown` of `spec.behavior`."""
        return {
            "stabilizationWindowSeconds": self.stabilization_seconds,
            "selectPolicy": str(self.select),
            "policies": [step.manifest() for step in self.steps],
        }


UP: Final = DirectionPlan(
    stabilization_seconds=0,
    steps=(
        StepPlan(unit=ScalingUnit.PERCENT, amount=100, period_seconds=15),
        StepPlan(unit=ScalingUnit.PODS, amount=4, period_seconds=15),
    ),
    select=StepSelection.MAX,
)
"""Up at once, at most to the double: Kubernetes' own default."""

DOWN: Final = DirectionPlan(
    stabilization_seconds=300,
    steps=(
        StepPlan(unit=ScalingUnit.PERCENT, amount=10, period_seconds=60),
        StepPlan(unit=ScalingUnit.PODS, amount=1, period_seconds=60),
    ),
    select=StepSelection.MAX,
)
"""Down slowly, since a server that loads a model is back only after minutes. Kubernetes' default drops all at once."""


def plan_behavior(
    problems: Problems, up: ScalingDirection | None, down: ScalingDirection | None
) -> tuple[DirectionPlan, DirectionPlan]:
    """Check both directions and apply their defaults."""
    with problems.under("scaleUp"):
        planned_up = _plan_direction(problems, up or {}, UP)
    with problems.under("scaleDown"):
        planned_down = _plan_direction(problems, down or {}, DOWN)
    return planned_up, planned_down


def behavior_manifest(up: DirectionPlan, down: DirectionPlan) -> dict[str, Any]:
    """`behavior`, as autoscaling/v2 and KEDA write it."""
    return {"scaleUp": up.manifest(), "scaleDown": down.manifest()}


def _plan_direction(problems: Problems, given: ScalingDirection, default: DirectionPlan) -> DirectionPlan:
    window = int(given.get("stabilization_seconds", default.stabilization_seconds))
    problems.between("stabilizationSeconds", window, 0, _LONGEST_WINDOW, "seconds")
    select = given.get("select", default.select)
    problems.choice("select", select, [each.value for each in StepSelection])
    steps = default.steps
    if "steps" in given:
        steps = [_plan_step(problems, f"steps[{index}]", step) for index, step in enumerate(given["steps"])]
        if not steps:
            problems.add("steps", "has no step; give one, or select 'Disabled' to close the direction")
        if len(set(steps)) < len(steps):
            problems.add("steps", "has the same step twice; leave one out")
    return DirectionPlan(
        stabilization_seconds=window,
        steps=sorted(steps, key=lambda step: (str(step.unit), step.period_seconds, step.amount)),
        select=StepSelection(select) if select in list(StepSelection) else default.select,
    )


def _plan_step(problems: Problems, path: str, given: ScalingStep) -> StepPlan:
    unit, amount, period = given["unit"], int(given["amount"]), int(given.get("period_seconds", 60))
    with problems.under(path):
        problems.choice("unit", unit, [each.value for each in ScalingUnit])
        problems.between("amount", amount, 1)
        problems.between("periodSeconds", period, 1, _LONGEST_PERIOD, "seconds")
    known = ScalingUnit(unit) if unit in list(ScalingUnit) else ScalingUnit.PODS
    return StepPlan(unit=known, amount=amount, period_seconds=period)
