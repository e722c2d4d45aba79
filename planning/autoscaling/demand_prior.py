"""With what the predictive policy begins: what fitted other loads.

The figures of `data/demand_prior.json` are averages over NASA, Twitter, four models of ServeGen and 16 series of the
Numenta benchmark, four days of each, fitted in November 2026; no trace of Azure or Mooncake is among them.
`benchmarks/autoscaling.py --fit` makes them again.
"""

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import numpy as np

from .lanes import Values

_ALIKE: Final = 0.4
"""Difference of the logarithms of two widths that are much alike."""

FEATURES: Final = 11
"""Numbers that a forecast is made from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prior:
    """What is assumed of a load that nothing is known of yet, at one horizon."""

    weights: Values
    """Of each feature, [FEATURES]."""

    spread: Values
    """Variance of each weight, [FEATURES]."""

    width: float
    """Standard deviation of the logarithm of what comes over what was forecast."""

    levels: Values
    """Probabilities of `shape`."""

    shape: Values
    """Quantiles of the errors, divided by their standard deviation."""


@lru_cache(maxsize=256)
def prior(seconds: float) -> Prior:
    """Return what is assumed at a horizon, between those that were fitted by the logarithm of the seconds."""
    data = _data()
    rows = data["horizons"]
    known = np.array([row["seconds"] for row in rows], dtype=np.float64)

    def between(key: str) -> Values:
        return _between(known, np.array([row[key] for row in rows], dtype=np.float64), seconds)

    return Prior(
        weights=between("weights"),
        spread=between("deviations") ** 2,
        width=float(between("width")),
        levels=np.array(data["levels"]),
        shape=between("shape"),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class CandidatePrior:
    """What the candidates of the policy cost on loads that were more or less uncertain."""

    widths: Values
    """How uncertain each load was, [loads]."""

    replicas: Values
    """Replicas for each unit of load, [loads, candidates]."""

    late: Values
    """Share of the load that was late, [loads, candidates]."""

    def like(self, width: float) -> tuple[Values, Values]:
        """Return replicas and late share of each candidate over the loads that were about as uncertain."""
        apart = (np.log(self.widths) - np.log(max(width, 1e-3))) / _ALIKE
        weights = np.exp(-0.5 * np.minimum(apart * apart, 100.0)) + 1e-9
        weights /= weights.sum()
        return weights @ self.replicas, weights @ self.late


@lru_cache(maxsize=256)
def candidate_prior(startup_delay: float) -> CandidatePrior:
    """Return what is assumed at a start-up delay."""
    rows = _data()["candidates"]
    known = np.array([row["startupDelay"] for row in rows], dtype=np.float64)

    def between(key: str) -> Values:
        return _between(known, np.array([row[key] for row in rows]), startup_delay)

    return CandidatePrior(widths=between("widths"), replicas=between("replicas"), late=between("late"))


def _between(known: Values, values: Values, seconds: float) -> Values:
    """Return the row of `values` for a number of seconds; outside the known ones, that of the nearest."""
    logs: Values = np.log(known)
    position = float(np.interp(math.log(max(seconds, 1.0)), logs, np.arange(len(known), dtype=np.float64)))
    index = min(int(position), len(known) - 2)
    return values[index] + (position - index) * (values[index + 1] - values[index])


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    folder = resources.files(__package__ or "") / "data"
    return json.loads((folder / "demand_prior.json").read_text(encoding="utf-8"))
