"""What a provider would answer: the outputs of a resource that only exists on paper."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from .aws_answers import aws_id
from .documents import parse_documents

Answer = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any] | None]
"""`(type token, logical name, inputs) -> outputs to add`, or None to leave the rest unknown.

An output `id` is the id."""

_KUBERNETES: Final = "kubernetes:"
_DECODE: Final = "kubernetes:yaml:decode"
_LOAD_BALANCER_ADDRESS: Final = "198.51.100.1"
"""TEST-NET-2 of RFC 5737: an address that is nobody's."""


def kubernetes_answer(type: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Outputs of a Kubernetes object: what the server adds to its metadata, and the address of a load balancer."""
    if not type.startswith(_KUBERNETES):
        return None
    from uuid import NAMESPACE_URL, uuid5

    server = {"name": name, "uid": str(uuid5(NAMESPACE_URL, f"{type}/{name}")), "generation": 1, "resourceVersion": "1"}
    outputs: dict[str, Any] = {"metadata": {**server, **_section(inputs, "metadata")}}
    if type.endswith(":Service") and _section(inputs, "spec").get("type") == "LoadBalancer":
        outputs["status"] = {"loadBalancer": {"ingress": [{"ip": _LOAD_BALANCER_ADDRESS}]}}
    return outputs


def kubernetes_call(token: str, args: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a function of the Kubernetes provider returns that needs no cluster: manifests, read from their text."""
    if token != _DECODE:
        return None
    return {"result": parse_documents(str(args.get("text", "")))}


def physical_id(type: str, name: str, inputs: Mapping[str, Any]) -> str:
    """The id that the provider would give: `namespace/name` for a Kubernetes object, AWS's form, or `<name>-id`."""
    if type.startswith("aws:"):
        return aws_id(type, name, inputs)
    if not type.startswith(_KUBERNETES):
        return f"{name}-id"
    known = _section(inputs, "metadata")
    parts = (known.get("namespace"), known.get("name", name))
    return "/".join(part for part in parts if isinstance(part, str))


def _section(inputs: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = inputs.get(name)
    return cast(Mapping[str, Any], section) if isinstance(section, Mapping) else {}
