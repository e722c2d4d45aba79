"""The HorizontalPodAutoscaler as Kubernetes computes it.

Source: kubernetes/website, content/en/docs/tasks/run-application/horizontal-pod-autoscale.md, and the controller,
kubernetes/kubernetes pkg/controller/podautoscaler/{replica_calculator,horizontal}.go, read in November 2026.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...problems import Problems
from .lanes import Counts, Observations, Values, groups
from .policy import Decision, Observation

SYNC_SECONDS: Final = 15.0
"""Seconds between two decisions: `--horizontal-pod-autoscaler-sync-period`."""

TOLERANCE: Final = 0.1
"""Share by which the metric may differ from its target: `--horizontal-pod-autoscaler-tolerance`."""


class Metric(StrEnum):
    """What is compared with the target."""

    UTILISATION = "utilisation"
    """A resource metric, such as use of cores: the average over the ready pods; it cannot be above 1 for long."""

    RATE = "rate"
    """An object or external metric with an average value: requests a second, for each replica."""

    IN_FLIGHT = "in-flight"
    """An object or external metric with an average value: requests that are served or wait, for each replica."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """The most that may change within a period."""

    pods: int = 0
    """Pods; 0 where it is a percentage."""

    percent: int = 0
    """Percent of the pods at the begin of the period."""

    period: float = 15.0
    """Seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HorizontalSettings:
    """One HorizontalPodAutoscaler."""

    metric: Metric = Metric.RATE
    """What it looks at. Default: requests a second."""

    target: float = 0.7
    """Share of a replica's capacity that it aims at; more than 0."""

    replica_rate: float
    """Requests a second that one replica can serve; more than 0."""

    service_time: float = 1.0
    """Seconds that a request is served, for requests in flight. Default: 1."""

    tolerance: float = TOLERANCE
    """Default: 0.1."""

    up_window: float = 0.0
    """Seconds of recommendations of which the least counts on the way up. Default: 0."""

    down_window: float = 300.0
    """Seconds of recommendations of which the largest counts on the way down. Default: 300."""

    up_steps: tuple[Step, ...] = (Step(percent=100), Step(pods=4))
    """Default: Kubernetes' own, 100 percent or 4 pods every 15 seconds."""

    down_steps: tuple[Step, ...] = (Step(percent=100),)
    """Default: Kubernetes' own, 100 percent every 15 seconds."""

    up_least: bool = False
    """Whether the step that changes least counts (`selectPolicy: Min`). Default: the one that changes most."""

    down_least: bool = False
    """The same on the way down."""

    min_replicas: int = 1
    """Default: 1."""

    max_replicas: int = 1000
    """Default: 1,000."""

    def check(self, problems: Problems) -> None:
        """Add what is wrong."""
        for path, value, unit in (
            ("target", self.target, ""),
            ("replicaRate", self.replica_rate, " requests a second"),
            ("serviceTime", self.service_time, " seconds"),
        ):
            if not value > 0 or not np.isfinite(value):
                problems.add(path, f"{value!r} is not possible; give more than 0{unit}")
        problems.between("tolerance", self.tolerance, 0)
        problems.between("upWindow", self.up_window, 0, 3600, "seconds")
        problems.between("downWindow", self.down_window, 0, 3600, "seconds")
        problems.between("minReplicas", self.min_replicas, 0, None, "replicas")
        problems.between("maxReplicas", self.max_replicas, max(1, self.min_replicas), None, "replicas")


class HorizontalLanes:
    """Several autoscalers over the same load; they differ in metric, target and windows."""

    def __init__(self, settings: Sequence[HorizontalSettings]) -> None:
        """Take one setting a lane; their steps, tolerance and bounds must be the same. Raises `InvalidInput`."""
        problems = Problems()
        for index, each in enumerate(settings):
            with problems.under(f"settings[{index}]"):
                each.check(problems)
        first = settings[0]
        shared = {
            (each.up_steps, each.down_steps, each.up_least, each.down_least, each.min_replicas, each.max_replicas)
            for each in settings
        }
        if len(shared) > 1:
            problems.add("settings", "differ in steps or bounds; replay those one by one")
        problems.raise_if_any("HorizontalPodAutoscaler")
        self._settings = tuple(settings)
        self._first = first
        self._target = np.array([each.target for each in settings])
        self._tolerance = np.array([each.tolerance for each in settings])
        self._replica_rate = np.array([each.replica_rate for each in settings])
        self._service_time = np.array([each.service_time for each in settings])
        metric = np.array([each.metric for each in settings])
        self._by_utilisation = metric == Metric.UTILISATION
        self._by_flight = metric == Metric.IN_FLIGHT
        self._up_windows = groups([each.up_window for each in settings])
        self._down_windows = groups([each.down_window for each in settings])
        longest = max(max(each.up_window, each.down_window) for each in settings)
        self._window = longest
        self._period = max(step.period for step in (*first.up_steps, *first.down_steps))
        self._recommended: deque[tuple[float, Counts]] = deque()
        self._changes: deque[tuple[float, Counts]] = deque()

    @property
    def count(self) -> int:
        """Number of lanes."""
        return len(self._settings)

    def decide_all(self, seen: Observations) -> Counts:
        """Return the replicas of every lane, [lanes]."""
        current = seen.wanted
        if not self._recommended:
            self._recommended.append((seen.time, current))
        wanted, measured = self._recommend(seen)
        # As the controller does: without a metric nothing is recorded and nothing changes.
        stable = self._stabilise(seen.time, current, wanted)
        decided = np.where(measured, self._bound(seen.time, current, stable), current)
        decided = np.clip(decided, self._first.min_replicas, self._first.max_replicas)
        decided = np.where(current == 0, 0, decided)
        change = decided - current
        if change.any():
            self._changes.append((seen.time, change))
        return decided

    def _recommend(self, seen: Observations) -> tuple[Counts, NDArray[np.bool_]]:
        current = np.maximum(seen.wanted, 1)
        load = seen.rate / self._replica_rate
        if self._by_flight.any():
            flight = load + seen.waiting / (self._service_time * self._replica_rate)
            load = np.where(self._by_flight, flight, load)
        ratio = load / (self._target * current)
        desired = np.where(abs(ratio - 1) <= self._tolerance, current, np.ceil(load / self._target - 1e-9))
        measured = np.isfinite(ratio)
        if self._by_utilisation.any():
            by_use, used = self._by_use(seen)
            desired = np.where(self._by_utilisation, by_use, desired)
            measured = np.where(self._by_utilisation, used, measured)
        desired = np.where(measured, desired, current)
        return desired.astype(np.int64), measured

    def _by_use(self, seen: Observations) -> tuple[Values, NDArray[np.bool_]]:
        ready = np.minimum(seen.ready, seen.wanted)
        desired = recommended_by_use(
            current=seen.wanted,
            ready=ready,
            starting=seen.wanted - ready,
            utilisation=np.nan_to_num(seen.utilisation),
            target=self._target,
            tolerance=self._tolerance,
        )
        return desired, np.isfinite(seen.utilisation) & (ready > 0)

    def _stabilise(self, now: float, current: Counts, wanted: Counts) -> Counts:
        up, down = wanted.copy(), wanted.copy()
        while self._recommended and self._recommended[0][0] <= now - self._window:
            self._recommended.popleft()
        if self._recommended:
            times = np.array([time for time, _ in self._recommended])
            values = np.array([value for _, value in self._recommended])
            for window, lanes in self._up_windows:
                recent = values[np.searchsorted(times, now - window, "right") :, lanes]
                if len(recent):
                    up[lanes] = np.minimum(up[lanes], recent.min(0))
            for window, lanes in self._down_windows:
                recent = values[np.searchsorted(times, now - window, "right") :, lanes]
                if len(recent):
                    down[lanes] = np.maximum(down[lanes], recent.max(0))
        self._recommended.append((now, wanted))
        return np.minimum(np.maximum(current, up), down)

    def _bound(self, now: float, current: Counts, wanted: Counts) -> Counts:
        first = self._first
        while self._changes and self._changes[0][0] <= now - self._period:
            self._changes.popleft()
        upper = np.minimum(first.max_replicas, np.maximum(current, self._limit(now, current, up=True)))
        lower = np.maximum(first.min_replicas, np.minimum(current, self._limit(now, current, up=False)))
        return np.where(wanted > current, np.minimum(wanted, upper), np.maximum(wanted, lower))

    def _limit(self, now: float, current: Counts, *, up: bool) -> Counts:
        steps, least = (
            (self._first.up_steps, self._first.up_least) if up else (self._first.down_steps, self._first.down_least)
        )
        limits: list[Counts] = []
        for step in steps:
            begun = current - sum((change for time, change in self._changes if time > now - step.period), 0)
            sign = 1 if up else -1
            if step.pods:
                limits.append(begun + sign * step.pods)
            else:
                scaled = begun * (1 + sign * step.percent / 100)
                limits.append((np.ceil(scaled - 1e-9) if up else np.floor(scaled + 1e-9)).astype(np.int64))
        return np.max(limits, 0) if up != least else np.min(limits, 0)


def recommended_by_use(
    *,
    current: Counts,
    ready: Counts,
    starting: Counts,
    utilisation: Values,
    target: Values,
    tolerance: Values,
    missing: Counts | int = 0,
) -> Values:
    """Return what a resource metric with a target in percent recommends, [lanes].

    Args:
        current: Replicas that the target is told to have.
        ready: Pods whose metric counts; 1 or more.
        starting: Pods that are not ready: they count as idle on the way up, and not at all on the way down.
        utilisation: Average use over the ready pods, as a share of their request.
        target: Use that is aimed at, as a share.
        tolerance: Share by which the use may differ from the target.
        missing: Pods without a metric: idle on the way up, wholly used on the way down. Default: none.
    """
    # The controller counts in whole percent.
    percent = np.floor(utilisation * 100 + 1e-9)
    aim = np.round(target * 100)
    ratio = percent / aim
    up, down = ratio > 1, ratio < 1
    counted = ready + np.where(up | down, missing, 0) + np.where(up, starting, 0)
    added = np.where(down, missing * np.maximum(100, aim), 0)
    spread = np.floor((ready * utilisation * 100 + added) / np.maximum(counted, 1) + 1e-9) / aim
    direct = (~up | (starting == 0)) & (np.asarray(missing) == 0)
    spread = np.where(direct, ratio, spread)
    desired = np.ceil(spread * np.where(direct, ready, counted) - 1e-9)
    turned = (down & (spread > 1)) | (up & (spread < 1))
    turned |= ~direct & (((spread < 1) & (desired > current)) | ((spread > 1) & (desired < current)))
    return np.where((abs(spread - 1) <= tolerance + 1e-12) | turned, current, desired)


class HorizontalPolicy:
    """The autoscaler of one service."""

    def __init__(self, settings: HorizontalSettings) -> None:
        """Take the settings; raises `InvalidInput` where they make no sense."""
        self._settings = settings
        self._lanes = HorizontalLanes([settings])

    @property
    def name(self) -> str:
        """What tables call it."""
        return "horizontal"

    def decide(self, observation: Observation) -> Decision:
        """Return how many replicas there should be from now on."""
        replicas = int(self._lanes.decide_all(Observations.of(observation))[0])
        return Decision(replicas=replicas, reactive=replicas)
