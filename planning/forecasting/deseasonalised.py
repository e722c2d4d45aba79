"""A load without its season: square roots of values, less the usual root at that time of the day or of the week."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .baselines import best_season
from .preparation import filled
from .profile import profile
from .series import Series, Values

TAIL = 1000
"""Last values that models look at; the season comes from the ones before as well."""


@dataclass(frozen=True, slots=True)
class Deseasonalised:
    """The tail of a history, ready for models that know no season."""

    first: int
    """Position of the tail's first value in the history."""

    rest: Values
    """Float64 [tail]: roots less the usual season; without a season the roots themselves."""

    usual: Values
    """Float64 [season] beginning at `first`; a single 0 where no season was found."""

    @classmethod
    def of(cls, history: Series, tail: int = TAIL) -> "Deseasonalised":
        """Split a history whose first value is known."""
        season = best_season(history)
        first = max(0, len(history) - tail)
        roots = np.sqrt(filled(history.values, season))
        if season is None:
            return cls(first, roots[first:], np.zeros(1))
        # With fewer than two seasons before the tail, the tail itself has to show what is usual.
        if first >= 2 * season:
            usual = profile(roots[:first], season)
        else:
            usual = np.roll(profile(roots, season), len(roots) - first)
        places = np.arange(len(roots) - first) % len(usual)
        return cls(first, roots[first:] - usual[places], usual)

    def restored(self, paths: Values, origins: NDArray[np.int64]) -> Values:
        """Return values [origins, horizon] for paths of `rest` made at `origins`, positions in the history.

        Roots are cut at twice the highest of the tail, so that a fit gone wrong does not go on for ever.
        """
        horizon = int(paths.shape[1])
        places: NDArray[np.int64] = (origins[:, None] - self.first + np.arange(horizon)) % len(self.usual)
        tail = self.rest + self.usual[np.arange(len(self.rest)) % len(self.usual)]
        return np.square(np.clip(paths + self.usual[places], 0, 2 * tail.max()))
