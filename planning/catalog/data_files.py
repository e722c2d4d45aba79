"""The catalog's JSON files, and the sources that their figures name."""

import json
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a figure was read."""

    name: str
    """Key by which figures refer to it."""

    title: str
    """What it is."""

    url: str | None
    """Where it is; None for a collection of tables."""

    date: str | None
    """ISO date, to the day or the month, of what it says; None where it carries none."""

    read: str
    """ISO month in which it was read."""

    note: str | None
    """What to know before relying on it."""


def read_data(name: str) -> Any:
    """Return the parsed content of `data/<name>.json`."""
    content = pkgutil.get_data(__name__, f"data/{name}.json")
    assert content is not None, "the package's loader can read its data"
    return json.loads(content)


@cache
def sources() -> dict[str, Source]:
    """Return every source by its name."""
    return {name: Source(name=name, **fields) for name, fields in read_data("sources").items()}
