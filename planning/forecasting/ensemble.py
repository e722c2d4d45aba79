"""The forecaster to take where nothing else is known: many methods, weighed by their recent losses."""

from collections.abc import Sequence

import numpy as np

from .forecast import Forecast
from .mixture import MixtureSettings
from .online import OnlineForecaster
from .preparation import known_part
from .series import Series


class Ensemble:
    """`OnlineForecaster` behind the interface of every forecaster.

    What a history leads to is worked out from its first value on. Where the next history goes on from the last one, so
    does the work: the result is the same, without the time.
    """

    def __init__(self, settings: MixtureSettings | None = None) -> None:
        """Begin without a history."""
        self._settings = settings
        self._seen: Series | None = None
        self._online: OnlineForecaster | None = None

    @property
    def name(self) -> str:
        """What tables call it."""
        return "ensemble"

    def forecast(self, history: Series, horizon: int, quantiles: Sequence[float]) -> Forecast:
        """Return the quantiles of the next `horizon` steps. Raises `InvalidInput` where no value is known."""
        history = known_part(history)
        seen, online = self._seen, self._online
        if seen is None or online is None or online.horizon != horizon or not _goes_on(seen, history):
            online = OnlineForecaster.of(history, horizon, settings=self._settings)
        else:
            for value in history.values[len(seen) :]:
                online.update(float(value))
        self._seen, self._online = history, online
        return online.forecast(horizon, quantiles)


def _goes_on(seen: Series, history: Series) -> bool:
    same_grid = (seen.start, seen.step) == (history.start, history.step)
    return same_grid and np.array_equal(seen.values, history.values[: len(seen)], equal_nan=True)
