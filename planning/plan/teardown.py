"""In which order a deletion takes an environment down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...evaluation.graph import STACK_TYPE, Resource, ResourceGraph


@dataclass(frozen=True, kw_only=True, slots=True)
class TeardownStep:
    """Components of one kind that are gone at the same time."""

    stack: str
    """The stack that is destroyed."""

    kind: str
    """Type of the components without its package, or of a resource outside any component."""

    names: tuple[str, ...]
    """Names of the components, sorted."""

    protected: int
    """Resources among them whose deletion Pulumi refuses until their protection is taken off."""

    kept: int
    """Resources that stay where they are when Pulumi lets go of them."""


def teardown_order(graph: ResourceGraph) -> tuple[TeardownStep, ...]:
    """Return the steps of `pulumi destroy`, first to last.

    Pulumi deletes a resource once all that depend on it are gone. A component is gone with its last resource. Of
    stacks that stand on each other, the uppermost is destroyed first.
    """
    heights = _heights(graph)
    turns = {stack: turn for turn, stack in enumerate(reversed(graph.stacks or (graph.stack,)))}
    ends: dict[tuple[int, str, int, str], list[tuple[str, list[Resource]]]] = {}
    for component, inside in _units(graph):
        if inside:
            kind, stack = component.type.rpartition(":")[2], component.urn.split(":")[2]
            last = max(heights[resource.urn] for resource in inside)
            ends.setdefault((turns[stack], stack, last, kind), []).append((component.name, inside))
    return tuple(
        TeardownStep(
            stack=stack,
            kind=kind,
            names=tuple(sorted(name for name, _ in found)),
            protected=sum(resource.protect for _, inside in found for resource in inside),
            kept=sum(resource.retain_on_delete for _, inside in found for resource in inside),
        )
        for (_, stack, _, kind), found in sorted(ends.items())
    )


def _units(graph: ResourceGraph) -> Iterator[tuple[Resource, list[Resource]]]:
    """Yield what people declare: components inside the composing ones, each with the resources it makes."""
    for resource in graph:
        if resource.custom or resource.type == STACK_TYPE:
            continue
        inside = [
            each
            for each in graph.children.get(resource.urn, ())
            if each.custom and not each.is_provider and not each.read
        ]
        yield resource, inside


def _heights(graph: ResourceGraph) -> Mapping[str, int]:
    """Return for each resource the longest chain of resources that must be gone before it.

    A component waits for what is inside it, and what it depends on waits for the component.
    """
    heights = dict.fromkeys(graph.resources, 0)
    # Whatever a resource depends on was registered before it, so one pass backwards is enough.
    for resource in reversed(list(graph)):
        for urn in _needs(resource):
            if urn in heights:
                heights[urn] = max(heights[urn], heights[resource.urn] + 1)
    return heights


def _needs(resource: Resource) -> Iterator[str]:
    yield from resource.dependencies
    yield resource.provider
    yield resource.parent
