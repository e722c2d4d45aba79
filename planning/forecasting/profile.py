"""The shape of a season: what part of its usual load each time of the day has."""

import numpy as np

from .series import Values


def profile(values: Values, season: int, smooth: int | None = None) -> Values:
    """Return float64 [season]: the mean of each place in the season, for the season that follows the values.

    Place 0 is that of the value after the last one. Younger seasons count more: each by 0.7 of the one after it. The
    means are smoothed over `smooth` places (default: a 96th of the season), around the circle. NaN counts for nothing.
    """
    count = len(values) // season
    recent = values[len(values) - count * season :].reshape(count, season)
    known = ~np.isnan(recent)
    weights = known * 0.7 ** np.arange(count - 1, -1, -1.0)[:, None]
    total, weight = (np.where(known, recent, 0) * weights).sum(axis=0), weights.sum(axis=0)
    width = max(1, season // 96 if smooth is None else smooth)
    around = np.arange(-(width // 2), width - width // 2)
    places = (np.arange(season)[:, None] + around) % season
    total, weight = total[places].sum(axis=1), weight[places].sum(axis=1)
    middle = total.sum() / weight.sum() if weight.sum() else 0.0
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), middle)
