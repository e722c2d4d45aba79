"""The past: on a grid with its gaps, in a ConfigMap and back, and never in the way."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.workloads.autoscaler.history import History, StoredHistory
from aidc.workloads.autoscaler.past import Past
from aidc.workloads.autoscaler.readings import Sample


class ConfigMap:
    """What an API server keeps."""

    def __init__(self) -> None:
        self.data: dict[str, str] = {}
        self.writes = 0

    def get(self, path: str) -> Any:
        return {"data": dict(self.data)} if self.data else {}

    def merge(self, path: str, patch: Any) -> None:
        self.data |= patch["data"]
        self.writes += 1


def stored(config: ConfigMap) -> StoredHistory:
    return StoredHistory(config, "ai", "chat-autoscaler-history")  # type: ignore[arg-type]


def test_steps_that_were_left_out_have_no_value() -> None:
    history = History(10, 1000)
    for time, rate in ((100.2, 1.0), (110.1, 2.0), (139.9, 3.0), (150, None)):
        history.add(time, rate)
    assert [(sample.time, sample.rate) for sample in history.samples] == [
        (100, 1),
        (110, 2),
        (120, None),
        (130, None),
        (140, 3),
        (150, None),
    ]
    series = history.series
    assert (series.start, series.step, series.end) == (90, 10, 150)
    np.testing.assert_array_equal(series.values, [1, 2, math.nan, math.nan, 3, math.nan])


def test_a_second_value_wins_its_step_and_an_older_one_is_left_out() -> None:
    history = History(10, 1000)
    for time, rate in ((100, 1.0), (101, 2.0), (102, None), (90, 9.0)):
        history.add(time, rate)
    assert [sample.rate for sample in history.samples] == [2]


def test_a_long_gap_costs_no_more_than_the_past_is_long() -> None:
    history = History(10, 1000)
    history.add(0, 1.0)
    history.add(1e9, 2.0)
    assert len(history) == 100
    assert history.samples[-1] == Sample(1e9, 2.0)


_RATES = st.lists(st.none() | st.floats(0, 1e9), min_size=2, max_size=50)


@settings(deadline=None, max_examples=50)
@given(_RATES, st.sampled_from([1.0, 15.0, 60.0]))
def test_what_is_stored_comes_back(rates: list[float | None], step: float) -> None:
    config = ConfigMap()
    samples = [Sample(1_800_000_000 // step * step + index * step, rate) for index, rate in enumerate(rates)]
    stored(config).save(samples)
    found = stored(config).load()
    assert [sample.time for sample in found] == [sample.time for sample in samples]
    for sample, expected in zip(found, rates, strict=True):
        assert sample.rate == (None if expected is None else pytest.approx(expected, rel=1e-5))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"start": 1}',
        '{"start": NaN, "step": 1, "rates": []}',
        '{"start":1,"step":0,"rates":[1]}',
    ],
)
def test_what_cannot_be_read_begins_anew(text: str) -> None:
    config = ConfigMap()
    config.data = {"history": text}
    assert list(stored(config).load()) == []


def test_values_that_are_no_load_are_left_out() -> None:
    config = ConfigMap()
    config.data = {"history": '{"start": 0, "step": 10, "rates": [1, "x", -1, NaN, true, 2]}'}
    assert [sample.rate for sample in stored(config).load()] == [1, None, None, None, 1, 2]


def test_a_long_past_fits_into_a_config_map() -> None:
    config = ConfigMap()
    stored(config).save([Sample(1e9 + 15.0 * index, 1234.56789 + index / 7) for index in range(50_000)])
    assert len(config.data["history"]) < 200_000
    assert stored(config).load()[-1].time == 1e9 + 15.0 * 49_999


class Forgetful:
    """A source without a past."""

    def past(self, seconds: float, step: float) -> list[Sample]:
        return []


def test_a_source_without_a_past_has_that_of_the_config_map_which_is_written_now_and_then() -> None:
    config, now = ConfigMap(), [0.0]
    past = Past(Forgetful(), stored(config), seconds=600, step=10, clock=lambda: now[0])  # type: ignore[arg-type]
    assert list(past.find()) == []
    samples = [Sample(0, 1.0), Sample(10, 2.0)]
    for _ in range(20):
        past.store(samples)
        now[0] += 10
    assert config.writes == 3
    assert past.find() == samples
    assert json.loads(config.data["history"])["rates"] == [1, 2]
