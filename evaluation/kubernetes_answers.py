"""What the provider and the server of Kubernetes would answer and fill in."""

from collections.abc import Mapping
from typing import Any, Final, cast

from .documents import parse_documents
from .graph import UNKNOWN

_KUBERNETES: Final = "kubernetes:"
_DECODE: Final = "kubernetes:yaml:decode"
_LOAD_BALANCER_ADDRESS: Final = "198.51.100.1"
"""TEST-NET-2 of RFC 5737: an address that is nobody's."""

_CLUSTER_ADDRESS: Final = "192.0.2.1"
"""TEST-NET-1 of RFC 5737."""

_DEFAULT_NAMESPACE: Final = "default"
_NAMESPACED: Final[Mapping[str, tuple[str, ...]]] = {
    "core": (
        "ConfigMap",
        "Endpoints",
        "LimitRange",
        "PersistentVolumeClaim",
        "Pod",
        "PodTemplate",
        "ReplicationController",
        "ResourceQuota",
        "Secret",
        "Service",
        "ServiceAccount",
    ),
    "apps": ("ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    "autoscaling": ("HorizontalPodAutoscaler",),
    "batch": ("CronJob", "Job"),
    "coordination.k8s.io": ("Lease",),
    "discovery.k8s.io": ("EndpointSlice",),
    "networking.k8s.io": ("Ingress", "NetworkPolicy"),
    "policy": ("PodDisruptionBudget",),
    "rbac.authorization.k8s.io": ("Role", "RoleBinding"),
}
"""Kinds of Kubernetes itself that live in a namespace, by group: Kubernetes API reference, 1.36."""


def is_namespaced(type: str) -> bool:
    """Whether objects of a type are known to live in a namespace; of custom kinds nothing is known."""
    group, _, rest = type.removeprefix(_KUBERNETES).partition("/")
    return type.startswith(_KUBERNETES) and rest.rpartition(":")[2].removesuffix("Patch") in _NAMESPACED.get(group, ())


def kubernetes_answer(type: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Outputs of a Kubernetes object: what the server adds to its metadata, and the addresses of a Service."""
    if not type.startswith(_KUBERNETES):
        return None
    from uuid import NAMESPACE_URL, uuid5

    server = {"name": name, "uid": str(uuid5(NAMESPACE_URL, f"{type}/{name}")), "generation": 1, "resourceVersion": "1"}
    if is_namespaced(type):
        server["namespace"] = _DEFAULT_NAMESPACE
    outputs: dict[str, Any] = {"metadata": {**server, **_section(inputs, "metadata")}}
    if type.endswith(":Service"):
        spec = _section(inputs, "spec")
        if spec.get("type") != "ExternalName":
            outputs["spec"] = {"clusterIP": _CLUSTER_ADDRESS, "clusterIPs": [_CLUSTER_ADDRESS], **spec}
        if spec.get("type") == "LoadBalancer":
            outputs["status"] = {"loadBalancer": {"ingress": [{"ip": _LOAD_BALANCER_ADDRESS}]}}
    return outputs


def kubernetes_preview(type: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands beside an object's inputs in a first preview: the name and the address that it is given later.

    An unknown makes all of its section unknown to a program, so that nothing else of a section is one.
    """
    found: dict[str, Any] = {}
    if not type.startswith(_KUBERNETES):
        return found
    if "name" not in _section(inputs, "metadata"):
        found["metadata"] = {"name": UNKNOWN}
    elif is_namespaced(type) and "namespace" not in _section(inputs, "metadata"):
        found["metadata"] = {"namespace": _DEFAULT_NAMESPACE}
    if type.endswith(":Service") and "clusterIP" not in _section(inputs, "spec"):
        found["spec"] = {"clusterIP": UNKNOWN}
    return found


def kubernetes_call(token: str, args: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a function of the Kubernetes provider returns that needs no cluster: manifests, read from their text."""
    if token != _DECODE:
        return None
    return {"result": parse_documents(str(args.get("text", "")))}


def kubernetes_id(name: str, inputs: Mapping[str, Any]) -> str:
    """The id of an object: `namespace/name`."""
    known = _section(inputs, "metadata")
    parts = (known.get("namespace"), known.get("name", name))
    return "/".join(part for part in parts if isinstance(part, str))


def _section(inputs: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = inputs.get(name)
    return cast(Mapping[str, Any], section) if isinstance(section, Mapping) else {}
