"""Amounts as people write them: 300B tokens, 200ms, 14 days, 2Ti."""

import re
from typing import Final

from ..evaluation.quantities import quantity
from ..problems import InvalidInput, Problems

_COUNT: Final = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([kmbt]?)", re.IGNORECASE)
_TIME: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|min|h|d|days?|hours?|weeks?|w)")
_MULTIPLES: Final = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
_SECONDS: Final = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_GIB: Final = 2**30


def count(path: str, value: object, problems: Problems) -> float:
    """Return a number such as `300B`, `1.5T` or 4096; else add to `problems` at `path` and return 0."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = _COUNT.fullmatch(str(value).strip())
    if found is None:
        problems.add(path, f"'{value}' is not a number from 0 on; write it like 4096, 300B or 1.5T")
        return 0.0
    return float(found[1].replace(",", "").replace("_", "")) * _MULTIPLES[found[2].lower()]


def seconds(path: str, value: object, problems: Problems) -> float:
    """Return a time such as `200ms`, `5s` or `14d` in seconds; else add to `problems` at `path` and return 0."""
    found = _TIME.fullmatch(str(value).strip().lower())
    if found is None:
        problems.add(path, f"'{value}' is not a time; write it with its unit, like 200ms, 1.5s or 14d")
        return 0.0
    unit = found[2]
    return float(found[1]) * _SECONDS[unit if unit in _SECONDS else unit[0]]


def days(path: str, value: object, problems: Problems) -> float:
    """Return a number of days, or a time with its unit, in days; else add to `problems` at `path` and return 0."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    return seconds(path, value, problems) / _SECONDS["d"]


def gibibytes(path: str, value: object, problems: Problems) -> float:
    """Return an amount of memory such as `512Gi` or `2Ti` in GiB; else add to `problems` at `path` and return 0."""
    try:
        return float(quantity(str(value))) / _GIB
    except (InvalidInput, ValueError, ArithmeticError):
        problems.add(path, f"'{value}' is not an amount of memory; write it like 512Gi or 2Ti")
        return 0.0
