"""The node class of simulated nodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name, object_labels
from ...problems import Problems
from .scaling_policy import check_duration

_COMPONENT: Final = "node-class"


class KwokNodeClassArgs(TypedDict):
    """Inputs of `KwokNodeClass`."""

    node_class: NotRequired[str]
    """Name of the node class. Default: the component's name."""

    registration_delay: NotRequired[str]
    """How long a simulated node takes to join, such as `90s` for a real GPU node. Default: no time at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KwokNodeClassPlan:
    """A node class with every default applied."""

    node_class: str
    registration_delay: str | None


def plan_kwok_node_class(args: KwokNodeClassArgs, name: str) -> KwokNodeClassPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, KwokNodeClassArgs):
        problems.raise_if_any("KwokNodeClass")
    node_class, delay = args.get("node_class", name), args.get("registration_delay")
    check_name(problems, "nodeClass" if "node_class" in args else "name", node_class)
    if delay is not None:
        check_duration(problems, "registrationDelay", delay, or_never=False)
    problems.raise_if_any("KwokNodeClass")
    return KwokNodeClassPlan(node_class=node_class, registration_delay=delay)


class KwokNodeClass(pulumi.ComponentResource):
    """What simulated nodes have in common, for Karpenter's KWOK provider; one serves all pools of a cluster.

    Example: `KwokNodeClass("default", {})`
    """

    node_class: pulumi.Output[str]
    """Name that node pools refer to."""

    def __init__(self, name: str, args: KwokNodeClassArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("KwokNodeClass", name, partial(plan_kwok_node_class, name=name), args)
        super().__init__("aidc:index:KwokNodeClass", name, recorded(args), opts)
        made = KubernetesObject(name, _manifest(plan), pulumi.ResourceOptions(parent=self))
        self.node_class = made.object_name
        self.register_outputs({"node_class": self.node_class})


def _manifest(plan: KwokNodeClassPlan) -> Mapping[str, Any]:
    spec = {} if plan.registration_delay is None else {"nodeRegistrationDelay": plan.registration_delay}
    return {
        "apiVersion": "karpenter.kwok.sh/v1alpha1",
        "kind": "KWOKNodeClass",
        "metadata": {"name": plan.node_class, "labels": object_labels(plan.node_class, _COMPONENT)},
        "spec": spec,
    }
