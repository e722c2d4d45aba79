"""Whether an object does what it is there for, by its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .client import Client
from .objects import Object, annotations, condition, entries, is_true, metadata, name, namespace, spec, status, table


class State(StrEnum):
    """How far an object is."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far an object is, in a few words."""

    state: State
    detail: str
    """Such as `2 of 3 replicas available`."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else in the cluster a verdict depends on."""

    lazy_classes: frozenset[str] = frozenset()
    """Storage classes that bind at the first use."""

    job_sets: Mapping[tuple[str, str], Object] = field(default_factory=dict[tuple[str, str], Object])
    """JobSets by namespace and name."""

    @classmethod
    def read(cls, client: Client) -> "Surroundings":
        """Read the cluster."""
        classes = client.list("storage.k8s.io/v1", "StorageClass")
        return cls(
            frozenset(name(entry) for entry in classes if entry.get("volumeBindingMode") == "WaitForFirstConsumer"),
            {(namespace(entry), name(entry)): entry for entry in client.list("jobset.x-k8s.io/v1alpha2", "JobSet")},
        )


def verdict(thing: Object, around: Surroundings | None = None) -> Verdict:
    """Return how far an object is.

    A training job (Job, JobSet, TrainJob) is ready when all its pods run, or when it is complete; a claim whose
    class binds at the first use is ready when no pod uses it; a kind without a rule of its own is ready unless it
    has a condition Ready that is not true.
    """
    if around is not None and thing["kind"] == "TrainJob":
        # Trainer v2.0 writes no status before the end: what it made says how far the job is.
        job_set = around.job_sets.get((namespace(thing), name(thing)))
        if job_set is not None and not entries(status(thing).get("conditions")):
            return _job_set(job_set)
    if around is not None and thing["kind"] == "PersistentVolumeClaim":
        lazy = spec(thing).get("storageClassName") in around.lazy_classes
        if lazy and _waits_for_consumer(thing):
            return _ready("waits for its first pod")
    rule = _RULES.get(thing["kind"])
    if rule is not None:
        return rule(thing)
    ready = condition(thing, "Ready")
    if ready and ready.get("status") != "True":
        return _waiting(ready.get("message") or ready.get("reason") or "not ready")
    return _ready("present" if not ready else "ready")


def has_rule(thing: Object) -> bool:
    """Tell whether an object can be anything but ready: kinds with a rule, and every custom resource."""
    group = str(thing["apiVersion"]).rpartition("/")[0]
    return thing["kind"] in _RULES or ("." in group and not group.endswith(_PLAIN))


def _ready(detail: str) -> Verdict:
    return Verdict(State.READY, detail)


def _waiting(detail: str) -> Verdict:
    return Verdict(State.WAITING, detail)


def _failed(detail: str) -> Verdict:
    return Verdict(State.FAILED, detail)


def _observed(thing: Object) -> bool:
    return int(status(thing).get("observedGeneration") or 0) >= int(metadata(thing).get("generation") or 0)


def _deployment(thing: Object) -> Verdict:
    if not _observed(thing):
        return _waiting("not seen by its controller yet")
    wanted, now = int(spec(thing).get("replicas", 1)), status(thing)
    progressing = condition(thing, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return _failed(progressing.get("message", "progress deadline exceeded"))
    failure = condition(thing, "ReplicaFailure")
    if failure.get("status") == "True":
        return _waiting(failure.get("message", "cannot make its pods"))
    updated, available = int(now.get("updatedReplicas") or 0), int(now.get("availableReplicas") or 0)
    if updated < wanted:
        return _waiting(f"{updated} of {wanted} replicas up to date")
    if int(now.get("replicas") or 0) > updated:
        return _waiting(f"{int(now['replicas']) - updated} old replicas are still there")
    if available < wanted:
        return _waiting(f"{available} of {wanted} replicas available")
    return _ready(f"{available} of {wanted} replicas available")


def _stateful_set(thing: Object) -> Verdict:
    if not _observed(thing):
        return _waiting("not seen by its controller yet")
    wanted, now = int(spec(thing).get("replicas", 1)), status(thing)
    ready = int(now.get("readyReplicas") or 0)
    if ready < wanted or now.get("updateRevision") != now.get("currentRevision", now.get("updateRevision")):
        return _waiting(f"{ready} of {wanted} replicas ready")
    return _ready(f"{ready} of {wanted} replicas ready")


def _daemon_set(thing: Object) -> Verdict:
    if not _observed(thing):
        return _waiting("not seen by its controller yet")
    wanted = int(status(thing).get("desiredNumberScheduled") or 0)
    ready = int(status(thing).get("numberReady") or 0)
    return (_ready if ready >= wanted else _waiting)(f"{ready} of {wanted} pods ready")


def _job(thing: Object) -> Verdict:
    if is_true(thing, "Complete"):
        return _ready("complete")
    if is_true(thing, "Failed"):
        failure = condition(thing, "Failed")
        return _failed(failure.get("message") or failure.get("reason") or "failed")
    if spec(thing).get("suspend"):
        return _waiting("suspended")
    wanted = min(int(spec(thing).get("parallelism", 1)), int(spec(thing).get("completions") or 10**9))
    done = int(status(thing).get("succeeded") or 0)
    ready = int(status(thing).get("ready") or 0)
    return (_ready if ready + done >= wanted else _waiting)(f"{ready} of {wanted} pods running")


def _job_set(thing: Object) -> Verdict:
    if is_true(thing, "Completed"):
        return _ready("complete")
    if is_true(thing, "Failed"):
        return _failed(condition(thing, "Failed").get("message") or "failed")
    if spec(thing).get("suspend"):
        return _waiting("suspended")
    wanted = {entry["name"]: int(entry.get("replicas", 1)) for entry in entries(spec(thing).get("replicatedJobs"))}
    now = {
        entry["name"]: int(entry.get("ready", 0)) + int(entry.get("succeeded", 0))
        for entry in entries(status(thing).get("replicatedJobsStatus"))
    }
    late = [role for role, count in wanted.items() if now.get(role, 0) < count]
    return _waiting(f"not all pods of {', '.join(late)} run") if late else _ready("all jobs running")


def _train_job(thing: Object) -> Verdict:
    if is_true(thing, "Complete"):
        return _ready("complete")
    if is_true(thing, "Failed"):
        return _failed(condition(thing, "Failed").get("message") or "failed")
    if spec(thing).get("suspend"):
        return _waiting("suspended")
    now = entries(status(thing).get("jobsStatus"))
    if not now:
        return _waiting("no job made yet")
    late = [entry["name"] for entry in now if not int(entry.get("ready", 0)) + int(entry.get("succeeded", 0))]
    return _waiting(f"{', '.join(late)} not running") if late else _ready("all jobs running")


def _claim(thing: Object) -> Verdict:
    phase = status(thing).get("phase", "Pending")
    if phase == "Bound":
        return _ready("bound")
    if phase == "Lost":
        return _failed("its volume is lost")
    return _waiting("not bound")


def _service(thing: Object) -> Verdict:
    if spec(thing).get("type") != "LoadBalancer":
        return _ready("present")
    ingress = entries(table(status(thing).get("loadBalancer")).get("ingress"))
    addresses = [str(entry.get("ip") or entry.get("hostname")) for entry in ingress]
    return _ready(", ".join(addresses)) if addresses else _waiting("no address yet")


def _autoscaler(thing: Object) -> Verdict:
    active = condition(thing, "ScalingActive")
    able = condition(thing, "AbleToScale")
    if able.get("status") == "False":
        return _waiting(able.get("message", "cannot scale"))
    if active.get("status") == "True" and status(thing).get("currentMetrics"):
        return _ready("reads its metrics")
    if active.get("reason") == "ScalingDisabled":
        return _ready("its target is scaled to zero")
    return _waiting(active.get("message") or "no metric read yet")


def _scaled_object(thing: Object) -> Verdict:
    ready = condition(thing, "Ready")
    if ready.get("status") == "True":
        return _ready("ready" if is_true(thing, "Active") else "ready, idle")
    return _waiting(ready.get("message") or "not seen by KEDA yet")


def _conditional(kind: str, yes: str) -> Callable[[Object], Verdict]:
    def rule(thing: Object) -> Verdict:
        entry = condition(thing, kind)
        if entry.get("status") == "True":
            return _ready(yes)
        return _waiting(entry.get("message") or entry.get("reason") or f"not {yes}")

    return rule


def _active(thing: Object) -> Verdict:
    return _ready("active") if status(thing).get("phase") == "Active" else _waiting("terminating")


def _pod(thing: Object) -> Verdict:
    phase = status(thing).get("phase", "Pending")
    if phase == "Succeeded" or (phase == "Running" and is_true(thing, "Ready")):
        return _ready(str(phase).lower())
    if phase == "Failed":
        return _failed(status(thing).get("message") or status(thing).get("reason") or "failed")
    return _waiting(condition(thing, "PodScheduled").get("message") or str(phase).lower())


def _waits_for_consumer(thing: Object) -> bool:
    return "volume.kubernetes.io/selected-node" not in annotations(thing) and not spec(thing).get("volumeName")


# Groups of the API server itself (and of the Gateway API), whose other kinds have no readiness.
_PLAIN = (
    "authorization.k8s.io",
    "networking.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "node.k8s.io",
    "coordination.k8s.io",
    "resource.k8s.io",
    "snapshot.storage.k8s.io",
)
_RULES: Mapping[str, Callable[[Object], Verdict]] = {
    "APIService": _conditional("Available", "available"),
    "CustomResourceDefinition": _conditional("Established", "established"),
    "DaemonSet": _daemon_set,
    "Deployment": _deployment,
    "HorizontalPodAutoscaler": _autoscaler,
    "Job": _job,
    "JobSet": _job_set,
    "Namespace": _active,
    "NodePool": _conditional("Ready", "ready"),
    "PersistentVolumeClaim": _claim,
    "Pod": _pod,
    # Nobody programs a gateway in a simulated cluster; its acceptance is the API server's.
    "Gateway": lambda thing: _ready("accepted"),
    "ReplicaSet": _deployment,
    "ScaledObject": _scaled_object,
    "Service": _service,
    "StatefulSet": _stateful_set,
    "TrainJob": _train_job,
}
