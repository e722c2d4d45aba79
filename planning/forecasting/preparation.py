"""What is done to a history before a model sees it: what comes out depends on the same and earlier values alone."""

import numpy as np

from ...problems import InvalidInput, Problem
from .series import Series, Values


def known_part(series: Series) -> Series:
    """Return the series from its first known value on, with what is no load (infinite, below 0) as unknown.

    Raises `InvalidInput` where no value is known.
    """
    known = np.isfinite(series.values) & (series.values >= 0)
    if not known.any():
        raise InvalidInput("history", [Problem("values", "no value is known; a forecast needs at least one")])
    first = int(known.argmax())
    values = series.values if (known | np.isnan(series.values)).all() else np.where(known, series.values, np.nan)
    return Series(series.start + first * series.step, series.step, values[first:])


def filled(values: Values, season: int | None = None) -> Values:
    """Return float64 [n] with each gap filled from the past; the first value must be known.

    A gap repeats the last known value. With a season (steps), a gap that lasts longer than `season / 24` steps goes on
    with the values one season earlier, where there are some: a night without measurements stays a night.
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    index = np.arange(len(values))
    last = np.maximum.accumulate(np.where(missing, 0, index))
    result = values[last]
    if season is not None:
        # In the order of time, since a gap longer than a season refers to what was just filled.
        for at in np.flatnonzero(missing & (index - last > season // 24) & (index >= season)):
            result[at] = result[at - season]
    return result


def growth_of_counter(values: Values) -> Values:
    """Return float64 [n]: by how much an ever growing count grew in each step; the first is NaN.

    A fall is a restart from 0, so the value itself is the growth, as Prometheus' `increase` has it. After a gap the
    growth since the last known value counts for the step that ends the gap.
    """
    known = np.flatnonzero(~np.isnan(values))
    result = np.full(len(values), np.nan)
    growth = np.diff(values[known])
    result[known[1:]] = np.where(growth < 0, values[known[1:]], growth)
    return result


def without_outliers(values: Values, window: int = 15, deviations: float = 6.0, patience: int = 3) -> Values:
    """Return float64 [n] with short spikes cut to what the values before them made likely, for models that fit squares.

    A value is cut to the median of the `window` values before it, plus or minus `deviations` times their median
    absolute deviation times 1.4826 (the standard deviation, for a normal law). What lasts `patience` steps is a new
    level and passes from then on. A window that does not vary allows a change by half of its median, and one
    of zeros any change: a burst after rest is no error.
    """
    n = len(values)
    if n <= window:
        return values.copy()
    views = np.lib.stride_tricks.sliding_window_view(values, window)[:-1]
    middle = np.median(views, axis=1)
    spread = 1.4826 * np.median(np.abs(views - middle[:, None]), axis=1)
    reach = deviations * np.maximum(spread, np.abs(middle) / (2 * deviations))
    reach[reach == 0] = np.inf
    recent = values[window:]
    low, high = middle - reach, middle + reach
    outside = (recent < low) | (recent > high)
    # Steps in a row outside, this one included.
    index = np.arange(len(outside))
    lasting = index - np.maximum.accumulate(np.where(outside, -1, index))
    result = values.copy()
    cut = outside & (lasting < patience)
    result[window:][cut] = np.clip(recent, low, high)[cut]
    return result
