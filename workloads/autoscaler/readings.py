"""Readings of a load, and what about them makes no sense."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .target import TargetState


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a source said of the load at one moment."""

    time: float
    """Seconds since 1970 on the source's clock."""

    rate: float | None
    """Requests a second, or what else capacity is counted in; None where there is no reading."""

    waiting: float | None = None
    """Requests that wait; None where nobody counts them."""

    age: float | None = None
    """Seconds since the newest measurement behind it; None where that is not known."""

    reason: str = ""
    """Why there is no rate; empty where there is one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of the past."""

    time: float
    """Seconds since 1970 on the source's clock."""

    rate: float | None
    """As in a reading."""


class Source(Protocol):
    """Where the load is read."""

    def read(self, state: TargetState) -> Reading:
        """Return what it says now; never raises: a source that fails gives a reading without a rate."""
        ...

    def past(self, seconds: float, step: float) -> Sequence[Sample] | None:
        """Return the last `seconds`, a sample each `step`: nothing where it never knows them, None where it fails."""
        ...

    def close(self) -> None:
        """End its connections."""
        ...


class SourceClock:
    """The clock of a source, as far as it is known: it goes on while the source is silent, and never back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        """Begin with this machine's own time of day."""
        self._clock, self._wall = clock, wall
        self._offset = wall() - clock()
        self._last = -math.inf

    def heard(self, said: float) -> float:
        """Take the time that the source says; return how many seconds it lies before what was expected of it."""
        behind = self._clock() + self._offset - said
        self._offset = said - self._clock()
        return behind

    def now(self) -> float:
        """Return the source's time, or the last one where the source has gone back."""
        self._last = max(self._last, self.said())
        return self._last

    def said(self) -> float:
        """Return the source's time as it says it, also where it has gone back: ages and rates are of this one."""
        return self._clock() + self._offset


def refusal(value: float) -> str:
    """Return why a number is no load; empty where it is one."""
    if math.isnan(value):
        return "the source says NaN"
    if math.isinf(value):
        return "the source says infinity"
    return f"the source says {value:g}, which is less than nothing" if value < 0 else ""


@dataclass(frozen=True, slots=True)
class Count:
    """A counter at one moment."""

    time: float
    value: float


def rate_between(before: Count | None, now: Count, longest: float) -> tuple[float | None, str]:
    """Return requests a second between two values of a counter, or why that is not known.

    A counter that is less than before has started again, and counts from zero: Prometheus' own rule for `rate`.

    Args:
        before: The value before; None at the first.
        now: The value now.
        longest: Seconds between both at most: over more than that an average says nothing of now.
    """
    if before is None:
        return None, "the first value of a counter; the next one gives a rate"
    seconds = now.time - before.time
    if seconds <= 0:
        return None, "the clock of the source stands still or goes back"
    if seconds > longest:
        return None, f"no value of the counter for {seconds:.0f} s; the next one gives a rate"
    grown = now.value - before.value if now.value >= before.value else now.value
    return grown / seconds, ""
