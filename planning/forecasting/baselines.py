"""The two forecasts that every other has to beat."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .preparation import filled
from .season import seasons
from .series import Series, Values


@dataclass(frozen=True, slots=True)
class LastValue:
    """The last known value, for every step ahead: what a reactive rule sees."""

    name: str = "last-value"
    """What tables call it."""

    def paths(self, history: Series, origins: NDArray[np.int64], horizon: int) -> Values:
        """Return float64 [origins, horizon]."""
        return np.repeat(filled(history.values)[origins - 1][:, None], horizon, axis=1)


@dataclass(frozen=True, slots=True)
class SeasonalNaive:
    """The value one season earlier; the last value where the history shows no season.

    Of a day and a week it takes the one that erred less over the last two days.
    """

    name: str = "seasonal-naive"
    """What tables call it."""

    def paths(self, history: Series, origins: NDArray[np.int64], horizon: int) -> Values:
        """Return float64 [origins, horizon]; NaN for what lies less than a season after the beginning."""
        season = best_season(history)
        if season is None:
            return LastValue().paths(history, origins, horizon)
        earlier = origins[:, None] - season + np.arange(horizon) % season
        return np.where(earlier >= 0, filled(history.values, season)[np.maximum(earlier, 0)], np.nan)


def best_season(history: Series) -> int | None:
    """Return the season, in steps, whose naive forecast erred least over the end of the history, or None."""
    found = seasons(history)
    if not found:
        return None
    span = min(2 * found[0], len(history) - found[-1])
    recent = history.values[-span:]
    errors = {
        season: np.nanmean(np.abs(recent - history.values[-span - season : len(history) - season])) for season in found
    }
    return min(found, key=lambda season: (np.isnan(errors[season]), errors[season]))
