"""What the workloads of a program ask for: pods, CPU, memory and accelerators, at least and at most."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, cast

from ..problems import InvalidInput, Problem
from .manifests import Manifest
from .quantities import quantity

Amounts = Mapping[str, Decimal]
"""By resource name: cores for `cpu`, bytes for `memory`, pieces for devices."""

_SCALERS: Final = {
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas", 1),
    "ScaledObject": ("minReplicaCount", "maxReplicaCount", 0),
}
_KEDA_MAXIMUM: Final = 100
"""KEDA's `maxReplicaCount` where none is given: keda.sh ScaledObject specification, read 2026-11."""


_MALFORMED: Final = (AttributeError, KeyError, TypeError, ValueError, StopIteration)
"""What reading an object raises where it is not what its kind must be, or unknown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """Pods of one kind that belong together."""

    kind: str
    namespace: str
    name: str

    pods: int
    """Pods at least: the replicas, or an autoscaler's minimum."""

    maximum_pods: int
    """Pods at most: the same, or an autoscaler's maximum."""

    requests: Amounts
    """What one pod requests."""

    node_selector: Mapping[str, str]
    """Labels of the nodes that its pods ask for."""

    def total(self, *, maximum: bool = False) -> dict[str, Decimal]:
        """What all its pods request, at least or at most."""
        pods = self.maximum_pods if maximum else self.pods
        return {resource: amount * pods for resource, amount in self.requests.items()}


def workloads(manifests: Iterable[Manifest], uncounted: list[str] | None = None) -> list[Workload]:
    """Return the workloads among some objects, in their order; a DaemonSet counts as no pods, since nodes differ.

    What cannot be counted, because only a deployment can tell, is named in `uncounted`.

    Raises:
        InvalidInput: An object is not what its kind must be.
    """
    manifests = list(manifests)
    scalers = dict(_scalers(manifests))
    found: list[Workload] = []
    for manifest in manifests:
        try:
            found.extend(_scaled(workload, scalers) for workload in _workloads_of(manifest, manifests))
        except _MALFORMED as error:
            if not manifest.resource.unknowns:
                reason = f"is not what a {manifest.kind} must be: {type(error).__name__}: {error}"
                raise InvalidInput("manifests", [Problem(f"{manifest.kind}/{manifest.name}", reason)]) from error
            if uncounted is not None:
                uncounted.append(f"{manifest.kind}/{manifest.name}")
    return found


def sum_amounts(amounts: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """Add amounts by resource."""
    total: dict[str, Decimal] = {}
    for each in amounts:
        for resource, amount in each.items():
            total[resource] = total.get(resource, Decimal(0)) + amount
    return total


def _workloads_of(manifest: Manifest, manifests: list[Manifest]) -> list[Workload]:
    content = manifest.content
    spec: Mapping[str, Any] = content.get("spec") or {}
    match manifest.kind:
        case "Deployment" | "StatefulSet" | "ReplicaSet":
            return [_workload(manifest, manifest.name, spec.get("replicas", 1), _pod(spec))]
        case "Job":
            return [_workload(manifest, manifest.name, _job_pods(spec), _pod(spec))]
        case "CronJob":
            # Between two runs there is no pod.
            job = _mapping(_mapping(spec.get("jobTemplate")).get("spec"))
            return [replace(_workload(manifest, manifest.name, _job_pods(job), _pod(job)), pods=0)]
        case "Pod":
            return [_workload(manifest, manifest.name, 1, spec)]
        case "JobSet":
            jobs: list[Mapping[str, Any]] = spec.get("replicatedJobs") or []
            return [_replicated(manifest, job) for job in jobs]
        case "TrainJob":
            return _train_job(manifest, spec, manifests)
        case "RayJob":
            return _ray_job(manifest, spec)
        case _:
            return []


def _replicated(manifest: Manifest, job: Mapping[str, Any]) -> Workload:
    spec = job["template"]["spec"]
    pods = int(job.get("replicas", 1)) * _job_pods(spec)
    return _workload(manifest, f"{manifest.name}-{job['name']}", pods, _pod(spec))


def _train_job(manifest: Manifest, spec: Mapping[str, Any], manifests: list[Manifest]) -> list[Workload]:
    runtime = spec.get("runtimeRef", {}).get("name")
    trainer: Mapping[str, Any] = spec.get("trainer") or {}
    for other in manifests:
        if other.kind in ("TrainingRuntime", "ClusterTrainingRuntime") and other.name == runtime:
            job = next(iter(other.content["spec"]["template"]["spec"]["replicatedJobs"]))
            default_nodes = other.content["spec"].get("mlPolicy", {}).get("numNodes", 1)
            workload = _workload(
                manifest, manifest.name, trainer.get("numNodes", default_nodes), _pod(job["template"]["spec"])
            )
            own = trainer.get("resourcesPerNode")
            return [replace(workload, requests={**workload.requests, **_amounts(own)}) if own else workload]
    return []


def _ray_job(manifest: Manifest, spec: Mapping[str, Any]) -> list[Workload]:
    """Return the head and the groups of workers of the cluster that it makes, and who submits the job."""
    cluster, submitter = _mapping(spec.get("rayClusterSpec")), _mapping(spec.get("submitterPodTemplate"))
    found = [_workload(manifest, f"{manifest.name}-submitter", 1, _mapping(submitter.get("spec")))] if submitter else []
    if cluster:
        found.append(_workload(manifest, f"{manifest.name}-head", 1, _pod(cluster["headGroupSpec"])))
    groups: list[Mapping[str, Any]] = cluster.get("workerGroupSpecs") or []
    for group in groups:
        pods = int(group.get("replicas", 0)) * int(group.get("numOfHosts", 1))
        found.append(_workload(manifest, f"{manifest.name}-{group['groupName']}", pods, _pod(group)))
    return found


def _workload(manifest: Manifest, name: str, pods: int, pod: Mapping[str, Any]) -> Workload:
    return Workload(
        kind=manifest.kind,
        namespace=manifest.namespace,
        name=name,
        pods=int(pods),
        maximum_pods=int(pods),
        requests=_pod_requests(pod),
        node_selector=_mapping(pod.get("nodeSelector")),
    )


def _scalers(manifests: Iterable[Manifest]) -> Iterator[tuple[tuple[str, str, str], Manifest]]:
    for manifest in manifests:
        if manifest.kind in _SCALERS:
            target = _mapping(_mapping(manifest.content.get("spec")).get("scaleTargetRef"))
            yield (manifest.namespace, target.get("kind", "Deployment"), str(target.get("name"))), manifest


def _scaled(workload: Workload, scalers: Mapping[tuple[str, str, str], Manifest]) -> Workload:
    scaler = scalers.get((workload.namespace, workload.kind, workload.name))
    if scaler is None:
        return workload
    least, most, default = _SCALERS[scaler.kind]
    spec = scaler.content["spec"]
    pods = int(spec.get(least, default))
    return replace(workload, pods=pods, maximum_pods=int(spec.get(most, max(_KEDA_MAXIMUM, pods))))


def _mapping(value: object) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def _pod(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    template: Mapping[str, Any] = spec.get("template") or {}
    return template.get("spec") or {}


def _job_pods(spec: Mapping[str, Any]) -> int:
    parallelism = spec.get("parallelism")
    return int(spec.get("completions", 1) if parallelism is None else parallelism)


def _pod_requests(pod: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return what the scheduler counts: all that runs at once, or what an init container needs before if that is more.

    An init container that restarts always is a sidecar, and goes on running: kubernetes.io, Sidecar Containers, read
    2026-11. What is said for the pod as a whole stands above what its containers say.
    """
    containers: list[Mapping[str, Any]] = pod.get("containers") or []
    before: list[Mapping[str, Any]] = pod.get("initContainers") or []
    sidecars: dict[str, Decimal] = {}
    peak: dict[str, Decimal] = {}
    for container in before:
        asked = _amounts(container.get("resources"))
        if container.get("restartPolicy") == "Always":
            sidecars = sum_amounts([sidecars, asked])
            asked = {}
        peak = _larger(peak, sum_amounts([sidecars, asked]))
    running = sum_amounts([sidecars, *(_amounts(container.get("resources")) for container in containers)])
    return {**_larger(running, peak), **_amounts(pod.get("resources"))}


def _larger(one: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {key: max(one.get(key, Decimal(0)), other.get(key, Decimal(0))) for key in {**one, **other}}


def _amounts(resources: Mapping[str, Any] | None) -> dict[str, Decimal]:
    found: Mapping[str, Any] = resources or {}
    limits: Mapping[str, Any] = found.get("limits") or {}
    requests: Mapping[str, Any] = found.get("requests") or {}
    # A limit without a request is also the request.
    merged = {**limits, **requests}
    return {resource: quantity(str(amount)) for resource, amount in merged.items()}
