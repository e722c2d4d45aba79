"""What the same time of the day, or of the week, had before: kept up step by step."""

import numpy as np
from numpy.typing import NDArray

from .series import Values

RATES = np.array([0.6, 0.2, 0.06, 0.02, 0.005])
"""How fast the distance to the usual season is followed, one expert each."""
NEW_SEASON = 0.4
"""Weight of the newest season in the usual one."""
EXPERTS = len(RATES) + 2
"""Forecasts that a season gives rise to."""


class SeasonalMemory:
    """The usual season, smoothed, the last one as it was, and how far the load is from the usual one."""

    def __init__(self, season: int) -> None:
        """Begin without knowledge; `season` is its length in steps."""
        self.season = season
        self._usual = np.full(season, np.nan)
        self._last = np.full(season, np.nan)
        self._width = max(1, season // 96)
        self._recent = np.full(self._width, np.nan)
        self._distance = np.zeros(len(RATES))
        self._known_distances = 0
        self._before = np.nan

    def observe(self, now: int, value: float) -> None:
        """Take the value of step `now`, counted from 0; NaN where it is not known."""
        place = now % self.season
        self._before = self._last[place]
        self._recent[now % self._width] = value
        if not np.isnan(value):
            usual = self._usual[place]
            if not np.isnan(usual):
                self._known_distances += 1
                rates = np.maximum(RATES, 1 / self._known_distances)
                self._distance += rates * (value - usual - self._distance)
            self._last[place] = value
        # The place in the middle of the last few values is now known from both sides.
        middle = (now - self._width // 2) % self.season
        known = self._recent[~np.isnan(self._recent)]
        if len(known) and now >= self._width - 1:
            fresh = known.mean()
            usual = self._usual[middle]
            self._usual[middle] = fresh if np.isnan(usual) else usual + NEW_SEASON * (fresh - usual)

    def prime(self, values: Values) -> None:
        """Take many values at once, before any other: the seasons as `observe` makes them, without the distances."""
        half, width = self._width // 2, self._width
        known = ~np.isnan(values)
        sums = np.concatenate([[0.0], np.where(known, values, 0).cumsum()])
        counts = np.concatenate([[0], known.cumsum()])
        ends = np.arange(width, len(values) + 1)
        many = counts[ends] - counts[ends - width]
        fresh = np.full(len(values), np.nan)
        if len(ends):
            means = np.where(many > 0, (sums[ends] - sums[ends - width]) / np.maximum(many, 1), np.nan)
            fresh[width - 1 - half : len(values) - half] = means
        for first in range(0, len(values), self.season):
            part = fresh[first : first + self.season]
            usual = self._usual[: len(part)]
            mixed = np.where(np.isnan(usual), part, usual + NEW_SEASON * (part - usual))
            self._usual[: len(part)] = np.where(np.isnan(part), usual, mixed)
            part = values[first : first + self.season]
            self._last[: len(part)] = np.where(np.isnan(part), self._last[: len(part)], part)
        for back in range(1, min(width, len(values)) + 1):
            self._recent[(len(values) - back) % width] = values[-back]

    def outlook(self, now: int, value: float, ahead: NDArray[np.int64]) -> Values:
        """Return float64 [EXPERTS, len(ahead)] for the steps `now + ahead`, given the last known `value`.

        The usual season plus the distance to it, at each rate; the last season as it was; and the value plus the
        change that the last season had. `value` stands where a place is not known.
        """
        places = (now + ahead) % self.season
        last = self._last[places]
        found = np.vstack([self._distance[:, None] + self._usual[places], last, value + last - self._before])
        return np.where(np.isnan(found), value, found)
