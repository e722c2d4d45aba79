"""How large the containers of a workload may become, and which of their numbers a vertical autoscaler owns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NotRequired, TypedDict, cast

from ...infra.labels import check_name
from ...infra.quantities import check_quantity
from ...problems import Problems

RESOURCES: Final = ("cpu", "memory")
"""What can be changed of a pod; accelerators cannot."""

OTHERS: Final = "*"
"""Stands for every container that is not named."""


class ControlledValues(StrEnum):
    """Which numbers of a container are changed."""

    REQUESTS_AND_LIMITS = "RequestsAndLimits"
    """Requests, and limits in the same proportion."""

    REQUESTS_ONLY = "RequestsOnly"
    """Requests alone, up to the limits that are there."""


class ContainerSizing(TypedDict):
    """Bounds of what one container asks for."""

    maximum_cpu: NotRequired[str]
    """Cores at most, such as `4` or `500m`: what it may cost follows from it, and what no node can hold waits for ever.
    Default: none; needed where cores are changed."""

    maximum_memory: NotRequired[str]
    """Memory at most, such as `8Gi`. Default: none; needed where memory is changed."""

    minimum_cpu: NotRequired[str]
    """Cores at least. Default: what the recommender asks for at least, 25m a pod."""

    minimum_memory: NotRequired[str]
    """Memory at least. Default: what the recommender asks for at least, 250Mi a pod."""

    resources: NotRequired[list[str]]
    """What is changed: `cpu`, `memory` or both. Default: both, without those that a horizontal autoscaler counts in
    percent of the request."""

    values: NotRequired[ControlledValues]
    """Which numbers are changed; with `RequestsOnly`, no request exceeds the limit that is there. Default:
    `RequestsAndLimits`, so that a pod whose memory is limited to its request can grow."""

    scaled: NotRequired[bool]
    """Whether the container is changed at all. Default: true."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SizingPlan:
    """Bounds of one container with every default applied."""

    container: str
    resources: Sequence[str]
    """What is changed, sorted; empty where nothing is."""

    least: Mapping[str, str]
    most: Mapping[str, str]
    values: ControlledValues

    def manifest(self) -> dict[str, Any]:
        """An item of `containerPolicies`."""
        if not self.resources:
            return {"containerName": self.container, "mode": "Off"}
        fields: dict[str, Any] = {
            "containerName": self.container,
            "mode": "Auto",
            "controlledResources": list(self.resources),
            "controlledValues": str(self.values),
            "maxAllowed": dict(self.most),
        }
        return {**fields, **({"minAllowed": dict(self.least)} if self.least else {})}


def plan_sizing(
    problems: Problems, sizing: Mapping[str, ContainerSizing], taken: Mapping[str, str]
) -> tuple[SizingPlan, ...]:
    """Check the bounds of containers and apply their defaults; sorted by container.

    Args:
        problems: takes what is wrong, below the present path.
        sizing: bounds by container; `*` for those that are not named.
        taken: resources that are not to be changed, and why, as the end of a sentence.
    """
    if not sizing:
        problems.add("", "has no container; give bounds by its name, or for * (every one)")
    planned: list[SizingPlan] = []
    for container in sorted(sizing):
        with problems.under(container):
            if container != OTHERS:
                check_name(problems, "", container)
            planned.append(_plan(problems, container, sizing[container], taken))
    if planned and not any(each.resources for each in planned):
        problems.add("", "changes no container; leave out scaled: false for one, or the whole policy")
    return tuple(planned)


def _plan(problems: Problems, container: str, given: ContainerSizing, taken: Mapping[str, str]) -> SizingPlan:
    values = given.get("values", ControlledValues.REQUESTS_AND_LIMITS)
    problems.choice("values", values, [each.value for each in ControlledValues])
    resources = _resources(problems, given, taken)
    bounds = {bound: _bounds(problems, given, bound, resources) for bound in ("minimum", "maximum")}
    if given.get("scaled", True):
        for resource in resources:
            if f"maximum_{resource}" not in given:
                problems.add(f"maximum{resource.title()}", f"missing; how much {resource} it may take has no default")
    else:
        more = sorted(given.keys() - {"scaled"})
        if more:
            problems.add("scaled", f"is false, so {', '.join(more)} would say nothing; leave one of them out")
    for resource in resources:
        least, most = bounds["minimum"].get(resource), bounds["maximum"].get(resource)
        if least is not None and most is not None and least > most:
            path = f"minimum{resource.title()}"
            problems.add(path, f"more than maximum{resource.title()}; give a smaller one, or a larger maximum")
    return SizingPlan(
        container=container,
        resources=resources if given.get("scaled", True) else (),
        least=_texts(given, "minimum", resources),
        most=_texts(given, "maximum", resources),
        values=ControlledValues(values) if values in list(ControlledValues) else ControlledValues.REQUESTS_AND_LIMITS,
    )


def _resources(problems: Problems, given: ContainerSizing, taken: Mapping[str, str]) -> list[str]:
    if "resources" not in given:
        free = [each for each in RESOURCES if each not in taken]
        if not free and given.get("scaled", True):
            problems.add("resources", f"nothing is left to change: {'; '.join(map(str, taken.values()))}")
        return free
    chosen = given["resources"]
    if not chosen:
        problems.add("resources", "has none; give cpu, memory or both, or scaled: false")
        return list(RESOURCES)
    for index, resource in enumerate(chosen):
        problems.choice(f"resources[{index}]", resource, RESOURCES)
        if resource in chosen[:index]:
            problems.add(f"resources[{index}]", f"'{resource}' is given twice; give it once")
        if resource in taken:
            problems.add(f"resources[{index}]", taken[resource])
    return sorted({each for each in chosen if each in RESOURCES})


def _bounds(problems: Problems, given: ContainerSizing, bound: str, resources: Sequence[str]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for resource in RESOURCES:
        text: object = given.get(f"{bound}_{resource}")
        if not isinstance(text, str):
            continue
        path = f"{bound}{resource.title()}"
        if resource not in resources:
            problems.add(path, f"{resource} is not changed; leave it out, or add {resource} to resources")
        value = check_quantity(problems, path, text, unit="cores" if resource == "cpu" else "bytes")
        if value is not None:
            found[resource] = value
    return found


def _texts(given: ContainerSizing, bound: str, resources: Sequence[str]) -> dict[str, str]:
    found = cast(Mapping[str, Any], given)
    return {each: str(found[key]) for each in resources if (key := f"{bound}_{each}") in found}
