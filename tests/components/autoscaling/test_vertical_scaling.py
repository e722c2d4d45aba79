"""VerticalScaling and HybridScaling: their objects, exactly."""

from typing import Any

import pytest

from aidc.components.autoscaling import HybridScaling, VerticalScaling
from aidc.evaluation import ResourceGraph, evaluate
from aidc.infra.kubernetes import KubernetesObject
from aidc.infra.policies import findings
from aidc.problems import InvalidInput

_GIVEN: dict[str, Any] = {
    "namespace": "ai",
    "target": {"name": "chat"},
    "sizing": {"server": {"maximum_cpu": "8", "maximum_memory": "32Gi", "minimum_memory": "1Gi"}},
}
_BOTH: dict[str, Any] = {**_GIVEN, "max_replicas": 8, "cpu_percent_of_maximum": 80}


def declare(kind: Any, **changed: Any) -> ResourceGraph:
    given = _GIVEN if kind is VerticalScaling else _BOTH
    return evaluate(lambda: kind("chat", {**given, **changed}))


def test_it_makes_one_vertical_autoscaler() -> None:
    graph = declare(VerticalScaling)
    component = graph.named("chat", "aidc:index:VerticalScaling")
    (autoscaler,) = graph.descendants(component.urn)
    assert autoscaler.type == "kubernetes:autoscaling.k8s.io/v1:VerticalPodAutoscaler"
    assert autoscaler.name == "chat-vertical-autoscaler"
    assert autoscaler.inputs["metadata"] == {
        "name": "chat",
        "namespace": "ai",
        "labels": {
            "app.kubernetes.io/name": "chat",
            "app.kubernetes.io/component": "vertical-scaling",
            "app.kubernetes.io/managed-by": "aidc",
        },
    }
    assert autoscaler.inputs["spec"] == {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat"},
        "updatePolicy": {"updateMode": "InPlaceOrRecreate", "minReplicas": 2},
        "resourcePolicy": {
            "containerPolicies": [
                {
                    "containerName": "server",
                    "mode": "Auto",
                    "controlledResources": ["cpu", "memory"],
                    "controlledValues": "RequestsAndLimits",
                    "minAllowed": {"memory": "1Gi"},
                    "maxAllowed": {"cpu": "8", "memory": "32Gi"},
                }
            ]
        },
    }
    assert dict(component.outputs) == {"autoscaler_name": "chat", "resources": ["cpu", "memory"]}


@pytest.mark.parametrize("update", ["Off", "Initial"])
def test_where_nothing_is_evicted_nothing_is_said_of_it(update: str) -> None:
    spec = declare(VerticalScaling, update=update).named("chat-vertical-autoscaler").inputs["spec"]
    assert spec["updatePolicy"] == {"updateMode": update}


def test_a_hybrid_makes_two_autoscalers_of_one_target() -> None:
    graph = declare(HybridScaling)
    component = graph.named("chat", "aidc:index:HybridScaling")
    vertical, horizontal = graph.descendants(component.urn)
    assert [each.type.rpartition(":")[2] for each in (vertical, horizontal)] == [
        "VerticalPodAutoscaler",
        "HorizontalPodAutoscaler",
    ]
    assert vertical.inputs["spec"]["targetRef"] == horizontal.inputs["spec"]["scaleTargetRef"]
    (metric,) = horizontal.inputs["spec"]["metrics"]
    assert metric["containerResource"]["target"] == {"type": "AverageValue", "averageValue": "6400m"}
    assert dict(component.outputs) == {
        "vertical_autoscaler_name": "chat",
        "autoscaler_name": "chat",
        "min_replicas": 2,
        "max_replicas": 8,
    }


def test_a_hybrid_keeps_the_rule_that_requests_have_one_owner() -> None:
    assert not [each for each in findings(declare(HybridScaling)) if each.rule.name == "one-owner-of-requests"]


@pytest.mark.parametrize("preview", [False, True])
def test_the_target_may_come_from_another_resource(preview: bool) -> None:
    def program() -> None:
        manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "chat", "namespace": "ai"}}
        name = KubernetesObject("chat", manifest).status.apply(lambda status: status["name"])
        HybridScaling("chat", {**_BOTH, "target": {"name": name}})  # type: ignore[typeddict-item]

    graph = evaluate(program, preview=preview, answers=[lambda *_: {"status": {"name": "chat"}}])
    for name, field in (("chat-vertical-autoscaler", "targetRef"), ("chat-autoscaler", "scaleTargetRef")):
        made = graph.named(name)
        assert graph.named("chat", "kubernetes:apps/v1:Deployment").urn in made.dependencies
        assert (f"spec.{field}.name" in made.unknowns) is preview


def test_order_of_containers_and_resources_does_not_matter() -> None:
    sizing = {
        "server": {"maximum_cpu": "8", "maximum_memory": "32Gi", "resources": ["memory", "cpu"]},
        "log": {"scaled": False},
    }
    first = declare(VerticalScaling, sizing=sizing).named("chat-vertical-autoscaler").inputs
    other = {key: dict(reversed(value.items())) for key, value in reversed(sizing.items())}
    other["server"]["resources"] = ["cpu", "memory"]
    second = declare(VerticalScaling, sizing=other).named("chat-vertical-autoscaler").inputs
    assert first == second


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match="HybridScaling 'chat'"):
        declare(HybridScaling, update="Off")
