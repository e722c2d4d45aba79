"""A number of pods that follows events, from zero on."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name, object_labels
from ...problems import Problems
from .behavior import DirectionPlan, ScalingDirection, behavior_manifest, plan_behavior
from .scale_target import MAXIMUM_PODS, ScaleTarget, ScaleTargetPlan, plan_bounds, plan_target
from .triggers import ScalingTrigger, TriggerPlan, plan_triggers

_COMPONENT: Final = "event-driven-scaling"
_AUTOSCALER: Final = "keda-hpa-"
"""What KEDA puts before the name to name the HorizontalPodAutoscaler that it makes."""

_LONGEST_WAIT: Final = 86_400


class FallbackBehavior(StrEnum):
    """How many pods there are while a trigger cannot be read."""

    STATIC = "static"
    """`replicas`."""

    CURRENT_REPLICAS = "currentReplicas"
    """As many as there are."""

    CURRENT_REPLICAS_IF_HIGHER = "currentReplicasIfHigher"
    """As many as there are, and no fewer than `replicas`."""

    CURRENT_REPLICAS_IF_LOWER = "currentReplicasIfLower"
    """As many as there are, and no more than `replicas`."""


class ScalingFallback(TypedDict):
    """What happens while a trigger cannot be read."""

    replicas: NotRequired[int]
    """Pods, 0 to `max_replicas`. Default: `min_replicas`, and at least 1."""

    failures: NotRequired[int]
    """Failures in a row that are waited for, 0 to 1,000. Default: 3."""

    behavior: NotRequired[FallbackBehavior]
    """How `replicas` is meant. Default: `currentReplicasIfHigher`: blindness never takes a pod away."""


class EventDrivenScalingArgs(TypedDict):
    """Inputs of `EventDrivenScaling`."""

    namespace: pulumi.Input[str]
    """Namespace of the target."""

    target: ScaleTarget
    """What is scaled. It must not write a number of pods itself: see `autoscaled` of the workloads."""

    triggers: dict[str, ScalingTrigger]
    """Event sources by name; the one that asks for most pods wins."""

    max_replicas: int
    """Pods at most, 1 to 150,000. What they may cost follows from it, so it has no default."""

    min_replicas: NotRequired[int]
    """Pods at least, 0 to 150,000; 0 needs a trigger other than `cpu` and `memory`. Default: 1."""

    idle_at_zero: NotRequired[bool]
    """Whether there are no pods while no trigger is active, and from the first event on `min_replicas`, which is then 1
    or more. Default: false."""

    polling_seconds: NotRequired[int]
    """Seconds between two looks at the triggers while there are no pods, 1 to 86,400; with pods, the autoscaler looks
    every 15 seconds. Default: 30."""

    cooldown_seconds: NotRequired[int]
    """Seconds without an event after which the last pods go, 0 to 86,400. Default: 300."""

    fallback: NotRequired[ScalingFallback]
    """What happens while a trigger cannot be read. Without one the number of pods would be frozen, so every trigger
    that can fail has one. Default: as many pods as there are, and at least `min_replicas`, after 3 failures."""

    scale_up: NotRequired[ScalingDirection]
    """How fast it may grow from one pod on. Default: at once, to the double or by 4 pods every 15 seconds."""

    scale_down: NotRequired[ScalingDirection]
    """How fast it may shrink. Default: after 300 seconds of less load, by 10 percent or 1 pod a minute."""

    restore_replicas: NotRequired[bool]
    """Whether the target gets back the number of pods that it had, once this policy is deleted. Default: false: it
    keeps what it has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FallbackPlan:
    """A fallback with every default applied."""

    replicas: int
    failures: int
    behavior: FallbackBehavior

    def manifest(self) -> dict[str, Any]:
        """The ScaledObject's `spec.fallback`."""
        return {"replicas": self.replicas, "failureThreshold": self.failures, "behavior": str(self.behavior)}


@dataclass(frozen=True, kw_only=True, slots=True)
class EventDrivenScalingPlan:
    """A policy with every default applied."""

    name: str
    namespace: pulumi.Input[str]
    target: ScaleTargetPlan
    triggers: Sequence[TriggerPlan]
    min_replicas: int
    max_replicas: int
    idle_at_zero: bool
    polling_seconds: int
    cooldown_seconds: int
    fallback: FallbackPlan | None
    up: DirectionPlan
    down: DirectionPlan
    restore_replicas: bool


def plan_event_driven_scaling(
    args: EventDrivenScalingArgs, name: str = "event-driven-scaling"
) -> EventDrivenScalingPlan:
    """Check the inputs of the policy called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, EventDrivenScalingArgs):
        problems.raise_if_any("EventDrivenScaling")
    check_name(problems, "name", name, room=len(_AUTOSCALER))
    with problems.under("target"):
        target = plan_target(problems, args["target"])
    triggers = plan_triggers(problems, args["triggers"])
    lower, upper = plan_bounds(problems, args, least=0, default=1)
    idle = args.get("idle_at_zero", False)
    _check_zero(problems, triggers, lower, idle)
    polling, cooldown = int(args.get("polling_seconds", 30)), int(args.get("cooldown_seconds", 300))
    problems.between("pollingSeconds", polling, 1, _LONGEST_WAIT, "seconds")
    problems.between("cooldownSeconds", cooldown, 0, _LONGEST_WAIT, "seconds")
    fallback = _plan_fallback(problems, args.get("fallback"), triggers, lower, upper)
    up, down = plan_behavior(problems, args.get("scale_up"), args.get("scale_down"))
    problems.raise_if_any("EventDrivenScaling")
    return EventDrivenScalingPlan(
        name=name,
        namespace=args["namespace"],
        target=target,
        triggers=triggers,
        min_replicas=lower,
        max_replicas=upper,
        idle_at_zero=idle,
        polling_seconds=polling,
        cooldown_seconds=cooldown,
        fallback=fallback,
        up=up,
        down=down,
        restore_replicas=args.get("restore_replicas", False),
    )


def _check_zero(problems: Problems, triggers: Sequence[TriggerPlan], lower: int, idle: bool) -> None:
    if idle and lower == 0:
        problems.add(
            "idleAtZero", "says what minReplicas of 0 does already; leave it out, or give minReplicas 1 or more"
        )
    needs_pods = bool(triggers) and all(trigger.of_resource for trigger in triggers)
    if needs_pods and (lower == 0 or idle):
        field = "idleAtZero" if idle else "minReplicas"
        problems.add(field, "there is no use of cpu or memory without pods; add a trigger that counts events")


def _plan_fallback(
    problems: Problems, given: ScalingFallback | None, triggers: Sequence[TriggerPlan], lower: int, upper: int
) -> FallbackPlan | None:
    if not any(trigger.can_fail for trigger in triggers):
        if given is not None and triggers:
            problems.add("fallback", "no trigger can fail: cpu, memory and cron ask nobody; leave it out")
        return None
    fallback: ScalingFallback = {} if given is None else given
    most = min(max(upper, 1), MAXIMUM_PODS)
    replicas, failures = int(fallback.get("replicas", min(max(1, lower), most))), int(fallback.get("failures", 3))
    behavior = fallback.get("behavior", FallbackBehavior.CURRENT_REPLICAS_IF_HIGHER)
    with problems.under("fallback"):
        problems.between("replicas", replicas, 0, most, "pods")
        problems.between("failures", failures, 0, 1000)
        problems.choice("behavior", behavior, [each.value for each in FallbackBehavior])
    known = behavior in list(FallbackBehavior)
    return FallbackPlan(
        replicas=replicas,
        failures=failures,
        behavior=FallbackBehavior(behavior) if known else FallbackBehavior.STATIC,
    )


class EventDrivenScaling(pulumi.ComponentResource):
    """A ScaledObject of KEDA. It owns the target's number of pods: nothing else may write it.

    It does not install KEDA, and makes no TriggerAuthentication: that holds the secrets of whoever runs the source.

    Example: `EventDrivenScaling("chat", {"namespace": "ai", "target": {"name": "chat"}, "max_replicas": 8,
    "triggers": {"queue": {"type": "prometheus", "metadata": {...}}}})`
    """

    scaled_object_name: pulumi.Output[str]
    """Name of the ScaledObject."""

    autoscaler_name: pulumi.Output[str]
    """Name of the HorizontalPodAutoscaler that KEDA makes from it."""

    min_replicas: pulumi.Output[int]
    """Pods at least; 0 where it scales to zero or idles there."""

    max_replicas: pulumi.Output[int]
    """Pods at most."""

    def __init__(self, name: str, args: EventDrivenScalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("EventDrivenScaling", name, partial(plan_event_driven_scaling, name=name), args)
        super().__init__("aidc:index:EventDrivenScaling", name, recorded(args), opts)
        scaled = KubernetesObject(f"{name}-scaled-object", _scaled_object(plan), pulumi.ResourceOptions(parent=self))
        self.scaled_object_name = scaled.object_name
        self.autoscaler_name = pulumi.Output.concat(_AUTOSCALER, scaled.object_name)
        self.min_replicas = pulumi.Output.from_input(0 if plan.idle_at_zero else plan.min_replicas)
        self.max_replicas = pulumi.Output.from_input(plan.max_replicas)
        self.register_outputs(
            {
                "scaled_object_name": self.scaled_object_name,
                "autoscaler_name": self.autoscaler_name,
                "min_replicas": self.min_replicas,
                "max_replicas": self.max_replicas,
            }
        )


def _scaled_object(plan: EventDrivenScalingPlan) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "scaleTargetRef": plan.target.manifest(),
        "pollingInterval": plan.polling_seconds,
        "cooldownPeriod": plan.cooldown_seconds,
        "minReplicaCount": plan.min_replicas,
        "maxReplicaCount": plan.max_replicas,
        "triggers": [trigger.manifest() for trigger in plan.triggers],
        "advanced": {
            "restoreToOriginalReplicaCount": plan.restore_replicas,
            "horizontalPodAutoscalerConfig": {"behavior": behavior_manifest(plan.up, plan.down)},
        },
    }
    if plan.idle_at_zero:
        spec["idleReplicaCount"] = 0
    if plan.fallback is not None:
        spec["fallback"] = plan.fallback.manifest()
    metadata = {"name": plan.name, "namespace": plan.namespace, "labels": object_labels(plan.name, _COMPONENT)}
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": metadata, "spec": spec}
