"""The predictive policy: what goes wrong with a source of metrics, and what it is there for."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.planning.autoscaling.arrivals import arrivals_of
from aidc.planning.autoscaling.contenders import contender
from aidc.planning.autoscaling.lanes import Observations
from aidc.planning.autoscaling.policy import Observation
from aidc.planning.autoscaling.predictive import PredictiveLanes, PredictivePolicy
from aidc.planning.autoscaling.predictive_settings import PredictiveSettings
from aidc.planning.autoscaling.replay import replay
from aidc.planning.autoscaling.service import Service
from aidc.planning.forecasting.series import Series
from aidc.problems import InvalidInput

SERVICE = Service(startup_delay=60, max_replicas=200)


def policy(**changes) -> PredictivePolicy:
    service = Service(startup_delay=60, max_replicas=changes.pop("max_replicas", 200))
    return PredictivePolicy(PredictiveSettings(service=service, **changes))


class Driven:
    """A policy on a target that does at once what it is told."""

    def __init__(self, policy: PredictivePolicy, replicas: int = 5) -> None:
        self.policy, self.replicas, self.time = policy, replicas, 0.0

    def see(self, rate, **more):
        self.time += 15.0
        seen = Observation(time=self.time, rate=rate, ready=self.replicas, wanted=self.replicas, **more)
        decision = self.policy.decide(seen)
        assert decision.replicas >= decision.reactive
        self.replicas = decision.replicas
        return decision


def test_a_steady_load_is_served_with_some_headroom_and_no_more() -> None:
    driven = Driven(policy())
    for _ in range(400):
        driven.see(40.0)
    assert 10 <= driven.replicas <= 13


@pytest.mark.parametrize("bad", [None, math.nan, -5.0, math.inf])
def test_a_rate_that_is_no_rate_holds_what_there_is(bad: float | None) -> None:
    driven = Driven(policy())
    for _ in range(100):
        driven.see(40.0)
    before = driven.replicas
    for _ in range(40):
        decision = driven.see(bad)
        assert decision.replicas == before
        assert "not known" in decision.reason
    after = driven.see(40.0)
    assert abs(after.replicas - before) <= 2, "and it goes on where it was"


def test_a_burst_after_nothing_grows_step_by_step_to_what_it_needs() -> None:
    driven = Driven(policy(), replicas=1)
    for _ in range(200):
        driven.see(0.0)
    assert driven.replicas == 1
    seen = [driven.see(200.0).replicas for _ in range(30)]
    assert seen[0] <= 5, "growth of one decision is capped"
    assert all(later <= max(2 * earlier, earlier + 4) for earlier, later in pairwise(seen))
    assert seen[-1] >= 50


def test_a_wrong_reading_does_not_make_hundreds_of_replicas() -> None:
    driven = Driven(policy(), replicas=10)
    for _ in range(100):
        driven.see(40.0)
    assert driven.see(1e9).replicas <= 26
    capped = Driven(policy(max_replicas=12), replicas=10)
    for _ in range(50):
        decision = capped.see(1e9)
    assert decision.replicas == 12
    assert "the most that is allowed" in decision.reason


def test_a_new_level_is_followed_up_and_down() -> None:
    driven = Driven(policy())
    for _ in range(300):
        driven.see(40.0)
    for _ in range(120):
        driven.see(120.0)
    assert 30 <= driven.replicas <= 60
    for _ in range(1200):
        driven.see(40.0)
    assert driven.replicas <= 16


def test_what_waits_adds_replicas() -> None:
    calm, waiting = Driven(policy(), replicas=10), Driven(policy(), replicas=10)
    for _ in range(100):
        calm.see(36.0, waiting=0.0)
        waiting.see(36.0, waiting=0.0)
    assert waiting.see(36.0, waiting=2000.0).replicas > calm.see(36.0, waiting=0.0).replicas


def test_forecast_only_decides_as_the_reactive_rule() -> None:
    shy = Driven(policy(forecast_only=True))
    for turn in range(200):
        decision = shy.see(40 + 30 * math.sin(turn / 20))
        assert decision.replicas == decision.reactive
    assert decision.forecast is not None


def wave(count: int, seed: int = 0) -> np.ndarray:
    moments = np.arange(count) * 15.0
    rates = 60 * (1 + 0.5 * np.sin(moments / 3600 * 2 * np.pi))
    return np.random.default_rng(seed).poisson(rates * 15) / 15


def test_a_restart_from_the_same_history_decides_the_same() -> None:
    rates = wave(500)
    rates[100:110] = np.nan
    running = policy()
    for turn, rate in enumerate(rates.tolist()):
        running.decide(Observation(time=(turn + 1) * 15.0, rate=rate, ready=20, wanted=20))
    again = [policy(), policy()]
    for each in again:
        each.restore(Series(0.0, 15.0, rates))
    seen = Observation(time=501 * 15.0, rate=70.0, ready=20, wanted=20)
    decisions = [each.decide(seen) for each in (running, *again)]
    assert len({decision.replicas for decision in decisions}) == 1
    assert len({decision.forecast for decision in decisions}) == 1


def test_a_history_of_minutes_counts_for_each_interval() -> None:
    coarse, fine = policy(), policy()
    coarse.restore(Series(0.0, 60.0, np.array([40.0, 50.0, np.nan, 60.0])))
    fine.restore(Series(0.0, 15.0, np.repeat([40.0, 50.0, np.nan, 60.0], 4)))
    seen = Observation(time=255.0, rate=60.0, ready=20, wanted=20)
    assert coarse.decide(seen) == fine.decide(seen)


def test_no_value_of_the_future_is_looked_at() -> None:
    rates = wave(600)
    first, second = policy(), policy()
    other = rates.copy()
    other[400:] = np.random.default_rng(4).permutation(other[400:]) * 3
    for turn in range(400):
        decided = [
            each.decide(Observation(time=(turn + 1) * 15.0, rate=values[turn], ready=20, wanted=20))
            for each, values in ((first, rates), (second, other))
        ]
        assert decided[0] == decided[1]


@settings(deadline=None, max_examples=12)
@given(
    rates=st.lists(
        st.one_of(st.sampled_from([None, math.nan, math.inf]), st.floats(-10, 1e7)), min_size=5, max_size=60
    ),
    worth=st.floats(0.1, 3000),
    delay=st.sampled_from([0.0, 7.0, 60.0, 600.0]),
)
def test_whatever_comes_it_stays_within_bounds_and_above_the_reactive_rule(rates, worth, delay) -> None:
    service = Service(startup_delay=delay, min_replicas=2, max_replicas=50)
    tried = PredictivePolicy(PredictiveSettings(service=service, late_worth=worth))
    replicas = 5
    for turn, rate in enumerate(rates):
        decision = tried.decide(Observation(time=turn * 15.0, rate=rate, waiting=rate, ready=replicas, wanted=replicas))
        assert 2 <= decision.replicas <= 50
        assert decision.replicas >= decision.reactive
        assert decision.replicas <= max(2 * replicas, replicas + 4)
        replicas = decision.replicas


def test_time_that_stands_still_or_jumps_does_no_harm() -> None:
    tried = policy()
    for moment in (15.0, 15.0, 16.0, 30.0, 10.0, 1e6, 1e6 + 15, 5.0):
        decision = tried.decide(Observation(time=moment, rate=40.0, ready=10, wanted=10))
        assert 1 <= decision.replicas <= 30


def test_worth_more_is_more_headroom() -> None:
    arrivals = arrivals_of(Series(0, 60, 3600 * np.random.default_rng(1).lognormal(0, 0.3, 180)))
    worths = (1.0, 10.0, 100.0, 1000.0)
    lanes = PredictiveLanes([PredictiveSettings(service=SERVICE, late_worth=worth) for worth in worths])
    found = replay(arrivals, SERVICE, lanes)
    assert (np.diff(found.replica_hours) > 0).all()
    assert found.late[-1] < found.late[0] / 2


def test_on_a_load_that_rises_and_falls_it_beats_the_hpa() -> None:
    hours = np.arange(0, 8, 1 / 60)
    load = Series(0, 60, 3600 * (1 + 0.6 * np.sin(hours * 2 * np.pi / 2)))
    service = Service(startup_delay=300)
    arrivals = arrivals_of(load, mean_rate=60)
    from aidc.planning.autoscaling.comparison import compare

    saved = compare(arrivals, service, ["horizontal", "predictive"]).result("predictive").saving
    assert saved is not None
    assert saved.fewer_late is not None
    assert saved.fewer_late > 0.36


def test_lanes_see_one_load() -> None:
    lanes = contender("predictive", SERVICE, arrivals_of(Series(0, 60, np.full(30, 600.0)))).lanes
    zeros = np.zeros(lanes.count)
    wanted = np.full(lanes.count, 5)
    decided = lanes.decide_all(
        Observations(time=15.0, rate=40.0, waiting=zeros, utilisation=zeros, ready=wanted, wanted=wanted)
    )
    assert decided.shape == (lanes.count,)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"late_worth": 0.0}, "lateWorth: 0 is not possible; give more than 0"),
        ({"interval": -15.0}, "interval: -15 seconds is not possible; give more than 0 seconds"),
        ({"late": 1.5}, "late: 1.5 is not a share"),
        ({"growth_factor": 0.5}, "growthFactor: 0.5 is too little"),
        ({"hold": -1.0}, "hold: -1.0 seconds is too little"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, float], said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        policy(**changes)
    assert said in str(refused.value)
