"""Quantiles from many forecasts: calibrated by the errors of each, weighed by what each would have cost lately."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from .series import Values


@dataclass(frozen=True, kw_only=True, slots=True)
class MixtureSettings:
    """How fast a mixture learns and forgets; the defaults were chosen on the traces named in docs/forecasting.md."""

    memory: float = 0.995
    """Weight of a loss beside that of the next step."""

    sharpness: float = 15.0
    """Weights are losses to the power of minus this: 0 is the plain mean, much is the best one alone."""

    prior: float = 10.0
    """Steps' worth of the mean loss of all that each expert starts with."""

    spread_rate: float = 0.02
    """Weight of the newest error in the size of errors."""

    quantile_rate: float = 0.02
    """How far a quantile moves with each error, in sizes of errors, at least."""

    caution: float = 10.0
    """The first errors move a quantile by 0.5 / (caution + errors so far)."""


class Mixture:
    """Weighs experts for each step ahead and each quantile."""

    def __init__(
        self, experts: int, ahead: NDArray[np.int64], quantiles: Values, settings: MixtureSettings | None = None
    ) -> None:
        """Begin with normal quantiles and equal weights, for forecasts of the steps `ahead` [outputs].

        `quantiles`: float64 [quantiles], ascending.
        """
        settings = settings or MixtureSettings()
        self._settings = settings
        self._quantiles = quantiles
        # Errors of forecasts several steps ahead overlap, so each says less.
        self._overlap = np.sqrt(ahead)
        shape = (experts, len(ahead))
        self._spread = np.zeros(shape)
        self._errors = np.zeros(shape)
        # A normal law's mean absolute deviation is 0.798 of its standard deviation.
        normal = [NormalDist(sigma=1 / 0.798).inv_cdf(quantile) for quantile in quantiles.tolist()]
        self._shifts = np.tile(np.array(normal), (*shape, 1))
        self._loss = np.zeros((*shape, len(quantiles)))
        self._count = np.zeros(shape)

    def learn(self, forecasts: Values, fact: float, known: NDArray[np.bool_]) -> None:
        """Learn what `fact` says about float64 [experts, outputs] forecasts of it, where `known` (same shape)."""
        settings, quantiles = self._settings, self._quantiles
        error = fact - forecasts
        issued = forecasts[..., None] + self._spread[..., None] * self._shifts
        short = fact**2 - np.square(np.maximum(issued, 0))
        loss = np.maximum(quantiles * short, (quantiles - 1) * short)
        keep = np.where(known, settings.memory, 1.0)
        self._loss = self._loss * keep[..., None] + np.where(known[..., None], loss, 0)
        self._count = self._count * keep + known
        above = error[..., None] > self._spread[..., None] * self._shifts
        rate = np.maximum(settings.quantile_rate, 0.5 / (settings.caution + self._errors)) / self._overlap
        moved = rate[..., None] * (above - (1 - quantiles))
        self._shifts += np.where(known[..., None], moved, 0)
        self._errors += known
        spread_rate = np.where(known, np.maximum(settings.spread_rate, 1 / np.maximum(self._errors, 1)), 0)
        self._spread += spread_rate * (np.abs(np.where(known, error, 0)) - self._spread)

    def weights(self, usable: NDArray[np.bool_]) -> Values:
        """Return float64 [experts, outputs, quantiles], which sum to 1 over the `usable` experts [experts]."""
        settings = self._settings
        count = self._count[usable][..., None]
        loss = self._loss[usable]
        total = count.sum(axis=0)
        mean = np.where(total > 0, loss.sum(axis=0) / np.maximum(total, 1e-9), 1.0)
        expected = (loss + settings.prior * mean) / (count + settings.prior)
        least = np.maximum(expected.min(axis=0), 1e-300)
        found = np.zeros(self._loss.shape)
        weights = np.power(np.maximum(expected, 1e-300) / least, -settings.sharpness)
        found[usable] = weights / weights.sum(axis=0)
        return found

    def quantiles(self, forecasts: Values, weights: Values) -> Values:
        """Return float64 [outputs, quantiles], ascending along the second axis."""
        issued = forecasts[..., None] + self._spread[..., None] * self._shifts
        return np.sort((weights * issued).sum(axis=0), axis=-1)
