"""Rows of a trace, put into equal steps of time."""

from typing import Literal

import numpy as np

from ...problems import InvalidInput, Problem
from .series import Series, Values

Combination = Literal["mean", "sum", "count", "counter"]
"""How rows of one step become its value; `traces.read_trace` says what each means."""

MOST_STEPS = 20_000_000
"""Longest series: 38 years of minutes. More comes from a wrong unit of time or a wrong step."""


class Bins:
    """Collects rows in the order of time; holds two numbers a step, however many rows there are."""

    def __init__(self, subject: str, start: float, step: float, combine: Combination, *, own_step: bool) -> None:
        """Begin at `start`; with `own_step` rows come one a step, so that a late row still belongs to its own step."""
        if not (step > 0 and np.isfinite(step)):
            raise InvalidInput(subject, [Problem("step", f"{step} is no length of time; give more than 0 seconds")])
        self._subject, self._start, self._step, self._combine = subject, start, step, combine
        self._shift = 0.5 if own_step and combine != "count" else 0.0
        self._sums = np.zeros(1024)
        self._counts = np.zeros(1024, dtype=np.int32)
        self._steps = 0
        self._counter = np.nan
        self._last_time = -np.inf
        self.rows = 0
        self.missing_values = 0
        self.repeated_times = 0

    def add(self, times: Values, values: Values | None) -> None:
        """Add rows: seconds, ascending, and values (NaN: not measured), or None where each row is one event."""
        self.rows += len(times)
        self.repeated_times += int(np.count_nonzero(np.diff(times, prepend=self._last_time) == 0))
        self._last_time = float(times[-1])
        last = np.floor((self._last_time - self._start) / self._step + self._shift)
        if last >= MOST_STEPS:
            said = (
                f"{self._step:g} seconds make {last + 1:,.0f} steps of this trace, and {MOST_STEPS:,} are the most; "
                "give a longer step, or times in seconds"
            )
            raise InvalidInput(self._subject, [Problem("step", said)])
        self._make_room(int(last) + 1)
        index = np.floor((times - self._start) / self._step + self._shift).astype(np.int64)
        if values is not None:
            known = ~np.isnan(values)
            self.missing_values += int(len(values) - np.count_nonzero(known))
            index, values = index[known], values[known]
            if self._combine == "counter":
                index, values = self._growth(index, values)
        if not len(index):
            return
        first = int(index[0])
        amounts = np.bincount(index - first, weights=values)
        self._sums[first : first + len(amounts)] += amounts
        self._counts[first : first + len(amounts)] += np.bincount(index - first).astype(np.int32)

    def series(self) -> Series:
        """Return what was collected. The bins are used up."""
        values = self._sums[: self._steps]
        counts = self._counts[: self._steps]
        if self._combine == "mean":
            np.divide(values, counts, out=values, where=counts > 0)
        if self._combine != "count":
            values[counts == 0] = np.nan
        return Series(self._start, self._step, values)

    def _growth(self, index: np.ndarray, values: Values) -> tuple[np.ndarray, Values]:
        """Return by how much the counter grew at each row; a fall is a restart from 0, as Prometheus' `rate` has it."""
        if not len(values):
            return index, values
        growth = np.diff(values, prepend=self._counter)
        growth = np.where(growth < 0, values, growth)
        self._counter = float(values[-1])
        known = ~np.isnan(growth)
        return index[known], growth[known]

    def _make_room(self, steps: int) -> None:
        self._steps = max(self._steps, steps)
        if steps > len(self._sums):
            room = min(MOST_STEPS, max(steps, len(self._sums) * 3 // 2)) - len(self._sums)
            self._sums = np.concatenate([self._sums, np.zeros(room)])
            self._counts = np.concatenate([self._counts, np.zeros(room, dtype=np.int32)])
