"""Bounds of a decision: closed forms, and what holds whatever the policy says."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.planning.autoscaling.policy import Decision
from aidc.workloads.autoscaler.bounds import CAUSES, Bounds, Situation, reactive_replicas
from aidc.workloads.autoscaler.settings import ReplicaSettings


def decision(replicas: int) -> Decision:
    return Decision(replicas=replicas, reactive=0)


@pytest.mark.parametrize(
    ("rate", "wanted", "replicas"),
    [
        (0, 4, 0),
        (7, 1, 1),  # exactly what one pod is for
        (7.69, 1, 1),  # within a tenth
        (7.71, 1, 2),
        (70, 10, 10),
        (64, 10, 10),  # 9.14, within a tenth of 10
        (62, 10, 9),  # 8.86, not within
        (700, 3, 100),
        (1, 0, 1),
    ],
)
def test_the_reactive_rule_is_that_of_kubernetes(rate: float, wanted: int, replicas: int) -> None:
    assert reactive_replicas(rate, wanted, replica_rate=10, utilisation=0.7) == replicas


_COUNTS = st.integers(0, 300)
_ROUND = st.tuples(_COUNTS, _COUNTS | st.none(), st.floats(0.1, 400))


@settings(deadline=None, max_examples=300)
@given(
    rounds=st.lists(_ROUND, min_size=1, max_size=12),
    minimum=st.integers(0, 5),
    maximum=st.integers(5, 100),
    growth=st.floats(1, 400),
    pods=st.integers(1, 9),
    window=st.floats(0, 600),
    first=st.integers(1, 100),
)
def test_whatever_is_forecast_the_bounds_hold(
    rounds: list[tuple[int, int | None, float]],
    minimum: int,
    maximum: int,
    growth: float,
    pods: int,
    window: float,
    first: int,
) -> None:
    bounds = Bounds(
        ReplicaSettings(
            minimum=minimum,
            maximum=maximum,
            growth_percent=growth,
            growth_pods=pods,
            stabilization_seconds=window,
        )
    )
    time, wanted = 0.0, min(first, maximum)
    taken: list[tuple[float, int]] = []
    for predicted, reactive, seconds in rounds:
        time += seconds
        outcome = bounds.apply(decision(predicted), Situation(time=time, wanted=wanted, reactive=reactive))
        assert outcome.cause in CAUSES
        if wanted == 0 and minimum > 0:
            assert (outcome.replicas, outcome.cause) == (0, "paused")
            continue
        assert minimum <= outcome.replicas <= maximum
        if reactive is None:
            assert outcome.replicas == min(max(wanted, minimum), maximum), "a blind autoscaler changes nothing"
        else:
            assert outcome.replicas >= min(reactive, maximum), "never below the load of now"
            most = max(wanted + pods, math.ceil(wanted * (1 + growth / 100)), reactive, minimum)
            assert outcome.replicas <= most, "a forecast grows by one step at most"
        if outcome.replicas < wanted <= maximum:
            recent = [count for at, count in taken if at > time - window]
            assert outcome.replicas >= min(wanted, max(recent, default=0)), "what was needed a moment ago stays"
        assert outcome.is_at_maximum is (outcome.needed > maximum)
        if outcome.cause != "stabilization":
            # What is only kept is needed no longer than what it was kept for.
            taken.append((time, min(outcome.needed, maximum)))
        wanted = outcome.replicas


def rounds(bounds: Bounds, wanted: int, *steps: tuple[float, int, int | None]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for time, predicted, reactive in steps:
        outcome = bounds.apply(decision(predicted), Situation(time=time, wanted=wanted, reactive=reactive))
        wanted = outcome.replicas
        found.append((outcome.replicas, outcome.cause))
    return found


def test_a_forecast_that_explodes_is_bound_by_growth_and_by_the_maximum() -> None:
    bounds = Bounds(ReplicaSettings(maximum=50, growth_percent=100, growth_pods=4))
    assert rounds(bounds, 3, *((30.0 * step, 10**6, 3) for step in range(6))) == [
        (7, "growth"),
        (14, "growth"),
        (28, "growth"),
        (50, "maximum"),
        (50, "maximum"),
        (50, "maximum"),
    ]


def test_a_load_beyond_all_bounds_is_the_maximum() -> None:
    """1.7e308 is a number to JSON, and more pods than a number holds."""
    needed = reactive_replicas(1.7e308, 3, replica_rate=0.4, utilisation=0.7)
    assert needed == 10**12


def test_what_the_load_needs_now_is_not_bound_by_growth() -> None:
    bounds = Bounds(ReplicaSettings(maximum=50, growth_percent=10, growth_pods=1))
    assert rounds(bounds, 2, (0, 1, 40)) == [(40, "reactive")]


def test_at_the_maximum_it_stays_without_flapping() -> None:
    bounds = Bounds(ReplicaSettings(maximum=10, stabilization_seconds=60))
    steps = [(10.0 * step, 12 if step % 2 else 8, 11 if step % 2 else 8) for step in range(1, 20)]
    assert {replicas for replicas, _ in rounds(bounds, 10, *steps)} == {10}


def test_after_a_start_what_is_there_stays_for_the_window() -> None:
    bounds = Bounds(ReplicaSettings(maximum=50, stabilization_seconds=100))
    assert rounds(bounds, 9, (0, 2, 2), (50, 2, 2), (99, 2, 2), (101, 2, 2)) == [
        (9, "stabilization"),
        (9, "stabilization"),
        (9, "stabilization"),
        (2, "reactive"),
    ]


def test_a_target_that_somebody_has_turned_off_stays_off() -> None:
    assert rounds(Bounds(ReplicaSettings(maximum=9)), 0, (0, 5, 5)) == [(0, "paused")]
    assert rounds(Bounds(ReplicaSettings(minimum=0, maximum=9)), 0, (0, 1, 2)) == [(2, "reactive")]
