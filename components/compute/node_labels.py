"""Labels and taints of the nodes of a pool, checked as the API server and Karpenter would."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NotRequired, TypedDict

from ...infra.labels import ACCELERATOR_LABEL, NODE_POOL_LABEL, accelerator_taint, check_label_key, check_label_value
from ...planning.catalog import Accelerator
from ...problems import Problems

_OWNED: Final = {
    "kubernetes.io/hostname": "the node's own name",
    "kubernetes.io/arch": "the instance types",
    "kubernetes.io/os": "the instance types",
    "node.kubernetes.io/instance-type": "instanceTypes or requirement",
    "topology.kubernetes.io/zone": "zones",
    "karpenter.sh/capacity-type": "capacityTypes",
    NODE_POOL_LABEL: "poolName",
    ACCELERATOR_LABEL: "the accelerator",
}
"""Labels that something else decides, and what."""


_KEPT: Final = {"karpenter.sh": "Karpenter", "karpenter.k8s.aws": "Karpenter", "eks.amazonaws.com": "EKS"}
"""Endings of the domains of labels that only their owners set: pkg/apis/v1/labels.go of Karpenter 1.14 and of its AWS
provider; EKS labels its nodes itself."""


class TaintEffect(StrEnum):
    """What a taint does to pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class NodeTaint(TypedDict):
    """A taint of every node of a pool."""

    key: str
    """Key, such as `example.com/team`."""

    value: NotRequired[str]
    """Value. Default: none."""

    effect: NotRequired[TaintEffect]
    """What it does to pods that do not tolerate it. Default: `NoSchedule`."""


def plan_labels(
    problems: Problems, given: Mapping[str, str], pool_name: str, accelerator: Accelerator | None
) -> dict[str, str]:
    """Return the labels of the nodes, sorted by key; refuse what is no label or is decided elsewhere."""
    for key, value in given.items():
        path = f"labels.{key}"
        check_label_key(problems, path, key)
        if value:
            check_label_value(problems, path, value)
        if key in _OWNED:
            problems.add(path, f"is set by {_OWNED[key]}; leave it out")
        elif (keeper := _keeper(key)) is not None:
            problems.add(path, f"is in a domain that {keeper} keeps to itself; choose another prefix")
    labels = {**given, NODE_POOL_LABEL: pool_name}
    if accelerator is not None:
        labels[ACCELERATOR_LABEL] = accelerator.name
    return dict(sorted(labels.items()))


def plan_taints(
    problems: Problems, given: Sequence[NodeTaint], accelerator: Accelerator | None
) -> tuple[Mapping[str, str], ...]:
    """Return the taints as manifests, sorted: those given, and the one that keeps other pods off accelerators."""
    taints: dict[tuple[str, str], dict[str, str]] = {}
    for index, taint in enumerate(given):
        path = f"taints[{index}]"
        effect = taint.get("effect", TaintEffect.NO_SCHEDULE)
        check_label_key(problems, f"{path}.key", taint["key"])
        problems.choice(f"{path}.effect", effect, [each.value for each in TaintEffect])
        value = taint.get("value", "")
        if value:
            check_label_value(problems, f"{path}.value", value)
        if (taint["key"], str(effect)) in taints:
            problems.add(path, f"{taint['key']}:{effect} is given twice; give it once")
        taints[taint["key"], str(effect)] = _taint(taint["key"], value, str(effect))
    if accelerator is not None:
        own = (accelerator_taint(accelerator.resource_name), str(TaintEffect.NO_SCHEDULE))
        taints.setdefault(own, _taint(own[0], "", own[1]))
    return tuple(taints[key] for key in sorted(taints))


def toleration(taint: Mapping[str, str]) -> dict[str, str]:
    """Return what a pod needs in order to run on nodes with `taint`."""
    if "value" in taint:
        return {"key": taint["key"], "operator": "Equal", "value": taint["value"], "effect": taint["effect"]}
    return {"key": taint["key"], "operator": "Exists", "effect": taint["effect"]}


def shown_taint(taint: Mapping[str, str]) -> str:
    """Return a taint as kubectl writes it: `key=value:effect`."""
    value = f"={taint['value']}" if "value" in taint else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _taint(key: str, value: str, effect: str) -> dict[str, str]:
    return {"key": key, **({"value": value} if value else {}), "effect": effect}


def _keeper(key: str) -> str | None:
    """Return who keeps the domain of a label to itself."""
    domain = key.rpartition("/")[0]
    return next((keeper for ending, keeper in _KEPT.items() if domain.endswith(ending)), None)
