"""Fronts of cost against late requests, and what one front saves beside another."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from .lanes import Values

LOWEST_SHARE: Final = 0.001
"""Shares of late requests below this are not compared: a few requests decide there."""

HIGHEST_SHARE: Final = 0.1
"""Nor above this: no service is meant to run so."""

_NEARLY_NONE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Front:
    """The settings of a policy that no other setting of it beats in both cost and late requests."""

    hours: Values
    """Replica-hours, ascending."""

    late: Values
    """Share of late requests, descending."""

    lanes: tuple[int, ...]
    """Which setting each point is."""

    @classmethod
    def of(cls, hours: Values, late: Values) -> "Front":
        """Return the front of settings, given the replica-hours and the share of late requests of each."""
        kept: list[int] = []
        for lane in np.lexsort((late, hours)).tolist():
            if not kept or late[lane] < late[kept[-1]]:
                kept.append(lane)
        return cls(hours[kept], late[kept], tuple(kept))

    def late_at(self, hours: float) -> float | None:
        """Return the share of late requests at a cost, between settings by a line over its logarithm.

        At a higher cost than the front has, that of its end; below its begin, None.
        """
        if hours < self.hours[0]:
            return None
        logs: Values = np.log(self.late + _NEARLY_NONE)
        return float(np.exp(np.interp(hours, self.hours, logs))) - _NEARLY_NONE

    def hours_at(self, late: float) -> float | None:
        """Return the replica-hours at a share of late requests; None where the front does not reach it."""
        if late < self.late[-1] or late > self.late[0]:
            return None
        logs: Values = -np.log(self.late + _NEARLY_NONE)
        return float(np.interp(-float(np.log(late + _NEARLY_NONE)), logs, self.hours))


@dataclass(frozen=True, kw_only=True, slots=True)
class Saving:
    """What one policy saves beside another, at the settings of the other."""

    fewer_late: float | None
    """Share of late requests that are saved at equal replica-hours, the median over the settings compared; negative
    where there are more. None where nothing could be compared."""

    fewer_hours: float | None
    """Share of replica-hours that are saved at equal late requests, likewise."""

    points: int
    """Settings of the other policy that were compared: on its front, with a share of late requests in the range."""


def saving(mine: Front, other: Front) -> Saving:
    """Compare at each point of the other front whose share of late requests is from 0.1 to 10 percent."""
    within = (other.late >= LOWEST_SHARE) & (other.late <= HIGHEST_SHARE)
    late: list[float] = []
    hours: list[float] = []
    for cost, share in zip(other.hours[within].tolist(), other.late[within].tolist(), strict=True):
        found = mine.late_at(cost)
        if found is not None:
            late.append(1 - found / share)
        cheaper = mine.hours_at(share)
        if cheaper is not None:
            hours.append(1 - cheaper / cost)
    return Saving(
        fewer_late=float(np.median(late)) if late else None,
        fewer_hours=float(np.median(hours)) if hours else None,
        points=int(within.sum()),
    )
