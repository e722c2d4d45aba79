"""Pods that grow first and then become more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any, Final, NotRequired, TypedDict, cast

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name
from ...infra.quantities import quantity
from ...problems import Problems, camel_case
from .behavior import ScalingDirection, plan_behavior
from .container_sizing import OTHERS, RESOURCES, ContainerSizing, SizingPlan, plan_sizing
from .horizontal_scaling import HorizontalScalingPlan, horizontal_autoscaler
from .metrics import ExternalMetric, ObjectMetric, PodsMetric, plan_metrics
from .scale_target import ScaleTarget, plan_bounds, plan_target
from .vertical_scaling import SizeUpdate, VerticalScalingPlan, plan_update, vertical_autoscaler

_COMPONENT: Final = "hybrid-scaling"
_METRICS: Final = ("cpu_percent", "memory_percent", "pods_metrics", "object_metrics", "external_metrics")


class HybridScalingArgs(TypedDict):
    """Inputs of `HybridScaling`."""

    namespace: pulumi.Input[str]
    """Namespace of the target."""

    target: ScaleTarget
    """What is scaled. It must not write a number of pods itself: see `autoscaled` of the workloads."""

    sizing: dict[str, ContainerSizing]
    """How large containers may become, by name; `*` for those that are not named."""

    max_replicas: int
    """Pods at most, 2 to 150,000. What they may cost follows from it and from `sizing`, so it has no default."""

    min_replicas: NotRequired[int]
    """Pods at least, 1 to 150,000, fewer than `max_replicas`. Default: 2; 1 where `max_replicas` is 2."""

    cpu_percent_of_maximum: NotRequired[int]
    """Use of cores of each sized container on average over the pods, in percent of its `maximum_cpu`, 1 to 100: from
    there on there are more pods. Default: not looked at."""

    memory_percent_of_maximum: NotRequired[int]
    """The same for memory, of `maximum_memory`. Default: not looked at."""

    cpu_percent: NotRequired[int]
    """Use of cores on average over the pods, in percent of their request, 1 to 10,000; only where `sizing` leaves
    cores alone. Default: not looked at."""

    memory_percent: NotRequired[int]
    """Use of memory on average over the pods, in percent of their request, 1 to 10,000; only where `sizing` leaves
    memory alone. Default: not looked at."""

    pods_metrics: NotRequired[dict[str, PodsMetric]]
    """Metrics that every pod has, by name. Default: none."""

    object_metrics: NotRequired[dict[str, ObjectMetric]]
    """Metrics of other objects, by name. Default: none."""

    external_metrics: NotRequired[dict[str, ExternalMetric]]
    """Metrics from outside the cluster, by name. Default: none."""

    scale_up: NotRequired[ScalingDirection]
    """How fast the number may grow. Default: at once, to the double or by 4 pods every 15 seconds."""

    scale_down: NotRequired[ScalingDirection]
    """How fast it may shrink. Default: after 300 seconds of less load, by 10 percent or 1 pod a minute."""

    update: NotRequired[SizeUpdate]
    """When pods get their size: `Initial`, `Recreate` or `InPlaceOrRecreate`. Default: `InPlaceOrRecreate`."""

    evict_from: NotRequired[int]
    """Pods from which on one may be evicted for its size, 1 to 150,000. Default: 2."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HybridScalingPlan:
    """Both policies with every default applied."""

    vertical: VerticalScalingPlan
    horizontal: HorizontalScalingPlan


def plan_hybrid_scaling(args: HybridScalingArgs, name: str = "hybrid-scaling") -> HybridScalingPlan:
    """Check the inputs of the policy called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, HybridScalingArgs):
        problems.raise_if_any("HybridScaling")
    check_name(problems, "name", name)
    with problems.under("target"):
        target = plan_target(problems, args["target"])
    counted = {each: _counted(each) for each in RESOURCES if f"{each}_percent" in args}
    with problems.under("sizing"):
        sizing = plan_sizing(problems, args["sizing"], counted)
    update, evict_from = plan_update(problems, args.get("update"), args.get("evict_from"))
    if update is SizeUpdate.OFF:
        problems.add("update", "is Off, so no pod changes its size; use HorizontalScaling alone")
    lower, upper = plan_bounds(problems, args, least=1, default=min(2, max(1, int(args["max_replicas"]) - 1)))
    if lower == upper:
        problems.add(
            "maxReplicas", f"is minReplicas, {lower:,}, so the number never changes; use VerticalScaling alone"
        )
    metrics = _metrics(problems, args, sizing)
    up, down = plan_behavior(problems, args.get("scale_up"), args.get("scale_down"))
    problems.raise_if_any("HybridScaling")
    shared: Any = {"name": name, "namespace": args["namespace"], "target": target}
    return HybridScalingPlan(
        vertical=VerticalScalingPlan(**shared, sizing=sizing, update=update, evict_from=evict_from),
        horizontal=HorizontalScalingPlan(
            **shared, min_replicas=lower, max_replicas=upper, metrics=metrics, up=up, down=down
        ),
    )


def _metrics(problems: Problems, args: HybridScalingArgs, sizing: Sequence[SizingPlan]) -> list[Mapping[str, Any]]:
    """Return what the number of pods follows: nothing of it depends on a request that vertical scaling changes."""
    given = cast(Mapping[str, Any], args)
    found: list[Mapping[str, Any]] = []
    shares = [each for each in RESOURCES if f"{each}_percent_of_maximum" in given]
    for resource in shares:
        found += _absolute(problems, resource, int(given[f"{resource}_percent_of_maximum"]), sizing)
    others = {key: given[key] for key in _METRICS if key in given}
    if others:
        found += plan_metrics(problems, others)
    elif not shares:
        reason = "missing; say what the number of pods follows: this, or a metric that follows the load better"
        problems.add("cpuPercentOfMaximum", reason)
    return found


def _absolute(problems: Problems, resource: str, percent: int, sizing: Sequence[SizingPlan]) -> list[Mapping[str, Any]]:
    path = camel_case(f"{resource}_percent_of_maximum")
    problems.between(path, percent, 1, 100, "percent")
    sized = [each for each in sizing if resource in each.resources]
    if not sized:
        problems.add(path, f"sizing changes no {resource}; give {camel_case(f'{resource}_percent')}, of the request")
    if any(each.container == OTHERS for each in sized):
        problems.add(path, "sizing for * may be any number of containers; name those whose use counts")
    return [
        _container_metric(resource, each, percent)
        for each in sized
        if each.container != OTHERS and _is_quantity(each.most.get(resource))
    ]


def _container_metric(resource: str, sizing: SizingPlan, percent: int) -> dict[str, Any]:
    share = quantity(sizing.most[resource]) * percent / 100
    value = _whole(share * 1000) + "m" if resource == "cpu" else _whole(share)
    fields = {
        "name": resource,
        "container": sizing.container,
        "target": {"type": "AverageValue", "averageValue": value},
    }
    return {"type": "ContainerResource", "containerResource": fields}


def _whole(amount: Decimal) -> str:
    return str(max(1, int(amount.to_integral_value(ROUND_HALF_UP))))


def _is_quantity(text: str | None) -> bool:
    try:
        return text is not None and quantity(text) > 0
    except ValueError:
        return False


def _counted(resource: str) -> str:
    percent, share = camel_case(f"{resource}_percent"), camel_case(f"{resource}_percent_of_maximum")
    return (
        f"{percent} counts in percent of the request of {resource}, which sizing changes, so the two would fight;"
        f" give {share} in its place, or leave {resource} out of resources"
    )


class HybridScaling(pulumi.ComponentResource):
    """A VerticalPodAutoscaler and a HorizontalPodAutoscaler on one target, each the one owner of its numbers.

    Vertical scaling owns what pods request, up to `sizing`. Horizontal scaling owns their number, and looks at nothing
    that depends on a request which the other changes: at use in cores and bytes as a share of the largest size, or at
    other metrics. So pods grow to their largest size first, and then become more.

    Example: `HybridScaling("chat", {"namespace": "ai", "target": {"name": "chat"}, "max_replicas": 8,
    "sizing": {"server": {"maximum_cpu": "8", "maximum_memory": "32Gi"}}, "cpu_percent_of_maximum": 80})`
    """

    vertical_autoscaler_name: pulumi.Output[str]
    """Name of the VerticalPodAutoscaler."""

    autoscaler_name: pulumi.Output[str]
    """Name of the HorizontalPodAutoscaler."""

    min_replicas: pulumi.Output[int]
    """Pods at least."""

    max_replicas: pulumi.Output[int]
    """Pods at most."""

    def __init__(self, name: str, args: HybridScalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("HybridScaling", name, partial(plan_hybrid_scaling, name=name), args)
        super().__init__("aidc:index:HybridScaling", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        vertical = vertical_autoscaler(plan.vertical, _COMPONENT)
        horizontal = horizontal_autoscaler(plan.horizontal, _COMPONENT)
        self.vertical_autoscaler_name = KubernetesObject(f"{name}-vertical-autoscaler", vertical, child).object_name
        self.autoscaler_name = KubernetesObject(f"{name}-autoscaler", horizontal, child).object_name
        self.min_replicas = pulumi.Output.from_input(plan.horizontal.min_replicas)
        self.max_replicas = pulumi.Output.from_input(plan.horizontal.max_replicas)
        self.register_outputs(
            {
                "vertical_autoscaler_name": self.vertical_autoscaler_name,
                "autoscaler_name": self.autoscaler_name,
                "min_replicas": self.min_replicas,
                "max_replicas": self.max_replicas,
            }
        )
