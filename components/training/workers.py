"""The workers of a training job: one indexed Job, as every form of it has one."""

from typing import Any, Final

from ...infra.labels import object_labels, selector_labels
from ..pods import container_security, environment, placement, pod_security, scraped, volume_mounts, volumes
from .inputs import TrainingForm
from .plan import TrainingPlan
from .rendezvous import preflight_settings, settings
from .rendezvous_port import PORT

COMPONENT: Final = "training"
_DISRUPTED: Final = [{"type": "DisruptionTarget", "status": "True"}]
"""Set on a pod that a drain, a preemption or the loss of its node ends: it is not the program's fault."""


def labels(plan: TrainingPlan) -> dict[str, str]:
    """Labels of its objects and pods."""
    return object_labels(plan.name, COMPONENT)


def job_spec(plan: TrainingPlan) -> dict[str, Any]:
    """The `spec` of the Job, with what happens when workers are lost."""
    spec: dict[str, Any] = {
        "completionMode": "Indexed",
        "parallelism": plan.nodes,
        "completions": plan.nodes,
        # A worker is replaced once it is gone, so that no two write the same checkpoint.
        "podReplacementPolicy": "Failed",
        "template": {"metadata": _pod_metadata(plan), "spec": _pod(plan)},
    }
    if plan.replaces_workers:
        spec["backoffLimitPerIndex"] = plan.lifetime.max_restarts
        # Without it, the others would go on waiting for a worker that is given up.
        spec["maxFailedIndexes"] = 0
        spec["podFailurePolicy"] = {"rules": [{"action": "Ignore", "onPodConditions": _DISRUPTED}]}
    else:
        spec["backoffLimit"] = 0
        spec["podFailurePolicy"] = {"rules": [{"action": "FailJob", "onPodConditions": _DISRUPTED}]}
    if plan.elastic:
        # Worker 0 keeps the rendezvous, so it takes part to the end; a worker that never got a node must not keep
        # the job open, nor start a training of its own once the others are done.
        spec["successPolicy"] = {"rules": [{"succeededIndexes": "0"}]}
    if plan.lifetime.active_deadline is not None:
        spec["activeDeadlineSeconds"] = plan.lifetime.active_deadline
    return spec


def program(plan: TrainingPlan) -> dict[str, Any]:
    """Image, command, arguments and environment of a worker."""
    execution = plan.execution
    found: dict[str, Any] = {
        "image": plan.image,
        "command": list(execution.command),
        "env": environment({**execution.environment, **settings(plan)}, execution.secret_environment),
    }
    if execution.args:
        found["args"] = list(execution.args)
    return found


def _pod_metadata(plan: TrainingPlan) -> dict[str, Any]:
    annotations: dict[str, str] = {}
    if plan.placement.do_not_disrupt:
        annotations["karpenter.sh/do-not-disrupt"] = "true"
    if plan.execution.metrics_port is not None:
        annotations |= scraped(plan.execution.metrics_port)
    return {"labels": labels(plan), **({"annotations": annotations} if annotations else {})}


def _pod(plan: TrainingPlan) -> dict[str, Any]:
    scratch = plan.resources.requests["ephemeral-storage"]
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "serviceAccountName": plan.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(),
        "terminationGracePeriodSeconds": plan.lifetime.termination_grace,
        "containers": [_container(plan)],
        "volumes": volumes(plan.mounts, scratch=scratch, shared_memory=plan.shared_memory),
        **placement(plan.placement.node_pool, plan.resources),
        **_affinity(plan),
    }
    if plan.execution.settings is not None:
        pod["volumes"].append(plan.execution.settings.volume())
    if plan.preflight is not None:
        pod["initContainers"] = [_preflight(plan)]
    if plan.placement.priority_class is not None:
        pod["priorityClassName"] = plan.placement.priority_class
    return pod


def _container(plan: TrainingPlan) -> dict[str, Any]:
    ports = [{"name": "rendezvous", "containerPort": PORT, "protocol": "TCP"}]
    if plan.execution.metrics_port is not None:
        ports.append({"name": "metrics", "containerPort": plan.execution.metrics_port, "protocol": "TCP"})
    container: dict[str, Any] = {
        "name": plan.role,
        "ports": ports,
        "resources": plan.resources.manifest(),
        "securityContext": container_security(),
        "volumeMounts": volume_mounts(plan.mounts, shared_memory=plan.shared_memory),
    }
    if plan.execution.settings is not None:
        container["volumeMounts"].append(plan.execution.settings.mount())
    # A TrainJob says by itself what its runtime's container runs.
    return container if plan.form == TrainingForm.TRAINJOB else {**container, **program(plan)}


def _preflight(plan: TrainingPlan) -> dict[str, Any]:
    """What runs on the same nodes, with the same devices, before the worker: where it fails, nothing is trained."""
    assert plan.preflight is not None
    return {
        "name": "preflight",
        "image": plan.image,
        "command": ["torchrun"],
        "args": list(plan.preflight.args),
        "env": environment({**plan.execution.environment, **preflight_settings(plan)}),
        "resources": plan.resources.manifest(),
        "securityContext": container_security(),
        "volumeMounts": volume_mounts([], shared_memory=plan.shared_memory),
    }


def _affinity(plan: TrainingPlan) -> dict[str, Any]:
    key = plan.placement.topology_key
    # JobSet itself keeps the workers together where the domain is exclusive.
    if plan.nodes == 1 or plan.placement.exclusive:
        return {}
    term = {
        "labelSelector": {"matchLabels": selector_labels(plan.name, COMPONENT)},
        "topologyKey": key or "topology.kubernetes.io/zone",
    }
    if key is not None:
        return {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}}
