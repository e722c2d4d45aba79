"""A served model whose pods change their size: beside another autoscaler, and as one policy of both."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from aidc.evaluation import ResourceGraph, evaluate
from aidc.infra.policies import findings
from aidc.problems import InvalidInput
from aidc.stacks import DataCenter
from aidc.stacks.served_model import plan_served_model

_SERVICE: dict[str, Any] = {
    "namespace": "serving",
    "image": "registry.example/chat:1.4.2",
    "resources": {"cpu": "2", "memory": "8Gi"},
}
_MEMORY: dict[str, Any] = {"server": {"maximum_memory": "32Gi"}}
_HORIZONTAL: dict[str, Any] = {"max_replicas": 8, "cpu_percent": 70}
_HYBRID: dict[str, Any] = {
    "sizing": {"server": {"maximum_cpu": "8", "maximum_memory": "32Gi"}},
    "max_replicas": 8,
    "cpu_percent_of_maximum": 80,
}


def made(**scaling: Any) -> ResourceGraph:
    settings: Any = {
        "platform": "kubernetes",
        "tenants": {"serving": {}},
        "inference_services": {"chat": {"service": _SERVICE, **scaling}},
    }
    return evaluate(lambda: DataCenter("data-center", settings))


def paths_of(**scaling: Any) -> Mapping[str, str]:
    with pytest.raises(InvalidInput) as caught:
        plan_served_model({"service": _SERVICE, **scaling}, "chat")
    return {each.path: each.reason for each in caught.value.problems}


def test_vertical_scaling_leaves_alone_what_the_other_counts() -> None:
    graph = made(horizontal_scaling=_HORIZONTAL, vertical_scaling={"sizing": _MEMORY})
    (policy,) = graph.named("chat-vertical-autoscaler").inputs["spec"]["resourcePolicy"]["containerPolicies"]
    assert policy["controlledResources"] == ["memory"]
    assert not [each for each in findings(graph) if each.rule.name.startswith("one-owner")]


def test_vertical_scaling_alone_changes_both_and_leaves_the_number_to_the_service() -> None:
    sizing = {"server": {"maximum_cpu": "8", "maximum_memory": "32Gi"}}
    graph = made(vertical_scaling={"sizing": sizing})
    assert graph.named("chat", "aidc:index:VerticalScaling").outputs["resources"] == ["cpu", "memory"]
    assert "replicas" in graph.named("chat-deployment").inputs["spec"]


def test_a_hybrid_owns_the_number_of_pods() -> None:
    graph = made(hybrid_scaling=_HYBRID)
    assert "replicas" not in graph.named("chat-deployment").inputs["spec"]
    assert graph.named("chat-autoscaler").inputs["spec"]["scaleTargetRef"]["name"] == "chat"
    assert not [each for each in findings(graph) if each.rule.name.startswith("one-owner")]


@pytest.mark.parametrize("other", ["cpu", "memory"])
def test_triggers_of_use_count_too(other: str) -> None:
    trigger = {"type": other, "metadata": {"value": "70"}}
    sizing = {"server": {f"maximum_{other}": "8Gi", "resources": [other]}}
    found = paths_of(
        event_driven_scaling={"max_replicas": 8, "triggers": {"use": trigger}}, vertical_scaling={"sizing": sizing}
    )
    assert "leave it to one of them" in found["verticalScaling.sizing.server.resources[0]"]


def test_two_owners_are_refused() -> None:
    found = paths_of(hybrid_scaling=_HYBRID, horizontal_scaling=_HORIZONTAL, vertical_scaling={"sizing": _MEMORY})
    assert "hybridScaling owns the number of pods already" in found["horizontalScaling"]
    assert "hybridScaling owns the size of pods already" in found["verticalScaling"]


def test_what_is_wrong_inside_is_named_by_its_path() -> None:
    found = paths_of(hybrid_scaling={**_HYBRID, "update": "Off"})
    assert json.dumps(list(found)) == '["hybridScaling.update"]'
