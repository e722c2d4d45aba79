"""A load over time, on a regular grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """Values at equal distances in time: value i is of the time from `start + i * step` to `start + (i + 1) * step`."""

    start: float
    """Seconds of the first value's begin; since 1970 where it is known, else since the beginning of the source."""

    step: float
    """Seconds between two values; more than 0."""

    values: Values
    """Float64 [n]; NaN where nothing was measured."""

    def __len__(self) -> int:
        return len(self.values)

    @property
    def end(self) -> float:
        """Seconds at which the last value ends."""
        return self.start + len(self) * self.step

    def until(self, count: int) -> "Series":
        """Return the first `count` values."""
        return Series(self.start, self.step, self.values[:count])
