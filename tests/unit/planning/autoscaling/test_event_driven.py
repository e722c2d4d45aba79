"""KEDA's part: to and from zero, cooldown, fallback; the rest is the HPA."""

import numpy as np
import pytest

from aidc.planning.autoscaling.event_driven import EventDrivenLanes, EventDrivenSettings
from aidc.planning.autoscaling.horizontal import HorizontalLanes, HorizontalSettings, Metric
from aidc.planning.autoscaling.lanes import Observations
from aidc.problems import InvalidInput


def hpa(**changes):
    return HorizontalSettings(**{"target": 1.0, "replica_rate": 10.0, "max_replicas": 100, **changes})


def run(lanes, rates, current=0, waiting=0.0):
    wanted = np.full(lanes.count, current)
    found = []
    for turn, rate in enumerate(rates):
        wanted = lanes.decide_all(
            Observations(
                time=15.0 * turn,
                rate=float("nan") if rate is None else rate,
                waiting=np.full(lanes.count, waiting),
                utilisation=np.full(lanes.count, np.nan),
                ready=wanted,
                wanted=wanted,
            )
        )
        found.append(int(wanted[0]))
    return found


def keda(**changes):
    return EventDrivenLanes([EventDrivenSettings(horizontal=hpa(down_window=0.0), **changes)])


def test_it_wakes_at_its_next_look_and_the_hpa_goes_on_from_one():
    # It looks every 30 seconds: the load of 15 s is seen at 30 s.
    assert run(keda(), [0.0, 60.0, 60.0, 60.0, 60.0]) == [0, 0, 1, 5, 6]


def test_it_sleeps_only_when_nothing_came_for_the_cooldown():
    found = run(keda(cooldown=120.0), [30.0, *[0.0] * 11], current=3)
    assert found[0] == 3
    assert found[1:8] == [1] * 7, "the HPA goes down to one, at once"
    assert found[8:] == [0] * 4, "and two minutes after the last request it is zero"


def test_what_waits_keeps_it_awake():
    assert run(keda(cooldown=30.0), [0.0] * 8, current=1, waiting=5.0)[-1] == 1


def test_a_threshold_of_activation():
    assert run(keda(activation=5.0), [4.0] * 6)[-1] == 0
    assert run(keda(activation=5.0), [6.0] * 6)[-1] == 1


def test_a_trigger_that_fails_freezes_the_number():
    assert run(keda(), [60.0, 60.0, *[None] * 10], current=3) == [6] * 12


def test_with_a_fallback_the_number_goes_there_after_three_failures():
    found = run(keda(fallback_replicas=8, failure_threshold=3), [60.0, 60.0, *[None] * 8], current=6)
    # Looks at 30, 60 and 90 s fail.
    assert found == [6, 6, 6, 6, 6, 6, 8, 8, 8, 8]


def test_above_zero_it_is_the_hpa():
    rates = (60 * np.random.default_rng(1).lognormal(0, 0.5, 100)).tolist()
    settings = hpa(min_replicas=2)
    alone = run(HorizontalLanes([settings]), rates, current=5)
    assert run(EventDrivenLanes([EventDrivenSettings(horizontal=settings, min_replicas=2)]), rates, current=5) == alone


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"polling": 0.0}, "polling: 0 seconds is not possible"),
        ({"cooldown": -1.0}, "cooldown: -1.0 seconds is too little"),
        ({"horizontal": hpa(metric=Metric.UTILISATION)}, "'utilisation' is a resource metric"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, said):
    with pytest.raises(InvalidInput) as refused:
        EventDrivenLanes([EventDrivenSettings(**{"horizontal": hpa(), **changes})])
    assert said in str(refused.value)
