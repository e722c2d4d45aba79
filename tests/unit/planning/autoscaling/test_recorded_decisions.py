"""The predictive policy on every known trace: what it decides is recorded, and a change of it is to be read.

With AIDC_RECORD=1 in the environment the decisions are written anew: a diff that nobody meant is a regression, one that
is meant asks for benchmarks/autoscaling.py to be run again.
"""

import json
import os
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from aidc.planning.autoscaling.arrivals import arrivals_of
from aidc.planning.autoscaling.predictive import PredictiveLanes
from aidc.planning.autoscaling.predictive_settings import PredictiveSettings
from aidc.planning.autoscaling.replay import replay
from aidc.planning.autoscaling.service import Service
from aidc.planning.forecasting.known_traces import KnownTrace, known_traces, traces_folder
from aidc.planning.forecasting.series import Series

RECORDED = Path(__file__).with_name("recorded_decisions.json")
HOURS = 2
DELAYS = (60, 300)
ALLOWED = 0.01
"""Share of decisions that may differ by one replica: another processor may round another way at a boundary."""

LOADS = [trace for trace in known_traces() if trace.load]


def decided(trace: KnownTrace, delay: int) -> list[int]:
    """Return the replicas at each decision of the first hours with a load, which keeps 15 replicas busy on average."""
    service = Service(startup_delay=delay, max_replicas=200)
    series = trace.read().series
    first = int(np.argmax(series.values > 0))
    values = series.values[first : first + max(2, int(HOURS * 3600 / series.step))]
    series = Series(series.start + first * series.step, series.step, values)
    arrivals = arrivals_of(series, mean_rate=15 * service.replica_rate)
    lanes = PredictiveLanes([PredictiveSettings(service=service)])
    replicas = replay(arrivals, service, lanes, record=True).replicas
    assert replicas is not None
    return replicas[:, 0].astype(int).tolist()


def shortened(replicas: list[int]) -> str:
    """Write numbers as runs: 17x3 is 17, 17, 17."""
    return " ".join(f"{value}x{len(list(run))}" for value, run in groupby(replicas))


def whole(runs: str) -> list[int]:
    pairs = (run.split("x") for run in runs.split())
    return [int(value) for value, count in pairs for _ in range(int(count))]


@pytest.mark.skipif(not traces_folder().is_dir(), reason=f"the traces are not at {traces_folder()}: set AIDC_TRACES")
@pytest.mark.parametrize("trace", LOADS, ids=lambda trace: trace.name)
def test_decisions_on_a_trace_are_those_recorded(trace: KnownTrace) -> None:
    found = {str(delay): decided(trace, delay) for delay in DELAYS}
    if os.environ.get("AIDC_RECORD") == "1":
        known = json.loads(RECORDED.read_text()) if RECORDED.is_file() else {}
        known[trace.name] = {delay: shortened(replicas) for delay, replicas in found.items()}
        order = [each.name for each in LOADS if each.name in known]
        RECORDED.write_text(json.dumps({name: known[name] for name in order}, indent=1) + "\n")
    recorded = json.loads(RECORDED.read_text())[trace.name]
    for delay, replicas in found.items():
        expected = np.array(whole(recorded[delay]))
        assert len(replicas) == len(expected)
        apart = np.abs(np.array(replicas) - expected)
        first = int(np.argmax(apart > 0))
        where = f"{delay} s: decision {first} is {replicas[first]}, {expected[first]} was recorded"
        assert apart.max() <= 1, where
        assert (apart > 0).mean() <= ALLOWED, where


def test_every_trace_is_recorded_and_nothing_else() -> None:
    assert list(json.loads(RECORDED.read_text())) == [trace.name for trace in LOADS]
