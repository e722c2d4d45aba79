"""One owner for every number of pods."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from ...evaluation.graph import Resource, ResourceGraph
from ...problems import Problem, Problems
from .scale_writers import scale_writers

_AUTOSCALERS: Final = ("HorizontalPodAutoscaler", "ScaledObject")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicaClaim:
    """Somebody who wants to set the number of pods of a workload."""

    path: str
    """Where that is said: a field of the settings, or a component."""

    namespace: str
    """Namespace of the workload."""

    name: str
    """Name of the workload."""

    kind: str = "Deployment"
    """Kind of the workload."""

    group: str = "apps"
    """API group of the workload; the version does not matter."""

    @property
    def workload(self) -> tuple[str, str, str, str]:
        """What identifies the workload."""
        return self.group, self.kind, self.namespace, self.name


def check_one_owner(problems: Problems, claims: Iterable[ReplicaClaim]) -> None:
    """Refuse a second claim to the same number of pods: two autoscalers on one target never come to rest."""
    owners: dict[tuple[str, str, str, str], ReplicaClaim] = {}
    for claim in claims:
        owner = owners.setdefault(claim.workload, claim)
        if owner is not claim:
            what = f"the pods of {claim.kind} '{claim.name}' in '{claim.namespace}'"
            problems.add(claim.path, f"sets the number of {what}, which {owner.path} owns; keep one of them")


def replica_conflicts(graph: ResourceGraph) -> tuple[Problem, ...]:
    """Find every number of pods that two resources of a program write: autoscalers, and workloads with `replicas`.

    Autoscalers are those of Kubernetes and of KEDA, and a PredictiveScaling that writes the number itself.

    Paths are `<type> <name>` of the resource that is one too many. Targets whose names are not known yet are left out.
    """
    problems = Problems()
    claims = [*_autoscalers(graph), *_scale_writers(graph)]
    kinds = {claim.kind for claim in claims}
    check_one_owner(problems, [*claims, *_workloads(graph, kinds)])
    return tuple(problems)


def _autoscalers(graph: ResourceGraph) -> Iterator[ReplicaClaim]:
    for kind in _AUTOSCALERS:
        for resource in graph.of_type(f"kubernetes:*:{kind}"):
            target = _section(_section(resource.inputs, "spec"), "scaleTargetRef")
            api_version = target.get("apiVersion", "apps/v1")
            claim = _claim(resource, target.get("name"), target.get("kind", "Deployment"), api_version)
            if claim is not None:
                yield claim


def _scale_writers(graph: ResourceGraph) -> Iterator[ReplicaClaim]:
    for writer in scale_writers(graph):
        yield ReplicaClaim(
            path=_path(writer.resource),
            namespace=writer.namespace,
            name=writer.name,
            kind=writer.kind,
            group=writer.api_version.rpartition("/")[0],
        )


def _workloads(graph: ResourceGraph, kinds: Iterable[str]) -> Iterator[ReplicaClaim]:
    for kind in sorted(kinds):
        for resource in graph.of_type(f"kubernetes:*:{kind}"):
            if "replicas" in _section(resource.inputs, "spec"):
                name = _section(resource.inputs, "metadata").get("name")
                claim = _claim(resource, name, kind, resource.inputs.get("apiVersion"))
                if claim is not None:
                    yield claim


def _claim(resource: Resource, name: object, kind: object, api_version: object) -> ReplicaClaim | None:
    namespace = _section(resource.inputs, "metadata").get("namespace", "default")
    if not (isinstance(name, str) and isinstance(namespace, str) and isinstance(api_version, str)):
        return None
    return ReplicaClaim(
        path=_path(resource),
        namespace=namespace,
        name=name,
        kind=str(kind),
        group=api_version.rpartition("/")[0],
    )


def _path(resource: Resource) -> str:
    return f"{resource.type.rpartition(':')[2]} {resource.name}"


def _section(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = values.get(key)
    return cast(Mapping[str, Any], found) if isinstance(found, Mapping) else {}
