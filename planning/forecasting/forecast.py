"""A forecast with its uncertainty, and what makes one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .series import Series, Values


@dataclass(frozen=True, slots=True)
class Forecast:
    """Quantiles of the steps that follow a series."""

    quantiles: tuple[float, ...]
    """Ascending, each more than 0 and less than 1."""

    values: Values
    """Float64 [horizon, quantiles], in the unit of the series; ascending along the second axis, never negative."""

    def at(self, quantile: float) -> Values:
        """Return one quantile of every step, float64 [horizon], interpolated between those that are known."""
        found = np.empty(len(self.values))
        for step, values in enumerate(self.values):
            found[step] = np.interp(quantile, self.quantiles, values)
        return found


class Forecaster(Protocol):
    """Makes forecasts from a history alone; holds no state between two calls that changes what they return."""

    @property
    def name(self) -> str:
        """What tables call it, as `seasonal-naive`."""
        ...

    def forecast(self, history: Series, horizon: int, quantiles: Sequence[float]) -> Forecast:
        """Return the quantiles of the next `horizon` steps; works from one known value on, gaps included."""
        ...
