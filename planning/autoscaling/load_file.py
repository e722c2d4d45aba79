"""A load in a file of one's own: what its column counts, and what the requests of each step ask for."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, get_args

from ...problems import Problems
from ..forecasting.bins import Combination
from ..forecasting.series import Series
from ..forecasting.trace_rows import TimeUnit
from ..forecasting.traces import Trace, read_trace

Counting = Literal["requests", "rate", "rows", "counter"]
"""What a column of a load says: the requests of each step; requests a second; nothing, since each row is one request;
or all requests so far, as a counter of Prometheus."""

COUNTINGS: Final = get_args(Counting)
"""All of them."""

_RATES: Final = ("rate", "rps", "qps", "requests_per_second", "requests_per_sec")


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadOfFile:
    """A load as it was read."""

    trace: Trace
    """Requests in each step."""

    sizes: Series | None
    """What the requests of each step ask for together, on the same grid; None where all are alike."""

    note: str
    """How its column was taken, in a sentence."""


def read_load_file(
    path: str | Path,
    *,
    time: str | None = None,
    value: str | None = None,
    size: str | None = None,
    counting: Counting | None = None,
    step: float | None = None,
    unit: TimeUnit | None = None,
) -> LoadOfFile:
    """Read the requests of each step from a CSV file, and with `size` what they ask for.

    `counting`: what the column says; by default `rate` for columns called rate, rps or qps, else `requests`. `step`:
    seconds of a step; rows of one step are added up where they count requests. `time`, `value`, `unit` and the rest are
    as in `read_trace`, which raises `InvalidInput`.
    """
    problems = Problems()
    if counting is not None:
        problems.choice("load", counting, COUNTINGS)
    problems.raise_if_any(str(path))
    trace = read_trace(path, time=time, value=value, step=step, combine=_combination(counting, step), unit=unit)
    chosen: Counting = counting or ("rate" if (trace.column or "").lower() in _RATES else "requests")
    if counting is None and chosen == "rate" and step is not None:
        trace = read_trace(path, time=time, value=value, step=step, unit=unit)
    if step is not None and chosen in ("requests", "counter") and step < 0.99 * (trace.row_seconds or step):
        said = f"{step:g} s is shorter than the {trace.row_seconds:g} s that the requests of a row are of; give as much"
        problems.add("step", said)
        problems.raise_if_any(Path(path).name)
    if chosen == "rate":
        series = trace.series
        trace = replace(trace, series=Series(series.start, series.step, series.values * series.step))
    sizes = None
    if size is not None:
        each = chosen == "rows"
        combine = "sum" if each else _combination(chosen, step)
        step = trace.series.step
        sizes = read_trace(
            path, time=time, value=size, step=step, combine=combine, unit=unit, own_steps=not each
        ).series
    return LoadOfFile(trace=trace, sizes=sizes, note=_note(trace, chosen))


def _combination(counting: Counting | None, step: float | None) -> Combination:
    if counting == "rows":
        return "count"
    if counting == "counter":
        return "counter"
    # Rows at their own distance have a step each: two of one step are two readings of it.
    return "mean" if counting == "rate" or step is None else "sum"


def _note(trace: Trace, counting: Counting) -> str:
    step = f"{trace.series.step:g} s"
    if counting == "rows":
        return f"each row is one request; a step has {step}"
    said = {
        "requests": f"the requests of each step of {step}",
        "rate": "requests a second",
        "counter": "all requests so far",
    }[counting]
    return f"'{trace.column}' is taken to be {said}; --load says otherwise"
