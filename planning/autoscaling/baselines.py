"""Simple policies beside which others are measured: a fixed number, the last value, yesterday, and who knows all."""

import math
from collections.abc import Sequence

import numpy as np

from .arrivals import Arrivals
from .lanes import Counts, Observations, Values
from .service import Service


class FixedLanes:
    """The same number of replicas all the time."""

    def __init__(self, replicas: Sequence[int]) -> None:
        """Take the replicas of each lane."""
        self._replicas = np.array(replicas, dtype=np.int64)

    @property
    def count(self) -> int:
        """Number of lanes."""
        return len(self._replicas)

    def decide_all(self, seen: Observations) -> Counts:
        """Return the replicas of every lane, [lanes]."""
        return self._replicas


class LastValueLanes:
    """What the last interval needed, and some more: no tolerance, no window, no limit to growth."""

    def __init__(self, service: Service, headroom: Sequence[float]) -> None:
        """Take the service, and by which factor each lane has more than the last value."""
        self._service = service
        self._headroom = np.array(headroom)

    @property
    def count(self) -> int:
        """Number of lanes."""
        return len(self._headroom)

    def decide_all(self, seen: Observations) -> Counts:
        """Return the replicas of every lane, [lanes]."""
        if not np.isfinite(seen.rate):
            return seen.wanted
        return _needed(seen.rate / self._service.replica_rate * self._headroom, self._service)


class YesterdayLanes:
    """What the same time of yesterday needed, and some more; on the first day, the last value."""

    def __init__(self, service: Service, headroom: Sequence[float], interval: float = 15.0) -> None:
        """Take the service, by which factor each lane has more, and the seconds between two decisions."""
        self._service = service
        self._headroom = np.array(headroom)
        self._day = round(86_400 / interval)
        self._ahead = math.ceil(service.startup_delay / interval) + 1
        self._loads: list[float] = []

    @property
    def count(self) -> int:
        """Number of lanes."""
        return len(self._headroom)

    def decide_all(self, seen: Observations) -> Counts:
        """Return the replicas of every lane, [lanes]."""
        last = self._loads[-1] if self._loads else 0.0
        self._loads.append(float(seen.rate) / self._service.replica_rate if np.isfinite(seen.rate) else last)
        now = len(self._loads) - 1 - self._day
        load = max(self._loads[now : now + self._ahead + 1]) if now >= 0 else self._loads[-1]
        return _needed(load * self._headroom, self._service)


class OracleLanes:
    """What the load will need until a replica that is started now is ready: nobody can know it."""

    def __init__(self, service: Service, arrivals: Arrivals, headroom: Sequence[float], interval: float = 15.0) -> None:
        """Take the service, the whole load, by which factor each lane has more, and the seconds between decisions."""
        self._service = service
        self._headroom = np.array(headroom)
        block = max(1, round(interval / arrivals.step))
        count = len(arrivals) // block
        loads = arrivals.work[: count * block].reshape(count, block).mean(1) / arrivals.step / service.replica_rate
        ahead = math.ceil(service.startup_delay / interval) + 1
        padded = np.concatenate([loads, np.full(ahead, loads[-1])])
        self._needs = np.lib.stride_tricks.sliding_window_view(padded, ahead + 1)[:, 1:].max(1)
        self._index = 0

    @property
    def count(self) -> int:
        """Number of lanes."""
        return len(self._headroom)

    def decide_all(self, seen: Observations) -> Counts:
        """Return the replicas of every lane, [lanes]."""
        need = self._needs[min(self._index, len(self._needs) - 1)]
        self._index += 1
        return _needed(need * self._headroom, self._service)


def _needed(loads: Values, service: Service) -> Counts:
    return np.clip(np.ceil(loads - 1e-9), service.min_replicas, service.max_replicas).astype(np.int64)
