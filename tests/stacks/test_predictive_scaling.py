"""Served models scaled by a forecast: beside the other autoscaler while it is shown, in its place once it acts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.evaluation import ResourceGraph, evaluate
from aidc.planning.plan.ownership import replica_conflicts
from aidc.problems import InvalidInput
from aidc.stacks import DataCenter, check_settings

FORECAST: dict[str, Any] = {
    "image": "registry.example/autoscaler:1.0.0",
    "maxReplicas": 6,
    "load": {"query": "sum(rate(aidc_inference_requests_total[2m]))"},
    "capacity": {"serviceSeconds": 1.5, "concurrency": 16},
}


def settings(**scaling: Any) -> dict[str, Any]:
    stacks = Path(__file__).parents[2] / "stacks"
    config = yaml.safe_load((stacks / "Pulumi.local.yaml").read_text())["config"]
    given = {key.partition(":")[2]: value for key, value in config.items() if key.startswith("aidc:")}
    chat = given["inferenceServices"]["chat"]
    given["inferenceServices"]["chat"] = {"service": chat["service"], **scaling}
    return given


def declare(given: Mapping[str, Any]) -> ResourceGraph:
    return evaluate(lambda: DataCenter("local", check_settings(given, "local")))


def test_a_forecast_that_is_shown_leaves_the_number_to_its_owner() -> None:
    graph = declare(settings(predictiveScaling=FORECAST, horizontalScaling={"maxReplicas": 4, "cpuPercent": 60}))
    assert graph.named("chat-autoscaler").inputs["spec"]["maxReplicas"] == 4
    names = {each.inputs["metadata"]["name"] for each in graph.of_type("kubernetes:*:Deployment")}
    assert {"chat", "chat-autoscaler"} <= names
    assert "chat" not in {each.inputs["metadata"]["name"] for each in graph.of_type("kubernetes:*:ScaledObject")}
    assert replica_conflicts(graph) == ()


def test_a_forecast_that_acts_is_the_owner() -> None:
    graph = declare(settings(predictiveScaling={**FORECAST, "mode": "act"}))
    spec = graph.named("chat-scaled-object").inputs["spec"]
    assert spec["scaleTargetRef"]["name"] == "chat"
    namespace = graph.named("chat-scaled-object").inputs["metadata"]["namespace"]
    urls = [trigger["metadata"].get("url") for trigger in spec["triggers"]]
    assert urls == [f"http://chat-autoscaler.{namespace}.svc:9402/replicas", None]
    services = [each for each in graph.of_type("kubernetes:*:Deployment") if each.inputs["metadata"]["name"] == "chat"]
    assert "replicas" not in services[0].inputs["spec"]
    assert replica_conflicts(graph) == ()


def test_two_owners_and_wrong_inputs_are_refused_by_their_path() -> None:
    wrong = {**FORECAST, "mode": "act", "minReplicas": 9}
    with pytest.raises(InvalidInput) as caught:
        check_settings(
            settings(predictiveScaling=wrong, horizontalScaling={"maxReplicas": 4, "cpuPercent": 60}), "local"
        )
    found = {problem.path: problem.reason for problem in caught.value.problems}
    assert "horizontalScaling owns the number" in found["inferenceServices.chat.predictiveScaling"]
    assert "fewer than the 9 of minReplicas" in found["inferenceServices.chat.predictiveScaling.maxReplicas"]
