"""The model of the HPA beside the real one, driven by the same recorded load."""

import time

import numpy as np
import pytest
from gauge import served

from aidc.controlplane.objects import spec
from aidc.planning.autoscaling.horizontal import HorizontalPolicy, HorizontalSettings, Metric, Step
from aidc.planning.autoscaling.policy import Observation
from aidc.planning.autoscaling.shipped import shipped_trace

SYNC = 5.0
"""Seconds between two looks of the HPA in a simulated cluster."""

HOLD = 10.0
"""Seconds that each value of the trace is shown; they are its own."""

VALUES = 17
TARGET = 4.0


@pytest.fixture
def gauge():
    """An HTTP service that says the load of now."""
    shown = {"load": 0.0}
    with served(shown) as port:
        yield shown, port


def recorded_load():
    """Return a stretch of the trace with its hills made higher, so that every rule of the HPA has work."""
    values = shipped_trace().series.values[40 : 40 + VALUES]
    steep = np.clip(12 + 2.2 * (values - values.mean()), 2, 60)
    # The last values are low for long enough that the window on the way down ends.
    return np.round(np.concatenate([steep[:-5], np.full(5, 4.0)]))


def modelled(loads, first, phase):
    """Return (moment, replicas) of the model, which looks every five seconds from `phase` on."""
    policy = HorizontalPolicy(
        HorizontalSettings(
            metric=Metric.RATE,
            target=1.0,
            replica_rate=TARGET,
            down_window=20.0,
            up_steps=(Step(pods=2, period=15.0), Step(percent=50, period=15.0)),
            down_steps=(Step(pods=3, period=15.0),),
            max_replicas=12,
        )
    )
    current, found = first, []
    for moment in np.arange(phase, len(loads) * HOLD, SYNC).tolist():
        seen = Observation(time=moment, rate=float(loads[int(moment // HOLD)]), ready=current, wanted=current)
        current = policy.decide(seen).replicas
        found.append((moment, current))
    return found


def at(trajectory, moment, first):
    """Return the replicas of a trajectory at a moment."""
    value = first
    for when, replicas in trajectory:
        if when > moment:
            break
        value = replicas
    return value


@pytest.mark.timeout(300)
def test_the_model_goes_the_way_of_the_real_autoscaler(deployed, namespace, manifests, client, gauge, eventually):
    shown, port = gauge
    loads = recorded_load()
    first = 3
    shown["load"] = TARGET * first
    deployed.apply(*manifests("horizontal_model", namespace, PORT=port))

    def replicas():
        return spec(client.list("apps/v1", "Deployment", namespace)[0])["replicas"]

    eventually(lambda: replicas() == first, 90)
    # The windows of before are over when the load begins.
    time.sleep(25)
    real = []
    begun = time.monotonic()
    while (moment := time.monotonic() - begun) < len(loads) * HOLD:
        shown["load"] = float(loads[int(moment // HOLD)])
        real.append((moment, replicas()))
        time.sleep(0.5)
    print("load", loads.tolist())
    print("real", changes(real, first))

    def agreement(phase):
        """Return the share of moments at which the model has what the real one has within one look."""
        model = modelled(loads, first, phase)
        near = [
            any(at(model, moment + shift, first) == value for shift in (-SYNC, 0.0, SYNC)) for moment, value in real
        ]
        return float(np.mean(near)), model

    best, model = max((agreement(phase) for phase in np.arange(0.5, SYNC, 0.5)), key=lambda each: each[0])
    print("model", changes(model, first))
    assert best >= 0.97, f"{best:.0%} of the time within one look"
    assert max(value for _, value in real) == max(value for _, value in model)
    assert real[-1][1] == model[-1][1]
    seconds = (np.mean([value for _, value in real]), np.mean([at(model, moment, first) for moment, _ in real]))
    assert seconds[0] == pytest.approx(seconds[1], rel=0.05)
    assert len({value for _, value in real}) >= 5, "the load makes it move"


def changes(trajectory, first):
    """Return the moments at which a trajectory changes."""
    found, before = [], first
    for moment, value in trajectory:
        if value != before:
            found.append((round(moment, 1), value))
            before = value
    return found
