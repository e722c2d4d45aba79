"""The loop, with a target and a source that fail in every way there is: RELIABILITY's list, line by line."""

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aidc.planning.autoscaling.policy import Decision, Observation
from aidc.planning.forecasting.series import Series
from aidc.workloads.autoscaler.accuracy import Prediction
from aidc.workloads.autoscaler.actors import Actor, KedaInformer, ScaleWriter, Spectator
from aidc.workloads.autoscaler.answers import Answer
from aidc.workloads.autoscaler.cluster import ApiFailure
from aidc.workloads.autoscaler.loop import Autoscaler
from aidc.workloads.autoscaler.metrics import NAMESPACE, Metrics
from aidc.workloads.autoscaler.past import Past
from aidc.workloads.autoscaler.policies import PredictingPolicy, predictor_of
from aidc.workloads.autoscaler.readings import Reading, Sample
from aidc.workloads.autoscaler.settings import AutoscalerSettings
from aidc.workloads.autoscaler.target import Superseded, TargetState
from aidc.workloads.settings import read_settings

STEP = 30.0
START = 1_800_000_000.0
GIVEN: dict[str, Any] = {
    "target": {"namespace": "ai", "name": "chat"},
    "source": {"kind": "prometheus", "address": "http://127.0.0.1:9", "query": "load"},
    "capacity": {"replica_rate": 10},
    "replicas": {"minimum": 1, "maximum": 40, "stabilization_seconds": 0},
    "mode": "act",
    "utilisation": 0.5,
    "start_up_seconds": 60,
}


class World:
    """A target, a source and a clock; pods are ready after a while."""

    def __init__(self) -> None:
        self.now = START
        self.rate: float | None = 5.0
        self.reason = ""
        self.rates: list[Sample] = []
        self.past_fails = False
        self.lessons: list[Callable[[], None]] | None = None
        self.wanted = 1
        self.version = 1
        self.exists = True
        self.api_is_down = False
        self.ready_after = 60.0
        self.changes: list[tuple[float, int]] = [(-math.inf, 1)]
        self.writes: list[int] = []
        self.before_write: list[Callable[[], None]] = []
        self.lease = 10.0

    # A target.
    def state(self) -> TargetState | None:
        if self.api_is_down:
            raise ApiFailure(0, "no answer")
        if not self.exists:
            return None
        done = [count for at, count in self.changes if at <= self.now - self.ready_after]
        ready = min(self.wanted, done[-1] if done else 0)
        return TargetState(wanted=self.wanted, ready=ready, version=str(self.version), selector="app=chat")

    def write(self, replicas: int, version: str, *, seconds: float) -> None:
        if self.before_write:
            self.before_write.pop()()
        if self.api_is_down:
            raise ApiFailure(0, "no answer")
        if version != str(self.version):
            raise Superseded("modified")
        self.writes.append(replicas)
        self.set(replicas)

    def set(self, replicas: int) -> None:
        self.wanted, self.version = replicas, self.version + 1
        self.changes.append((self.now, replicas))

    # A source.
    def read(self, state: TargetState) -> Reading:
        reason = self.reason or ("" if self.rate is not None else "down")
        return Reading(time=self.now, rate=None if reason else self.rate, reason=reason)

    def past(self, seconds: float, step: float) -> Sequence[Sample] | None:
        return None if self.past_fails else self.rates

    def close(self) -> None:
        """Nothing to end."""

    # An office.
    @property
    def remaining(self) -> float:
        return self.lease


class Target:
    """The world as the loop's target."""

    def __init__(self, world: World) -> None:
        self.read, self.write = world.state, world.write


class Told:
    """A policy that decides what a test says."""

    def __init__(self, replicas: Callable[[Observation], int]) -> None:
        self.replicas = replicas
        self.prediction: Prediction | None = None
        self.restored: Series | None = None
        self.seen: list[Observation] = []

    name = "told"

    def restore(self, history: Series) -> None:
        self.restored = history

    def decide(self, observation: Observation) -> Decision:
        self.seen.append(observation)
        return Decision(replicas=self.replicas(observation), reactive=0)


class Running:
    """A loop over a world."""

    def __init__(
        self,
        world: World,
        policy: Callable[[Observation], int] | None = None,
        actor: Callable[[Target, World, Metrics], Actor] = ScaleWriter,  # type: ignore[assignment]
        **changes: Any,
    ) -> None:
        self.world, self.metrics = world, Metrics()
        self.settings = read_settings(AutoscalerSettings, {**GIVEN, **changes}, "settings")
        self.policies: list[Any] = []
        target: Any = Target(world)

        def make() -> PredictingPolicy:
            made: Any = predictor_of(self.settings) if policy is None else Told(policy)
            self.policies.append(made)
            return made

        self.loop = Autoscaler(
            self.settings,
            target=target,
            source=world,
            make_policy=make,
            past=Past(world, None, seconds=7200, step=STEP, clock=lambda: world.now),
            actor=actor(target, world, self.metrics),
            metrics=self.metrics,
            clock=lambda: world.now,
            start=self._start,
        )

    def _start(self, lesson: Callable[[], None]) -> None:
        if self.world.lessons is None:
            lesson()
        else:
            self.world.lessons.append(lesson)

    def step(self, rate: float | None = None, *, count: int = 1, seconds: float = STEP) -> int:
        """Go round `count` times; return the pods that there are then."""
        for _ in range(count):
            if rate is not None:
                self.world.rate = rate
            self.loop.step()
            self.world.now += seconds
        return self.world.wanted

    def shown(self, name: str, **labels: str) -> float:
        value = self.metrics.registry.get_sample_value(f"{NAMESPACE}_{name}", labels or None)
        assert value is not None, name
        return value


def nothing(observation: Observation) -> int:
    return 0


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("reason", ["the source does not answer", "NaN", "less than nothing", "121 s old"])
def test_without_a_reading_nothing_changes(world: World, reason: str) -> None:
    running = Running(world)
    assert running.step(40) == 8
    world.reason = reason
    assert running.step(count=20) == 8
    assert running.shown("blind_seconds") == pytest.approx(20 * STEP)
    assert math.isnan(running.shown("load"))
    assert running.shown("decisions_total", cause="blind") == 20
    world.reason = ""
    assert running.step(60) >= 12
    assert running.shown("blind_seconds") == 0


def test_after_a_gap_the_past_is_taken_anew(world: World) -> None:
    running = Running(world, nothing)
    running.step(40, count=5)
    made = len(running.policies)
    world.reason = "gone"
    running.step(count=5)
    world.reason = ""
    world.rates = [Sample(world.now - 60, 11.0), Sample(world.now - 30, None), Sample(world.now, 12.0)]
    running.step(40)
    assert len(running.policies) == made + 1
    restored = running.policies[-1].restored
    assert restored.step == STEP
    assert restored.end == pytest.approx(world.now - STEP)
    np.testing.assert_array_equal(restored.values, [11, math.nan, 12])


def test_a_past_that_cannot_be_read_is_asked_for_again(world: World) -> None:
    running = Running(world, nothing)
    world.past_fails = True
    running.step(40, count=3)
    assert len(running.policies) == 1
    world.past_fails = False
    world.rates = [Sample(world.now - 30, 11.0), Sample(world.now, 12.0)]
    running.step(40, count=3)
    assert len(running.policies) == 2


def test_while_a_long_past_is_learned_the_load_of_now_is_served(world: World) -> None:
    world.lessons = []
    running = Running(world, nothing)
    begun = world.now
    world.rates = [Sample(begun - 60 + 30 * step, 11.0 + step) for step in range(3)]
    assert running.step(40, count=3) == 8
    assert running.step(60) == 12
    (lesson,) = world.lessons
    lesson()
    running.step(60)
    # What came in the meantime is known too.
    restored, seen = running.policies[-1].restored, running.policies[-1].seen
    assert restored.end == begun
    assert [observation.rate for observation in seen] == [40, 40, 60, 60]
    assert len(running.policies) == 2


def test_one_reading_that_is_missing_is_no_gap(world: World) -> None:
    running = Running(world, nothing)
    running.step(40, count=2)
    made = len(running.policies)
    world.reason = "too slow"
    running.step()
    world.reason = ""
    running.step(40)
    assert len(running.policies) == made


def test_flat_zero_and_then_a_burst(world: World) -> None:
    running = Running(world)
    assert running.step(0.0, count=200) == 1
    # 80 requests a second, 5 for each pod: at once, whatever the forecast believes.
    assert running.step(80) >= 16


def test_a_load_that_shifts_its_level_is_followed_up_at_once_and_down_later(world: World) -> None:
    running = Running(world, replicas={**GIVEN["replicas"], "stabilization_seconds": 300})
    running.step(10, count=100)
    high = running.step(100)
    assert high >= 20
    assert running.step(10) == high, "what was needed a moment ago stays"
    assert running.step(10, count=200) < high / 2


def test_a_forecast_that_explodes_grows_by_steps_up_to_the_maximum(world: World) -> None:
    running = Running(world, lambda observation: 10**9)
    assert [running.step(5) for _ in range(6)] == [5, 10, 20, 40, 40, 40]
    assert running.shown("replicas_needed") > running.shown("replicas_maximum") == 40
    assert running.shown("decisions_total", cause="maximum") >= 2


def test_a_forecast_below_the_load_of_now_does_not_count(world: World) -> None:
    running = Running(world, nothing)
    assert running.step(99) == 20
    assert running.shown("replicas_reactive") == 20
    assert running.shown("decisions_total", cause="reactive") == 1


def test_at_the_maximum_it_says_so_and_stays(world: World) -> None:
    running = Running(world)
    for rate in (1000, 900, 1100, 800) * 5:
        running.step(rate)
    assert set(world.writes) == {40}
    assert len(world.writes) == 1
    assert running.shown("replicas_needed") >= 160


def test_a_policy_that_fails_leaves_the_load_of_now_and_begins_anew(world: World) -> None:
    def fail(observation: Observation) -> int:
        raise ZeroDivisionError

    running = Running(world, fail)
    assert running.step(99) == 20
    assert running.shown("failures_total", place="policy") == 1
    assert len(running.policies) == 2


def test_started_again_it_does_the_same(world: World) -> None:
    """Killed at any moment and started again: the same number, nothing written twice, and no pod taken away."""
    trace = [10 + 40 * math.sin(step / 40) ** 2 for step in range(240)]
    world.rates = [Sample(START - (240 - step) * STEP, rate) for step, rate in enumerate(trace)]
    first = Running(world, replicas={**GIVEN["replicas"], "stabilization_seconds": 300})
    first.step(30, count=3)
    wanted, writes = world.wanted, len(world.writes)
    others = [Running(world, replicas={**GIVEN["replicas"], "stabilization_seconds": 300}) for _ in range(2)]
    decided = []
    for each in others:
        before = world.now
        each.step(30)
        world.now = before
        decided.append(each.shown("replicas_decided"))
    assert decided == [wanted, wanted]
    assert len(world.writes) == writes
    # With less load it still waits, since it does not know what was needed before.
    again = Running(world, nothing, replicas={**GIVEN["replicas"], "stabilization_seconds": 300})
    assert again.step(1, count=3) == wanted


def test_pods_that_start_longer_than_expected_are_not_asked_for_again(world: World) -> None:
    world.ready_after = 100 * STEP
    running = Running(world, replicas={**GIVEN["replicas"], "stabilization_seconds": 300})
    running.step(40)
    wanted = world.wanted
    running.step(40, count=20)
    assert world.wanted <= wanted + 4
    assert running.shown("starting_seconds") >= 20 * STEP
    assert running.shown("replicas_ready") == 1


def test_a_target_that_is_gone_is_waited_for(world: World) -> None:
    running = Running(world)
    running.step(40)
    world.exists = False
    running.step(count=3)
    assert running.shown("target_found") == 0
    world.exists, world.wanted = True, 1
    assert running.step(40) == 8
    assert running.shown("target_found") == 1
    assert running.shown("contested") == 0, "the new one is no rival's work"


def test_an_api_server_that_is_down_is_waited_for(world: World) -> None:
    running = Running(world)
    running.step(40)
    world.api_is_down = True
    running.step(80, count=3)
    world.api_is_down = False
    assert running.step(80) >= 16
    assert running.shown("failures_total", place="api") == 3


def test_a_target_that_changes_under_the_write_is_decided_on_anew(world: World) -> None:
    running = Running(world)

    def rollout() -> None:
        world.version += 1

    world.before_write = [rollout]
    assert running.step(40) == 8
    assert running.shown("writes_total", outcome="superseded") == 1
    assert running.shown("writes_total", outcome="done") == 1


def test_without_the_lease_it_does_not_write(world: World) -> None:
    world.lease = 0
    running = Running(world)
    assert running.step(40, count=5) == 1
    assert running.shown("leader") == 0
    world.lease = 10
    assert running.step(40) == 8


def test_who_went_on_after_another_has_written_changes_nothing(world: World) -> None:
    """Between the look at the lease and the write the process stood still; meanwhile another one acted."""
    running = Running(world)

    def another_acts() -> None:
        world.set(30)
        world.lease = 0

    world.before_write = [another_acts]
    assert running.step(40) == 30
    assert world.writes == []


def test_somebody_else_who_writes_too_is_named_and_no_pod_is_taken_away(world: World) -> None:
    running = Running(world)
    running.step(40)
    for _ in range(4):
        world.set(3)
        running.step(40)
    assert world.wanted == 8
    assert running.shown("contested") == 1
    world.set(20)
    assert running.step(40) == 20, "nobody knows what the other one needs them for"
    # Alone again, it takes its number back.
    assert running.step(40, count=20) == 8
    assert running.shown("contested") == 0


def test_one_change_by_hand_is_taken_back(world: World) -> None:
    running = Running(world)
    running.step(40)
    world.set(30)
    assert running.step(40) == 8
    assert running.shown("contested") == 0


def test_a_target_that_was_turned_off_stays_off(world: World) -> None:
    running = Running(world)
    running.step(40)
    world.set(0)
    assert running.step(40, count=3) == 0
    assert running.shown("decisions_total", cause="paused") == 3


def test_in_mode_forecast_it_shows_and_does_nothing(world: World) -> None:
    running = Running(world, actor=lambda target, world, metrics: Spectator(world), mode="forecast")
    assert running.step(40, count=3) == 1
    assert running.shown("replicas_decided") >= 5
    assert running.shown("acting") == 0
    assert world.writes == []


@pytest.mark.parametrize(("mode", "told"), [("act", 8), ("forecast", 0)])
def test_keda_is_told_the_number_or_zero(world: World, mode: str, told: int) -> None:
    answer = Answer(lasts=100, clock=lambda: world.now)
    running = Running(
        world,
        nothing,
        actor=lambda target, world, metrics: KedaInformer(answer, world, is_acting=mode == "act"),
        mode=mode,
        acting={"kind": "keda"},
    )
    assert answer.replicas is None
    running.step(40)
    assert answer.replicas == told
    assert world.writes == []
    world.api_is_down = True
    running.step(40)
    assert answer.replicas == told, "what was told lasts a while"
    world.api_is_down, world.exists = False, False
    running.step(40)
    assert answer.replicas is None


def test_the_error_of_past_forecasts_is_shown(world: World) -> None:
    running = Running(world, nothing)
    running.policies[0].prediction = Prediction(8.0, 12.0)
    # Two steps later 10 comes: an error of a fifth, and below the high forecast.
    running.step(10, count=12)
    assert running.shown("forecasts_compared") == 10
    assert running.shown("forecast_error") == pytest.approx(0.2)
    assert running.shown("forecast_covered") == 1
    assert running.shown("forecast") == 8


TRACES = Path(os.environ.get("AIDC_TRACES", Path(__file__).parents[4] / "shared/traces"))
MINUTES = sorted(TRACES.glob("*_1min.csv"))


def decisions(rates: Sequence[float]) -> list[int]:
    """The pods at every step of a load with gaps, by the real policy; never fewer than the load of now needs."""
    world = World()
    top = max(rates)
    given = {**GIVEN["replicas"], "stabilization_seconds": 300}
    # The maximum is reached now and then.
    running = Running(world, replicas=given, capacity={"replica_rate": top / 15})
    found: list[int] = []
    for index, rate in enumerate(rates):
        world.reason = "gone" if index % 17 == 5 else ""
        before = world.wanted
        running.step(rate)
        if world.reason:
            assert world.wanted == before
        else:
            assert world.wanted >= min(running.shown("replicas_reactive"), 40)
        found.append(world.wanted)
    return found


def test_never_fewer_than_the_reactive_rule_wants_on_a_recorded_load() -> None:
    from aidc.planning.autoscaling.shipped import shipped_trace

    values = shipped_trace().series.values
    rates = values[: len(values) // 3 * 3].reshape(-1, 3).mean(1).tolist()
    assert decisions(rates) == decisions(rates), "the same load gives the same decisions"


@pytest.mark.skipif(not MINUTES, reason=f"no traces in {TRACES}; name their folder in AIDC_TRACES")
@pytest.mark.parametrize("path", MINUTES, ids=lambda path: path.stem)
def test_never_fewer_on_other_traces(path: Path) -> None:
    rates = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=1)[-300:]
    decisions(np.nan_to_num(rates).tolist())
