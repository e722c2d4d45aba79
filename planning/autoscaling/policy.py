"""What a policy sees, and what it decides: the same for a replay and for the autoscaler in the cluster."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What is known of a service at one moment."""

    time: float
    """Seconds since 1970, or since the beginning of a trace; never less than in the observation before."""

    rate: float | None
    """Requests a second on average since the observation before; None where the source gave nothing of use."""

    waiting: float | None = None
    """Requests that wait now; None where nobody counts them."""

    utilisation: float | None = None
    """Share of their capacity that the ready replicas use, 0 or more; None where it is not known."""

    ready: int
    """Replicas that take requests."""

    wanted: int
    """Replicas that the target is told to have: ready ones and those that start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """How many replicas there should be, and why."""

    replicas: int
    """Within the bounds of the policy."""

    reactive: int
    """What the reactive rule alone wants; `replicas` is never less."""

    forecast: float | None = None
    """Requests a second that it provides for when a replica that is started now is ready; None without one."""

    reason: str = ""
    """Why, as a short sentence: what bound it, what was missing."""


class Policy(Protocol):
    """Decides on the number of replicas; keeps what it needs of the past."""

    @property
    def name(self) -> str:
        """What tables call it, as `horizontal`."""
        ...

    def decide(self, observation: Observation) -> Decision:
        """Take an observation and return how many replicas there should be from now on."""
        ...
