"""The forecaster that keeps up with a load: a fraction of a millisecond a step, rebuilt from history at any time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...problems import Problems
from . import seasonal_memory, smoothers
from .forecast import Forecast
from .mixture import Mixture, MixtureSettings
from .regression import RecursiveRegression
from .season import DAY, HOUR, WEEK
from .seasonal_memory import SeasonalMemory
from .series import Series, Values
from .smoothers import Smoothers

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)
"""Quantiles that are learnt; others are read off between them."""
MOST_ANCHORS = 6
"""Steps ahead that are learnt; those between are read off between them."""

MOST_GROWTH = 2.0
"""Roots of forecasts are at most this much of the highest ever seen, so forecasts at most four times."""


class OnlineForecaster:
    """Mixes many cheap forecasts, weighed by what they cost lately, for each step ahead and each quantile."""

    def __init__(self, step: float, horizon: int, settings: MixtureSettings | None = None) -> None:
        """Begin without knowledge. `step`: seconds of a step; `horizon`: the most steps ahead that are asked for."""
        problems = Problems()
        if not 0 < step < np.inf:
            problems.add("step", f"{step:g} is no length of time; give more than 0 seconds")
        problems.between("horizon", horizon, 1, unit="steps")
        problems.raise_if_any("forecaster")
        self.step, self.horizon = step, horizon
        self._anchors = np.unique(np.geomspace(1, horizon, min(horizon, MOST_ANCHORS)).round().astype(np.int64))
        self._smoothers = Smoothers()
        lengths = [round(length / step) for length in (HOUR, DAY, WEEK)]
        self._seasons = [SeasonalMemory(length) for length in lengths if length >= 4]
        outputs = len(self._anchors)
        self._features = 6 + 2 * len(self._seasons)
        self._regression = RecursiveRegression(outputs, self._features)
        self._experts = smoothers.EXPERTS + len(self._seasons) * seasonal_memory.EXPERTS + 2
        self._mixture = Mixture(self._experts, self._anchors, np.array(QUANTILES), settings)
        ring = int(self._anchors[-1]) + 1
        self._made = np.zeros((ring, self._experts, outputs))
        self._made_features = np.zeros((ring, outputs, self._features))
        self._made_values = np.zeros(ring)
        self._now = self._primed = -1
        self._known = 0
        self._highest = 0.0
        self._outlook = np.zeros((self._experts, outputs))
        self._weights = np.zeros((self._experts, outputs, len(QUANTILES)))

    @classmethod
    def of(
        cls, history: Series, horizon: int, learn: int | None = None, settings: MixtureSettings | None = None
    ) -> "OnlineForecaster":
        """Return a forecaster that has seen the history: the same one for the same history, always.

        `learn`: how many of the last values are learnt from in full; the ones before only show what seasons look like,
        which is hundreds of times faster. Default: all; 1,000 are enough for a restart.
        """
        forecaster = cls(history.step, horizon, settings)
        values = history.values
        values = values[int((~np.isnan(values)).argmax()) :]
        early = 0 if learn is None else max(0, len(values) - learn)
        if early:
            forecaster._prime(values[:early])
        for value in values[early:]:
            forecaster.update(float(value))
        return forecaster

    @property
    def seen(self) -> bool:
        """Whether a value is known, so that there is something to forecast from."""
        return self._known > 0

    def update(self, value: float | None) -> None:
        """Take the value of the next step; None or NaN where it is not known. Negative values count as not known."""
        root = np.nan if value is None or not 0 <= value < np.inf else float(np.sqrt(value))
        if np.isnan(root) and not self._known:
            return
        self._now += 1
        if not np.isnan(root):
            self._known += 1
            self._learn(root)
            self._highest = max(self._highest, root)
            self._smoothers.observe(root)
        for season in self._seasons:
            season.observe(self._now, root)
        self._look_ahead()

    def forecast(self, horizon: int, quantiles: Sequence[float]) -> Forecast:
        """Return the quantiles of the next `horizon` steps.

        Quantiles outside of `QUANTILES` are those at its ends. Raises `InvalidInput` where no value is known yet, and
        for more steps than the forecaster was made for.
        """
        problems = Problems()
        problems.between("horizon", horizon, 1, self.horizon, "steps")
        if not self.seen:
            problems.add("history", "no value is known; a forecast needs at least one")
        problems.raise_if_any("forecast")
        levels = tuple(sorted(quantiles))
        roots = self._mixture.quantiles(self._outlook, self._weights)
        at_anchors = np.empty((len(self._anchors), len(levels)))
        for row, found in enumerate(roots):
            at_anchors[row] = np.interp(levels, QUANTILES, found)
        values = np.empty((horizon, len(levels)))
        for column in range(len(levels)):
            values[:, column] = np.interp(np.arange(1, horizon + 1), self._anchors, at_anchors[:, column])
        return Forecast(levels, np.square(np.clip(values, 0, MOST_GROWTH * self._highest)))

    def _prime(self, values: Values) -> None:
        roots = np.sqrt(values)
        for season in self._seasons:
            season.prime(roots)
        self._now = self._primed = len(values) - 1
        self._known = 1
        # A gap may follow, and the last known value holds through it.
        self._smoothers.observe(float(roots[~np.isnan(roots)][-1]))
        self._highest = float(np.nanmax(roots))

    def _learn(self, root: float) -> None:
        """Compare with what was forecast for this step."""
        outputs = np.arange(len(self._anchors))
        past = self._now - self._anchors
        rows = past % len(self._made)
        made = self._made[rows, :, outputs].T
        known = (past > self._primed) & self._experienced(1)[:, None]
        self._mixture.learn(made, root, known)
        targets = np.where(past > self._primed, root - self._made_values[rows], np.nan)
        self._regression.learn(self._made_features[rows, outputs], targets)

    def _experienced(self, times: int) -> NDArray[np.bool_]:
        """Return which experts [experts] count: those of a season once it has been seen that often."""
        seen = [np.full(seasonal_memory.EXPERTS, self._now >= times * season.season) for season in self._seasons]
        return np.concatenate([np.ones(smoothers.EXPERTS, dtype=bool), *seen, np.ones(2, dtype=bool)])

    def _look_ahead(self) -> None:
        """Make the forecasts of every expert, and keep them to be compared later."""
        value = self._smoothers.value
        parts = [self._smoothers.outlook(self._anchors)]
        parts += [season.outlook(self._now, value, self._anchors) for season in self._seasons]
        features = self._make_features(parts)
        self._outlook[: self._experts - 2] = np.vstack(parts)
        self._outlook[-2] = value + self._regression.predict(features)
        np.clip(self._outlook, 0, MOST_GROWTH * self._highest, out=self._outlook)
        self._weights = self._mixture.weights(self._experienced(2))
        # The mean of all others, by the weights of their medians, is one more expert.
        middle = self._weights[:-1, :, QUANTILES.index(0.5)]
        self._outlook[-1] = (middle * self._outlook[:-1]).sum(axis=0) / np.maximum(middle.sum(axis=0), 1e-300)
        row = self._now % len(self._made)
        self._made[row] = self._outlook
        self._made_features[row] = features
        self._made_values[row] = value

    def _make_features(self, parts: list[Values]) -> Values:
        """Return float64 [outputs, features]: distances of the last value to what other experts say."""
        value = self._smoothers.value
        levels = self._smoothers.levels
        same = np.array([self._smoothers.change, *(levels[[0, 2, 4, 5, 6]] - value)])
        features = np.empty((len(self._anchors), self._features))
        features[:, :6] = same
        for number, part in enumerate(parts[1:]):
            ready = self._now >= 2 * self._seasons[number].season
            features[:, 6 + 2 * number] = part[2] - value if ready else 0
            features[:, 7 + 2 * number] = part[-1] - value if ready else 0
        return features
