"""What of a policy's decision is done: never less than the load of now needs, never more than is allowed."""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from ...planning.autoscaling.policy import Decision
from .settings import ReplicaSettings

_TOLERANCE: Final = 0.1
"""Share by which the load may differ from what the pods are for before the reactive rule changes anything: the
default of a HorizontalPodAutoscaler."""

_MOST: Final = 1e12
"""Pods that a load needs at most, however large it is said to be: beyond any maximum, and still a number."""

_ROUNDING: Final = 1e-9
"""Pods that a rounding error may not add."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What is known when a decision is to be bounded."""

    time: float
    """Seconds; never less than before."""

    wanted: int
    """Pods that the target is told to have."""

    reactive: int | None
    """Pods that the load of now needs; None without a reading."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What is to be done."""

    replicas: int
    """Pods that there are to be."""

    cause: str
    """What the number comes from, one of `CAUSES`."""

    needed: int
    """Pods that there would be without a maximum."""

    @property
    def is_at_maximum(self) -> bool:
        """Whether more are needed than allowed."""
        return self.needed > self.replicas


CAUSES: Final = {
    "forecast": "The forecast.",
    "reactive": "The load of now.",
    "growth": "The forecast, as far as one step may grow.",
    "stabilization": "What was needed a short time ago.",
    "blind": "No reading: what there is stays.",
    "minimum": "The minimum.",
    "maximum": "The maximum.",
    "paused": "The target has no pods because somebody has said so.",
}
"""Where a number of pods may come from; the values of the label `cause`."""


def reactive_replicas(rate: float, wanted: int, *, replica_rate: float, utilisation: float) -> int:
    """Return the pods that a load needs, as a HorizontalPodAutoscaler counts them.

    The rule is ceil(wanted * ratio) with ratio = rate / (wanted * replica_rate * utilisation), and no change within a
    tenth of 1: kubernetes.io, "Horizontal Pod Autoscaling", algorithm details, read 2026-11.

    Args:
        rate: Requests a second, 0 or more.
        wanted: Pods that there are.
        replica_rate: Requests a second that one busy pod serves.
        utilisation: Share of it that a pod is to use.
    """
    needed = rate / (replica_rate * utilisation)
    if wanted > 0 and abs(needed / wanted - 1) <= _TOLERANCE:
        return wanted
    return math.ceil(min(needed, _MOST) - _ROUNDING)


class Bounds:
    """Bounds decisions one after another; remembers those of a short time."""

    def __init__(self, settings: ReplicaSettings) -> None:
        """Take the bounds."""
        self._settings = settings
        self._recent: deque[tuple[float, int]] = deque()

    def apply(self, decision: Decision, seen: Situation) -> Outcome:
        """Return what is to be done in this situation."""
        settings = self._settings
        if seen.wanted == 0 and settings.minimum > 0:
            # As a HorizontalPodAutoscaler does: a target without pods was turned off by somebody.
            return Outcome(replicas=0, cause="paused", needed=0)
        needed, cause = self._needed(decision, seen)
        kept = self._stable(seen, needed)
        if kept > needed:
            needed, cause = kept, "stabilization"
        if needed > settings.maximum:
            return Outcome(replicas=settings.maximum, cause="maximum", needed=needed)
        if needed < settings.minimum:
            return Outcome(replicas=settings.minimum, cause="minimum", needed=settings.minimum)
        return Outcome(replicas=needed, cause=cause, needed=needed)

    def _needed(self, decision: Decision, seen: Situation) -> tuple[int, str]:
        settings = self._settings
        if seen.reactive is None:
            return seen.wanted, "blind"
        predicted, cause = decision.replicas, "forecast"
        most = max(seen.wanted + settings.growth_pods, math.ceil(seen.wanted * (1 + settings.growth_percent / 100)))
        if predicted > most:
            predicted, cause = most, "growth"
        return (predicted, cause) if predicted > seen.reactive else (seen.reactive, "reactive")

    def _stable(self, seen: Situation, needed: int) -> int:
        """Return `needed`, or of the last decisions the largest, as far as it keeps pods that are there."""
        if not self._recent:
            # After a start nobody knows what was needed before: what is there stays for a while.
            self._recent.append((seen.time, seen.wanted))
        self._recent.append((seen.time, needed))
        while self._recent[0][0] <= seen.time - self._settings.stabilization_seconds and len(self._recent) > 1:
            self._recent.popleft()
        largest = max(count for _, count in self._recent)
        return max(needed, min(seen.wanted, largest))
