"""A service that is scaled: how long it serves, what is late, how long a replica takes to start."""

import math
from dataclasses import dataclass
from typing import Final

from ...problems import Problems

# A policy that looks ahead holds a forecast for each decision in that time.
_MOST_DELAY: Final = 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """Replicas of one kind behind one queue, first come, first served."""

    service_time: float = 1.0
    """Seconds that a request is served, on average; more than 0. Default: 1."""

    concurrency: int = 4
    """Requests that a replica serves at a time; 1 or more. Default: 4."""

    latency_bound: float = 2.0
    """Seconds from arrival to answer that are promised; not less than `service_time`. Default: 2."""

    startup_delay: float = 60.0
    """Seconds from the wish for a replica until it takes requests; 0 to 86,400. Default: 60."""

    give_up: float = 60.0
    """Seconds after which a request that still waits has failed and is gone; not less than what it may wait.
    Default: 60."""

    max_replicas: int = 1000
    """Replicas at most. Default: 1,000."""

    min_replicas: int = 1
    """Replicas at least. Default: 1."""

    price: float = 1.0
    """Of a replica for an hour, in any currency; 0 or more. Default: 1."""

    @property
    def replica_rate(self) -> float:
        """Requests a second that a replica serves when it is never idle."""
        return self.concurrency / self.service_time

    @property
    def allowed_wait(self) -> float:
        """Seconds that a request may wait before it is served."""
        return self.latency_bound - self.service_time

    def check(self) -> None:
        """Raise `InvalidInput` with everything that is wrong."""
        problems = Problems()
        _more_than_zero(problems, "serviceTime", self.service_time, "seconds")
        _more_than_zero(problems, "latencyBound", self.latency_bound, "seconds")
        _zero_or_more(problems, "startupDelay", self.startup_delay, "seconds")
        if self.startup_delay < math.inf:
            problems.between("startupDelay", self.startup_delay, -math.inf, _MOST_DELAY, "seconds")
        _zero_or_more(problems, "giveUp", self.give_up, "seconds")
        _zero_or_more(problems, "price", self.price, "an hour")
        problems.between("concurrency", self.concurrency, 1, None, "requests")
        problems.between("minReplicas", self.min_replicas, 0, None, "replicas")
        problems.between("maxReplicas", self.max_replicas, max(1, self.min_replicas), None, "replicas")
        if self.latency_bound < self.service_time:
            problems.add(
                "latencyBound",
                f"{self.latency_bound:g} seconds is less than the {self.service_time:g} seconds that a request is "
                "served, so every request would be late; give more",
            )
        elif self.give_up < self.allowed_wait:
            problems.add(
                "giveUp",
                f"{self.give_up:g} seconds is less than the {self.allowed_wait:g} seconds that a request may wait; "
                "give more",
            )
        problems.raise_if_any("service")


def _more_than_zero(problems: Problems, path: str, value: float, unit: str) -> None:
    if not (math.isfinite(value) and value > 0):
        problems.add(path, f"{value:g} {unit} is not possible; give more than 0 {unit}")


def _zero_or_more(problems: Problems, path: str, value: float, unit: str) -> None:
    if not (math.isfinite(value) and value >= 0):
        problems.add(path, f"{value:g} {unit} is not possible; give 0 {unit} or more")
