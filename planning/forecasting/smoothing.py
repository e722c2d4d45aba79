"""Exponential smoothing with its rates fitted to the history."""

import importlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .deseasonalised import Deseasonalised
from .preparation import without_outliers
from .series import Series, Values

LEAST = 20
"""Values that a fit needs; with fewer the last value stands in."""


@dataclass(frozen=True, slots=True)
class ExponentialSmoothing:
    """Level and damped trend, after the season is taken out; the form and the rates come from statsforecast's AutoETS.

    One fit serves all origins: between fits, only the level and the trend are carried forward.
    """

    name: str = "exponential-smoothing"
    """What tables call it."""

    def paths(self, history: Series, origins: NDArray[np.int64], horizon: int) -> Values:
        """Return float64 [origins, horizon]; NaN for origins before the tail of the history."""
        parts = Deseasonalised.of(history)
        rest = parts.rest
        calm = without_outliers(rest)
        if len(rest) < LEAST or not np.ptp(calm):
            paths = np.repeat(rest[np.maximum(origins - parts.first, 1) - 1][:, None], horizon, axis=1)
        else:
            level_rate, trend_rate, damping = _fitted(calm)
            levels, trends = damped_trend(rest, level_rate, trend_rate, damping)
            at = np.maximum(origins - parts.first, 1) - 1
            growth = np.cumsum(damping ** np.arange(1, horizon + 1))
            paths = levels[at][:, None] + trends[at][:, None] * growth
        paths = np.where((origins > parts.first)[:, None], paths, np.nan)
        return parts.restored(paths, origins)


def damped_trend(values: Values, level_rate: float, trend_rate: float, damping: float) -> tuple[Values, Values]:
    """Return level and trend after each value, float64 [n] each: Holt's method with Gardner's damping, as ETS(A,Ad,N).

    Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, section 8.5.
    """
    levels, trends = np.empty(len(values)), np.empty(len(values))
    level, trend = float(values[0]), 0.0
    for at, value in enumerate(values.tolist()):
        expected = level + damping * trend
        surprise = value - expected
        level = expected + level_rate * surprise
        trend = damping * trend + trend_rate * surprise
        levels[at], trends[at] = level, trend
    return levels, trends


def _fitted(values: Values) -> tuple[float, float, float]:
    models: Any = importlib.import_module("statsforecast.models")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Any = models.AutoETS(model="AZN").fit(values).model_["par"]
    level_rate, trend_rate, damping = float(found[0]), float(found[1]), float(found[3])
    if np.isnan(trend_rate):
        return level_rate, 0.0, 0.0
    return level_rate, trend_rate, 1.0 if np.isnan(damping) else damping
