"""HorizontalScaling: bounds, metrics and behaviour, and every error by path."""

from typing import Any

import pytest

from aidc.components.autoscaling import plan_horizontal_scaling
from aidc.problems import InvalidInput, Problem

_GIVEN: dict[str, Any] = {"namespace": "ai", "target": {"name": "chat"}, "max_replicas": 8, "cpu_percent": 70}


def plan(**changed: Any) -> Any:
    return plan_horizontal_scaling({**_GIVEN, **changed}, name="chat")  # type: ignore[typeddict-item]


def problems_of(**changed: Any) -> tuple[Problem, ...]:
    with pytest.raises(InvalidInput) as caught:
        plan(**changed)
    return caught.value.problems


def test_the_defaults() -> None:
    made = plan()
    assert (made.min_replicas, made.max_replicas) == (2, 8)
    assert made.target.manifest() == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat"}
    target = {"type": "Utilization", "averageUtilization": 70}
    assert made.metrics == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def test_one_pod_at_most_is_one_pod_at_least() -> None:
    assert plan(max_replicas=1).min_replicas == 1


def test_a_million_pods_are_too_many_and_none_too_few() -> None:
    found = problems_of(min_replicas=0, max_replicas=1_000_000)
    assert [(each.path, each.reason) for each in found] == [
        ("minReplicas", "0 pods is too little; give 1 pod or more"),
        ("maxReplicas", "1,000,000 pods is too much; give 150,000 pods or less"),
    ]
    assert [each.path for each in problems_of(max_replicas=0)] == ["maxReplicas"]


def test_going_down_is_slower_than_going_up() -> None:
    made = plan()
    assert made.up.manifest() == {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Percent", "value": 100, "periodSeconds": 15},
            {"type": "Pods", "value": 4, "periodSeconds": 15},
        ],
    }
    assert made.down.manifest() == {
        "stabilizationWindowSeconds": 300,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Percent", "value": 10, "periodSeconds": 60},
            {"type": "Pods", "value": 1, "periodSeconds": 60},
        ],
    }


def test_order_of_steps_does_not_matter() -> None:
    steps = [{"unit": "Pods", "amount": 2}, {"unit": "Percent", "amount": 5, "period_seconds": 30}]
    assert plan(scale_up={"steps": steps}).up == plan(scale_up={"steps": steps[::-1]}).up


def test_every_source_of_metrics() -> None:
    made = plan_horizontal_scaling(
        {
            "namespace": "ai",
            "target": {"name": "chat"},
            "max_replicas": 8,
            "memory_percent": 80,
            "containers": {"server": {"cpu_percent": 60}},
            "pods_metrics": {"waiting": {"average_value": "5", "selector": {"model": "small"}}},
            "object_metrics": {"rate": {"object_name": "edge", "object_kind": "Gateway", "value": "2k"}},
            "external_metrics": {"queue": {"metric": "queue_length", "average_value": "30"}},
        },
        name="chat",
    )
    assert made.metrics == [
        {
            "type": "Resource",
            "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 80}},
        },
        {
            "type": "ContainerResource",
            "containerResource": {
                "name": "cpu",
                "container": "server",
                "target": {"type": "Utilization", "averageUtilization": 60},
            },
        },
        {
            "type": "Pods",
            "pods": {
                "metric": {"name": "waiting", "selector": {"matchLabels": {"model": "small"}}},
                "target": {"type": "AverageValue", "averageValue": "5"},
            },
        },
        {
            "type": "Object",
            "object": {
                "describedObject": {"apiVersion": "v1", "kind": "Gateway", "name": "edge"},
                "metric": {"name": "rate"},
                "target": {"type": "Value", "value": "2k"},
            },
        },
        {
            "type": "External",
            "external": {
                "metric": {"name": "queue_length"},
                "target": {"type": "AverageValue", "averageValue": "30"},
            },
        },
    ]


@pytest.mark.parametrize(
    ("changed", "path", "words"),
    [
        ({"min_replicas": 9}, "maxReplicas", "8 pods are fewer than the 9 of minReplicas"),
        ({"cpu_percent": 0}, "cpuPercent", "give 1 percent or more"),
        ({"cpu_percent": 10_001}, "cpuPercent", "give 10,000 percent or less"),
        ({"memory_percent": -5}, "memoryPercent", "give 1 percent or more"),
        ({"containers": {"server": {}}}, "containers.server", "give cpuPercent or memoryPercent"),
        ({"containers": {"server": {"cpu": 1}}}, "containers.server.cpu", "did you mean 'cpuPercent'"),
        ({"pods_metrics": {"a": {"average_value": "0"}}}, "podsMetrics.a.averageValue", "give more than 0"),
        ({"pods_metrics": {"a": {"average_value": "many"}}}, "podsMetrics.a.averageValue", "is not a quantity"),
        ({"external_metrics": {"a": {}}}, "externalMetrics.a", "neither is given of value and averageValue"),
        ({"external_metrics": {"a": {"value": "1", "average_value": "1"}}}, "externalMetrics.a", "both are given"),
        (
            {"object_metrics": {"a": {"object_kind": "Service", "value": "1"}}},
            "objectMetrics.a.objectName",
            "missing",
        ),
        ({"target": {"name": "chat", "kind": "deployment"}}, "target.kind", "did you mean 'Deployment'"),
        ({"target": {"name": "chat", "kind": "DaemonSet"}}, "target.kind", "cannot be scaled"),
        ({"target": {"name": "chat", "kind": "Job"}}, "target.kind", "fixed number of pods"),
        ({"target": {"name": "chat", "api_version": "apps"}}, "target.apiVersion", "is not an API version"),
        ({"target": {"name": ""}}, "target.name", "not a DNS subdomain"),
        ({"scale_up": {"stabilization_seconds": 3601}}, "scaleUp.stabilizationSeconds", "give 3,600 seconds or less"),
        ({"scale_down": {"select": "max"}}, "scaleDown.select", "did you mean 'Max'"),
        ({"scale_down": {"steps": []}}, "scaleDown.steps", "select 'Disabled'"),
        ({"scale_up": {"steps": [{"unit": "Pod", "amount": 1}]}}, "scaleUp.steps[0].unit", "did you mean 'Pods'"),
        ({"scale_up": {"steps": [{"unit": "Pods", "amount": 0}]}}, "scaleUp.steps[0].amount", "give 1 or more"),
        (
            {"scale_up": {"steps": [{"unit": "Pods", "amount": 1, "period_seconds": 1801}]}},
            "scaleUp.steps[0].periodSeconds",
            "give 1,800 seconds or less",
        ),
        (
            {"scale_up": {"steps": [{"unit": "Pods", "amount": 1}, {"unit": "Pods", "amount": 1}]}},
            "scaleUp.steps",
            "the same step twice",
        ),
        ({"maximum_replicas": 8}, "maximumReplicas", "did you mean 'maxReplicas'"),
    ],
)
def test_a_wrong_field_is_named(changed: dict[str, Any], path: str, words: str) -> None:
    (problem,) = problems_of(**changed)
    assert problem.path == path
    assert words in problem.reason


def test_something_must_be_looked_at() -> None:
    with pytest.raises(InvalidInput, match="nothing to scale by; give cpuPercent"):
        plan_horizontal_scaling({"namespace": "ai", "target": {"name": "chat"}, "max_replicas": 8}, name="chat")


def test_all_problems_are_listed_at_once() -> None:
    found = problems_of(target={"name": "", "kind": "pod"}, min_replicas=0, cpu_percent=0, scale_up={"select": "x"})
    assert [each.path for each in found] == [
        "target.kind",
        "target.name",
        "minReplicas",
        "cpuPercent",
        "scaleUp.select",
    ]
