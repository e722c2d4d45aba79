"""ARIMA, fitted to the history."""

import importlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .deseasonalised import Deseasonalised
from .preparation import without_outliers
from .series import Series, Values

LEAST = 40
"""Values that a fit needs; with fewer the last value stands in."""


@dataclass(frozen=True, slots=True)
class Arima:
    """ARIMA(p, 1, q) after the season is taken out; coefficients by statsforecast, carried forward between fits."""

    autoregressive: int = 2
    """Order p."""

    moving_average: int = 1
    """Order q."""

    name: str = "arima"
    """What tables call it."""

    def paths(self, history: Series, origins: NDArray[np.int64], horizon: int) -> Values:
        """Return float64 [origins, horizon]; NaN for origins before the tail of the history."""
        parts = Deseasonalised.of(history)
        rest = parts.rest
        calm = without_outliers(rest)
        at = np.maximum(origins - parts.first, 1) - 1
        phi, theta = np.zeros(self.autoregressive), np.zeros(self.moving_average)
        if len(rest) >= LEAST and np.ptp(calm):
            phi, theta = self._fitted(calm)
        paths = integrated_paths(rest, phi, theta, at, horizon)
        paths = np.where((origins > parts.first)[:, None], paths, np.nan)
        return parts.restored(paths, origins)

    def _fitted(self, values: Values) -> tuple[Values, Values]:
        models: Any = importlib.import_module("statsforecast.models")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            order = (self.autoregressive, 1, self.moving_average)
            try:
                found: dict[str, float] = models.ARIMA(order=order).fit(values).model_["coef"]
            except (ValueError, IndexError, ZeroDivisionError, np.linalg.LinAlgError):
                # The library's search may end at a point where its filter gives no residuals; the last value stands in.
                return np.zeros(self.autoregressive), np.zeros(self.moving_average)
        phi = np.array([found[f"ar{number + 1}"] for number in range(self.autoregressive)])
        theta = np.array([found[f"ma{number + 1}"] for number in range(self.moving_average)])
        return (phi, invertible(theta)) if _stationary(phi) else (np.zeros_like(phi), np.zeros_like(theta))


def invertible(theta: Values) -> Values:
    """Return the moving average with the same correlations whose innovations can be found: no root outside 1.

    A search may end at the other one, where errors of the first innovation would grow for ever. Box and Jenkins, Time
    Series Analysis, section 6.4.
    """
    roots = np.roots(np.concatenate([[1.0], theta])).astype(np.complex128)
    size = np.abs(roots)
    inside = np.where(size > 1, roots / np.maximum(size, 1) ** 2, roots)
    return np.real(np.poly(inside))[1:].astype(np.float64)


def _stationary(phi: Values) -> bool:
    return bool((np.abs(np.roots(np.concatenate([[1.0], -phi]))) < 1).all())


def integrated_paths(values: Values, phi: Values, theta: Values, at: NDArray[np.int64], horizon: int) -> Values:
    """Return the forecasts float64 [len(at), horizon] that ARIMA(p, 1, q) makes after each value of `at`.

    Innovations begin at 0, which is forgotten within a few values: Box and Jenkins, Time Series Analysis, chapter 5.
    """
    p, q = len(phi), len(theta)
    changes = np.diff(values, prepend=values[0])
    innovations = np.zeros(len(values))
    for now in range(len(values)):
        past = changes[max(0, now - p) : now][::-1]
        shocks = innovations[max(0, now - q) : now][::-1]
        innovations[now] = changes[now] - past @ phi[: len(past)] - shocks @ theta[: len(shocks)]
    # Columns: changes and innovations by age, the newest first.
    past = np.stack([np.where(at >= age, changes[at - age], 0) for age in range(p)], axis=1)
    shocks = np.stack([np.where(at >= age, innovations[at - age], 0) for age in range(q)], axis=1)
    height = values[at]
    paths = np.empty((len(at), horizon))
    for step in range(horizon):
        change = past @ phi + shocks @ theta
        height = height + change
        paths[:, step] = height
        past = np.column_stack([change, past[:, :-1]])
        shocks = np.column_stack([np.zeros(len(at)), shocks[:, :-1]])
    return paths
