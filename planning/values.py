"""Values of resources as plain types: what is not known yet, or of another type, is not there."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast


def text(value: object) -> str:
    """Return a text; empty where the value is none."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> list[str]:
    """Return the texts of a list."""
    return [item for item in cast(list[object], value) if isinstance(item, str)] if isinstance(value, list) else []


def number(value: object) -> float | None:
    """Return a number, also one that stands in a text; None where the value is none."""
    if isinstance(value, bool):
        return None
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def whole(value: object) -> int | None:
    """Return a number without its fraction; None where the value is no number."""
    found = number(value)
    return None if found is None else int(found)


def mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping; an empty one where the value is none."""
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def mappings(value: object) -> Iterable[Mapping[str, Any]]:
    """Return the mappings of a list."""
    items = cast(list[object], value) if isinstance(value, list) else []
    return [cast(Mapping[str, Any], item) for item in items if isinstance(item, Mapping)]


def section(content: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return the mapping at a path; an empty one where there is none."""
    for key in path:
        content = mapping(content.get(key))
    return content


def requirements(spec: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield what a Karpenter NodePool requires of its nodes: each key, and the values that it may have."""
    for each in mappings(section(spec, "template", "spec").get("requirements")):
        if each.get("operator") == "In":
            yield str(each["key"]), [str(item) for item in cast(list[object], each.get("values") or [])]
