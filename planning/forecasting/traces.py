"""Traces: CSV files of load or of single requests, read into regular series within bounded memory."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...problems import InvalidInput, Problem, suggestion
from .bins import Bins, Combination
from .series import Series, Values

CHUNK_ROWS = 200_000
"""Rows held at once; memory grows with the steps of the result beyond that, never with the rows of the file."""
TIME_COLUMNS = ("timestamp_s", "timestamp", "time", "datetime", "date", "ts", "arrived_at")
"""Names looked for, in this order and in any case, where no time column is given; else the first column."""
VALUE_COLUMNS = ("requests", "value", "rate", "count", "load", "rps", "qps")
"""Names looked for, in this order and in any case, where no value column is given."""

# It has no types of its own.
pd: Any = importlib.import_module("pandas")


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

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for everything that was not plain."""
        said: list[str] = []
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
) -> Trace:
    """Read a CSV file with a header into a series on a regular grid.

    `time`: its column, in seconds or as ISO 8601 (without an offset: UTC); by default the usual names, else the first.
    `value`: its column; by default the usual names, else the only other column.
    `step`: seconds of a step; by default the commonest distance between rows, and 60 where rows are counted.
    `combine`: how rows of one step become its value: `mean` (the default: a level), `sum` (events counted in each
    row), `count` (every row is one request; no value is read), `counter` (an ever growing count: its growth; a fall is
    a restart from 0, as Prometheus has it).

    Gaps become NaN, and so do empty values. Raises `InvalidInput` for what cannot be read as it is: no such file, an
    unknown column, no rows, text instead of numbers, infinite or negative values, times that are missing or run
    backwards, and more than `bins.MOST_STEPS` steps.
    """
    path = Path(path)
    columns = _Columns.of(path, time, value, combine)
    bins: Bins | None = None
    for times, values in _chunks(path, columns):
        if bins is None:
            usual = _usual_step(times, columns)
            if step is None and usual is None:
                said = "one row alone shows no distance in time; give the step in seconds"
                raise InvalidInput(path.name, [Problem("step", said)])
            chosen = usual if step is None else step
            bins = Bins(path.name, float(times[0]), chosen or 0, columns.combine, own_step=chosen == usual)
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
    )


def masked(trace: Trace, *, holes: tuple[tuple[float, float], ...] = (), zeros: bool = False) -> Trace:
    """Return the trace with `holes` (first and last second, from its beginning) and, if asked, all zeros as unknown."""
    series = trace.series
    values = series.values.copy()
    for first, last in holes:
        values[int(first // series.step) : int(last // series.step) + 1] = np.nan
    if zeros:
        values[values == 0] = np.nan
    return Trace(
        series=Series(series.start, series.step, values),
        rows=trace.rows,
        missing_values=trace.missing_values,
        repeated_times=trace.repeated_times,
        empty_steps=int(np.isnan(values).sum()),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Columns:
    time: str
    value: str | None
    combine: Combination

    @classmethod
    def of(cls, path: Path, time: str | None, value: str | None, combine: Combination | None) -> "_Columns":
        try:
            header = [str(name) for name in pd.read_csv(path, nrows=0).columns]
        except OSError as error:
            raise InvalidInput(str(path), [Problem("", f"cannot be read: {error.strerror}")]) from None
        except pd.errors.EmptyDataError:
            raise InvalidInput(path.name, [Problem("", "the file is empty; give a header and rows")]) from None
        except (UnicodeDecodeError, pd.errors.ParserError) as error:
            raise InvalidInput(path.name, [Problem("", f"is not a CSV file: {error}")]) from None
        problems = [
            Problem(
                field, f"no column '{name}' in the file" + (suggestion(name, header) or f"; it has {', '.join(header)}")
            )
            for field, name in (("time", time), ("value", value))
            if name is not None and name not in header
        ]
        if problems:
            raise InvalidInput(path.name, problems)
        time = time or _first(TIME_COLUMNS, header) or header[0]
        others = [name for name in header if name != time]
        if combine == "count":
            return cls(time=time, value=None, combine=combine)
        value = value or _first(VALUE_COLUMNS, others) or (others[0] if len(others) == 1 else None)
        if value is None:
            has = f"it has {', '.join(others)}" if others else "there is no other one"
            said = f"which column holds the load is not clear ({has}); name it, or count the rows as requests"
            raise InvalidInput(path.name, [Problem("value", said)])
        return cls(time=time, value=value, combine=combine or "mean")


def _first(names: tuple[str, ...], header: list[str]) -> str | None:
    by_lower = {name.lower(): name for name in header}
    return next((by_lower[name] for name in names if name in by_lower), None)


def _usual_step(times: Values, columns: _Columns) -> float | None:
    if columns.combine == "count":
        return 60.0
    distances = np.diff(times)
    distances = distances[distances > 0]
    if not len(distances):
        return None
    found, counts = np.unique(distances.round(3), return_counts=True)
    return float(found[counts.argmax()])


def _chunks(path: Path, columns: _Columns) -> Iterator[tuple[Values, Values | None]]:
    """Give times and values of some rows after another, checked."""
    names = [columns.time] if columns.value is None else [columns.time, columns.value]
    row = 0
    before = -np.inf
    try:
        with pd.read_csv(path, usecols=names, chunksize=CHUNK_ROWS, low_memory=False) as reader:
            for chunk in reader:
                if not len(chunk):
                    continue
                times = _seconds(path.name, chunk[columns.time], row)
                _check_order(path.name, times, before, row)
                values = (
                    None if columns.value is None else _numbers(path.name, columns.value, chunk[columns.value], row)
                )
                if values is not None:
                    _check_values(path.name, columns.value or "", values, row)
                row, before = row + len(times), float(times[-1])
                yield times, values
    except (UnicodeDecodeError, pd.errors.ParserError) as error:
        raise InvalidInput(path.name, [Problem("", f"is not a CSV file: {error}")]) from None


def _seconds(subject: str, column: Any, row: int) -> Values:
    """Return seconds: numbers as they are, dates since 1970."""
    if pd.api.types.is_numeric_dtype(column):
        times = column.to_numpy(dtype=np.float64)
    else:
        dates = pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
        _refuse(
            subject,
            "time",
            dates.isna().to_numpy() & column.notna().to_numpy(),
            column,
            row,
            "is neither seconds nor an ISO 8601 date such as 2026-11-30T12:00:00Z",
        )
        times = (dates - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy(dtype=np.float64)
    _refuse(subject, "time", ~np.isfinite(times), column, row, "is no time; every row needs one")
    return times


def _numbers(subject: str, name: str, column: Any, row: int) -> Values:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64)
    numbers = pd.to_numeric(column, errors="coerce")
    _refuse(subject, name, numbers.isna().to_numpy() & column.notna().to_numpy(), column, row, "is not a number")
    return numbers.to_numpy(dtype=np.float64)


def _check_values(subject: str, name: str, values: Values, row: int) -> None:
    _refuse(subject, name, np.isinf(values), values, row, "is not finite; leave it empty where nothing was measured")
    said = "is negative, and a load is 0 or more; leave it empty where nothing was measured"
    _refuse(subject, name, values < 0, values, row, said)


def _check_order(subject: str, times: Values, before: float, row: int) -> None:
    backwards = np.diff(times, prepend=before) < 0
    if backwards.any():
        at = int(backwards.argmax())
        last = times[at - 1] if at else before
        fall = f"{times[at]:.15g} s after {last:.15g} s"
        said = f"time runs backwards in row {row + at + 1:,}: {fall}; sort the rows by time"
        raise InvalidInput(subject, [Problem("time", said)])


def _refuse(subject: str, field: str, wrong: NDArray[np.bool_], column: Any, row: int, reason: str) -> None:
    """Raise where rows are wrong: the first of them, and how many more this part of the file has."""
    count = int(np.count_nonzero(wrong))
    if not count:
        return
    at = int(wrong.argmax())
    found = column.iloc[at] if hasattr(column, "iloc") else column[at]
    more = f" (and {count - 1:,} more of the rows near it)" if count > 1 else ""
    raise InvalidInput(subject, [Problem(field, f"row {row + at + 1:,}: '{found}' {reason}{more}")])
