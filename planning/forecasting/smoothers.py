"""Levels and trends at several speeds: what costs nothing to keep up."""

import numpy as np
from numpy.typing import NDArray

from .series import Values

LEVEL_RATES = np.array([0.6, 0.35, 0.2, 0.1, 0.05, 0.02, 0.005])
"""Weights of the newest value in the levels."""
TREND_RATES = np.array([[0.5, 0.2, 0.9], [0.25, 0.1, 0.95], [0.1, 0.05, 0.98]])
"""Weights of the newest value in level and trend, and what is left of the trend a step later (damping)."""
MOMENTUM = 0.35
"""Part of the last change that is expected to follow once more."""
EXPERTS = 2 + len(LEVEL_RATES) + len(TREND_RATES)
"""Forecasts that they give rise to."""


class Smoothers:
    """The last value, exponentially smoothed levels (Brown, 1956), and levels with damped trends (Gardner, 1985)."""

    def __init__(self) -> None:
        """Begin without knowledge."""
        self.value = 0.0
        """Last known value."""
        self.change = 0.0
        """Last known value less the one before."""
        self.levels = np.zeros(len(LEVEL_RATES))
        """Smoothed levels, the fastest first."""
        self._known = 0
        self._trended = np.zeros(len(TREND_RATES))
        self._trends = np.zeros(len(TREND_RATES))

    def observe(self, value: float) -> None:
        """Take the next known value."""
        self._known += 1
        self.change = value - self.value if self._known > 1 else 0.0
        self.value = value
        self.levels += np.maximum(LEVEL_RATES, 1 / self._known) * (value - self.levels)
        level_rates, trend_rates, damping = TREND_RATES.T
        surprise = value - self._trended - damping * self._trends
        if self._known == 1:
            self._trended[:] = value
            return
        self._trends = damping * self._trends + level_rates * trend_rates * surprise
        self._trended = value - (1 - np.maximum(level_rates, 1 / self._known)) * surprise

    def outlook(self, ahead: NDArray[np.int64]) -> Values:
        """Return float64 [EXPERTS, len(ahead)]: last value, last value and momentum, levels, levels with trends."""
        damping = TREND_RATES[:, 2:]
        # The sum of damping, damping squared, ... of as many terms as steps.
        growth = damping * (1 - damping**ahead) / (1 - damping)
        found = np.empty((EXPERTS, len(ahead)))
        found[0] = self.value
        found[1] = self.value + MOMENTUM * self.change
        found[2 : 2 + len(LEVEL_RATES)] = self.levels[:, None]
        found[2 + len(LEVEL_RATES) :] = self._trended[:, None] + growth * self._trends[:, None]
        return found
