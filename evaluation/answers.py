"""What a provider would answer: the outputs of a resource that only exists on paper."""

from collections.abc import Callable, Mapping
from typing import Any

from .aws_answers import aws_id
from .kubernetes_answers import kubernetes_id

Answer = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any] | None]
"""`(type token, logical name, inputs) -> outputs to add`, or None to leave the rest unknown.

An output `id` is the id."""


def physical_id(type: str, name: str, inputs: Mapping[str, Any]) -> str:
    """The id that the provider would give: `namespace/name` for a Kubernetes object, AWS's form, or `<name>-id`."""
    if type.startswith("aws:"):
        return aws_id(type, name, inputs)
    return kubernetes_id(name, inputs) if type.startswith("kubernetes:") else f"{name}-id"
