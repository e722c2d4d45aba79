"""Rolling origins: forecasts made again and again as time went on, beside what came."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .forecast import Forecaster
from .losses import covered, pinball, weighted_absolute_error
from .mixture import MixtureSettings
from .online import OnlineForecaster
from .series import Series, Values


@dataclass(frozen=True, kw_only=True, slots=True)
class Backtest:
    """Forecasts of one forecaster at several origins of one series."""

    forecaster: str
    """Its name."""

    origins: tuple[int, ...]
    """Values known at each forecast."""

    quantiles: tuple[float, ...]
    """Ascending."""

    forecasts: Values
    """Float64 [origins, horizon, quantiles]."""

    facts: Values
    """Float64 [origins, horizon]; NaN where nothing was measured or the series ended."""

    def error(self, step: int | None = None) -> float:
        """Return the WAPE of the median, one step ahead (1 is the next) or of all: sum |fact - median| / sum fact."""
        facts, forecasts = self._at(step)
        return weighted_absolute_error(facts, forecasts[..., self.quantiles.index(0.5)])

    def loss(self, quantile: float, step: int | None = None) -> float:
        """Return the pinball loss of a quantile, over the sum of the facts, so that traces can be compared."""
        facts, forecasts = self._at(step)
        return pinball(facts, forecasts[..., self.quantiles.index(quantile)], quantile)

    def coverage(self, quantile: float, step: int | None = None) -> float:
        """Return the share of facts at or below the forecast quantile; a calibrated one has the quantile itself."""
        facts, forecasts = self._at(step)
        return covered(facts, forecasts[..., self.quantiles.index(quantile)])

    def of(self, origins: Sequence[int]) -> "Backtest":
        """Return the part at those origins, all of which it must have."""
        rows = np.searchsorted(self.origins, origins)
        return Backtest(
            forecaster=self.forecaster,
            origins=tuple(origins),
            quantiles=self.quantiles,
            forecasts=self.forecasts[rows],
            facts=self.facts[rows],
        )

    def _at(self, step: int | None) -> tuple[Values, Values]:
        if step is None:
            return self.facts, self.forecasts
        return self.facts[:, step - 1], self.forecasts[:, step - 1]


def backtest(
    forecaster: Forecaster,
    series: Series,
    *,
    origins: Sequence[int],
    horizon: int,
    quantiles: Sequence[float] = (0.5, 0.9, 0.95),
    progress: Callable[[], None] | None = None,
) -> Backtest:
    """Forecast at each origin from the values before it alone; `progress` is called after each."""
    levels = tuple(sorted({0.5, *quantiles}))
    forecasts = np.empty((len(origins), horizon, len(levels)))
    facts = np.full((len(origins), horizon), np.nan)
    for row, origin in enumerate(origins):
        forecasts[row] = forecaster.forecast(series.until(origin), horizon, levels).values
        came = series.values[origin : origin + horizon]
        facts[row, : len(came)] = came
        if progress is not None:
            progress()
    return Backtest(
        forecaster=forecaster.name, origins=tuple(origins), quantiles=levels, forecasts=forecasts, facts=facts
    )


def replay(
    series: Series,
    *,
    first: int,
    horizon: int,
    quantiles: Sequence[float] = (0.5, 0.9, 0.95),
    learn: int | None = None,
    settings: MixtureSettings | None = None,
    progress: Callable[[], None] | None = None,
) -> Backtest:
    """Return the forecasts that `OnlineForecaster` makes at every origin from `first` on, as it goes along.

    Of the values before `first` it learns from the last `learn` in full (default: all), as after a restart.
    """
    levels = tuple(sorted({0.5, *quantiles}))
    origins = range(first, len(series) + 1)
    forecasts = np.empty((len(origins), horizon, len(levels)))
    facts = np.full((len(origins), horizon), np.nan)
    online = OnlineForecaster.of(series.until(first), horizon, learn, settings)
    for row, origin in enumerate(origins):
        if row:
            online.update(float(series.values[origin - 1]))
        forecasts[row] = online.forecast(horizon, levels).values
        came = series.values[origin : origin + horizon]
        facts[row, : len(came)] = came
        if progress is not None:
            progress()
    return Backtest(forecaster="ensemble", origins=tuple(origins), quantiles=levels, forecasts=forecasts, facts=facts)


def rolling_origins(count: int, *, first: int, horizon: int, most: int) -> tuple[int, ...]:
    """Return at most `most` origins, evenly spread over a series of `count` values, whose steps ahead are all known."""
    last = count - horizon
    if last < first:
        return ()
    return tuple(int(origin) for origin in np.unique(np.linspace(first, last, min(most, last - first + 1)).round()))
