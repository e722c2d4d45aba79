"""Scaling by events as KEDA does it: itself between 0 and 1, from there on through a HorizontalPodAutoscaler.

Source: kedacore/keda-docs, content/docs/2.21/concepts/scaling-deployments.md and reference/scaledobject-spec.md, read
in November 2026.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...problems import Problems
from .horizontal import HorizontalLanes, HorizontalSettings, Metric
from .lanes import Counts, Observations


@dataclass(frozen=True, kw_only=True, slots=True)
class EventDrivenSettings:
    """One ScaledObject with one trigger."""

    horizontal: HorizontalSettings
    """The autoscaler that KEDA makes; its metric is external, and its least replicas are 1 where KEDA's are 0."""

    polling: float = 30.0
    """Seconds between two looks at the trigger, for going to and from 0. Default: 30."""

    activation: float = 0.0
    """Requests a second above which the trigger is active. Default: 0."""

    cooldown: float = 300.0
    """Seconds that the trigger must be inactive before the last replicas go. Default: 300."""

    min_replicas: int = 0
    """Replicas at least; at 0 it scales to zero. Default: 0."""

    fallback_replicas: int | None = None
    """Replicas while the trigger fails. Default: no fallback, so the number stays as it is."""

    failure_threshold: int = 3
    """Failures in a row after which the fallback counts. Default: 3."""


class EventDrivenLanes:
    """Several ScaledObjects over the same load; they differ as `HorizontalLanes` may, and in cooldown."""

    def __init__(self, settings: Sequence[EventDrivenSettings]) -> None:
        """Take one setting a lane; polling, activation, bounds and fallback must be the same. Raises `InvalidInput`."""
        problems = Problems()
        first = settings[0]
        for index, each in enumerate(settings):
            with problems.under(f"settings[{index}]"):
                if each.horizontal.metric is Metric.UTILISATION:
                    problems.add("metric", "'utilisation' is a resource metric; give 'rate' or 'in-flight'")
                if not each.polling > 0:
                    problems.add("polling", f"{each.polling:g} seconds is not possible; give more than 0 seconds")
                problems.between("cooldown", each.cooldown, 0, None, "seconds")
                problems.between("activation", each.activation, 0, None, "requests a second")
                problems.between("minReplicas", each.min_replicas, 0, None, "replicas")
                problems.between("failureThreshold", each.failure_threshold, 1, None, "failures")
        if len({replace(each, horizontal=first.horizontal, cooldown=0) for each in settings}) > 1:
            problems.add("settings", "differ in polling, activation, bounds or fallback; replay those one by one")
        problems.raise_if_any("ScaledObject")
        self._settings = first
        least = max(1, first.min_replicas)
        self._inner = HorizontalLanes([replace(each.horizontal, min_replicas=least) for each in settings])
        self._target = np.array([each.horizontal.target * each.horizontal.replica_rate for each in settings])
        self._cooldown = np.array([each.cooldown for each in settings])
        self._polled: float | None = None
        self._active_at = np.zeros(len(settings))
        self._failures = 0

    @property
    def count(self) -> int:
        """Number of lanes."""
        return self._inner.count

    def decide_all(self, seen: Observations) -> Counts:
        """Return the replicas of every lane, [lanes]."""
        settings = self._settings
        if self._polled is None:
            self._active_at[:] = seen.time
        polls = self._polled is None or seen.time - self._polled >= settings.polling - 1e-6
        failed = not np.isfinite(seen.rate)
        if polls:
            self._polled = seen.time
            self._failures = self._failures + 1 if failed else 0
        inside = seen
        falls_back = failed and settings.fallback_replicas is not None and self._failures >= settings.failure_threshold
        if falls_back and settings.fallback_replicas is not None:
            inside = replace(seen, rate=self._target * settings.fallback_replicas)
        decided = self._inner.decide_all(inside)
        if settings.min_replicas > 0 or (failed and not falls_back) or not polls:
            return decided
        active = np.full(self.count, falls_back or bool(seen.rate > settings.activation))
        active |= np.nan_to_num(seen.waiting) > 0
        self._active_at = np.where(active, seen.time, self._active_at)
        woken = np.where(active & (seen.wanted == 0), 1, decided)
        return np.where(~active & (seen.time - self._active_at >= self._cooldown), 0, woken)
