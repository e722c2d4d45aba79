"""The Kubernetes objects of a training job, for each of its forms."""

from typing import Any, Final

from ...infra.labels import selector_labels
from ..network_policies import all_pods_of, neighbours, tcp
from ..network_policies import network_policy as policy
from ..pod_monitor import pod_monitor
from .inputs import TrainingForm
from .plan import TrainingPlan
from .rendezvous_port import PORT
from .workers import COMPONENT, job_spec, labels, program

_QUEUE: Final = "kueue.x-k8s.io/queue-name"
_EXCLUSIVE: Final = "alpha.jobset.sigs.k8s.io/exclusive-topology"
_TRAINER_STEP: Final = {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}
_NOT_AWAITED: Final = {"pulumi.com/skipAwait": "true"}
"""Pulumi would wait until a Job has finished, and until a Service has pods: training takes days, and the workers come
after their Service."""


def job_set(plan: TrainingPlan) -> dict[str, Any]:
    """The job as a JobSet, accepted by JobSet 0.8 to 0.12."""
    spec = _job_set_spec(plan)
    spec["network"]["subdomain"] = plan.name
    if plan.lifetime.suspended is not None:
        spec["suspend"] = plan.lifetime.suspended
    metadata = _metadata(plan, queued=True)
    return {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "metadata": metadata, "spec": spec}


def training_runtime(plan: TrainingPlan) -> dict[str, Any]:
    """How Kubeflow Trainer is to run this one job; accepted by Trainer 2.0 to 2.3."""
    return {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainingRuntime",
        "metadata": _metadata(plan),
        "spec": {"mlPolicy": {"numNodes": plan.nodes, "torch": {}}, "template": {"spec": _job_set_spec(plan)}},
    }


def workers_of(runtime: dict[str, Any]) -> dict[str, Any]:
    """The part of a runtime that a job cannot change while it runs; the rest concerns a finished job."""
    spec: dict[str, Any] = runtime["spec"]["template"]["spec"]
    return {field: value for field, value in spec.items() if field != "ttlSecondsAfterFinished"}


def train_job(plan: TrainingPlan) -> dict[str, Any]:
    """The job as a TrainJob of its own runtime."""
    trainer = {
        "numNodes": plan.nodes,
        "numProcPerNode": plan.processes_per_node,
        "resourcesPerNode": plan.resources.manifest(),
        **program(plan),
    }
    runtime = {"apiGroup": "trainer.kubeflow.org", "kind": "TrainingRuntime", "name": plan.name}
    spec: dict[str, Any] = {"runtimeRef": runtime, "trainer": trainer}
    if plan.lifetime.suspended is not None:
        spec["suspend"] = plan.lifetime.suspended
    metadata = _metadata(plan, queued=True)
    return {"apiVersion": "trainer.kubeflow.org/v1alpha1", "kind": "TrainJob", "metadata": metadata, "spec": spec}


def indexed_job(plan: TrainingPlan) -> dict[str, Any]:
    """The job as a plain indexed Job."""
    spec = job_spec(plan)
    # JobSet names the Service for its own pods; here it is ours.
    spec["template"]["spec"]["subdomain"] = plan.name
    if plan.lifetime.ttl is not None:
        spec["ttlSecondsAfterFinished"] = plan.lifetime.ttl
    if plan.lifetime.suspended is not None:
        spec["suspend"] = plan.lifetime.suspended
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": _metadata(plan, queued=True), "spec": spec}


def headless_service(plan: TrainingPlan) -> dict[str, Any]:
    """DNS names for the workers of a plain Job, before they are ready: they become ready by finding each other."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(plan),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": selector_labels(plan.name, COMPONENT),
            "ports": [{"name": "rendezvous", "port": PORT, "targetPort": PORT, "protocol": "TCP"}],
        },
    }


def network_policy(plan: TrainingPlan) -> dict[str, Any]:
    """Who may reach the workers: their own namespace all of them, since NCCL takes any port, others the metrics."""
    port, others = plan.execution.metrics_port, list(map(all_pods_of, plan.execution.allowed_namespaces))
    assert port is not None, "namespaces are let in to metrics alone"
    return policy(
        plan.name,
        plan.namespace,
        labels=labels(plan),
        pods=selector_labels(plan.name, COMPONENT),
        ingress=[{"from": [neighbours()]}, {"from": others, "ports": tcp(port)}],
    )


def monitor(plan: TrainingPlan) -> dict[str, Any]:
    """What leads the Prometheus operator to the metrics of the workers."""
    selector = selector_labels(plan.name, COMPONENT)
    return pod_monitor(plan.name, plan.namespace, labels=labels(plan), selector=selector, port="metrics")


def _job_set_spec(plan: TrainingPlan) -> dict[str, Any]:
    metadata: dict[str, Any] = {"labels": labels(plan)}
    if plan.form == TrainingForm.TRAINJOB:
        metadata["labels"] |= _TRAINER_STEP
    if plan.placement.exclusive:
        metadata["annotations"] = {_EXCLUSIVE: plan.placement.topology_key}
    workers = {"name": plan.role, "replicas": 1, "template": {"metadata": metadata, "spec": job_spec(plan)}}
    spec: dict[str, Any] = {
        "network": {"enableDNSHostnames": True, "publishNotReadyAddresses": True},
        "failurePolicy": _failure_policy(plan),
        "replicatedJobs": [workers],
    }
    if plan.lifetime.ttl is not None:
        spec["ttlSecondsAfterFinished"] = plan.lifetime.ttl
    return spec


def _failure_policy(plan: TrainingPlan) -> dict[str, Any]:
    if plan.replaces_workers:
        # The workers' Job has replaced each of them as often as was wanted.
        return {"maxRestarts": 0}
    disrupted = {
        "name": "disrupted",
        "action": "RestartJobSetAndIgnoreMaxRestarts",
        "onJobFailureReasons": ["PodFailurePolicy"],
    }
    overdue = {"name": "overdue", "action": "FailJobSet", "onJobFailureReasons": ["DeadlineExceeded"]}
    return {
        "maxRestarts": plan.lifetime.max_restarts,
        # New workers come once all old ones are gone: the nodes are full, and two must not write one checkpoint.
        "restartStrategy": "BlockingRecreate",
        "rules": [disrupted, overdue],
    }


def _metadata(plan: TrainingPlan, *, queued: bool = False) -> dict[str, Any]:
    known: dict[str, Any] = dict(labels(plan))
    if queued and plan.lifetime.queue_name is not None:
        known[_QUEUE] = plan.lifetime.queue_name
    return {"name": plan.name, "namespace": plan.namespace, "labels": known, "annotations": dict(_NOT_AWAITED)}
