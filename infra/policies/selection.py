"""Objects of Kubernetes of a program, and whom their label selectors choose."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...evaluation.graph import Resource, ResourceGraph
from ...planning.values import mapping, mappings
from .policy_documents import listed


def declared(graph: ResourceGraph, *kinds: str) -> Iterator[Resource]:
    """Yield the objects of some kinds that a program owns, of any group and version."""
    for kind in sorted(kinds):
        yield from (each for each in graph.of_type(f"kubernetes:*:{kind}") if not each.read)


def selects(selector: object, labels: Mapping[str, Any]) -> bool:
    """Whether a label selector chooses an object with these labels; an empty one chooses all, none at all nothing."""
    if selector is None:
        return False
    given = mapping(selector)
    named = mapping(given.get("matchLabels"))
    return all(labels.get(key) == value for key, value in named.items()) and all(
        _is_met(each, labels) for each in mappings(given.get("matchExpressions"))
    )


def _is_met(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = str(expression.get("key")), listed(expression.get("values"))
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False
