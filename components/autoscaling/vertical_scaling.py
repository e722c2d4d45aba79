"""Pods that are as large as their use shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name, object_labels
from ...planning.values import mapping
from ...problems import Problems
from .container_sizing import RESOURCES, ContainerSizing, SizingPlan, plan_sizing
from .scale_target import MAXIMUM_PODS, ScaleTarget, ScaleTargetPlan, plan_target

_COMPONENT: Final = "vertical-scaling"
_EVICT_FROM: Final = 2


class SizeUpdate(StrEnum):
    """When pods get the size that is recommended for them."""

    OFF = "Off"
    """Never: the recommendation is there to be read."""

    INITIAL = "Initial"
    """When they are made."""

    RECREATE = "Recreate"
    """When they are made; those that are far off are evicted and made anew."""

    IN_PLACE_OR_RECREATE = "InPlaceOrRecreate"
    """At once, without a restart where the node has room; else they are evicted and made anew."""


class VerticalScalingArgs(TypedDict):
    """Inputs of `VerticalScaling`."""

    namespace: pulumi.Input[str]
    """Namespace of the target."""

    target: ScaleTarget
    """Whose pods change their size; a DaemonSet too."""

    sizing: dict[str, ContainerSizing]
    """Bounds by container; `*` for those that are not named. What pods may cost follows from it, so it has no
    default."""

    update: NotRequired[SizeUpdate]
    """When pods get their size. Default: `InPlaceOrRecreate`."""

    evict_from: NotRequired[int]
    """Pods from which on one may be evicted for its size, 1 to 150,000; with 1, the only one goes too. Default: 2."""

    counted_resources: NotRequired[list[str]]
    """Resources, `cpu` or `memory`, that a horizontal autoscaler of the same target counts in percent of the request.
    They are left alone: each change of a request would change the number of pods. Default: none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VerticalScalingPlan:
    """A policy with every default applied."""

    name: str
    namespace: pulumi.Input[str]
    target: ScaleTargetPlan
    sizing: Sequence[SizingPlan]
    update: SizeUpdate
    evict_from: int

    @property
    def resources(self) -> list[str]:
        """What is changed of some container, sorted."""
        return sorted({resource for each in self.sizing for resource in each.resources})


def plan_vertical_scaling(args: VerticalScalingArgs, name: str = "vertical-scaling") -> VerticalScalingPlan:
    """Check the inputs of the policy called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, VerticalScalingArgs):
        problems.raise_if_any("VerticalScaling")
    check_name(problems, "name", name)
    with problems.under("target"):
        target = plan_target(problems, args["target"], also=("DaemonSet",))
    counted = args.get("counted_resources", [])
    for index, resource in enumerate(counted):
        problems.choice(f"countedResources[{index}]", resource, RESOURCES)
    with problems.under("sizing"):
        sizing = plan_sizing(problems, args["sizing"], {each: _counted(each) for each in counted})
    update, evict_from = plan_update(problems, args.get("update"), args.get("evict_from"))
    problems.raise_if_any("VerticalScaling")
    return VerticalScalingPlan(
        name=name,
        namespace=args["namespace"],
        target=target,
        sizing=sizing,
        update=update,
        evict_from=evict_from,
    )


def plan_update(problems: Problems, update: SizeUpdate | None, evict_from: int | None) -> tuple[SizeUpdate, int]:
    """Check when pods get their size, and from how many on one may be evicted; return both."""
    chosen = SizeUpdate.IN_PLACE_OR_RECREATE if update is None else update
    problems.choice("update", chosen, [each.value for each in SizeUpdate])
    pods = _EVICT_FROM if evict_from is None else int(evict_from)
    problems.between("evictFrom", pods, 1, MAXIMUM_PODS, "pods")
    if evict_from is not None and chosen in (SizeUpdate.OFF.value, SizeUpdate.INITIAL.value):
        problems.add("evictFrom", f"with update {chosen} no pod is evicted; leave it out")
    return SizeUpdate(chosen) if chosen in list(SizeUpdate) else SizeUpdate.OFF, pods


class VerticalScaling(pulumi.ComponentResource):
    """A VerticalPodAutoscaler. It owns what the target's pods request: their cores, their memory, or both.

    It does not install the Vertical Pod Autoscaler, and changes no accelerators: those have no use to measure by.

    Example: `VerticalScaling("chat", {"namespace": "ai", "target": {"name": "chat"},
    "sizing": {"server": {"maximum_cpu": "8", "maximum_memory": "32Gi"}}})`
    """

    autoscaler_name: pulumi.Output[str]
    """Name of the VerticalPodAutoscaler."""

    resources: pulumi.Output[list[str]]
    """What is changed: `cpu`, `memory` or both."""

    def __init__(self, name: str, args: VerticalScalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("VerticalScaling", name, partial(plan_vertical_scaling, name=name), args)
        super().__init__("aidc:index:VerticalScaling", name, recorded(args), opts)
        manifest = vertical_autoscaler(plan, _COMPONENT)
        made = KubernetesObject(f"{name}-vertical-autoscaler", manifest, pulumi.ResourceOptions(parent=self))
        self.autoscaler_name = made.object_name
        self.resources = pulumi.Output.from_input(plan.resources)
        self.register_outputs({"autoscaler_name": self.autoscaler_name, "resources": self.resources})


def vertical_autoscaler(plan: VerticalScalingPlan, component: str) -> dict[str, Any]:
    """Return the VerticalPodAutoscaler of a plan, labelled as part of a component."""
    policy: dict[str, Any] = {"updateMode": str(plan.update)}
    if plan.update not in (SizeUpdate.OFF, SizeUpdate.INITIAL):
        policy["minReplicas"] = plan.evict_from
    return {
        "apiVersion": "autoscaling.k8s.io/v1",
        "kind": "VerticalPodAutoscaler",
        "metadata": {
            "name": plan.name,
            "namespace": plan.namespace,
            "labels": object_labels(plan.name, component),
        },
        "spec": {
            "targetRef": plan.target.manifest(),
            "updatePolicy": policy,
            "resourcePolicy": {"containerPolicies": [each.manifest() for each in plan.sizing]},
        },
    }


def counted_resources(horizontal: Mapping[str, Any]) -> list[str]:
    """Return what a HorizontalScaling or an EventDrivenScaling counts in percent of the request, from its inputs."""
    places = [horizontal, *(mapping(each) for each in mapping(horizontal.get("containers")).values())]
    found = {each for each in RESOURCES for place in places if f"{each}_percent" in place}
    for trigger in map(mapping, mapping(horizontal.get("triggers")).values()):
        if trigger.get("type") in RESOURCES and trigger.get("metric_type", "Utilization") == "Utilization":
            found.add(str(trigger["type"]))
    return sorted(found)


def _counted(resource: str) -> str:
    return (
        f"a horizontal autoscaler counts the use of {resource} in percent of the request, so a change of the request"
        " would change the number of pods; leave it to one of them"
    )
