"""What the load was at the same time of the day, in proportion to how high it is now."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .deseasonalised import Deseasonalised
from .series import Series, Values


@dataclass(frozen=True, slots=True)
class SeasonalLevel:
    """The usual season plus how far the load has been from it of late; the smoothed load where there is no season."""

    rate: float = 0.2
    """Weight of the newest value in the distance."""

    name: str = "seasonal-level"
    """What tables call it."""

    def paths(self, history: Series, origins: NDArray[np.int64], horizon: int) -> Values:
        """Return float64 [origins, horizon]; NaN for origins before the tail of the history."""
        parts = Deseasonalised.of(history)
        distance = np.empty(len(parts.rest))
        level = float(parts.rest[0])
        for at, value in enumerate(parts.rest.tolist()):
            level += max(self.rate, 1 / (at + 1)) * (value - level)
            distance[at] = level
        found = distance[np.maximum(origins - parts.first, 1) - 1]
        paths = np.where(origins > parts.first, found, np.nan)
        return parts.restored(np.repeat(paths[:, None], horizon, axis=1), origins)
