"""The pods that a resource makes, whatever its kind."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...evaluation.graph import Resource
from ...planning.nodes.node_pools import is_accelerator
from ...planning.values import mapping, mappings, section, text

SERVERS: Final = tuple(f"kubernetes:apps/*:{kind}" for kind in ("Deployment", "StatefulSet", "DaemonSet"))
"""Kinds whose pods run until they are told to stop."""

JOBS: Final = (
    "kubernetes:batch/*:Job",
    "kubernetes:batch/*:CronJob",
    "kubernetes:jobset.x-k8s.io/*:JobSet",
    "kubernetes:ray.io/*:RayJob",
)
"""Kinds whose pods end by themselves."""

POD_TYPES: Final = (*SERVERS, *JOBS, "kubernetes:core/v1:Pod", "kubernetes:apps/*:ReplicaSet")
"""All kinds that make pods."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PodTemplate:
    """One pod as a resource describes it."""

    namespace: str
    """Namespace; empty where it is not known yet, or left to the default."""

    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]

    @property
    def labels(self) -> Mapping[str, Any]:
        """Labels of its pods."""
        return section(self.metadata, "labels")

    @property
    def containers(self) -> Iterator[Mapping[str, Any]]:
        """Its containers, those that run before the others too."""
        yield from mappings(self.spec.get("initContainers"))
        yield from mappings(self.spec.get("containers"))

    @property
    def accelerators(self) -> frozenset[str]:
        """Resources of accelerators that its containers ask for."""
        asked = (
            resource
            for container in self.containers
            for key in ("requests", "limits")
            for resource in section(container, "resources", key)
        )
        return frozenset(filter(is_accelerator, asked))

    def security(self, container: Mapping[str, Any], field: str) -> object:
        """Return what holds for a container: what it says itself, else what its pod says."""
        own = section(container, "securityContext").get(field)
        return section(self.spec, "securityContext").get(field) if own is None else own


def pod_templates(resource: Resource) -> Iterator[PodTemplate]:
    """Yield the pods that a resource makes."""
    spec, kind = section(resource.inputs, "spec"), resource.type.rpartition(":")[2]
    namespace = text(section(resource.inputs, "metadata").get("namespace"))
    for template in _templates(kind, spec, resource):
        found = section(template, "spec")
        if found:
            yield PodTemplate(namespace=namespace, metadata=section(template, "metadata"), spec=found)


def _templates(kind: str, spec: Mapping[str, Any], resource: Resource) -> Iterable[Mapping[str, Any]]:
    if kind == "Pod":
        return [resource.inputs]
    if kind == "CronJob":
        return [section(spec, "jobTemplate", "spec", "template")]
    if kind == "JobSet":
        jobs = mappings(spec.get("replicatedJobs"))
        return [section(job, "template", "spec", "template") for job in jobs]
    if kind == "RayJob":
        cluster = section(spec, "rayClusterSpec")
        groups = [mapping(cluster.get("headGroupSpec")), *mappings(cluster.get("workerGroupSpecs"))]
        return [section(spec, "submitterPodTemplate"), *(section(group, "template") for group in groups)]
    return [section(spec, "template")]
