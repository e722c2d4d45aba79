"""Many settings of a policy beside each other: what they see and decide, as arrays over lanes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .policy import Observation

Counts = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Observations:
    """What every lane sees at one moment; a lane is one setting of a policy, or one service."""

    time: float
    """Seconds, as in `Observation`."""

    rate: float | Values
    """Requests a second on average since the observation before, of all lanes or of each, [lanes]; NaN where it is
    unknown."""

    waiting: Values
    """Requests that wait now, [lanes]; NaN where nobody counts them."""

    utilisation: Values
    """Share of their capacity that the ready replicas use, [lanes]; NaN where it is not known."""

    ready: Counts
    """Replicas that take requests, [lanes]."""

    wanted: Counts
    """Replicas that the target is told to have, [lanes]."""

    @classmethod
    def of(cls, observation: Observation) -> "Observations":
        """Return one observation as one lane; a rate or a count that is negative or not finite is unknown."""
        return cls(
            time=observation.time,
            rate=known(observation.rate),
            waiting=np.array([known(observation.waiting)]),
            utilisation=np.array([known(observation.utilisation)]),
            ready=np.array([observation.ready], dtype=np.int64),
            wanted=np.array([observation.wanted], dtype=np.int64),
        )


class Lanes(Protocol):
    """Decides for several lanes at once."""

    @property
    def count(self) -> int:
        """Number of lanes."""
        ...

    def decide_all(self, seen: Observations) -> Counts:
        """Take what is seen and return how many replicas there should be from now on, [lanes]."""
        ...


def known(value: float | None) -> float:
    """Return the value, or NaN where it is missing, negative or not finite."""
    return value if value is not None and np.isfinite(value) and value >= 0 else float("nan")


def groups(windows: Sequence[float]) -> list[tuple[float, Counts]]:
    """Return each window that is more than 0 with the lanes that have it."""
    found = [(window, np.flatnonzero(np.array(windows) == window)) for window in sorted(set(windows)) if window > 0]
    return [(window, lanes.astype(np.int64)) for window, lanes in found]
