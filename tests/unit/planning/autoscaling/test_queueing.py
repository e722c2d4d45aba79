"""Queueing formulas beside closed forms, tables and a simulation of single requests."""

import heapq
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.planning.autoscaling.queueing import erlang_b, erlang_c, late_share, loads_for, mean_wait, replicas_for


def test_one_server_is_m_m_1() -> None:
    rate, service_time = 0.8, 1.0
    assert erlang_c(0.8, 1) == pytest.approx(0.8)
    assert mean_wait(rate=rate, service_time=service_time, servers=1) == pytest.approx(0.8 / (1 - 0.8))
    late = late_share(rate=rate, service_time=service_time, servers=1, allowed_wait=3)
    assert late == pytest.approx(0.8 * math.exp(-0.2 * 3))


def test_two_servers_have_a_closed_form() -> None:
    load = 1.2
    waits = 2 * (load / 2) ** 2 / (1 + load / 2)
    assert erlang_c(load, 2) == pytest.approx(waits)


def test_blocking_is_that_of_the_sum_over_states() -> None:
    for load, servers in ((3.0, 5), (20.0, 24), (0.1, 1)):
        states = [load**k / math.factorial(k) for k in range(servers + 1)]
        assert erlang_b(load, servers) == pytest.approx(states[-1] / sum(states))


def test_deterministic_service_waits_half_as_long() -> None:
    one = mean_wait(rate=0.9, service_time=1.0, servers=1, service_variation=0.0)
    # Pollaczek and Khinchine: exact for M/D/1.
    assert one == pytest.approx(0.9 / (2 * (1 - 0.9)))


def simulated(
    rate: float, service_time: float, servers: int, allowed_wait: float, *, alike: bool
) -> tuple[float, float]:
    """Return the share of late requests and the mean wait of 200,000 requests, one by one."""
    draw = np.random.default_rng(5)
    arrivals = np.cumsum(draw.exponential(1 / rate, 200_000))
    times = np.full(200_000, service_time) if alike else draw.exponential(service_time, 200_000)
    free = [0.0] * servers
    late, waited = 0, 0.0
    for arrival, takes in zip(arrivals.tolist(), times.tolist(), strict=True):
        begin = max(arrival, heapq.heappop(free))
        heapq.heappush(free, begin + takes)
        waited += begin - arrival
        late += begin - arrival > allowed_wait
    return late / 200_000, waited / 200_000


@pytest.mark.parametrize(("rate", "servers", "allowed"), [(3.4, 4, 0.5), (7.5, 8, 0.5), (14.5, 16, 0.2)])
def test_exponential_service_is_as_simulated(rate: float, servers: int, allowed: float) -> None:
    late, wait = simulated(rate, 1.0, servers, allowed, alike=False)
    assert late_share(rate=rate, service_time=1.0, servers=servers, allowed_wait=allowed) == pytest.approx(
        late, rel=0.1
    )
    assert mean_wait(rate=rate, service_time=1.0, servers=servers) == pytest.approx(wait, rel=0.15)


def test_alike_service_is_nearly_as_simulated() -> None:
    late, wait = simulated(7.5, 1.0, 8, 0.5, alike=True)
    asked = {"rate": 7.5, "service_time": 1.0, "servers": 8, "service_variation": 0.0}
    assert mean_wait(**asked) == pytest.approx(wait, rel=0.15)  # pyright: ignore[reportArgumentType]
    assert late_share(**asked, allowed_wait=0.5) == pytest.approx(late, rel=0.35)  # pyright: ignore[reportArgumentType]


@settings(deadline=None, max_examples=60)
@given(rate=st.floats(0.01, 200), concurrency=st.integers(1, 8), allowed=st.floats(0, 3), late=st.floats(0.001, 0.3))
def test_replicas_are_the_fewest_that_suffice(rate: float, concurrency: int, allowed: float, late: float) -> None:
    count = replicas_for(rate=rate, service_time=1.0, concurrency=concurrency, allowed_wait=allowed, late=late)

    def share(replicas: int) -> float:
        return late_share(rate=rate, service_time=1.0, servers=replicas * concurrency, allowed_wait=allowed)

    assert share(count) <= late
    assert count == 1 or share(count - 1) > late


@settings(deadline=None, max_examples=20)
@given(concurrency=st.integers(1, 6), allowed=st.floats(0, 2), late=st.floats(0.001, 0.2))
def test_loads_are_the_inverse(concurrency: int, allowed: float, late: float) -> None:
    loads = loads_for(most=30, service_time=0.5, concurrency=concurrency, allowed_wait=allowed, late=late)
    assert loads[0] == 0
    assert (np.diff(loads) > 0).all()
    for replicas in (1, 7, 30):
        rate = loads[replicas] * concurrency / 0.5
        asked = {"service_time": 0.5, "concurrency": concurrency, "allowed_wait": allowed, "late": late}
        assert replicas_for(rate=rate * 0.999, **asked) <= replicas  # pyright: ignore[reportArgumentType]
        assert replicas_for(rate=rate * 1.001, **asked) > replicas  # pyright: ignore[reportArgumentType]


def test_no_load_needs_nothing_and_too_much_is_always_late() -> None:
    assert replicas_for(rate=0, service_time=1, concurrency=4, allowed_wait=1) == 0
    assert late_share(rate=5, service_time=1, servers=5, allowed_wait=10) == 1.0
    assert mean_wait(rate=5, service_time=1, servers=5) == math.inf
