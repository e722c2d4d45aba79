"""The Kubernetes objects of a preprocessing: a Job, and who may reach its pods."""

from typing import Any, Final

from ...workloads.preprocessing.launch import BAD_INPUT
from ..network_policies import all_pods_of, neighbours, tcp
from ..network_policies import network_policy as policy
from ..pod_monitor import pod_monitor
from .inputs import PreprocessingForm
from .plan import PreprocessingPlan
from .pods import container, labels, pod_template, selector
from .ray_ports import DASHBOARD

_CONTAINER: Final = "preprocessing"
_QUEUE: Final = "kueue.x-k8s.io/queue-name"
_NOT_AWAITED: Final = {"pulumi.com/skipAwait": "true"}
"""Pulumi would wait until a Job has finished, and the work may take days."""

_DISRUPTED: Final = [{"type": "DisruptionTarget", "status": "True"}]
"""Set on a pod that a drain, a preemption or the loss of its node ends: it is not the program's fault."""


def job(plan: PreprocessingPlan) -> dict[str, Any]:
    """One pod, with a Ray of its own."""
    fields: dict[str, Any] = {"command": list(plan.program.command), "args": list(plan.program.args)}
    if plan.program.metrics_port is not None:
        fields["ports"] = [{"name": plan.metrics_name, "containerPort": plan.program.metrics_port, "protocol": "TCP"}]
    template = pod_template(plan, container(plan, _CONTAINER, plan.resources, **fields), serves_metrics=True)
    template["spec"]["restartPolicy"] = "Never"
    bad_input = {"containerName": _CONTAINER, "operator": "In", "values": [BAD_INPUT]}
    spec: dict[str, Any] = {
        # A pod is replaced once it is gone, so that no two write the same files.
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {
            "rules": [
                {"action": "Ignore", "onPodConditions": _DISRUPTED},
                {"action": "FailJob", "onExitCodes": bad_input},
            ]
        },
        "template": template,
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata(plan), "spec": {**spec, **ends(plan)}}


def network_policy(plan: PreprocessingPlan) -> dict[str, Any] | None:
    """Who may reach its pods; None where that is left to the tenant's own policies."""
    is_cluster = plan.form is PreprocessingForm.RAY_JOB
    if not is_cluster and not plan.allowed_namespaces:
        return None
    port = plan.program.metrics_port
    readers = [neighbours(), *map(all_pods_of, plan.allowed_namespaces)]
    rules: list[dict[str, Any]] = [] if port is None else [{"from": readers, "ports": tcp(port)}]
    if is_cluster:
        # Ray's processes take any port for each other; its operator asks the head how the work goes.
        rules.append({"from": [{"podSelector": {"matchLabels": selector(plan)}}]})
        rules.append({"from": [all_pods_of(plan.operator_namespace)], "ports": tcp(DASHBOARD)})
    return policy(plan.name, plan.namespace, labels=labels(plan), pods=selector(plan), ingress=rules)


def monitor(plan: PreprocessingPlan) -> dict[str, Any]:
    """What leads the Prometheus operator to the metrics of the program."""
    return pod_monitor(plan.name, plan.namespace, labels=labels(plan), selector=selector(plan), port=plan.metrics_name)


def metadata(plan: PreprocessingPlan) -> dict[str, Any]:
    """The metadata of the object that runs it."""
    known: dict[str, Any] = dict(labels(plan))
    if plan.lifetime.queue_name is not None:
        known[_QUEUE] = plan.lifetime.queue_name
    return {"name": plan.name, "namespace": plan.namespace, "labels": known, "annotations": dict(_NOT_AWAITED)}


def ends(plan: PreprocessingPlan) -> dict[str, Any]:
    """When it starts again, waits and ends: a Job and a RayJob have the same fields for it."""
    found: dict[str, Any] = {"backoffLimit": plan.lifetime.max_restarts}
    if plan.lifetime.active_deadline is not None:
        found["activeDeadlineSeconds"] = plan.lifetime.active_deadline
    if plan.lifetime.ttl is not None:
        found["ttlSecondsAfterFinished"] = plan.lifetime.ttl
    if plan.lifetime.suspended is not None:
        found["suspend"] = plan.lifetime.suspended
    return found
