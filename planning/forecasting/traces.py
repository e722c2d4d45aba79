"""Traces: CSV files of load or of single requests, read into regular series within bounded memory."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...problems import InvalidInput, Problem
from .bins import Bins, Combination
from .series import Series, Values
from .trace_columns import Columns
from .trace_rows import CHUNK_ROWS, Rows, TimeUnit

__all__ = ("CHUNK_ROWS", "Trace", "masked", "read_trace")

_UNITS: Final[dict[TimeUnit, str]] = {"ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """A series and what was met while it was read."""

    series: Series
    """The load; NaN in steps without a value, 0 in steps without a request where rows are counted."""

    rows: int
    """Rows of the file."""

    missing_values: int
    """Rows whose value is empty or NaN; they count as not measured."""

    repeated_times: int
    """Rows with the time of the row before; combined like all rows of one step."""

    empty_steps: int
    """Steps without a known value: gaps, missing values, masked holes."""

    column: str | None = None
    """Column of the load; None where rows were counted."""

    time_unit: TimeUnit = "s"
    """What times were taken to be, where they were numbers."""

    row_seconds: float | None = None
    """Seconds between rows, as `read_trace` finds its step; None where all have one time, or rows are counted."""

    is_irregular: bool = False
    """Whether most rows are at another distance than the step, which is then the middle one of all distances."""

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for everything that was not plain."""
        said: list[str] = []
        if self.time_unit in _UNITS:
            said.append(f"times are {_UNITS[self.time_unit]}")
        if self.is_irregular:
            said.append(f"rows are at no regular distance; a step has {self.series.step:g} s, the median of them")
        if self.missing_values:
            said.append(f"{self.missing_values:,} of {self.rows:,} rows have no value and count as not measured")
        if self.repeated_times:
            said.append(f"{self.repeated_times:,} rows have the time of the row before and fall into its step")
        if self.empty_steps:
            said.append(f"{self.empty_steps:,} of {len(self.series):,} steps have no known value")
        return tuple(said)


def read_trace(
    path: str | Path,
    *,
    time: str | None = None,
    value: str | None = None,
    step: float | None = None,
    combine: Combination | None = None,
    unit: TimeUnit | None = None,
    own_steps: bool = True,
) -> Trace:
    """Read a CSV file with a header into a series on a regular grid.

    `time`: its column, as numbers or as ISO 8601 (without an offset: UTC); by default the usual names, else the first.
    `value`: its column; by default the usual names, else the only other column.
    `step`: seconds of a step; by default the commonest distance between rows where at least half of them have it, or
    the others are whole multiples of it, else the median, and 60 where rows are counted.
    `combine`: how rows of one step become its value: `mean` (the default: a level), `sum` (events counted in each
    row), `count` (every row is one request; no value is read), `counter` (an ever growing count: its growth; a fall is
    a restart from 0, as Prometheus has it).
    `unit`: of times that are numbers; by default seconds, or, where the first one is too large for seconds since 1970,
    milliseconds, microseconds or nanoseconds since then.
    `own_steps`: whether rows that come one a step are of a step each, so that a late one belongs to its own; they are
    not where each row is one request, which belongs to the step that it came in.

    The file may be compressed (.gz, .bz2, .xz, .zip). Gaps become NaN, and so do empty values. Raises `InvalidInput`
    for what cannot be read as it is: no such file, no header, an unknown column, no rows, text instead of numbers,
    infinite or negative values, times that are missing or run backwards, and more than `bins.MOST_STEPS` steps.
    """
    path = Path(path)
    columns = Columns.of(path, time, value, combine)
    rows = Rows(path, columns, unit)
    bins: Bins | None = None
    is_irregular, row_seconds = False, None
    for times, values in rows:
        if bins is None:
            usual, is_regular = _usual_step(times, columns)
            is_irregular = step is None and not is_regular
            row_seconds = None if columns.combine == "count" else usual
            if step is None and usual is None:
                said = "one moment alone shows no distance in time; give the step in seconds"
                raise InvalidInput(path.name, [Problem("step", said)])
            chosen = usual if step is None else step
            bins = Bins(
                path.name, float(times[0]), chosen or 0, columns.combine, own_step=own_steps and chosen == usual
            )
        bins.add(times, values)
    if bins is None:
        raise InvalidInput(path.name, [Problem("", "the file has a header but no rows; give at least two")])
    series = bins.series()
    return Trace(
        series=series,
        rows=bins.rows,
        missing_values=bins.missing_values,
        repeated_times=bins.repeated_times,
        empty_steps=int(np.isnan(series.values).sum()),
        column=columns.value,
        time_unit=rows.unit or "s",
        row_seconds=row_seconds,
        is_irregular=is_irregular,
    )


def masked(trace: Trace, *, holes: tuple[tuple[float, float], ...] = (), zeros: bool = False) -> Trace:
    """Return the trace with `holes` (first and last second, from its beginning) and, if asked, all zeros as unknown."""
    series = trace.series
    values = series.values.copy()
    for first, last in holes:
        values[int(first // series.step) : int(last // series.step) + 1] = np.nan
    if zeros:
        values[values == 0] = np.nan
    return replace(trace, series=Series(series.start, series.step, values), empty_steps=int(np.isnan(values).sum()))


def _usual_step(times: Values, columns: Columns) -> tuple[float | None, bool]:
    """Return the seconds between rows, None where all have one time, and whether they are of that grid."""
    if columns.combine == "count":
        return 60.0, True
    distances = np.diff(times)
    distances = distances[distances > 0]
    if not len(distances):
        return None, True
    found, counts = np.unique(distances.round(3), return_counts=True)
    most = int(counts.argmax())
    usual = float(found[most])
    if usual > 0 and (2 * counts[most] >= len(distances) or _is_grid(found, counts, usual)):
        return usual, True
    return float(np.median(distances)), False


def _is_grid(found: Values, counts: NDArray[np.int64], step: float) -> bool:
    """Return whether distances are those of a grid of which most rows are missing: whole numbers of its step."""
    if step < 1 or 10 * counts.max() < counts.sum():
        return False
    is_whole = np.abs(found - step * np.round(found / step)) <= 0.002
    return bool(counts[is_whole].sum() >= 0.99 * counts.sum())
