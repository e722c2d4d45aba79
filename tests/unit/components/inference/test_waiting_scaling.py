"""Scaling on waiting requests: the queries of each engine, its bounds, and what is refused."""

from typing import Any

import pytest

from aidc.components.autoscaling import plan_event_driven_scaling
from aidc.components.inference import InferenceEngine, plan_waiting_scaling, running_requests, waiting_requests
from aidc.problems import Problems

SERVICE = {"model": "/models/chat"}


def scaling(problems: Problems, args: dict[str, Any], service: dict[str, Any] | None = None) -> Any:
    return plan_waiting_scaling(
        problems,
        args,  # type: ignore[arg-type]
        SERVICE if service is None else service,
        namespace="serving",
        target="chat",
        name="chat",
    )


@pytest.mark.parametrize("engine", list(InferenceEngine))
def test_each_engine_is_asked_for_its_own_figures(engine: InferenceEngine) -> None:
    problems = Problems()
    found = scaling(problems, {"max_replicas": 8, "target": 4, "running": 12}, {**SERVICE, "engine": engine.value})
    assert not problems
    plan = plan_event_driven_scaling(found, "chat")
    triggers = {each.name: each for each in plan.triggers}
    assert triggers["waiting"].metadata == {
        "serverAddress": "http://kube-prometheus-stack-prometheus.monitoring.svc:9090",
        "query": waiting_requests(engine, namespace="serving", name="chat"),
        "threshold": "4",
        "ignoreNullValues": "false",
    }
    assert triggers["running"].metadata["query"] == running_requests(engine, namespace="serving", name="chat")
    assert triggers["running"].metadata["threshold"] == "12"
    assert (plan.min_replicas, plan.max_replicas) == (1, 8)
    assert plan.fallback is not None


def test_what_runs_is_not_counted_unless_asked_for() -> None:
    found = scaling(Problems(), {"max_replicas": 8, "prometheus": "http://prometheus.example:9090"})
    assert list(found["triggers"]) == ["waiting"]
    metadata = found["triggers"]["waiting"]["metadata"]
    assert metadata["serverAddress"] == "http://prometheus.example:9090"
    assert metadata["threshold"] == "8"


@pytest.mark.parametrize(
    ("args", "service", "path", "reason"),
    [
        ({}, SERVICE, "maxReplicas", "missing"),
        ({"max_replicas": 8, "targett": 4}, SERVICE, "targett", "did you mean 'target'"),
        ({"max_replicas": 8, "target": 0}, SERVICE, "target", "1 request or more"),
        ({"max_replicas": 8, "running": 0}, SERVICE, "running", "1 request or more"),
        ({"max_replicas": 8, "min_replicas": 0}, SERVICE, "minReplicas", "1 pod or more"),
        ({"max_replicas": 8}, {}, "", "give model to the service"),
        ({"max_replicas": 8}, {**SERVICE, "engine": "tgi"}, "", ""),
    ],
)
def test_what_cannot_work_is_refused(args: dict[str, Any], service: dict[str, Any], path: str, reason: str) -> None:
    problems = Problems()
    assert scaling(problems, args, service) is None
    if reason:
        assert [problem.path for problem in problems] == [path]
        assert reason in next(iter(problems)).reason
