"""Quantiles around point forecasts, from the errors that the same method made lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .forecast import Forecast
from .preparation import known_part
from .series import Series, Values

WINDOW = 300
"""Origins in the past whose errors make the quantiles."""
FEW = 20
"""With fewer errors of one step ahead, those of all steps ahead are taken."""


class PointForecaster(Protocol):
    """Makes point forecasts at many origins of one series."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def paths(self, history: Series, origins: NDArray[np.int64], horizon: int) -> Values:
        """Return float64 [origins, horizon]: row i has the steps from `origins[i]` on, made from the values before it.

        `origins` ascend, the first is 1 or more, and the last is the length of the history, whose first value is
        known. A season or a few parameters may be found in the whole history: all of it is past for the last origin,
        and the other origins only show how far off such forecasts are. NaN stands where the method does not work yet,
        never for the last origin.
        """
        ...


@dataclass(frozen=True, slots=True)
class CalibratedForecaster:
    """A point forecaster with quantiles from its own errors over the last `window` steps, for each step ahead.

    Errors are those of square roots: the spread of a count grows with the root of its level, a root does not depend on
    the unit, and quantiles are the same before and after. Medians of errors are taken out, so that a method that
    lags behind is corrected by how much it lagged. With few past errors, those of all steps ahead are taken together.
    """

    point: PointForecaster
    """What forecasts the middle."""

    window: int = WINDOW
    """Origins in the past."""

    @property
    def name(self) -> str:
        """What tables call it: the name of the point forecaster."""
        return self.point.name

    def forecast(self, history: Series, horizon: int, quantiles: Sequence[float]) -> Forecast:
        """Return the quantiles of the next `horizon` steps. Raises `InvalidInput` where no value is known."""
        history = known_part(history)
        count = len(history)
        origins = np.arange(max(1, count - self.window), count + 1)
        paths = np.sqrt(np.maximum(self.point.paths(history, origins, horizon), 0))
        targets = origins[:, None] + np.arange(horizon)
        facts = np.full(targets.shape, np.nan)
        past = targets < count
        facts[past] = history.values[targets[past]]
        return forecast_from_errors(paths[-1], np.sqrt(facts) - paths, quantiles)


def forecast_from_errors(middle: Values, errors: Values, quantiles: Sequence[float]) -> Forecast:
    """Return a forecast from a path [horizon] and errors [origins, horizon], both of square roots; NaN: not known."""
    levels = tuple(sorted(quantiles))
    values = np.empty((len(middle), len(levels)))
    everything = errors[~np.isnan(errors)]
    for step in range(len(middle)):
        own = errors[~np.isnan(errors[:, step]), step]
        spread = (
            np.quantile(own if len(own) >= 20 else everything, levels) if len(everything) else np.zeros(len(levels))
        )
        values[step] = np.square(np.maximum(middle[step] + spread, 0))
    return Forecast(levels, values)
