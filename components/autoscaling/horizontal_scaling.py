"""A number of pods that follows their load."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name, object_labels
from ...problems import Problems
from .behavior import DirectionPlan, ScalingDirection, behavior_manifest, plan_behavior
from .metrics import ContainerUtilization, ExternalMetric, ObjectMetric, PodsMetric, plan_metrics
from .scale_target import ScaleTarget, ScaleTargetPlan, plan_bounds, plan_target

_COMPONENT: Final = "horizontal-scaling"


class HorizontalScalingArgs(TypedDict):
    """Inputs of `HorizontalScaling`."""

    namespace: pulumi.Input[str]
    """Namespace of the target."""

    target: ScaleTarget
    """What is scaled. It must not write a number of pods itself: see `autoscaled` of the workloads."""

    max_replicas: int
    """Pods at most, 1 to 150,000. What they may cost follows from it, so it has no default."""

    min_replicas: NotRequired[int]
    """Pods at least, 1 to 150,000; from zero is what EventDrivenScaling does. Default: 2, so that a drain or a crash
    leaves one; 1 where `max_replicas` is 1."""

    cpu_percent: NotRequired[int]
    """Use of cores on average over the pods, in percent of their request, 1 to 10,000. Default: not looked at."""

    memory_percent: NotRequired[int]
    """Use of memory on average over the pods, in percent of their request, 1 to 10,000. Default: not looked at."""

    containers: NotRequired[dict[str, ContainerUtilization]]
    """Use of single containers, by name, so that a sidecar does not hide the server. Default: none."""

    pods_metrics: NotRequired[dict[str, PodsMetric]]
    """Metrics that every pod has, by name. Default: none."""

    object_metrics: NotRequired[dict[str, ObjectMetric]]
    """Metrics of other objects, by name. Default: none."""

    external_metrics: NotRequired[dict[str, ExternalMetric]]
    """Metrics from outside the cluster, by name. Default: none."""

    scale_up: NotRequired[ScalingDirection]
    """How fast it may grow. Default: at once, to the double or by 4 pods every 15 seconds."""

    scale_down: NotRequired[ScalingDirection]
    """How fast it may shrink. Default: after 300 seconds of less load, by 10 percent or 1 pod a minute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HorizontalScalingPlan:
    """A policy with every default applied."""

    name: str
    namespace: pulumi.Input[str]
    target: ScaleTargetPlan
    min_replicas: int
    max_replicas: int
    metrics: Sequence[Mapping[str, Any]]
    up: DirectionPlan
    down: DirectionPlan


def plan_horizontal_scaling(args: HorizontalScalingArgs, name: str = "horizontal-scaling") -> HorizontalScalingPlan:
    """Check the inputs of the policy called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, HorizontalScalingArgs):
        problems.raise_if_any("HorizontalScaling")
    check_name(problems, "name", name)
    with problems.under("target"):
        target = plan_target(problems, args["target"])
    default = min(2, max(1, int(args["max_replicas"])))
    lower, upper = plan_bounds(problems, args, least=1, default=default)
    metrics = plan_metrics(problems, args)
    up, down = plan_behavior(problems, args.get("scale_up"), args.get("scale_down"))
    problems.raise_if_any("HorizontalScaling")
    return HorizontalScalingPlan(
        name=name,
        namespace=args["namespace"],
        target=target,
        min_replicas=lower,
        max_replicas=upper,
        metrics=metrics,
        up=up,
        down=down,
    )


class HorizontalScaling(pulumi.ComponentResource):
    """A HorizontalPodAutoscaler. It owns the target's number of pods: nothing else may write it.

    Example: `HorizontalScaling("chat", {"namespace": "ai", "target": {"name": "chat"}, "max_replicas": 8,
    "cpu_percent": 70})`
    """

    autoscaler_name: pulumi.Output[str]
    """Name of the HorizontalPodAutoscaler."""

    min_replicas: pulumi.Output[int]
    """Pods at least."""

    max_replicas: pulumi.Output[int]
    """Pods at most."""

    def __init__(self, name: str, args: HorizontalScalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("HorizontalScaling", name, partial(plan_horizontal_scaling, name=name), args)
        super().__init__("aidc:index:HorizontalScaling", name, recorded(args), opts)
        autoscaler = KubernetesObject(
            f"{name}-autoscaler", horizontal_autoscaler(plan, _COMPONENT), pulumi.ResourceOptions(parent=self)
        )
        self.autoscaler_name = autoscaler.object_name
        self.min_replicas = pulumi.Output.from_input(plan.min_replicas)
        self.max_replicas = pulumi.Output.from_input(plan.max_replicas)
        self.register_outputs(
            {
                "autoscaler_name": self.autoscaler_name,
                "min_replicas": self.min_replicas,
                "max_replicas": self.max_replicas,
            }
        )


def horizontal_autoscaler(plan: HorizontalScalingPlan, component: str) -> dict[str, Any]:
    """Return the HorizontalPodAutoscaler of a plan, labelled as part of a component."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {
            "name": plan.name,
            "namespace": plan.namespace,
            "labels": object_labels(plan.name, component),
        },
        "spec": {
            "scaleTargetRef": plan.target.manifest(),
            "minReplicas": plan.min_replicas,
            "maxReplicas": plan.max_replicas,
            "metrics": [dict(metric) for metric in plan.metrics],
            "behavior": behavior_manifest(plan.up, plan.down),
        },
    }
