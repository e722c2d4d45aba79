"""HorizontalScaling: one autoscaler, exactly."""

from typing import Any

import pytest

from aidc.components.autoscaling import HorizontalScaling
from aidc.evaluation import ResourceGraph, evaluate
from aidc.infra.kubernetes import KubernetesObject
from aidc.problems import InvalidInput

_GIVEN: dict[str, Any] = {"namespace": "ai", "target": {"name": "chat"}, "max_replicas": 8, "cpu_percent": 70}


def declare(**changed: Any) -> ResourceGraph:
    return evaluate(lambda: HorizontalScaling("chat", {**_GIVEN, **changed}))  # type: ignore[typeddict-item]


def test_it_makes_one_autoscaler() -> None:
    graph = declare(min_replicas=3)
    component = graph.named("chat", "aidc:index:HorizontalScaling")
    (autoscaler,) = graph.descendants(component.urn)
    assert (autoscaler.type, autoscaler.name) == (
        "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
        "chat-autoscaler",
    )
    assert autoscaler.inputs["metadata"] == {
        "name": "chat",
        "namespace": "ai",
        "labels": {
            "app.kubernetes.io/name": "chat",
            "app.kubernetes.io/component": "horizontal-scaling",
            "app.kubernetes.io/managed-by": "aidc",
        },
    }
    spec = autoscaler.inputs["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat"}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 8)
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 300
    assert dict(component.outputs) == {"autoscaler_name": "chat", "min_replicas": 3, "max_replicas": 8}


def test_order_of_metrics_does_not_matter() -> None:
    metrics = {"b": {"average_value": "1"}, "a": {"average_value": "2"}}
    first = declare(pods_metrics=metrics).named("chat-autoscaler").inputs
    second = declare(pods_metrics=dict(reversed(metrics.items()))).named("chat-autoscaler").inputs
    assert first == second
    assert [each["type"] for each in first["spec"]["metrics"]] == ["Resource", "Pods", "Pods"]


@pytest.mark.parametrize("preview", [False, True])
def test_the_target_may_come_from_another_resource(preview: bool) -> None:
    def program() -> None:
        manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "chat", "namespace": "ai"}}
        name = KubernetesObject("chat", manifest).status.apply(lambda status: status["name"])
        HorizontalScaling("chat", {**_GIVEN, "target": {"name": name}})  # type: ignore[typeddict-item]

    graph = evaluate(program, preview=preview, answers=[lambda *_: {"status": {"name": "chat"}}])
    autoscaler = graph.named("chat-autoscaler")
    assert graph.named("chat", "kubernetes:apps/v1:Deployment").urn in autoscaler.dependencies
    assert ("spec.scaleTargetRef.name" in autoscaler.unknowns) is preview


def test_two_of_them_share_nothing() -> None:
    def program() -> None:
        for name in ("chat", "search"):
            HorizontalScaling(name, {**_GIVEN, "target": {"name": name}})  # type: ignore[typeddict-item]

    graph = evaluate(program)
    assert {r.inputs["metadata"]["name"] for r in graph if r.package == "kubernetes"} == {"chat", "search"}


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match="HorizontalScaling 'chat'"):
        declare(min_replicas=9)
