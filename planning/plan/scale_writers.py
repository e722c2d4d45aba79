"""Autoscalers of this library that write a number of pods themselves: no object of Kubernetes names their target."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ...evaluation.demand import Workload
from ...evaluation.graph import Resource, ResourceGraph
from ..values import mapping, text, whole

SCALE_WRITER_TYPE: Final = "aidc:index:PredictiveScaling"
"""The component that may be one: with `acting: scale`, once its mode is `act`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleWriter:
    """A component that writes the number of pods of a workload."""

    resource: Resource
    """The component."""

    namespace: str
    name: str
    """Name of the workload."""

    kind: str
    """Kind of the workload."""

    api_version: str
    """API group and version of the workload."""

    minimum: int | None
    """Pods at least; None where that is not known yet."""

    maximum: int | None
    """Pods at most; None where that is not known yet."""


def scale_writers(graph: ResourceGraph) -> Iterator[ScaleWriter]:
    """Yield those of a program whose target is known by now."""
    for resource in graph.of_type(SCALE_WRITER_TYPE):
        inputs = resource.inputs
        target = mapping(inputs.get("target"))
        namespace, name = text(inputs.get("namespace")), text(target.get("name"))
        if inputs.get("mode") == "act" and inputs.get("acting") == "scale" and namespace and name:
            yield ScaleWriter(
                resource=resource,
                namespace=namespace,
                name=name,
                kind=text(target.get("kind", "Deployment")),
                api_version=text(target.get("api_version", "apps/v1")),
                minimum=whole(inputs.get("min_replicas", 1)),
                maximum=whole(inputs.get("max_replicas")),
            )


def bounded(workloads: Iterable[Workload], graph: ResourceGraph) -> list[Workload]:
    """Return workloads with as many pods, at least and at most, as whoever writes their number may give them."""
    writers = {(each.namespace, each.kind, each.name): each for each in scale_writers(graph)}
    return [_bounded(each, writers.get((each.namespace, each.kind, each.name))) for each in workloads]


def _bounded(workload: Workload, writer: ScaleWriter | None) -> Workload:
    if writer is None or writer.minimum is None or writer.maximum is None:
        return workload
    return replace(workload, pods=writer.minimum, maximum_pods=writer.maximum)
