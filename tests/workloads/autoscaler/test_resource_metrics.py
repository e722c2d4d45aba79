"""The resource metrics API as a source."""

import json
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from aidc.workloads.autoscaler.cluster import ClusterApi
from aidc.workloads.autoscaler.readings import Reading
from aidc.workloads.autoscaler.resource_metrics import ResourceMetrics, quantity
from aidc.workloads.autoscaler.settings import ResourceMetricsSource
from aidc.workloads.autoscaler.target import TargetState

STATE = TargetState(wanted=2, ready=2, version="1", selector="app=chat,tier in (web)")
NOW = 1_800_000_000


@pytest.fixture
def read(answers: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    # The server's clock is what ages are told by.
    monkeypatch.setattr(
        BaseHTTPRequestHandler, "date_time_string", lambda self, timestamp=None: formatdate(NOW, usegmt=True)
    )

    def read(items: Any, *, state: TargetState = STATE, status: int = 200) -> Reading:
        answers.answer = lambda path, query: (status, json.dumps({"items": items}).encode())
        api = ClusterApi(answers.address, False)
        try:
            return ResourceMetrics(api, ResourceMetricsSource(kind="resource-metrics"), "ai").read(state)
        finally:
            api.close()

    return read


def pod(*cores: str, age: int = 10) -> dict[str, Any]:
    stamp = f"2027-01-15T{(NOW - age) % 86_400 // 3600:02}:{(NOW - age) % 3600 // 60:02}:{(NOW - age) % 60:02}Z"
    return {"timestamp": stamp, "window": "15s", "containers": [{"usage": {"cpu": each}} for each in cores]}


def test_the_use_of_all_containers_of_all_pods_is_the_load(answers: Any, read: Any) -> None:
    reading = read([pod("250m", "1"), pod("750000000n", age=20)])
    assert reading.rate == pytest.approx(2.0)
    assert reading.age == pytest.approx(10, abs=1)
    ((path, query),) = answers.asked
    assert path == "/apis/metrics.k8s.io/v1beta1/namespaces/ai/pods"
    assert query == {"labelSelector": STATE.selector}


def test_old_metrics_and_none_at_all_are_no_reading(read: Any) -> None:
    assert "121 s old" in read([pod("1", age=121)]).reason
    assert read([]).reason == "no pod of the target has metrics"
    nothing = TargetState(wanted=0, ready=0, version="1", selector="app=chat")
    assert read([], state=nothing).rate == 0


def test_pods_without_metrics_take_no_pod_away_and_ask_for_none(
    answers: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`read` sets the clock of the server; here one source reads again and again."""
    api = ClusterApi(answers.address, False)
    source = ResourceMetrics(api, ResourceMetricsSource(kind="resource-metrics"), "ai")
    found: list[float | None] = []
    for ready, cores in (
        (4, ["1"] * 4),
        (4, ["1"]),  # Metrics of three pods are lost: they go on as they were.
        (8, ["1"] * 4),  # Four pods have come, of which nothing is known: the load has not doubled.
        (8, ["500m"] * 4),  # Each of those that are seen has less to do: no more than all of them can have.
        (8, ["2"] * 4),  # What is seen alone is more than before.
        (4, ["250m"] * 2),  # The load falls, also with metrics of one half.
        (4, ["250m"] * 4),
    ):
        items = json.dumps({"items": [pod(each) for each in cores]}).encode()
        answers.answer = lambda path, query, items=items: (200, items)
        found.append(source.read(TargetState(wanted=ready, ready=ready, version="1", selector="app=chat")).rate)
    api.close()
    assert found == [4, 4, 4, 4, 8, 1, 1]


def test_at_the_start_pods_without_metrics_are_like_the_others(read: Any) -> None:
    some = TargetState(wanted=4, ready=4, version="1", selector="app=chat")
    assert read([pod("500m"), pod("1")], state=some).rate == pytest.approx(3.0)


def test_a_clock_that_was_wrong_for_a_moment_makes_blind_for_no_longer(
    answers: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = ClusterApi(answers.address, False)
    source = ResourceMetrics(api, ResourceMetricsSource(kind="resource-metrics"), "ai")
    answers.answer = lambda path, query: (200, json.dumps({"items": [pod("1")]}).encode())
    found: list[bool] = []
    for ahead in (0, 3600, 0):
        date = formatdate(NOW + ahead, usegmt=True)
        monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda self, timestamp=None, date=date: date)
        found.append(source.read(STATE).rate is not None)
    api.close()
    assert found == [True, False, True]


@pytest.mark.parametrize("items", [[{"timestamp": "x"}], [pod("one")], [{"containers": []}], 7])
def test_an_answer_that_makes_no_sense_is_no_reading(read: Any, items: Any) -> None:
    reading = read(items)
    assert reading.rate is None
    assert reading.reason


def test_a_refusal_is_no_reading(read: Any) -> None:
    assert "does not answer" in read([], status=503).reason


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("100m", 0.1),
        ("12345n", 12345e-9),
        ("2k", 2000),
        ("64Mi", 2**26),
        ("1.5Gi", 1.5 * 2**30),
        ("1e3", 1000),
    ],
)
def test_quantities(text: str, number: float) -> None:
    assert quantity(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "-1", "1x", "m", "1 Gi", "NaN"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="no quantity"):
        quantity(text)
