"""What a load will be when a replica that is started now is ready: quantiles, learned while the load comes in.

A forecaster that is asked every few seconds for a few minutes ahead needs to be quick, and to be right from the first
minutes on. So this one is a regression on what the load did over several spans of time and at the same time of earlier
hours, days and weeks, updated by recursive least squares; it begins with weights that were fitted to other loads. How
wrong it was, over the last minutes and the last day, gives the width of its forecast, and the quantiles of its
errors, followed one by one, give the shape.
"""

import math
from typing import Any, Final

import numpy as np

from .demand_prior import FEATURES, prior
from .lanes import Values

LEVELS: Final = np.array(
    [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995]
)
"""Probabilities of the quantiles."""

_SPANS: Final = (30.0, 120.0, 600.0, 3600.0)
_PERIODS: Final = (3600.0, 86_400.0, 604_800.0)
_SAMPLE: Final = 60.0
_LAG: Final = 120.0
_FORGET: Final = 0.99995
_PACE: Final = 0.02
_CLIP: Final = 4.0


class DemandForecaster:
    """Follows one load and says what it may be a few minutes later. The same history gives the same forecast."""

    def __init__(self, *, step: float, horizons: tuple[int, ...]) -> None:
        """Take the seconds between two loads, and the steps ahead to forecast: 1 or more, ascending."""
        self._step = step
        self._horizons = np.array(horizons)
        self._decay = np.array([math.exp(-step / span) for span in _SPANS])
        self._averages: Values | None = None
        self._every = max(1, round(_SAMPLE / step))
        self._samples = np.zeros(round(_PERIODS[-1] / (self._every * step)) + 16)
        self._count = 0
        self._recent: list[float] = []
        depth, size = max(horizons) + 1, len(horizons)
        self._features = np.zeros((depth, size, FEATURES))
        self._bases = np.full(depth, np.nan)
        self._forecasts = np.zeros((depth, size))
        self._widths = np.ones((depth, size))
        start = [prior(horizon * step) for horizon in horizons]
        self._weights = np.array([each.weights for each in start])
        self._spread = np.array([np.diag(each.spread) for each in start])
        self._limit = np.trace(self._spread, axis1=1, axis2=2)
        self._shape = np.array([np.interp(LEVELS, each.levels, each.shape) for each in start])
        self._short = np.array([each.width**2 for each in start])
        self._long = self._short.copy()
        self._known = 0
        self._rows = np.arange(size)
        self._settled = round(_SPANS[1] / step)

    def observe(self, load: float) -> None:
        """Take the load of a step, in replicas that it would keep busy; NaN where it is unknown."""
        value = math.log1p(load) if load >= 0 else self._base()
        if load >= 0:
            self._learn(value)
        if self._averages is None:
            self._averages = np.full(len(_SPANS), value)
        else:
            # At first all values weigh the same, so that the very first is soon forgotten.
            kept = np.minimum(self._decay, 1 - 1 / (self._count + 1))
            self._averages = value + kept * (self._averages - value)
        self._remember(value)
        slot = self._count % len(self._bases)
        features = self._describe(value)
        base = float(self._averages[0])
        self._features[slot] = features
        self._bases[slot] = base
        self._forecasts[slot] = base + (self._weights * features).sum(1)
        self._widths[slot] = np.sqrt(0.5 * self._short + 0.5 * self._long)
        self._count += 1

    def learned(self) -> dict[str, Any]:
        """Return `horizons` in seconds, and `weights`, `widths` and `shapes` of each."""
        return {
            "horizons": (self._horizons * self._step).tolist(),
            "weights": self._weights.copy(),
            "widths": np.sqrt(self._long),
            "shapes": self._shape.copy(),
        }

    def skip(self, steps: int) -> None:
        """Let steps pass of which nothing is known, quickly: a few of them should still be observed, as NaN."""
        last = self._base() if self._averages is None else float(self._averages[1])
        first = self._count // self._every + 1
        self._count += steps
        newest = self._count // self._every
        positions = np.arange(max(first, newest - len(self._samples) + 1), newest + 1) % len(self._samples)
        self._samples[positions] = last

    def quantiles(self) -> Values:
        """Return the loads at `LEVELS` for every horizon, float64 [horizons, levels], ascending, 0 or more."""
        if self._count == 0:
            raise ValueError("no load was observed yet")
        slot = (self._count - 1) % len(self._bases)
        logs = self._forecasts[slot][:, None] + self._widths[slot][:, None] * self._shape
        return np.maximum(np.expm1(np.minimum(logs, 50.0)), 0.0)

    @property
    def width(self) -> float:
        """How wide the forecast of the last horizon is: the standard deviation of a logarithm."""
        return math.sqrt(0.5 * float(self._short[-1]) + 0.5 * float(self._long[-1]))

    def _base(self) -> float:
        return 0.0 if self._averages is None else float(self._averages[0])

    def _learn(self, value: float) -> None:
        """Compare what was forecast for now with what came."""
        slots = (self._count - self._horizons) % len(self._bases)
        # What was forecast from the first minutes says nothing of later errors.
        valid = self._horizons + self._settled <= self._count
        if not valid.any():
            return
        features = self._features[slots, self._rows]
        base = self._bases[slots]
        width = self._widths[slots, self._rows]
        scaled = (value - self._forecasts[slots, self._rows]) / width
        error = np.where(valid, value - base - (self._weights * features).sum(1), 0.0)
        error = np.clip(error, -_CLIP * width, _CLIP * width)
        gain = np.matmul(self._spread, features[:, :, None])[:, :, 0]
        noise = width * width
        gain_by = gain / (noise + (features * gain).sum(1))[:, None]
        gain_by[~valid] = 0
        self._weights += gain_by * error[:, None]
        self._spread -= gain_by[:, :, None] * gain[:, None, :]
        self._spread /= np.where(np.trace(self._spread, axis1=1, axis2=2) < self._limit, _FORGET, 1.0)[:, None, None]
        below = scaled[:, None] < self._shape
        moved = self._shape + np.where(valid[:, None], _PACE * (LEVELS - below), 0.0)
        self._shape = np.maximum.accumulate(moved, axis=1)
        squared = np.minimum(scaled * scaled, 16.0) * noise
        self._known += 1
        short = max(1 - math.exp(-self._step / 1200), 1 / (self._known + 30))
        long = max(1 - math.exp(-self._step / 86_400), 1 / (self._known + 60))
        self._short = np.where(valid, self._short + short * (squared - self._short), self._short)
        self._long = np.where(valid, self._long + long * (squared - self._long), self._long)

    def _remember(self, value: float) -> None:
        average = float(self._averages[1]) if self._averages is not None else value
        if self._count % self._every == 0:
            self._samples[(self._count // self._every) % len(self._samples)] = average
        depth = round(_LAG / self._step)
        self._recent.append(average)
        if len(self._recent) > depth + 1:
            del self._recent[0]

    def _describe(self, value: float) -> Values:
        assert self._averages is not None
        fast, middle, slow, slowest = self._averages.tolist()
        common = [value - fast, fast - middle, middle - slow, slow - slowest, middle - self._recent[0]]
        features = np.zeros((len(self._horizons), FEATURES))
        features[:, : len(common)] = common
        column = len(common)
        now = self._count * self._step
        for period in _PERIODS:
            then = self._sample(now + _LAG - period)
            if then is not None:
                for row, horizon in enumerate(self._horizons.tolist()):
                    ahead = self._sample(now + _LAG + horizon * self._step - period)
                    if ahead is not None:
                        features[row, column] = ahead - then
                features[:, column + 1] = then - middle
            column += 2
        return features

    def _sample(self, moment: float) -> float | None:
        """Return the average of two minutes that ended at a moment, in seconds since the first observation."""
        position = moment / (self._every * self._step)
        index = int(position)
        newest = self._count // self._every
        if position < 0 or index > newest or newest - index >= len(self._samples):
            return None
        size = len(self._samples)
        first = float(self._samples[index % size])
        second = float(self._samples[min(index + 1, newest) % size])
        return first + (position - index) * (second - first)
