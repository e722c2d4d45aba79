"""A straight line through the last values."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .preparation import filled
from .series import Series, Values


@dataclass(frozen=True, slots=True)
class LinearTrend:
    """The line of least squares through the last `window` values, continued; never below 0."""

    window: int = 20
    """Values that the line goes through; fewer at the beginning."""

    name: str = "linear-trend"
    """What tables call it."""

    def paths(self, history: Series, origins: NDArray[np.int64], horizon: int) -> Values:
        """Return float64 [origins, horizon]."""
        values = filled(history.values)
        result = np.empty((len(origins), horizon))
        ahead = np.arange(1, horizon + 1)
        for row, origin in enumerate(origins):
            recent = values[max(0, origin - self.window) : origin]
            # The age of each value, so that the line's height at age 0 is its height now.
            age = np.arange(len(recent)) - (len(recent) - 1)
            middle = age.mean()
            spread = np.square(age - middle).sum()
            slope = ((age - middle) * recent).sum() / spread if spread else 0.0
            result[row] = recent.mean() + slope * (ahead - middle)
        return np.maximum(result, 0)
