"""Network policies of workloads: who may reach their pods, and whom they may reach."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Peer = Mapping[str, Any]
"""Whom a rule is about: pods, a namespace, a network."""


def network_policy(
    name: str,
    namespace: pulumi.Input[str],
    *,
    labels: Mapping[str, str],
    pods: pulumi.Input[Mapping[str, pulumi.Input[str]]],
    ingress: Sequence[Mapping[str, Any]],
    egress: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return a NetworkPolicy.

    Args:
        name: of the object.
        namespace: of the object and of the pods.
        labels: of the object.
        pods: labels of the pods that it is for.
        ingress: who may reach them; nobody else may.
        egress: whom they may reach, and nobody else. Default: nothing is said of that.
    """
    spec: dict[str, Any] = {
        "podSelector": {"matchLabels": pods},
        "policyTypes": ["Ingress"],
        "ingress": [dict(rule) for rule in ingress],
    }
    if egress is not None:
        spec |= {"policyTypes": ["Ingress", "Egress"], "egress": [dict(rule) for rule in egress]}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def all_pods_of(namespace: str) -> dict[str, Any]:
    """Return the pods of a namespace, by the label that Kubernetes itself gives it."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def neighbours() -> dict[str, Any]:
    """Return the pods of the policy's own namespace."""
    return {"podSelector": {}}


def tcp(*ports: int) -> list[dict[str, Any]]:
    """Return the ports of a rule."""
    return [{"protocol": "TCP", "port": port} for port in ports]


def to_cluster_dns() -> dict[str, Any]:
    """Return the rule that lets pods ask the cluster's DNS, without which no name of a Service is found."""
    servers = {**all_pods_of("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    return {"to": [servers], "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]}
