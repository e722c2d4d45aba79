"""The Kubernetes objects of a predictive autoscaler: its pods, who may reach them, and whom they may reach."""

from typing import Any, Final

from ...infra.labels import object_labels
from ..network_policies import all_pods_of, neighbours, tcp, to_cluster_dns
from ..network_policies import network_policy as policy
from ..pod_monitor import pod_monitor
from ..pods import container_security, environment, placement, pod_security, scraped, volume_mounts, volumes
from .predictive_plan import COMPONENT, PredictiveScalingPlan

_API_PORTS: Final = (443, 6443)
"""TCP ports at which API servers listen: that of the Service `kubernetes`, and that of kubeadm and EKS' endpoints."""


def deployment(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """The pods: a new one is ready before an old one goes."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(plan),
        "spec": {
            "replicas": plan.autoscalers,
            "selector": {"matchLabels": plan.selector},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {
                    "labels": object_labels(plan.component, COMPONENT),
                    "annotations": scraped(plan.metrics_port),
                },
                "spec": _pod(plan),
            },
        },
    }


def service(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """One name and address: of the metrics, and of what KEDA asks for."""
    port = {"name": "metrics", "port": plan.metrics_port, "targetPort": "metrics", "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(plan),
        "spec": {"type": "ClusterIP", "selector": plan.selector, "ports": [port]},
    }


def disruption_budget(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """One pod at a time may go."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(plan),
        "spec": {
            "selector": {"matchLabels": plan.selector},
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def network_policy(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """In: readers of the metrics, and KEDA; out: the API server, Prometheus and the DNS that finds it."""
    readers = [neighbours(), *map(all_pods_of, plan.allowed_namespaces)]
    if plan.answers_keda:
        readers.append(all_pods_of(plan.keda_namespace))
    networks = [{"ipBlock": {"cidr": network}} for network in plan.api_networks]
    egress = [{"to": networks, "ports": tcp(*_API_PORTS)}]
    if plan.resource is None:
        prometheus = {"to": [all_pods_of(plan.prometheus_namespace)], "ports": tcp(plan.prometheus_port)}
        egress += [prometheus, to_cluster_dns()]
    return policy(
        plan.name,
        plan.namespace,
        labels=object_labels(plan.component, COMPONENT),
        pods=plan.selector,
        ingress=[{"from": readers, "ports": tcp(plan.metrics_port)}],
        egress=egress,
    )


def monitor(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """What leads the Prometheus operator to the metrics."""
    return pod_monitor(
        plan.name,
        plan.namespace,
        labels=object_labels(plan.component, COMPONENT),
        selector=plan.selector,
        port="metrics",
    )


def _metadata(plan: PredictiveScalingPlan) -> dict[str, Any]:
    return {"name": plan.name, "namespace": plan.namespace, "labels": object_labels(plan.component, COMPONENT)}


def _pod(plan: PredictiveScalingPlan) -> dict[str, Any]:
    settings = plan.program.settings
    pod: dict[str, Any] = {
        "serviceAccountName": plan.name,
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        "securityContext": pod_security(),
        "terminationGracePeriodSeconds": 30,
        "topologySpreadConstraints": [_spread(plan, key) for key in _SPREAD],
        "containers": [_container(plan)],
        "volumes": [*volumes((), scratch=plan.resources.requests["ephemeral-storage"]), settings.volume()],
        **placement(plan.node_pool, plan.resources),
    }
    if plan.priority_class is not None:
        pod["priorityClassName"] = plan.priority_class
    return pod


_SPREAD: Final = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def _spread(plan: PredictiveScalingPlan, key: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": plan.selector},
        "matchLabelKeys": ["pod-template-hash"],
    }


def _container(plan: PredictiveScalingPlan) -> dict[str, Any]:
    return {
        "name": "autoscaler",
        "image": plan.image,
        "command": ["python"],
        "args": list(plan.program.args),
        "ports": [{"name": "metrics", "containerPort": plan.metrics_port, "protocol": "TCP"}],
        "env": environment({}),
        "resources": plan.resources.manifest(),
        "securityContext": container_security(),
        "volumeMounts": [*volume_mounts(()), plan.program.settings.mount()],
        # The first decision comes after the past was read and learned.
        "startupProbe": {"httpGet": _get("/readyz"), "periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 36},
        "readinessProbe": {"httpGet": _get("/readyz"), "periodSeconds": 5, "timeoutSeconds": 3},
        "livenessProbe": {"httpGet": _get("/livez"), "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3},
    }


def _get(path: str) -> dict[str, Any]:
    return {"path": path, "port": "metrics"}
