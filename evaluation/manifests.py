"""The Kubernetes objects of a resource graph, as manifests in the order in which they must be applied."""

import copy
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final, cast

from ..problems import InvalidInput, Problem
from .graph import Resource, ResourceGraph

_KUBERNETES: Final = "kubernetes:"
_NOT_OBJECTS: Final = ("kubernetes:helm.sh/", "kubernetes:yaml", "kubernetes:kustomize")

# Kinds that others of the same moment refer to come first; everything unnamed is in the middle.
_FIRST: Final = (
    "CustomResourceDefinition",
    "Namespace",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "ServiceAccount",
    "ClusterRole",
    "Role",
    "ClusterRoleBinding",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "KWOKNodeClass",
    "NodePool",
    "Service",
)
_LAST: Final = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "RayJob",
    "CronJob",
    "TrainingRuntime",
    "JobSet",
    "TrainJob",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "ScaledObject",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
)
_RANKS: Final[Mapping[str, int]] = {
    **{kind: index for index, kind in enumerate(_FIRST)},
    **{kind: 200 + index for index, kind in enumerate(_LAST)},
}
_MIDDLE: Final = 100


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object, and the resource that declares it."""

    resource: Resource
    content: Mapping[str, Any]
    """The manifest itself; `apiVersion`, `kind` and `metadata.name` are always there."""

    @property
    def kind(self) -> str:
        """The object's kind."""
        return self.content["kind"]

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return self.content["metadata"]["name"]

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, empty for what has none."""
        return self.content["metadata"].get("namespace", "")

    @property
    def sort_key(self) -> tuple[int, str, str, str]:
        """Where it stands among objects that do not depend on each other."""
        return _RANKS.get(self.kind, _MIDDLE), str(self.namespace), self.kind, str(self.name)


def is_kubernetes_object(resource: Resource) -> bool:
    """Whether a resource is one object of the Kubernetes API that the program owns.

    A Helm release is many, made elsewhere; a patch (`NodePatch`) changes fields of an object that belongs to others:
    written down as a manifest it would make that object, or take it away.
    """
    return (
        resource.custom
        and not resource.read
        and resource.type.startswith(_KUBERNETES)
        and not resource.type.startswith(_NOT_OBJECTS)
        and not is_patch(resource)
    )


def is_patch(resource: Resource) -> bool:
    """Whether a resource changes fields of an object that belongs to others."""
    return resource.type.startswith(_KUBERNETES) and resource.type.endswith("Patch")


def makes_objects_later(graph: ResourceGraph, resource: Resource) -> bool:
    """Whether a resource stands for objects that are not known here: a Helm release, files that a provider reads."""
    return (
        resource.type.startswith(_KUBERNETES)
        and resource.type.startswith(_NOT_OBJECTS)
        and not resource.read
        and resource.urn not in graph.children
    )


def ordered_manifests(graph: ResourceGraph, *, allow_unknowns: bool = False) -> list[Manifest]:
    """All Kubernetes objects, each after what it depends on, ties broken by kind and name.

    With `allow_unknowns`, `UNKNOWN` stands wherever only a deployment can tell: for counting, never for applying.

    Raises:
        InvalidInput: An object contains a value that only a deployment can tell, or has no kind.
    """
    manifests = {resource.urn: _manifest(resource) for resource in graph if is_kubernetes_object(resource)}
    if not allow_unknowns:
        _refuse_unknowns(graph, manifests.values())
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for urn in manifests:
        sorter.add(urn, *_needed(graph, urn, manifests.keys()))
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = " -> ".join(graph[urn].name for urn in error.args[1])
        raise InvalidInput(graph.stack, [Problem("", f"objects depend on each other in a circle: {cycle}")]) from None
    ordered: list[Manifest] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda urn: manifests[urn].sort_key)
        ordered.extend(manifests[urn] for urn in ready)
        sorter.done(*ready)
    return ordered


def manifests_of(graph: ResourceGraph) -> list[dict[str, Any]]:
    """Return the contents of `ordered_manifests`, secrets in plain: for applying, never for writing down."""
    return [copy.deepcopy(dict(manifest.content)) for manifest in ordered_manifests(graph)]


def _manifest(resource: Resource) -> Manifest:
    inputs = resource.inputs
    kind = inputs.get("kind") or resource.type.rpartition(":")[2]
    group, version = resource.type.removeprefix(_KUBERNETES).rpartition(":")[0].rpartition("/")[::2]
    api_version = inputs.get("apiVersion") or (version if group == "core" else f"{group}/{version}")
    found: object = inputs.get("metadata")
    given = cast(dict[str, Any], found) if isinstance(found, dict) else {}
    metadata = {"name": resource.name, **given}
    rest = {
        key: value
        for key, value in inputs.items()
        if key not in ("apiVersion", "kind", "metadata", "status") and value is not None
    }
    return Manifest(resource, {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest})


def _needed(graph: ResourceGraph, urn: str, manifests: Container[str]) -> set[str]:
    """Return the nearest manifests that an object depends on, through resources that are no objects too.

    What a component depends on, everything inside it waits for: a child is only registered after its parent.
    """
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(graph[urn].dependencies)
    parent = graph.resources.get(graph[urn].parent)
    while parent is not None:
        waiting.extend(parent.dependencies)
        parent = graph.resources.get(parent.parent)
    while waiting:
        other = waiting.pop()
        if other in seen or other == urn:
            continue
        seen.add(other)
        if other in manifests:
            found.add(other)
        elif other in graph.resources:
            waiting.extend(graph[other].dependencies)
            waiting.extend(child.urn for child in graph.descendants(other))
    return found


def unknown_paths(manifest: Manifest) -> list[str]:
    """Return the paths of an object that only a deployment can tell."""
    return [path for path in sorted(manifest.resource.unknowns) if not path.startswith("status")]


def _refuse_unknowns(graph: ResourceGraph, manifests: Iterable[Manifest]) -> None:
    problems = [
        Problem(f"{manifest.kind}/{manifest.name}", f"{path} is only known at deployment; use `pulumi up`")
        for manifest in manifests
        for path in unknown_paths(manifest)
    ]
    if problems:
        raise InvalidInput(f"{graph.project}/{graph.stack}", problems)
