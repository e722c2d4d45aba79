"""Prometheus as a source: whatever it says wrong is no reading, with the reason; the past is on a grid."""

import json
import math
from typing import Any

import pytest

from aidc.workloads.autoscaler.prometheus import Prometheus
from aidc.workloads.autoscaler.readings import Reading
from aidc.workloads.autoscaler.settings import PrometheusSource
from aidc.workloads.autoscaler.target import TargetState

STATE = TargetState(wanted=2, ready=2, version="1", selector="app=chat")
NOW = 1_800_000_000.0


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(answers: Any, clock: Clock, request: pytest.FixtureRequest) -> Any:
    more = getattr(request, "param", {})
    settings = PrometheusSource(kind="prometheus", address=answers.address, query="load", timeout_seconds=30, **more)
    found = Prometheus(settings, clock=clock, wall=lambda: NOW - 1000 + clock.seconds)
    yield found
    found.close()


def read(source: Prometheus) -> Reading:
    return source.read(STATE)


def test_a_value_is_a_rate_at_the_time_of_the_source(answers: Any, source: Prometheus) -> None:
    answers.say((NOW + 7200, "12.5"))
    reading = read(source)
    # The source's clock is two hours before this machine's: its own is what counts.
    assert (reading.rate, reading.time, reading.reason) == (12.5, NOW + 7200, "")


@pytest.mark.parametrize(
    ("value", "reason"),
    [("NaN", "the source says NaN"), ("+Inf", "infinity"), ("-Inf", "infinity"), ("-3", "-3, which is less than")],
)
def test_a_value_that_is_no_load_is_no_reading(answers: Any, source: Prometheus, value: str, reason: str) -> None:
    answers.say((NOW, value))
    reading = read(source)
    assert reading.rate is None
    assert reason in reading.reason


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (503, b'{"status":"error","error":"shutting down"}', "refuses the query: shutting down"),
        (400, b'{"status":"error","error":"parse error"}', "refuses the query: parse error"),
        (200, b"<html>login</html>", "does not answer as Prometheus does"),
        (200, b"[]", "does not answer as Prometheus does"),
        (200, b'{"status":"success","data":{"resultType":"vector","result":[]}}', "no series matches"),
        (200, b'{"status":"success","data":{"resultType":"vector","result":[{}]}}', "does not answer as Prometheus"),
        (200, b'{"status":"success","data":{"resultType":"scalar","result":[1800000000,"x"]}}', "does not answer as"),
        (200, b'{"status":"success","data":{"resultType":"scalar","result":[1800000000]}}', "does not answer as"),
    ],
)
def test_a_source_that_fails_is_no_reading(
    answers: Any, source: Prometheus, status: int, body: bytes, reason: str
) -> None:
    answers.answer = lambda path, query: (status, body)
    reading = read(source)
    assert reading.rate is None
    assert reason in reading.reason


def test_several_values_are_no_reading(answers: Any, source: Prometheus) -> None:
    answers.say((NOW, "1"), (NOW, "2"))
    assert "put sum() around it" in read(source).reason


def test_a_source_that_is_down_is_no_reading_and_its_time_goes_on(answers: Any, clock: Clock) -> None:
    settings = PrometheusSource(kind="prometheus", address="http://127.0.0.1:9", query="load", timeout_seconds=0.5)
    source = Prometheus(settings, clock=clock, wall=lambda: NOW)
    first = read(source)
    clock.seconds += 30
    second = read(source)
    source.close()
    assert first.rate is second.rate is None
    assert "does not answer" in first.reason
    assert second.time == first.time + 30


@pytest.mark.parametrize("source", [{"freshness": "newest"}], indirect=True)
@pytest.mark.parametrize(("age", "said"), [(30, ""), (121, "121 s old"), (-121, "121 s in the future: clocks differ")])
def test_an_old_measurement_is_no_reading(answers: Any, source: Prometheus, age: float, said: str) -> None:
    values = {"load": "5", "newest": str(NOW - age)}
    answers.answer = lambda path, query: (200, vector_of(values[query["query"]]))
    reading = read(source)
    assert said in reading.reason
    assert (reading.rate == 5) is (not said)


def test_a_clock_that_goes_back_is_no_reading_once_and_time_does_not_go_back(
    answers: Any, source: Prometheus, clock: Clock
) -> None:
    answers.say((NOW, "5"))
    before = read(source)
    clock.seconds += 10
    answers.say((NOW + 10 - 3600, "5"))
    back = read(source)
    assert back.rate is None
    assert "went back by 3600 s" in back.reason
    clock.seconds += 10
    answers.say((NOW + 20 - 3600, "6"))
    after = read(source)
    assert after.rate == 6
    assert before.time <= back.time <= after.time


@pytest.mark.parametrize("source", [{"freshness": "newest"}], indirect=True)
def test_a_clock_that_was_wrong_for_a_moment_makes_blind_for_no_longer(
    answers: Any, source: Prometheus, clock: Clock
) -> None:
    """One answer an hour ahead must not make every measurement of that hour old."""
    found: list[float | None] = []
    for turn, ahead in enumerate((0, 3600, 0, 0, 0)):
        clock.seconds = 1000 + 30 * turn
        now = NOW + 30 * turn + ahead
        values = {"load": "5", "newest": str(now - 10)}
        answers.answer = lambda path, query, now=now, values=values: (200, vector_of(values[query["query"]], now))
        found.append(read(source).rate)
    assert found == [5, 5, None, 5, 5]


@pytest.mark.parametrize("source", [{"counter": True}], indirect=True)
def test_a_counter_goes_on_after_a_clock_that_was_wrong(answers: Any, source: Prometheus, clock: Clock) -> None:
    found: list[float | None] = []
    for turn, ahead in enumerate((0, 0, 3600, 0, 0, 0)):
        clock.seconds = 1000 + 30 * turn
        answers.say((NOW + 30 * turn + ahead, str(300 * turn)))
        rate = read(source).rate
        found.append(None if rate is None else round(rate, 6))
    assert found == [None, 10, None, None, None, 10]


@pytest.mark.parametrize("moment", ["NaN", "1e999", "-1e999"])
def test_a_time_that_is_none_is_no_reading(answers: Any, source: Prometheus, moment: str) -> None:
    body = b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[%s,"5"]}]}}'
    answers.answer = lambda path, query: (200, body % moment.encode())
    reading = read(source)
    assert (reading.rate, reading.time) == (None, NOW)
    assert "does not answer as Prometheus does" in reading.reason


@pytest.mark.parametrize("source", [{"counter": True}], indirect=True)
def test_a_counter_gives_a_rate_also_where_it_starts_again(answers: Any, source: Prometheus, clock: Clock) -> None:
    found: list[float | None] = []
    for seconds, value in ((0, 1000), (10, 1050), (20, 40), (200, 90), (210, 100)):
        clock.seconds = 1000 + seconds
        answers.say((NOW + seconds, str(value)))
        found.append(read(source).rate)
    # Nothing of the first; 50 in 10 s; 40 since it began anew; a gap that is too long; 10 in 10 s.
    assert [None if rate is None else round(rate, 6) for rate in found] == [None, 5, 4, None, 1]


@pytest.mark.parametrize("source", [{"waiting": "queue"}], indirect=True)
def test_what_waits_is_read_too_and_may_be_missing(answers: Any, source: Prometheus) -> None:
    values = {"load": "5", "queue": "17"}
    answers.answer = lambda path, query: (200, vector_of(values[query["query"]]))
    assert (read(source).rate, read(source).waiting) == (5, 17)
    values["queue"] = "NaN"
    assert (read(source).rate, read(source).waiting) == (5, None)


def test_the_past_is_the_same_for_everybody_and_has_its_gaps(answers: Any, source: Prometheus) -> None:
    """25,000 steps in three requests; without an answer for some of them."""
    step = 10.0

    def value(index: int) -> str:
        return "NaN" if index % 50 == 0 else str(index % 1000)

    def answer(path: str, query: dict[str, str]) -> tuple[int, bytes]:
        if path.endswith("/query"):
            return 200, json.dumps(
                {"status": "success", "data": {"resultType": "scalar", "result": [NOW + 3.7, "1"]}}
            ).encode()
        first, last = (round(float(query[key]) / step) for key in ("start", "end"))
        assert last - first < 11_000, "Prometheus refuses more"
        values = [[index * step, value(index)] for index in range(first, last + 1) if index % 7]
        data = {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}
        return 200, json.dumps({"status": "success", "data": data}).encode()

    answers.answer = answer
    samples = source.past(250_000, step)
    assert len(samples) == 25_000
    assert sum(path.endswith("query_range") for path, _ in answers.asked) == 3
    last = math.floor((NOW + 3.7) / step)
    for offset, sample in enumerate(samples):
        index = last - 25_000 + offset
        assert sample.time == index * step
        assert sample.rate == (None if index % 7 == 0 or index % 50 == 0 else index % 1000)
    assert source.past(250_000, step) == samples


def test_a_source_that_fails_says_so_of_its_past(answers: Any, source: Prometheus) -> None:
    answers.answer = lambda path, query: (503, b"{}")
    assert source.past(600, 10) is None


def vector_of(value: str, time: float = NOW) -> bytes:
    result = [{"metric": {}, "value": [time, value]}]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()
