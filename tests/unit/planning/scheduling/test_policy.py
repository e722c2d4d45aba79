"""The learned policy: its gradients, its training, and what it ships with."""

from dataclasses import replace

import numpy as np
import pytest

from aidc.planning.scheduling.cluster import ClusterNode, Job, PodShape, SchedulingProblem, scheduling_problem
from aidc.planning.scheduling.policy import (
    JOB_FEATURES,
    NODE_FEATURES,
    PolicyWeights,
    learned_schedule,
    read_weights,
    trained_weights,
    write_weights,
)
from aidc.planning.scheduling.schedule import score, violations
from aidc.planning.scheduling.training import Rollout, TrainingOptions, train_policy

NAMES = ("linear", "hidden", "output", "order")


def problem() -> SchedulingProblem:
    nodes = [
        ClusterNode(name=f"n{number}", cpu_milli=16000, memory_mib=8000, gpus=number + 1, block=f"b{number // 2}")
        for number in range(4)
    ]
    jobs = [
        Job(
            name=f"j{number}",
            shape=PodShape(cpu_milli=1000 * number, memory_mib=100, gpus=1, gpu_milli=100 * number + 200),
        )
        for number in range(8)
    ]
    gang = Job(name="gang", shape=PodShape(cpu_milli=1000, memory_mib=100, gpus=1), pods=3)
    return scheduling_problem(nodes, [*jobs, gang])


def some_weights() -> PolicyWeights:
    random = np.random.default_rng(1)
    features = len(NODE_FEATURES)
    return PolicyWeights(
        random.normal(0, 1, features),
        random.normal(0, 1, (features, 5)),
        random.normal(0, 1, 5),
        random.normal(0, 1, len(JOB_FEATURES)),
        {},
    )


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_the_probability(name: str) -> None:
    weights = some_weights()
    given = problem()
    exact = Rollout(given, weights, np.random.default_rng(5)).gradients[NAMES.index(name)]
    values = getattr(weights, name)
    for index in np.ndindex(values.shape):
        found = []
        for sign in (1, -1):
            shifted = values.copy()
            shifted[index] += sign * 1e-6
            # The same random numbers choose the same schedule, since the chances hardly differ.
            rollout = Rollout(given, replace(weights, **{name: shifted}), np.random.default_rng(5))
            found.append(rollout.log_probability)
        assert (found[0] - found[1]) / 2e-6 == pytest.approx(exact[index], rel=1e-3, abs=1e-4)


def test_training_finds_what_pays() -> None:
    # A light job blocks the heavy ones if it comes first; weights say nothing, since sizes do.
    node = ClusterNode(name="n", cpu_milli=10000, memory_mib=1000, gpus=1)
    greedy_one = Job(name="large", shape=PodShape(cpu_milli=10000, memory_mib=10, gpus=1), weight=6)
    small = [
        Job(name=f"s{number}", shape=PodShape(cpu_milli=2000, memory_mib=10, gpus=1, gpu_milli=250), weight=5)
        for number in range(4)
    ]
    given = scheduling_problem([node], [greedy_one, *small])
    untrained = train_policy(lambda update: given, TrainingOptions(updates=1, rollouts=2, learning_rate=0.0))
    assert score(given, learned_schedule(given, untrained)).weight == 6
    trained = train_policy(lambda update: given, TrainingOptions(updates=120, rollouts=8, learning_rate=0.3))
    assert score(given, learned_schedule(given, trained)).weight == 20


def test_training_is_repeatable() -> None:
    given = problem()
    options = TrainingOptions(updates=3, rollouts=3)
    one = train_policy(lambda update: given, options)
    other = train_policy(lambda update: given, options)
    for name in NAMES:
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_weights_outlive_writing() -> None:
    weights = some_weights()
    again = read_weights(write_weights(weights))
    for name in NAMES:
        assert getattr(again, name) == pytest.approx(getattr(weights, name), abs=1e-6)


def test_the_shipped_weights_fit_and_say_where_they_come_from() -> None:
    weights = trained_weights()
    assert weights.linear.shape == (len(NODE_FEATURES),)
    assert weights.order.shape == (len(JOB_FEATURES),)
    assert weights.hidden.shape == (len(NODE_FEATURES), len(weights.output))
    assert {"data", "date", "updates", "seed"} <= set(weights.provenance)
    assert violations(problem(), learned_schedule(problem())) == []
