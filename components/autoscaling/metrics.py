"""What a HorizontalScaling looks at, as data."""

from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.quantities import check_quantity
from ...problems import Problems

_MOST_PERCENT: Final = 10_000
"""Percent of a request that a pod may use: a hundred times what it asked for."""


class ContainerUtilization(TypedDict):
    """Use of one container, in percent of what it requests."""

    cpu_percent: NotRequired[int]
    """Percent of the requested cores, 1 to 10,000. Default: not looked at."""

    memory_percent: NotRequired[int]
    """Percent of the requested memory, 1 to 10,000. Default: not looked at."""


class PodsMetric(TypedDict):
    """A metric that every pod has, such as requests in flight; from custom.metrics.k8s.io."""

    average_value: str
    """Target for each pod on average, such as `10` or `500m`."""

    metric: NotRequired[str]
    """Name of the metric. Default: its key."""

    selector: NotRequired[dict[str, pulumi.Input[str]]]
    """Labels of the series. Default: all."""


class ObjectMetric(TypedDict):
    """A metric of one other object, such as requests of a Gateway; from custom.metrics.k8s.io."""

    object_name: pulumi.Input[str]
    """Name of the object, in the policy's namespace."""

    object_kind: str
    """Kind of the object."""

    object_api_version: NotRequired[str]
    """API group and version of the object. Default: `v1`."""

    value: NotRequired[str]
    """Target for the whole. Either this or `average_value`."""

    average_value: NotRequired[str]
    """Target for each pod. Either this or `value`."""

    metric: NotRequired[str]
    """Name of the metric. Default: its key."""

    selector: NotRequired[dict[str, pulumi.Input[str]]]
    """Labels of the series. Default: all."""


class ExternalMetric(TypedDict):
    """A metric of nothing in the cluster, such as the length of a queue; from external.metrics.k8s.io."""

    value: NotRequired[str]
    """Target for the whole. Either this or `average_value`."""

    average_value: NotRequired[str]
    """Target for each pod. Either this or `value`."""

    metric: NotRequired[str]
    """Name of the metric. Default: its key."""

    selector: NotRequired[dict[str, pulumi.Input[str]]]
    """Labels of the series. Default: all."""


def plan_metrics(problems: Problems, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Check the metrics of a HorizontalScaling; return its `spec.metrics`, in an order that is always the same."""
    before = len(problems)
    found = _resources(problems, args)
    found += _containers(problems, args.get("containers", {}))
    for key, given in _sorted(args, "pods_metrics"):
        with problems.under(f"podsMetrics.{key}"):
            target = _target(problems, {"average_value": given["average_value"]})
        found.append({"type": "Pods", "pods": {"metric": _identifier(key, given), "target": target}})
    for key, given in _sorted(args, "object_metrics"):
        with problems.under(f"objectMetrics.{key}"):
            target = _target(problems, given)
        described = {
            "apiVersion": given.get("object_api_version", "v1"),
            "kind": given["object_kind"],
            "name": given["object_name"],
        }
        fields = {"describedObject": described, "metric": _identifier(key, given), "target": target}
        found.append({"type": "Object", "object": fields})
    for key, given in _sorted(args, "external_metrics"):
        with problems.under(f"externalMetrics.{key}"):
            target = _target(problems, given)
        found.append({"type": "External", "external": {"metric": _identifier(key, given), "target": target}})
    if not found and len(problems) == before:
        problems.add("", "nothing to scale by; give cpuPercent, or a metric that follows the load better")
    return found


def _resources(problems: Problems, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "Resource", "resource": {"name": name, "target": target}}
        for name, target in _utilizations(problems, args)
    ]


def _containers(problems: Problems, containers: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for container in sorted(containers):
        with problems.under(f"containers.{container}"):
            utilizations = _utilizations(problems, containers[container])
            if not utilizations:
                problems.add("", "has no target; give cpuPercent or memoryPercent")
        for name, target in utilizations:
            fields = {"name": name, "container": container, "target": target}
            found.append({"type": "ContainerResource", "containerResource": fields})
    return found


def _utilizations(problems: Problems, given: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for name in ("cpu", "memory"):
        if f"{name}_percent" in given:
            percent = int(given[f"{name}_percent"])
            problems.between(f"{name}Percent", percent, 1, _MOST_PERCENT, "percent")
            found.append((name, {"type": "Utilization", "averageUtilization": percent}))
    return found


def _target(problems: Problems, given: Mapping[str, Any]) -> dict[str, Any]:
    if ("value" in given) is ("average_value" in given):
        count = "both are" if "value" in given else "neither is"
        problems.add("", f"{count} given of value and averageValue; give one of them")
        return {}
    key, kind = ("value", "Value") if "value" in given else ("average_value", "AverageValue")
    name = "value" if key == "value" else "averageValue"
    check_quantity(problems, name, given[key], unit="")
    return {"type": kind, name: given[key]}


def _identifier(key: str, given: Mapping[str, Any]) -> dict[str, Any]:
    name = {"name": given.get("metric", key)}
    return {**name, "selector": {"matchLabels": given["selector"]}} if given.get("selector") else name


def _sorted(args: Mapping[str, Any], field: str) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted(args.get(field, {}).items())
