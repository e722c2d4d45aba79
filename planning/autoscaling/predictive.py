"""The predictive policy: as many replicas as the load will need when one that is started now is ready.

At each decision it asks for the quantiles of the load at the moments from now until a replica that is started now is
ready. For each it chooses the number of replicas at which one more would cost more than the late requests that it
would save (the newsvendor's rule; K. J. Arrow, T. Harris and J. Marschak, Optimal Inventory Policy, 1951), where the
queueing model says what load a number of replicas can serve. The largest of these numbers counts: so it goes down only
where nothing that is forecast needs the replica back before another could be ready. It never decides on less than the
reactive rule.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from ...problems import InvalidInput, Problem
from ..forecasting.series import Series
from .candidates import COUNT, WORTHS, Candidates
from .demand import DemandForecaster
from .demand_prior import candidate_prior
from .lanes import Counts, Observations, Values, groups
from .policy import Decision, Observation
from .predictive_settings import PredictiveSettings
from .queueing import loads_for
from .shadows import Shadows

_PATIENCE: Final = 300.0
"""Seconds between two choices of a leader."""

_HORIZONS: Final = 4

_OBSERVED_GAP: Final = 120
"""Intervals of a gap that are gone through one by one."""


class PredictiveLanes:
    """The policy for several settings beside each other; all see the same load."""

    def __init__(self, each: Sequence[PredictiveSettings]) -> None:
        """Take one setting a lane; they differ in `late_worth`, `hold` and `follow` alone. Raises `InvalidInput`."""
        settings = each[0]
        for one in each:
            one.check()
        if len({replace(one, late_worth=1.0, hold=0.0, follow=True) for one in each}) > 1:
            reason = "differ in more than lateWorth, hold and follow; replay those one by one"
            raise InvalidInput("predictive policy", [Problem("settings", reason)])
        self._settings = settings
        self._worth = np.array([one.late_worth for one in each], dtype=np.float64)
        self._follow = np.array([one.follow for one in each])
        self._nearest = abs(np.log(self._worth)[:, None] - np.log(WORTHS)).argmin(1)
        self._holds = groups([one.hold for one in each])
        self._longest = max(one.hold for one in each)
        self._wishes: deque[tuple[float, Counts]] = deque()
        service = settings.service
        steps = math.ceil(service.startup_delay / settings.interval - 1e-9) + 1
        horizons = sorted({max(1, round(1 + (steps - 1) * part / (_HORIZONS - 1))) for part in range(_HORIZONS)})
        self._forecaster = DemandForecaster(step=settings.interval, horizons=tuple(horizons))
        self.loads = loads_for(
            most=service.max_replicas,
            service_time=service.service_time,
            concurrency=service.concurrency,
            allowed_wait=service.allowed_wait,
            late=settings.late,
            service_variation=0.0,
        )
        step = settings.interval
        self._candidates = Candidates(step=step, loads=self.loads)
        self._shadows = Shadows(
            step=step,
            startup_delay=service.startup_delay,
            allowed_wait=service.allowed_wait,
            count=COUNT,
            prior=candidate_prior(service.startup_delay),
        )
        self._recent: float | None = None
        self._last = 0.0
        self._usual: float | None = None
        self._recent_decay = math.exp(-step / settings.reactive_span)
        self._usual_decay = math.exp(-step / 3600)
        self._patience = max(1, round(_PATIENCE / step))
        self._turn = 0
        self._leaders = np.zeros(len(self._worth), dtype=np.int64)
        self._wanted: Counts | None = None
        self.forecast: Values | None = None
        self.reactive: Counts = np.zeros(len(self._worth), dtype=np.int64)

    @property
    def count(self) -> int:
        """Number of lanes."""
        return len(self._worth)

    def observe(self, rate: float, time: float | None = None) -> None:
        """Take the rate of one interval, in requests a second; NaN where it is unknown; `time` is its end."""
        load = rate / self._settings.service.replica_rate
        self._forecaster.observe(load)
        self._candidates.observe(load)
        self._shadows.observe(load)
        if math.isfinite(load):
            self._last = load
            self._recent = load if self._recent is None else load + self._recent_decay * (self._recent - load)
            self._usual = load if self._usual is None else load + self._usual_decay * (self._usual - load)
        if self._usual is None:
            return
        self.forecast = self._forecaster.quantiles()
        self._wanted = self._candidates.replicas(self.forecast)
        self._shadows.follow(self._wanted)
        if self._turn % self._patience == 0:
            replicas, late = self._shadows.totals(self._usual, self._forecaster.width)
            self._leaders = (replicas + self._worth[:, None] * late).argmin(1)
        self._turn += 1
        if time is not None:
            wish = np.where(self._follow, self._wanted[self._leaders], self._candidates.forecast[self._nearest])
            self._wishes.append((time, wish))
            while len(self._wishes) > 1 and self._wishes[0][0] <= time - self._longest:
                self._wishes.popleft()

    def learned(self) -> dict[str, Any]:
        """Return what it knows of the load, as arrays: of the forecaster by horizon, of the candidates one by one."""
        return self._forecaster.learned() | self._shadows.learned()

    def miss(self, intervals: int) -> None:
        """Let intervals pass in which nobody looked."""
        looked_at = min(intervals, _OBSERVED_GAP)
        if intervals > looked_at:
            self._forecaster.skip(intervals - looked_at)
        for _ in range(looked_at):
            self.observe(math.nan)

    def decide_all(self, seen: Observations) -> Counts:
        """Return the replicas of every lane, [lanes]."""
        settings, service = self._settings, self._settings.service
        rate = float(np.max(seen.rate))
        if not self._wishes:
            # As the HPA does: what there is at the begin counts as a wish.
            self._wishes.append((seen.time, seen.wanted))
        self.observe(rate, seen.time)
        if self._wanted is None or not math.isfinite(rate):
            self.reactive = np.clip(seen.wanted, service.min_replicas, service.max_replicas)
            return self.reactive
        grown = np.maximum(np.ceil(seen.wanted * settings.growth_factor), seen.wanted + settings.growth_least)
        self.reactive = np.minimum(self._react(), np.clip(grown, service.min_replicas, None).astype(np.int64))
        if settings.forecast_only:
            return self.reactive
        wanted = self._held(seen.time) + self._drain(seen)
        wanted = np.minimum(wanted, grown.astype(np.int64))
        return np.clip(np.maximum(wanted, self.reactive), service.min_replicas, service.max_replicas)

    def _held(self, now: float) -> Counts:
        """Return the highest wish of the time to hold, [lanes]."""
        held = self._wishes[-1][1].copy()
        times = np.array([time for time, _ in self._wishes])
        values = np.array([each for _, each in self._wishes])
        for hold, lanes in self._holds:
            held[lanes] = values[min(np.searchsorted(times, now - hold, "right"), len(times) - 1) :, lanes].max(0)
        return held

    def _react(self) -> Counts:
        assert self._recent is not None
        service = self._settings.service
        needed = math.ceil(self._recent / self._settings.reactive_target - 1e-9)
        return np.full(self.count, min(max(needed, service.min_replicas), service.max_replicas), dtype=np.int64)

    def _drain(self, seen: Observations) -> Counts:
        """Return the replicas that work off what waits, [lanes].

        X replicas more cost X times the start-up, and while a backlog of B is worked off in B / X everything that comes
        is late: the sum is least at the square root of what that is worth over what the start-up costs. It is taken
        twice, since the backlog grows until they are ready; and never more than work it off in a second.
        """
        service = self._settings.service
        waiting = np.nan_to_num(seen.waiting) / service.replica_rate
        if not waiting.any() or self._recent is None:
            return np.zeros(self.count, dtype=np.int64)
        load = max(self._recent, self._last)
        span = max(service.startup_delay, self._settings.interval)
        left = np.minimum(waiting, load * service.give_up)
        best = 2 * np.sqrt(self._worth * load * left / span)
        return np.ceil(np.minimum(best, left) - 0.5).astype(np.int64)


class PredictivePolicy:
    """The policy for one service: give it an observation at each interval, and it decides."""

    def __init__(self, settings: PredictiveSettings) -> None:
        """Take the settings; raises `InvalidInput` where they make no sense."""
        self._settings = settings
        self._lanes = PredictiveLanes([settings])
        self._newest: float | None = None

    @property
    def name(self) -> str:
        """What tables call it."""
        return "predictive"

    @property
    def settings(self) -> PredictiveSettings:
        """What it was told."""
        return self._settings

    @property
    def quantiles(self) -> Values | None:
        """The load that is forecast, in replicas' worth, [moments ahead, levels]; None before the first."""
        return self._lanes.forecast

    def restore(self, history: Series) -> None:
        """Forget everything, and take requests a second of the past, oldest first; NaN where they are unknown.

        The same history always gives the same state. Values of a step longer than the interval count for each
        interval of it; of a shorter step, their average.
        """
        self._lanes = PredictiveLanes([self._settings])
        interval = self._settings.interval
        count = math.floor(len(history) * history.step / interval + 1e-9)
        edges = np.arange(count + 1) * interval / history.step
        for turn, (begin, end) in enumerate(pairwise(edges.tolist()), start=1):
            first = math.floor(begin + 1e-9)
            values = history.values[first : max(math.ceil(end - 1e-9), first + 1)]
            known = values[np.isfinite(values) & (values >= 0)]
            rate = float(known.mean()) if len(known) else math.nan
            self._lanes.observe(rate, history.start + turn * interval)
        self._newest = history.end if count else None

    def decide(self, observation: Observation) -> Decision:
        """Return how many replicas there should be from now on.

        A rate that is missing, negative or not finite holds what there is. Intervals that were missed count as
        unknown; a second observation within half an interval changes no forecast.
        """
        interval, service = self._settings.interval, self._settings.service
        if self._newest is not None:
            missed = round((observation.time - self._newest) / interval) - 1
            if missed < 0:
                kept = min(max(observation.wanted, service.min_replicas), service.max_replicas)
                return Decision(replicas=kept, reactive=kept, reason="this interval was decided on already")
            self._lanes.miss(missed)
        self._newest = observation.time
        seen = Observations.of(observation)
        replicas = int(self._lanes.decide_all(seen)[0])
        reactive = int(self._lanes.reactive[0])
        forecast = None
        if self._lanes.forecast is not None:
            forecast = float(self._loads_for(replicas)) * service.replica_rate
        return Decision(
            replicas=replicas, reactive=reactive, forecast=forecast, reason=self._reason(seen, replicas, reactive)
        )

    def _loads_for(self, replicas: int) -> float:
        return float(self._lanes.loads[min(replicas, len(self._lanes.loads) - 1)])

    def _reason(self, seen: Observations, replicas: int, reactive: int) -> str:
        if not math.isfinite(seen.rate):
            return "the rate is not known: what there is stays"
        if replicas >= self._settings.service.max_replicas:
            return f"the most that is allowed, {replicas}"
        if self._settings.forecast_only:
            return "forecast only: the reactive rule decides"
        if replicas == reactive:
            return "the reactive rule wants as much as the forecast or more"
        return "the forecast wants more than the reactive rule"
