"""Rows of a trace's file, some after another, checked: times in seconds and values."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ...problems import InvalidInput, Problem
from .series import Values
from .trace_columns import DAMAGED, Columns, pd

CHUNK_ROWS: Final = 200_000
"""Rows held at once; memory grows with the steps of the result beyond that, never with the rows of the file."""

TimeUnit = Literal["s", "ms", "us", "ns"]
"""Seconds, milliseconds, microseconds, nanoseconds."""

_PARTS: Final[dict[TimeUnit, float]] = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
# As seconds it would be the year 5138; as milliseconds since 1970 it is March 1973. So on for smaller units.
_FIRST_MILLISECOND: Final = 1e11


class Rows:
    """The rows of one file; `unit` is known once the first of them were given."""

    def __init__(self, path: Path, columns: Columns, unit: TimeUnit | None) -> None:
        """Take times in `unit`; with None in seconds, or what their size says where they are since 1970."""
        self._path, self._columns = path, columns
        self.unit: TimeUnit | None = unit

    def __iter__(self) -> Iterator[tuple[Values, Values | None]]:
        """Give seconds, ascending, and values (None where rows are counted), `CHUNK_ROWS` at most."""
        columns, subject = self._columns, self._path.name
        names = [columns.time] if columns.value is None else [columns.time, columns.value]
        row, before = 0, -np.inf
        for chunk in self._chunks(names):
            times = self._seconds(chunk[columns.time], row)
            _check_order(subject, times, before, row)
            values = None
            if columns.value is not None:
                values = _numbers(subject, columns.value, chunk[columns.value], row)
                _check_values(subject, columns.value, values, row)
            row, before = row + len(times), float(times[-1])
            yield times, values

    def _chunks(self, names: list[str]) -> Iterator[Any]:
        try:
            with pd.read_csv(self._path, usecols=names, chunksize=CHUNK_ROWS, low_memory=False) as reader:
                for chunk in reader:
                    if len(chunk):
                        yield chunk
        except (*DAMAGED, pd.errors.ParserError) as error:
            raise InvalidInput(self._path.name, [Problem("", f"is not a CSV file: {error}")]) from None
        except OSError as error:
            # So is an archive whose checksum is another one.
            raise InvalidInput(self._path.name, [Problem("", f"cannot be read: {error.strerror or error}")]) from None

    def _seconds(self, column: Any, row: int) -> Values:
        """Return seconds: numbers by their unit, dates since 1970."""
        subject, numbers = self._path.name, column
        if not pd.api.types.is_numeric_dtype(column):
            # To try all of them as numbers takes as long as to read them as dates.
            if pd.to_numeric(column.iloc[:1], errors="coerce").isna().all():
                self.unit = "s"
                return _dates(subject, column, row)
            numbers = pd.to_numeric(column, errors="coerce")
            wrong = numbers.isna().to_numpy() & column.notna().to_numpy()
            _refuse(subject, "time", wrong, column, row, "is no number, as the times before it are")
        times = numbers.to_numpy(dtype=np.float64)
        _refuse(subject, "time", ~np.isfinite(times), column, row, "is no time; every row needs one")
        if self.unit is None:
            self.unit = _unit_of(float(times[0]))
        return times / _PARTS[self.unit]


def _unit_of(time: float) -> TimeUnit:
    """Return the unit in which `time` is a moment since 1970 that somebody could have measured."""
    if time < _FIRST_MILLISECOND:
        return "s"
    return "ms" if time < 1e3 * _FIRST_MILLISECOND else "us" if time < 1e6 * _FIRST_MILLISECOND else "ns"


def _dates(subject: str, column: Any, row: int) -> Values:
    dates = pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
    wrong = dates.isna().to_numpy() & column.notna().to_numpy()
    said = "is neither seconds nor an ISO 8601 date such as 2026-11-30T12:00:00Z"
    _refuse(subject, "time", wrong, column, row, said)
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
