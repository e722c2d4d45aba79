"""Figures that a demand is computed with where nobody has measured: what was assumed, and on what grounds."""

from dataclasses import dataclass
from functools import cache

from .data_files import read_data


@dataclass(frozen=True, kw_only=True, slots=True)
class Assumption:
    """One figure that a computation assumes."""

    name: str
    """Such as `training_utilisation`."""

    value: float
    """In `unit`."""

    unit: str
    """Such as `of the peak FLOPS`."""

    text: str
    """What it stands for, as half a sentence."""

    source: str
    """Name of the source, a key of `sources()`; `ours` where it is our choice."""


@cache
def assumptions() -> dict[str, Assumption]:
    """Return every assumption by its name."""
    return {name: Assumption(name=name, **row) for name, row in read_data("assumptions").items()}
