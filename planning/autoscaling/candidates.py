"""What the predictive policy chooses from: numbers of replicas by forecasts and by peaks, each more or less careful."""

import math
from collections import deque
from typing import Final

import numpy as np

from .demand import LEVELS
from .lanes import Counts, Values

WORTHS: Final = np.array([0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 200, 400, 1000, 3000])
"""By how much a forecast is on the careful side: what a request that is not late is worth beside what it costs."""

SPANS: Final = (30.0, 120.0, 300.0, 900.0, 3600.0, 21_600.0)
"""Seconds of the past whose peak counts."""

FACTORS: Final = np.array([1.0, 1.08, 1.16, 1.25, 1.35, 1.5, 1.7, 2.0, 2.4, 3.0, 4.0])
"""By how much more than the peak."""

_CANDIDATES: Final = WORTHS >= 0.5
"""Which of them are candidates by themselves; a forecast that is less careful is only of use with a long hold."""

COUNT: Final = 2 * int(_CANDIDATES.sum()) + len(SPANS) * len(FACTORS)
"""Number of candidates."""

_HOLD: Final = 300.0


class Candidates:
    """Turns quantiles of the load to come and the load of the past into numbers of replicas."""

    def __init__(self, *, step: float, loads: Values) -> None:
        """Take the seconds of a step, and the load that 0, 1, 2 and more replicas can serve."""
        self._loads = loads
        self._peaks = [_Peak(max(1, round(span / step))) for span in SPANS]
        self.forecast: Counts = np.zeros(len(WORTHS), dtype=np.int64)
        """What the forecast wants for each of `WORTHS`, at the last step."""
        self._held: deque[Counts] = deque(maxlen=max(1, round(_HOLD / step)))

    def observe(self, load: float) -> None:
        """Take the load of a step, in replicas; NaN where it is unknown."""
        for peak in self._peaks:
            peak.add(load)

    def replicas(self, quantiles: Values) -> Counts:
        """Return what each candidate wants, given the quantiles of the load at every horizon; int64 [COUNT]."""
        self.forecast = self._provide(quantiles)
        forecast = self.forecast[_CANDIDATES]
        self._held.append(forecast)
        peaks = np.array([peak.value() for peak in self._peaks])
        needed = np.searchsorted(self._loads, (peaks[:, None] * FACTORS).ravel() - 1e-9)
        return np.concatenate([forecast, np.max(self._held, axis=0), np.minimum(needed, len(self._loads) - 1)])

    def _provide(self, quantiles: Values) -> Counts:
        """Return the replicas at which one more would cost more than it saves, the most over all horizons, [WORTHS]."""
        most = np.zeros(len(WORTHS), dtype=np.int64)
        for loads in quantiles:
            low, high = np.searchsorted(self._loads, (loads[0], loads[-1]))
            most_known = len(self._loads) - 1
            counts = np.arange(min(int(low), most_known), min(int(high), most_known) + 1, dtype=np.int64)
            costs: Values = counts + WORTHS[:, None] * _lost(loads, self._loads[counts])
            most = np.maximum(most, counts[costs.argmin(1)])
        return most


class _Peak:
    """The highest of the last values."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._turn = 0
        self._falling: deque[tuple[int, float]] = deque()

    def add(self, value: float) -> None:
        self._turn += 1
        if math.isfinite(value):
            while self._falling and self._falling[-1][1] <= value:
                self._falling.pop()
            self._falling.append((self._turn, value))
        # The last value that is known stays, however old it is.
        while len(self._falling) > 1 and self._falling[0][0] <= self._turn - self._steps:
            self._falling.popleft()

    def value(self) -> float:
        return self._falling[0][1] if self._falling else 0.0


def _lost(loads: Values, capacities: Values) -> Values:
    """Return the load that is expected to come while it is above each capacity, in the unit of the load."""
    chances = 1 - LEVELS
    masses = (chances[:-1] - chances[1:]) * (loads[1:] + loads[:-1]) / 2
    beyond = np.empty(len(loads))
    beyond[-1] = chances[-1] * loads[-1] * 1.1
    beyond[:-1] = beyond[-1] + np.cumsum(masses[::-1])[::-1]
    return np.interp(capacities, loads, beyond, right=0.0)
