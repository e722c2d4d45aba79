"""Kubernetes objects as plain dictionaries: reading the parts that all of them have."""

from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]
"""One Kubernetes object, as in its JSON."""


def table(value: Any) -> Mapping[str, Any]:
    """Return a part of an object that is a table, empty where it is absent or null."""
    return value or {}


def entries(value: Any) -> Sequence[Any]:
    """Return a part of an object that is a list, empty where it is absent or null."""
    return value or ()


def metadata(thing: Object) -> Mapping[str, Any]:
    """Return the metadata."""
    return table(thing.get("metadata"))


def spec(thing: Object) -> Mapping[str, Any]:
    """Return the specification, empty where there is none."""
    return table(thing.get("spec"))


def status(thing: Object) -> Mapping[str, Any]:
    """Return the status, empty where there is none yet."""
    return table(thing.get("status"))


def name(thing: Object) -> str:
    """Return the name."""
    return str(metadata(thing)["name"])


def namespace(thing: Object) -> str:
    """Return the namespace, empty for what has none."""
    return str(metadata(thing).get("namespace") or "")


def labels(thing: Object) -> Mapping[str, str]:
    """Return the labels."""
    return table(metadata(thing).get("labels"))


def annotations(thing: Object) -> Mapping[str, str]:
    """Return the annotations."""
    return table(metadata(thing).get("annotations"))


def owner(thing: Object) -> tuple[str, str]:
    """Return kind and name of the controller that made it, both empty for what a person made."""
    for reference in entries(metadata(thing).get("ownerReferences")):
        if reference.get("controller"):
            return str(reference["kind"]), str(reference["name"])
    return "", ""


def condition(thing: Object, kind: str) -> Mapping[str, str]:
    """Return the condition of this type, empty where there is none."""
    for entry in entries(status(thing).get("conditions")):
        if entry.get("type") == kind:
            return entry
    return {}


def is_true(thing: Object, kind: str) -> bool:
    """Tell whether the condition of this type is there and true."""
    return condition(thing, kind).get("status") == "True"


def identity(thing: Object) -> str:
    """Return `Kind namespace/name` for messages."""
    place = namespace(thing)
    return f"{thing['kind']} {place + '/' if place else ''}{name(thing)}"
