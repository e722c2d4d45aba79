"""The replay beside a simulation of single requests, and beside what can be counted by hand."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.planning.autoscaling.arrivals import Arrivals, arrivals_of
from aidc.planning.autoscaling.baselines import FixedLanes, LastValueLanes, OracleLanes
from aidc.planning.autoscaling.lanes import Counts, Observations
from aidc.planning.autoscaling.replay import Outcomes, replay
from aidc.planning.autoscaling.service import Service
from aidc.planning.forecasting.series import Series
from aidc.problems import InvalidInput


class Script:
    """Decides what was written down."""

    count = 1

    def __init__(self, *replicas: int) -> None:
        self.replicas = list(replicas)
        self.seen: list[Observations] = []

    def decide_all(self, seen: Observations) -> Counts:
        self.seen.append(seen)
        return np.array([self.replicas.pop(0) if self.replicas else seen.wanted[0]])


def steady(rate: float, seconds: int) -> Arrivals:
    counts = np.full(seconds, rate)
    return Arrivals(1.0, counts, counts)


def played(arrivals: Arrivals, service: Service, lanes, initial: int = 1, **more) -> Outcomes:
    return replay(arrivals, service, lanes, initial=np.full(lanes.count, initial), **more)


def test_replicas_count_from_the_wish_on_and_serve_after_their_start() -> None:
    service = Service(startup_delay=60, latency_bound=2.0)
    script = Script(3)
    found = played(steady(4.0, 300), service, script, record=True)
    # 15 seconds of one, then three.
    assert found.replica_hours[0] == pytest.approx((15 + 3 * 285) / 3600)
    ready = [int(seen.ready[0]) for seen in script.seen]
    assert ready[:5] == [1, 1, 1, 1, 1], "decided at 15 s, ready from 75 s on"
    assert ready[5:7] == [3, 3]
    assert found.late[0] == 0


def test_what_starts_goes_first_and_the_youngest_before_the_older() -> None:
    script = Script(4, 6, 3, 5)
    played(steady(1.0, 150), Service(startup_delay=60), script, initial=2)
    ready = [int(seen.ready[0]) for seen in script.seen]
    # 2 more at 15 s, 2 more at 30 s; at 45 s all of the second and one of the first go; at 60 s two more begin.
    assert ready[:9] == [2, 2, 2, 2, 2, 3, 3, 3, 5]


def test_an_overload_makes_late_what_comes_while_the_queue_is_long() -> None:
    # 8 a second come for 105 seconds, 4 are served: after 2 s of waiting work, 8 requests, everybody waits too long.
    counts = np.concatenate([np.full(105, 8.0), np.full(195, 0.0)])
    service = Service(latency_bound=3.0, give_up=1000.0)
    found = played(Arrivals(1.0, counts, counts), service, FixedLanes([1]))
    # The backlog is 4t; an arrival at t waits 4t/4 = t seconds: late from t = 2 on.
    assert found.late[0] == pytest.approx(103 / 105, abs=0.002)
    assert found.under[0] == pytest.approx(0.5, abs=0.01)
    # Who gives up after 5 seconds leaves the queue: it never holds more than 5 seconds of arrivals.
    script = Script()
    played(Arrivals(1.0, counts, counts), Service(latency_bound=3.0, give_up=5.0), script)
    assert max(seen.waiting[0] for seen in script.seen) <= 40


def test_nothing_is_late_where_nothing_has_to_wait() -> None:
    found = replay(steady(4.0, 600), Service(), FixedLanes([1, 2]), initial=np.array([1, 2]))
    assert found.late.tolist() == [0.0, 0.0]
    assert found.over == pytest.approx([0.0, 1.0])


def test_without_replicas_everything_is_late() -> None:
    found = played(steady(4.0, 600), Service(min_replicas=0), FixedLanes([0]), initial=0)
    assert found.late[0] == pytest.approx(1.0, abs=0.01)
    assert found.replica_hours[0] == 0


def single_requests(counts, replicas: int, service: Service) -> float:
    """Return the share of late requests when each is served alone, for a constant time."""
    draw = np.random.default_rng(9)
    moments = np.sort(np.repeat(np.arange(len(counts)), counts.astype(int)) + draw.random(int(counts.sum())))
    free = [0.0] * (replicas * service.concurrency)
    late = 0
    for moment in moments.tolist():
        begin = max(moment, heapq.heappop(free))
        heapq.heappush(free, begin + service.service_time)
        late += begin - moment > service.allowed_wait
    return late / len(moments)


@pytest.mark.parametrize("replicas", [14, 16, 18, 21])
def test_it_agrees_with_a_simulation_of_single_requests(replicas: int) -> None:
    hill = 60 * (1 + 0.35 * np.sin(np.arange(3600) / 3600 * 6 * np.pi))
    counts = np.random.default_rng(3).poisson(hill).astype(np.float64)
    service = Service(give_up=10_000.0, max_replicas=100)
    alone = single_requests(counts, replicas, service)
    found = played(Arrivals(1.0, counts, counts), service, FixedLanes([replicas]), initial=replicas)
    assert found.late[0] == pytest.approx(alone, abs=0.02)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1000), delay=st.sampled_from([0.0, 20.0, 60.0, 300.0]))
def test_more_headroom_costs_more_and_makes_less_late(seed: int, delay: float) -> None:
    rates = 40 * np.random.default_rng(seed).lognormal(0, 0.4, 60)
    arrivals = arrivals_of(Series(0, 60, rates * 60), seed=seed)
    service = Service(startup_delay=delay)
    found = played(arrivals, service, LastValueLanes(service, (0.8, 1.0, 1.3, 1.8, 3.0)), initial=10)
    assert (np.diff(found.replica_hours) > 0).all()
    assert (np.diff(found.late) <= 1e-9).all()
    oracle = played(arrivals, service, OracleLanes(service, arrivals, (1.3,)), initial=20)
    assert oracle.late[0] <= found.late[2], "who knows the future is less often late"


def test_lanes_do_not_touch_each_other() -> None:
    arrivals = arrivals_of(Series(0, 60, 60 * 40 * np.random.default_rng(2).lognormal(0, 0.5, 40)))
    service = Service(startup_delay=45)
    factors = (0.9, 1.2, 1.7)
    beside = played(arrivals, service, LastValueLanes(service, factors), initial=10)
    for lane, factor in enumerate(factors):
        alone = played(arrivals, service, LastValueLanes(service, (factor,)), initial=10)
        assert alone.late[0] == pytest.approx(beside.late[lane])
        assert alone.replica_hours[0] == beside.replica_hours[lane]


def test_arrivals_follow_the_trace() -> None:
    values = np.array([600.0, 1200, np.nan, 600, 0, 300])
    arrivals = arrivals_of(Series(100.0, 60, values), seed=1)
    assert (len(arrivals), arrivals.start) == (360, 100.0)
    # The gap lies on the line between its neighbours.
    assert arrivals.counts[120:180].sum() == pytest.approx(900, rel=0.1)
    assert arrivals.counts.sum() == pytest.approx(3600, rel=0.06)
    again = arrivals_of(Series(100.0, 60, values), seed=1)
    assert (again.counts == arrivals.counts).all()
    scaled = arrivals_of(Series(100.0, 60, values), mean_rate=50)
    assert scaled.counts.mean() == pytest.approx(50, rel=0.05)
    sized = arrivals_of(Series(0, 60, np.full(6, 600.0)), totals=Series(0, 60, np.repeat([600.0, 1800.0], 3)))
    assert sized.work.sum() == pytest.approx(sized.counts.sum(), rel=0.05)
    assert sized.work[300:].sum() == pytest.approx(3 * sized.work[:60].sum(), rel=0.2)


@pytest.mark.parametrize("values", [[np.nan, np.nan], [0.0, 0.0]])
def test_a_load_without_anything_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="no value above 0"):
        arrivals_of(Series(0, 60, np.array(values)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"service_time": 0.0}, "serviceTime: 0 seconds is not possible; give more than 0 seconds"),
        ({"startup_delay": -1.0}, "startupDelay: -1 seconds is not possible; give 0 seconds or more"),
        ({"latency_bound": 0.5}, "latencyBound: 0.5 seconds is less than the 1 seconds"),
        ({"concurrency": 0}, "concurrency: 0 requests is too little"),
        ({"price": float("nan")}, "price: nan an hour is not possible"),
        ({"give_up": 0.5}, "giveUp: 0.5 seconds is less than the 1 seconds"),
        ({"max_replicas": 0}, "maxReplicas: 0 replicas is too little"),
    ],
)
def test_a_service_that_makes_no_sense_is_refused(changes: dict[str, float], said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Service(**changes).check()  # pyright: ignore[reportArgumentType]
    assert said in str(refused.value)
