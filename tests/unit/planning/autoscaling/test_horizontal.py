"""The HPA beside cases of Kubernetes' documentation and of its controller's own tests."""

import numpy as np
import pytest

from aidc.planning.autoscaling.horizontal import (
    HorizontalLanes,
    HorizontalPolicy,
    HorizontalSettings,
    Metric,
    Step,
    recommended_by_use,
)
from aidc.planning.autoscaling.lanes import Observations
from aidc.planning.autoscaling.policy import Observation
from aidc.problems import InvalidInput


def by_use(current, ready, utilisation, target, starting=0, missing=0, tolerance=0.1):
    return int(
        recommended_by_use(
            current=np.array([current]),
            ready=np.array([ready]),
            starting=np.array([starting]),
            utilisation=np.array([utilisation]),
            target=np.array([target]),
            tolerance=np.array([tolerance]),
            missing=missing,
        )[0]
    )


@pytest.mark.parametrize(
    ("current", "ready", "starting", "missing", "utilisation", "target", "wanted"),
    [
        # "if the current metric value is 200m, and the desired value is 100m, the number of replicas will be doubled"
        (4, 4, 0, 0, 2.0, 1.0, 8),
        # "if the current value is instead 50m, you'll halve the number of replicas"
        (4, 4, 0, 0, 0.5, 1.0, 2),
        # "skips any scaling action if the ratio is sufficiently close to 1.0 (tolerance, 0.1)"
        (10, 10, 0, 0, 0.55, 0.5, 10),
        (10, 10, 0, 0, 0.56, 0.5, 12),
        (10, 10, 0, 0, 0.45, 0.5, 10),
        (10, 10, 0, 0, 0.44, 0.5, 9),
        # replica_calculator_test.go: TestReplicaCalcScaleUp, 300m, 500m, 700m of 1 core at 30 percent
        (3, 3, 0, 0, 0.5, 0.3, 5),
        # TestReplicaCalcScaleUpUnreadyLessScale: 500m and 700m are ready, one is not: 40 percent over three
        (3, 2, 1, 0, 0.6, 0.3, 4),
        # TestReplicaCalcScaleUpUnreadyNoScale: 400m is ready, two are not: the direction would turn
        (3, 1, 2, 0, 0.4, 0.3, 3),
        # TestReplicaCalcScaleDown: 100m, 300m, 500m, 250m, 250m at 50 percent
        (5, 5, 0, 0, 0.28, 0.5, 3),
        # TestReplicaCalcMissingMetricsNoChangeEq: one pod says 1000m of 1 core, at 100 percent, one is missing
        (2, 1, 0, 1, 1.0, 1.0, 2),
        # TestReplicaCalcMissingMetricsNoChangeGt: 1900m, counted over two
        (2, 1, 0, 1, 1.9, 1.0, 2),
        # TestReplicaCalcMissingMetricsNoChangeLt: 600m, the other as wholly used
        (2, 1, 0, 1, 0.6, 1.0, 2),
        # TestReplicaCalcMissingMetricsUnreadyScaleUp: 2000m at 50 percent, one missing, one not ready: over three
        (3, 1, 1, 1, 2.0, 0.5, 4),
        # TestReplicaCalcMissingMetricsUnreadyChange: 450m at 50 percent, the missing one as wholly used: it would turn
        (3, 1, 1, 1, 0.45, 0.5, 3),
        # TestReplicaCalcMissingMetricsUnreadyScaleDown: 100m, 100m at 50 percent, one missing, one not ready
        (4, 2, 1, 1, 0.1, 0.5, 3),
    ],
)
def test_a_resource_metric(current, ready, starting, missing, utilisation, target, wanted):
    assert by_use(current, ready, utilisation, target, starting, missing) == wanted


def run(settings, rates, current=5, every=15.0):
    """Return the replicas after each rate; what is decided is there at once."""
    policy = HorizontalPolicy(settings)
    found = []
    for turn, rate in enumerate(rates):
        current = policy.decide(
            Observation(time=turn * every, rate=rate, waiting=0.0, ready=current, wanted=current)
        ).replicas
        found.append(current)
    return found


def hpa(**changes):
    return HorizontalSettings(**{"target": 1.0, "replica_rate": 10.0, "max_replicas": 100, **changes})


def test_an_average_value_counts_all_and_rounds_up():
    assert run(hpa(), [81.0]) == [9]
    assert run(hpa(), [54.0]) == [5], "within the tolerance"
    assert run(hpa(tolerance=0.0), [54.0]) == [6]


def test_it_grows_to_the_double_or_by_four_every_fifteen_seconds():
    assert run(hpa(), [900.0] * 6, current=1) == [5, 10, 20, 40, 80, 90]


def test_it_shrinks_only_when_five_minutes_wanted_it():
    found = run(hpa(), [100.0, *[20.0] * 22], current=10)
    assert found[:20] == [10] * 20
    assert found[20] == 2, "a recommendation of 300 seconds ago no longer counts"


def test_a_short_peak_holds_for_the_window():
    rates = [50.0] * 3 + [90.0] + [50.0] * 25
    found = run(hpa(), rates)
    assert found[3] == 9
    assert found[4:23] == [9] * 19
    assert found[23] == 5


def test_a_window_on_the_way_up_takes_the_least():
    assert run(hpa(up_window=60.0), [90.0] * 6) == [5, 5, 5, 5, 9, 9]


def test_steps_down_count_within_their_period():
    slow = hpa(down_window=0.0, down_steps=(Step(percent=10, period=60.0), Step(pods=1, period=60.0)))
    # 10 percent of 40 is 4 a minute; of what is left, what is more: 10 percent or one pod.
    assert run(slow, [10.0] * 9, current=40) == [36, 36, 36, 36, 32, 32, 32, 32, 28]
    least = hpa(down_window=0.0, down_steps=(Step(percent=10, period=60.0), Step(pods=1, period=60.0)), down_least=True)
    assert run(least, [10.0] * 9, current=40) == [39, 39, 39, 39, 38, 38, 38, 38, 37]


def test_bounds():
    assert run(hpa(min_replicas=3), [0.0] * 30)[-1] == 3
    assert run(hpa(max_replicas=7), [900.0] * 3) == [7, 7, 7]
    assert run(hpa(max_replicas=4), [30.0]) == [4], "above the most: at once"
    assert run(hpa(min_replicas=8), [30.0]) == [8], "below the least: at once"
    assert run(hpa(), [500.0], current=0) == [0], "a target without pods is switched off"


def test_without_a_metric_nothing_changes():
    assert run(hpa(down_window=0.0), [None, float("nan"), -1.0, 90.0, None]) == [5, 5, 5, 9, 9]


def test_pods_that_start_count_as_idle_only_for_a_resource_metric():
    seen = Observation(time=0, rate=100.0, utilisation=1.0, ready=4, wanted=8)
    rate = HorizontalPolicy(hpa(target=0.5)).decide(seen)
    use = HorizontalPolicy(hpa(target=0.5, metric=Metric.UTILISATION)).decide(seen)
    assert (rate.replicas, use.replicas) == (16, 8)


def test_requests_in_flight_see_what_waits():
    seen = Observation(time=0, rate=50.0, waiting=60.0, ready=5, wanted=5)
    flight = HorizontalPolicy(hpa(metric=Metric.IN_FLIGHT, service_time=2.0)).decide(seen)
    assert flight.replicas == 8, "5 replicas of load, and 60 waiting over 20 at a time"


def test_lanes_decide_as_each_alone():
    draw = np.random.default_rng(1)
    rates = (60 * draw.lognormal(0, 0.6, 200)).tolist()
    each = [
        hpa(target=target, metric=metric, down_window=window)
        for target in (0.5, 0.9)
        for metric in (Metric.RATE, Metric.IN_FLIGHT)
        for window in (0.0, 60.0, 300.0)
    ]
    lanes = HorizontalLanes(each)
    current = np.full(len(each), 5)
    alone = [run(settings, rates) for settings in each]
    for turn, rate in enumerate(rates):
        zeros = np.zeros(len(each))
        current = lanes.decide_all(
            Observations(time=turn * 15.0, rate=rate, waiting=zeros, utilisation=zeros, ready=current, wanted=current)
        )
        assert current.tolist() == [trajectory[turn] for trajectory in alone]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target": 0.0}, "target: 0.0 is not possible"),
        ({"replica_rate": -1.0}, "give more than 0 requests a second"),
        ({"down_window": 4000.0}, "downWindow: 4,000.0 seconds is too much"),
        ({"min_replicas": 5, "max_replicas": 4}, "maxReplicas: 4 replicas is too little"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, said):
    with pytest.raises(InvalidInput, match="problem") as refused:
        HorizontalPolicy(hpa(**changes))
    assert said in str(refused.value)
