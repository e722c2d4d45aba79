"""The loop: read the load, predict, decide, act; each failure leaves the pods as they are."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ...planning.autoscaling.policy import Decision, Observation
from ..inference.logs import FIELDS
from .accuracy import Accuracy, Prediction
from .actors import Actor
from .bounds import Bounds, Outcome, Situation, reactive_replicas
from .cluster import ApiFailure
from .history import History
from .learning import Learning, in_thread
from .metrics import Metrics
from .past import Past
from .policies import PredictingPolicy
from .readings import Reading, Source
from .settings import AutoscalerSettings
from .target import Target, TargetState

_LOG: Final = logging.getLogger("aidc.autoscaler")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one round of the loop saw and did."""

    state: TargetState | None
    """The target; None where it is gone, or was not read."""

    reading: Reading | None = None
    """The load; None where the target was not read."""

    prediction: Prediction | None = None
    """The load that is to come; None where nothing was predicted."""

    decision: Decision | None = None
    """What the policy said; None where nothing was decided."""

    outcome: Outcome | None = None
    """What is to be done; None where nothing is."""

    problem: str = ""
    """What kept it from deciding; empty where it decided."""


class Autoscaler:
    """Decides once in each interval."""

    def __init__(
        self,
        settings: AutoscalerSettings,
        *,
        target: Target,
        source: Source,
        make_policy: Callable[[], PredictingPolicy],
        past: Past,
        actor: Actor,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
        start: Callable[[Callable[[], None]], None] = in_thread,
    ) -> None:
        """Take the parts; nothing is read or written before `step`.

        Args:
            settings: What is scaled, and within which bounds.
            target: The workload.
            source: The load.
            make_policy: Returns a policy that has seen nothing.
            past: Where the past comes from, and where it is stored.
            actor: Does what was decided.
            metrics: Where it is shown.
            clock: Seconds that only go forward.
            start: Runs what takes long, in a thread or at once.
        """
        self._settings, self._target, self._source, self._clock = settings, target, source, clock
        self._make_policy, self._policy = make_policy, make_policy()
        self._past, self._actor, self._metrics = past, actor, metrics
        self._bounds = Bounds(settings.replicas)
        self._history = History(settings.interval_seconds, past.seconds)
        self._accuracy = Accuracy(settings.interval_seconds)
        self._learning = Learning(make_policy, past, settings.interval_seconds, start)
        self._knows_past = False
        self._read_at = self._complete_at = clock()
        for name, value in (
            ("replicas_minimum", settings.replicas.minimum),
            ("replicas_maximum", settings.replicas.maximum),
            ("start_up_seconds", settings.start_up_seconds),
            ("acting", settings.mode == "act"),
        ):
            metrics.set(name, value)

    def step(self) -> Step:
        """Go once through the loop; what the outside does wrong is not raised."""
        step = self._step()
        self._show(step)
        return step

    def _step(self) -> Step:
        try:
            state = self._target.read()
        except ApiFailure as failure:
            self._metrics.failures.labels("api").inc()
            self._actor.rest(is_gone=False)
            return Step(state=None, problem=f"the target cannot be read: {failure}")
        if state is None:
            self._actor.rest(is_gone=True)
            return Step(state=None, problem="the target is gone; waiting for it to come back")
        reading = self._source.read(state)
        if reading.rate is None:
            self._metrics.failures.labels("source").inc()
        self._remember(state, reading)
        decision = self._decide(state, reading)
        outcome = self._bound(decision, state, reading)
        outcome = self._actor.act(state, outcome, lambda changed: self._bound(decision, changed, reading))
        prediction = self._policy.prediction
        if prediction is not None and reading.rate is not None:
            self._accuracy.expect(reading.time + self._settings.start_up_seconds, prediction)
        return Step(state=state, reading=reading, prediction=prediction, decision=decision, outcome=outcome)

    def _remember(self, state: TargetState, reading: Reading) -> None:
        """Add to the history; after a start and after a gap, take the past anew from the source."""
        now = self._clock()
        if reading.rate is None:
            self._knows_past = self._knows_past and now - self._read_at <= 2 * self._settings.interval_seconds
        else:
            self._read_at = now
            if not self._knows_past:
                self._learning.begin()
        self._learn(state)
        self._accuracy.observe(reading.time, reading.rate)
        self._history.add(reading.time, reading.rate)
        if self._actor.is_responsible:
            try:
                self._past.store(self._history.samples)
            except ApiFailure as failure:
                self._metrics.failures.labels("history").inc()
                _LOG.warning(f"the history was not stored: {failure}")

    def _learn(self, state: TargetState) -> None:
        """Take what was learned of the past, and what came while it was learned."""
        learned = self._learning.take()
        if learned is None:
            return
        self._knows_past = learned.samples is not None
        if not self._knows_past:
            self._metrics.failures.labels("history").inc()
        if not learned.samples or learned.policy is None:
            return
        meanwhile = [sample for sample in self._history.samples if sample.time > learned.samples[-1].time]
        self._history.replace([*learned.samples, *meanwhile])
        self._policy = learned.policy
        for sample in meanwhile:
            seen = Observation(time=sample.time, rate=sample.rate, ready=state.ready, wanted=state.wanted)
            self._policy.decide(seen)
        known = sum(sample.rate is not None for sample in learned.samples)
        _LOG.info("the past is known", extra={FIELDS: {"samples": len(learned.samples), "known": known}})

    def _decide(self, state: TargetState, reading: Reading) -> Decision:
        observation = Observation(
            time=reading.time, rate=reading.rate, waiting=reading.waiting, ready=state.ready, wanted=state.wanted
        )
        try:
            return self._policy.decide(observation)
        except Exception:
            # Whatever it is: the load of now is served by the reactive rule, which is worked out elsewhere.
            self._metrics.failures.labels("policy").inc()
            _LOG.exception("the policy failed")
            self._policy, self._knows_past = self._make_policy(), False
            return Decision(replicas=0, reactive=0, reason="the policy failed")

    def _bound(self, decision: Decision, state: TargetState, reading: Reading) -> Outcome:
        reactive = self._reactive(state, reading)
        if reactive is not None:
            reactive = max(reactive, decision.reactive)
        return self._bounds.apply(decision, Situation(time=reading.time, wanted=state.wanted, reactive=reactive))

    def _reactive(self, state: TargetState, reading: Reading) -> int | None:
        if reading.rate is None:
            return None
        return reactive_replicas(
            reading.rate,
            state.wanted,
            replica_rate=self._settings.capacity.rate,
            utilisation=self._settings.utilisation,
        )

    def _show(self, step: Step) -> None:
        metrics, state, reading, outcome = self._metrics, step.state, step.reading, step.outcome
        metrics.set("target_found", state is not None)
        metrics.set("leader", self._actor.is_responsible)
        metrics.set("contested", self._actor.is_contested)
        if state is None or reading is None or outcome is None or step.decision is None:
            _LOG.warning(step.problem)
            return
        now = self._clock()
        if state.ready >= state.wanted:
            self._complete_at = now
        values: dict[str, float | None] = {
            "load": reading.rate,
            "waiting": reading.waiting,
            "forecast": None if step.prediction is None else step.prediction.middle,
            "forecast_high": None if step.prediction is None else step.prediction.high,
            "load_provided": step.decision.forecast,
            "forecast_error": self._accuracy.error,
            "forecast_covered": self._accuracy.covered,
            "forecasts_compared": self._accuracy.count,
            "replicas_needed": outcome.needed,
            "replicas_decided": outcome.replicas,
            "replicas_reactive": self._reactive(state, reading),
            "replicas_wanted": state.wanted,
            "replicas_ready": state.ready,
            "starting_seconds": now - self._complete_at,
            "source_age_seconds": reading.age,
            "blind_seconds": 0.0 if reading.rate is not None else now - self._read_at,
            "last_decision_timestamp_seconds": time.time(),
        }
        for name, value in values.items():
            metrics.set(name, value)
        metrics.decisions.labels(outcome.cause).inc()
        fields = {
            "source_time": reading.time,
            "load": reading.rate,
            "forecast": values["forecast"],
            "reactive": values["replicas_reactive"],
            "wanted": state.wanted,
            "ready": state.ready,
            "replicas": outcome.replicas,
            "needed": outcome.needed,
            "cause": outcome.cause,
            "reason": reading.reason or step.decision.reason,
        }
        _LOG.info("decided", extra={FIELDS: fields})
