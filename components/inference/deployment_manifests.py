"""The Kubernetes objects that a replicated server always comes with."""

import math
from typing import Any, Final

from ...infra.labels import object_labels
from ..network_policies import all_pods_of, neighbours, tcp
from ..network_policies import network_policy as policy
from ..pod_monitor import pod_monitor
from ..pods import container_security, environment, placement, pod_security, scraped, volume_mounts, volumes
from .deployment_inputs import SpreadMode
from .deployment_plan import DeploymentPlan

_STARTUP_PERIOD: Final = 10
"""Seconds between two looks at a pod that is starting."""


def deployment(plan: DeploymentPlan) -> dict[str, Any]:
    """The pods: rolled over without ever being fewer than wanted."""
    health, availability = plan.health, plan.availability
    spec: dict[str, Any] = {
        "selector": {"matchLabels": plan.selector},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": 0, "maxSurge": _number_or_share(availability.max_surge)},
        },
        "progressDeadlineSeconds": health.rollout_seconds,
        "template": {"metadata": _pod_metadata(plan), "spec": _pod(plan)},
    }
    if availability.replicas is not None:
        spec["replicas"] = availability.replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(plan), "spec": spec}


def service(plan: DeploymentPlan) -> dict[str, Any]:
    """One name and address inside the cluster."""
    port = {"name": "http", "port": plan.access.port, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(plan),
        "spec": {"type": "ClusterIP", "selector": plan.selector, "ports": [port]},
    }


def disruption_budget(plan: DeploymentPlan) -> dict[str, Any]:
    """How many pods drains may take at once. It counts what is missing, so that a single replica blocks no drain."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(plan),
        "spec": {
            "selector": {"matchLabels": plan.selector},
            "maxUnavailable": plan.availability.max_unavailable,
            # A pod that never becomes ready must not hold its node for ever.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def network_policy(plan: DeploymentPlan) -> dict[str, Any]:
    """Its ports, opened to its own namespace and to whom the inputs name."""
    access = plan.access
    inside = [neighbours(), *map(all_pods_of, access.allowed_namespaces)]
    networks = [{"ipBlock": {"cidr": cidr}} for cidr in access.allowed_cidrs]
    rules = [{"from": [*inside, *networks], "ports": tcp(access.port)}]
    if access.metrics_port != access.port:
        rules.append({"from": inside, "ports": tcp(access.metrics_port)})
    labels = object_labels(plan.name, plan.component)
    return policy(plan.name, plan.namespace, labels=labels, pods=plan.selector, ingress=rules)


def monitor(plan: DeploymentPlan) -> dict[str, Any]:
    """What leads the Prometheus operator to the metrics."""
    access = plan.access
    return pod_monitor(
        plan.name,
        plan.namespace,
        labels=object_labels(plan.name, plan.component),
        selector=plan.selector,
        port="http" if access.metrics_port == access.port else "metrics",
        path=access.metrics_path,
    )


def _metadata(plan: DeploymentPlan) -> dict[str, Any]:
    return {"name": plan.name, "namespace": plan.namespace, "labels": object_labels(plan.name, plan.component)}


def _pod_metadata(plan: DeploymentPlan) -> dict[str, Any]:
    return {
        "labels": object_labels(plan.name, plan.component),
        "annotations": scraped(plan.access.metrics_port, plan.access.metrics_path),
    }


def _pod(plan: DeploymentPlan) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "serviceAccountName": plan.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(),
        "terminationGracePeriodSeconds": plan.health.termination_seconds,
        "topologySpreadConstraints": _spread(plan),
        "containers": [_container(plan)],
        "volumes": volumes(
            plan.mounts, scratch=plan.resources.requests["ephemeral-storage"], shared_memory=plan.shared_memory
        ),
        **placement(plan.node_pool, plan.resources),
    }
    if plan.settings is not None:
        pod["volumes"].append(plan.settings.volume())
    if plan.priority_class is not None:
        pod["priorityClassName"] = plan.priority_class
    return pod


def _container(plan: DeploymentPlan) -> dict[str, Any]:
    access = plan.access
    ports = [{"name": "http", "containerPort": access.port, "protocol": "TCP"}]
    if access.metrics_port != access.port:
        ports.append({"name": "metrics", "containerPort": access.metrics_port, "protocol": "TCP"})
    container: dict[str, Any] = {
        "name": "server",
        "image": plan.image,
        "ports": ports,
        "env": environment(plan.environment, plan.secret_environment),
        "resources": plan.resources.manifest(),
        "securityContext": container_security(),
        "volumeMounts": volume_mounts(plan.mounts, shared_memory=plan.shared_memory),
        **_probes(plan),
    }
    if plan.settings is not None:
        container["volumeMounts"].append(plan.settings.mount())
    if plan.health.drain_seconds > 0:
        # The pod is taken out of the Service and told to stop at once; until every proxy knows, requests still come.
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": plan.health.drain_seconds}}}
    if plan.command:
        container["command"] = list(plan.command)
    if plan.args:
        container["args"] = list(plan.args)
    return container


def _probes(plan: DeploymentPlan) -> dict[str, Any]:
    health = plan.health
    ready = {"httpGet": {"path": health.readiness_path, "port": "http"}}
    alive = {"httpGet": {"path": health.liveness_path, "port": "http"}}
    return {
        "startupProbe": {
            **ready,
            "periodSeconds": _STARTUP_PERIOD,
            "timeoutSeconds": 3,
            "failureThreshold": math.ceil(health.startup_seconds / _STARTUP_PERIOD),
        },
        "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 2},
        "livenessProbe": {**alive, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
    }


def _spread(plan: DeploymentPlan) -> list[dict[str, Any]]:
    required = plan.availability.spread == SpreadMode.REQUIRED
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "DoNotSchedule" if required else "ScheduleAnyway",
            "labelSelector": {"matchLabels": plan.selector},
            # Each revision is spread by itself: the pods that a rollout removes do not count.
            "matchLabelKeys": ["pod-template-hash"],
            "nodeTaintsPolicy": "Honor",
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def _number_or_share(text: str) -> int | str:
    return text if text.endswith("%") else int(text)
