"""Policy documents of AWS, read with care: those that are not known yet say nothing."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ...planning.values import mapping, mappings


def statements(document: object) -> Iterator[Mapping[str, Any]]:
    """Yield the statements of a policy document, given as JSON or as a mapping."""
    found: object = document
    if isinstance(document, str):
        try:
            found = json.loads(document)
        except ValueError:
            return
    given: object = mapping(found).get("Statement")
    # One statement need not be a list.
    yield from mappings(cast(object, given) if isinstance(given, list) else [given])


def listed(value: object) -> list[str]:
    """Return what may be one text or a list of them."""
    if isinstance(value, str):
        return [value]
    return [item for item in cast(list[object], value) if isinstance(item, str)] if isinstance(value, list) else []


def principals(statement: Mapping[str, Any]) -> list[str]:
    """Return whom a statement is about: `*` for everybody, ARNs, accounts, services."""
    given: object = statement.get("Principal")
    if isinstance(given, str):
        return [given]
    return [each for value in mapping(given).values() for each in listed(value)]
