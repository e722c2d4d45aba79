"""What uses what: entrances lead to workloads, which run on node pools and read and write storage."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from ...evaluation.demand import Workload
from ...evaluation.graph import ResourceGraph
from ...evaluation.manifests import Manifest, ordered_manifests
from ...planning.plan.summary import PlannedWorkload
from ...planning.values import mapping, mappings, section, text
from .storage_places import StoragePlace, storage_places

_ROUTES: Final = ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute")
_Key = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entrance:
    """Something through which workloads are reached from outside the cluster."""

    key: str
    kind: str
    name: str
    is_internal: bool
    """Whether only the inside of the network reaches it."""


_Thing = TypeVar("_Thing", Entrance, StoragePlace)


@dataclass(frozen=True, kw_only=True, slots=True)
class Connections:
    """Entrances, workloads, pools and storage, with the lines between them."""

    entrances: tuple[Entrance, ...]
    storage: tuple[StoragePlace, ...]
    reached: Mapping[_Key, tuple[Entrance, ...]]
    """By kind, namespace and name of a workload."""

    used: Mapping[_Key, tuple[StoragePlace, ...]]

    def entrances_of(self, workload: Workload) -> list[str]:
        """Return the names of the entrances of a workload, with their kinds."""
        return [f"{each.kind} {each.name}" for each in self.reached.get(key_of(workload), ())]

    def storage_of(self, workload: Workload) -> list[str]:
        """Return the names of the storage of a workload, with their kinds."""
        return [f"{each.name} ({each.kind})" for each in self.used.get(key_of(workload), ())]


def key_of(workload: Workload) -> _Key:
    """Return by what a workload is found."""
    return workload.kind, workload.namespace, workload.name


def find_connections(graph: ResourceGraph, workloads: Iterable[PlannedWorkload]) -> Connections:
    """Return what uses what in a graph."""
    manifests = ordered_manifests(graph, allow_unknowns=True)
    objects = {(each.kind, each.namespace, each.name): each for each in manifests}
    services = _Services(each for each in manifests if each.kind == "Service")
    storage = storage_places(graph, manifests)
    entrances = list(_entrances(manifests))
    leading: dict[tuple[str, str], list[Entrance]] = {}
    for entrance, namespace, names in entrances:
        for name in names:
            leading.setdefault((namespace, name), []).append(entrance)
    claimed: dict[tuple[str, str], list[StoragePlace]] = {}
    for place in storage:
        for claim in place.claims:
            claimed.setdefault(claim, []).append(place)
    reached: dict[_Key, tuple[Entrance, ...]] = {}
    used: dict[_Key, tuple[StoragePlace, ...]] = {}
    for each in workloads:
        workload = each.workload
        own = _manifest_of(workload, objects)
        if own is None:
            continue
        chosen = [(own.namespace, name) for name in services.of(own.namespace, _pod_labels(own.content))]
        claims = [(own.namespace, name) for name in dict.fromkeys(_values(own.content, "claimName"))]
        reached[key_of(workload)] = _joined(chosen, leading)
        used[key_of(workload)] = _joined(claims, claimed)
    found = tuple(entrance for entrance, _, _ in entrances)
    return Connections(entrances=found, storage=tuple(storage), reached=reached, used=used)


class _Services:
    """Services, found by the labels that they select."""

    def __init__(self, services: Iterable[Manifest]) -> None:
        self._by_label: dict[tuple[str, str], list[tuple[str, frozenset[str]]]] = {}
        for each in services:
            selected = _labels(section(each.content, "spec", "selector"))
            if selected:
                # A pod that has all of them has the first.
                self._by_label.setdefault((each.namespace, min(selected)), []).append((each.name, selected))

    def of(self, namespace: str, pods: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return the names of the services that select any of some pods, by their labels."""
        found: dict[str, None] = {}
        for pod in pods:
            labels = _labels(pod)
            for label in sorted(labels):
                for name, selected in self._by_label.get((namespace, label), ()):
                    if selected <= labels:
                        found[name] = None
        return sorted(found)


def _labels(labels: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(f"{key}={value}" for key, value in labels.items())


def _joined(keys: Iterable[tuple[str, str]], groups: Mapping[tuple[str, str], Iterable[_Thing]]) -> tuple[_Thing, ...]:
    """Return what the groups of some keys hold, each thing once."""
    return tuple({each.key: each for key in keys for each in groups.get(key, ())}.values())


def _manifest_of(workload: Workload, objects: Mapping[_Key, Manifest]) -> Manifest | None:
    """Return the object that a workload is of: a JobSet's workloads have its name and that of their job."""
    name = workload.name
    while name:
        found = objects.get((workload.kind, workload.namespace, name))
        if found is not None:
            return found
        name = name.rpartition("-")[0]
    return None


def _entrances(manifests: Iterable[Manifest]) -> Iterator[tuple[Entrance, str, set[str]]]:
    """Yield the entrances, with the namespace and the names of the services that they lead to."""
    for each in manifests:
        spec = section(each.content, "spec")
        if each.kind == "Service" and spec.get("type") == "LoadBalancer":
            yield _entrance(each, "Load balancer"), each.namespace, {each.name}
        elif each.kind == "Ingress":
            names = {text(mapping(found).get("name")) for found in _found(spec, "service")}
            yield _entrance(each, "Ingress"), each.namespace, names
        elif each.kind in _ROUTES:
            names = {text(item.get("name")) for found in _found(spec, "backendRefs") for item in mappings(found)}
            yield _entrance(each, "Route"), each.namespace, names


def _entrance(manifest: Manifest, kind: str) -> Entrance:
    annotations = section(manifest.content, "metadata", "annotations")
    internal = any(key.endswith("scheme") and value == "internal" for key, value in annotations.items())
    return Entrance(key=manifest.resource.urn, kind=kind, name=manifest.name, is_internal=internal)


def _pod_labels(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield section(content, "metadata", "labels") if content.get("kind") == "Pod" else {}
    for template in _found(content, "template"):
        yield section(mapping(template), "metadata", "labels")


def _values(content: object, key: str) -> Iterator[str]:
    return (each for each in _found(content, key) if isinstance(each, str))


def _found(content: object, key: str) -> Iterator[object]:
    """Yield what stands under a key, at any depth."""
    if isinstance(content, Mapping):
        for name, value in cast(Mapping[str, object], content).items():
            if name == key:
                yield value
            yield from _found(value, key)
    elif isinstance(content, list):
        for value in cast(list[object], content):
            yield from _found(value, key)
