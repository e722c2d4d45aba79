"""Requests that arrive, second by second, made from the rates of a trace."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..forecasting.series import Series
from .lanes import Values

MOST_SECONDS: Final = 366 * 86_400
"""Longest load that is replayed: a year. Each second of it takes about 40 bytes of memory."""
LEAST_SECONDS: Final = 15
"""Shortest load that is replayed: policies decide every 15 seconds."""
_MOST_RATE: Final = 1e12


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Requests that arrive in steps of one length."""

    step: float
    """Seconds of a step."""

    counts: Values
    """Requests in each step, [steps]."""

    work: Values
    """What they ask for, in requests of average size, [steps]: more than `counts` where requests are longer."""

    start: float = 0.0
    """Seconds of the begin of the first step, since 1970 or since the begin of the trace."""

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def seconds(self) -> float:
        """Length of the whole."""
        return len(self) * self.step


def arrivals_of(
    load: Series,
    *,
    mean_rate: float | None = None,
    totals: Series | None = None,
    step: float = 1.0,
    seed: int = 0,
) -> Arrivals:
    """Return arrivals that follow a load, drawn from Poisson distributions.

    The rate at each step is read off a line through the middles of the bins, which keeps the sum of each bin nearly;
    a bin without a value lies on the line between its neighbours.

    Args:
        load: Requests in each bin, or any other load, 0 or more; NaN where it is unknown.
        mean_rate: Requests a second on average to which the load is scaled. Default: the load counts requests.
        totals: What all requests of each bin ask for together, on the same grid, in any unit, such as tokens. Default:
            all requests are alike.
        step: Seconds of a step. Default: 1.
        seed: Of the draws. Default: 0.

    Raises:
        ValueError: No bin of the load has a value, or all are 0; the load is shorter than `LEAST_SECONDS` or longer
            than `MOST_SECONDS`; or more arrives than can be counted, 10^12 requests a second.
    """
    known = np.isfinite(load.values)
    if not known.any() or not (load.values[known] > 0).any():
        raise ValueError("the load has no value above 0")
    seconds = len(load) * load.step
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise ValueError(
            f"the load lasts {seconds:,.10g} seconds; give {LEAST_SECONDS} to {MOST_SECONDS:,} seconds, and times in "
            "their own unit"
        )
    middles = (np.arange(len(load)) + 0.5) * load.step
    moments = (np.arange(max(1, int(len(load) * load.step / step))) + 0.5) * step
    rates = np.interp(moments, middles[known], load.values[known]) / load.step
    if mean_rate is not None:
        rates *= mean_rate / rates.mean()
    if rates.max() > _MOST_RATE:
        raise ValueError(f"{rates.max():,.6g} requests a second are too many; give {_MOST_RATE:g} or less")
    counts = np.random.default_rng(seed).poisson(rates * step).astype(np.float64)
    if totals is None:
        return Arrivals(step, counts, counts, load.start)
    with np.errstate(invalid="ignore", divide="ignore"):
        sizes = totals.values / load.values
    usable = known & np.isfinite(sizes) & (sizes > 0)
    if not usable.any():
        raise ValueError("no step has both requests and what they ask for")
    each = np.interp(moments, middles[usable], sizes[usable])
    each /= (each * rates).sum() / rates.sum()
    return Arrivals(step, counts, counts * each, load.start)
