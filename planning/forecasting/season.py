"""The seasons of a load, found in its history."""

import numpy as np

from .series import Series, Values

HOUR = 3600.0
DAY = 24 * HOUR
WEEK = 7 * DAY
LEAST_CORRELATION = 0.3
"""A season counts from this correlation with the load one season earlier on."""
POINTS = 96
"""Values a season is reduced to before correlations are taken: noise from minute to minute is no season."""


def seasons(history: Series) -> tuple[int, ...]:
    """Return lengths of seasons in steps, shortest first: a day, a week, or none.

    A season counts where the history covers it at least twice, it has at least 4 steps, and the load of one season
    correlates with that of the season before by `LEAST_CORRELATION` or more, over the last four seasons of means of
    a `POINTS`th of the season.
    """
    found: list[int] = []
    for length in (DAY, WEEK):
        steps = round(length / history.step)
        fits = steps >= 4 and len(history) >= 2 * steps
        if fits and repetition(history.values, steps) >= LEAST_CORRELATION:
            found.append(steps)
    return tuple(found)


def repetition(values: Values, season: int) -> float:
    """Return the correlation, -1 to 1, of the last four seasons (at least two) with the values one season earlier."""
    count = min(4, len(values) // season)
    recent = values[len(values) - count * season :].reshape(count, season)
    points = min(POINTS, season)
    width = season // points
    blocks = recent[:, : points * width].reshape(count, points, width)
    known = ~np.isnan(blocks)
    counts = known.sum(axis=2)
    means = np.where(counts > 0, np.where(known, blocks, 0).sum(axis=2) / np.maximum(counts, 1), np.nan)
    now, before = means[1:].ravel(), means[:-1].ravel()
    both = ~(np.isnan(now) | np.isnan(before))
    now, before = now[both], before[both]
    if len(now) < points // 2 or now.std() == 0 or before.std() == 0:
        return 0.0
    return float(np.corrcoef(now, before)[0, 1])
