"""HybridScaling: one owner of each number, and every contradiction by path."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.components.autoscaling import plan_hybrid_scaling
from aidc.evaluation.quantities import quantity
from aidc.problems import InvalidInput

_GIVEN: dict[str, Any] = {
    "namespace": "ai",
    "target": {"name": "chat"},
    "max_replicas": 8,
    "sizing": {"server": {"maximum_cpu": "8", "maximum_memory": "32Gi"}},
    "cpu_percent_of_maximum": 80,
}


def plan(**changed: Any) -> Any:
    args = {**_GIVEN, **changed}
    return plan_hybrid_scaling({key: value for key, value in args.items() if value is not None}, name="chat")  # type: ignore[typeddict-item]


def problems_of(**changed: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        plan(**changed)
    return [(each.path, each.reason) for each in caught.value.problems]


def test_the_number_of_pods_follows_use_as_a_share_of_the_largest_size() -> None:
    made = plan()
    (metric,) = made.horizontal.metrics
    target = {"type": "AverageValue", "averageValue": "6400m"}
    assert metric == {
        "type": "ContainerResource",
        "containerResource": {"name": "cpu", "container": "server", "target": target},
    }
    assert made.vertical.resources == ["cpu", "memory"]
    assert (made.horizontal.min_replicas, made.horizontal.max_replicas) == (2, 8)
    assert made.vertical.target == made.horizontal.target


@settings(deadline=None, max_examples=60)
@given(
    percent=st.integers(1, 100), millis=st.integers(1, 200_000), memory=st.integers(1, 4096), other=st.integers(1, 100)
)
def test_the_share_is_of_the_maximum_to_the_nearest_unit(percent: int, millis: int, memory: int, other: int) -> None:
    sizing = {"server": {"maximum_cpu": f"{millis}m", "maximum_memory": f"{memory}Mi"}}
    made = plan(sizing=sizing, cpu_percent_of_maximum=percent, memory_percent_of_maximum=other)
    cores, used = (each["containerResource"]["target"]["averageValue"] for each in made.horizontal.metrics)
    assert abs(quantity(cores) - Decimal(millis * percent) / 100_000) <= Decimal("0.001")
    assert abs(quantity(used) - Decimal(memory * 2**20 * other) / 100) <= 1


def test_no_metric_depends_on_a_request_that_is_changed() -> None:
    made = plan(
        sizing={"*": {"maximum_memory": "32Gi"}},
        cpu_percent_of_maximum=None,
        cpu_percent=70,
        pods_metrics={"waiting": {"average_value": "5"}},
    )
    assert made.vertical.resources == ["memory"], "cores are counted, so they are left alone"
    assert [each["type"] for each in made.horizontal.metrics] == ["Resource", "Pods"]


def test_each_sized_container_counts_by_itself() -> None:
    sizing = {
        "server": {"maximum_cpu": "8", "maximum_memory": "32Gi"},
        "proxy": {"maximum_memory": "1Gi", "resources": ["memory"]},
        "log": {"scaled": False},
    }
    made = plan(sizing=sizing, memory_percent_of_maximum=50)
    found = [
        (each["containerResource"]["container"], each["containerResource"]["name"]) for each in made.horizontal.metrics
    ]
    assert found == [("server", "cpu"), ("proxy", "memory"), ("server", "memory")]


def test_a_percentage_of_a_request_that_is_changed_is_refused_with_a_sentence() -> None:
    sizing = {"server": {"maximum_cpu": "8", "maximum_memory": "32Gi", "resources": ["cpu", "memory"]}}
    ((path, reason),) = problems_of(sizing=sizing, cpu_percent=70, cpu_percent_of_maximum=None)
    assert path == "sizing.server.resources[0]"
    assert reason == (
        "cpuPercent counts in percent of the request of cpu, which sizing changes, so the two would fight;"
        " give cpuPercentOfMaximum in its place, or leave cpu out of resources"
    )


@pytest.mark.parametrize(
    ("changed", "path", "words"),
    [
        ({"cpu_percent_of_maximum": None}, "cpuPercentOfMaximum", "say what the number of pods follows"),
        ({"cpu_percent_of_maximum": 101}, "cpuPercentOfMaximum", "give 100 percent or less"),
        ({"cpu_percent_of_maximum": 0}, "cpuPercentOfMaximum", "give 1 percent or more"),
        ({"max_replicas": 3, "min_replicas": 3}, "maxReplicas", "use VerticalScaling alone"),
        ({"max_replicas": 1}, "maxReplicas", "use VerticalScaling alone"),
        ({"max_replicas": 2, "min_replicas": 3}, "maxReplicas", "fewer than the 3 of minReplicas"),
        ({"update": "Off"}, "update", "use HorizontalScaling alone"),
        ({"sizing": {"*": {"maximum_cpu": "8", "maximum_memory": "1Gi"}}}, "cpuPercentOfMaximum", "name those"),
        (
            {"sizing": {"server": {"maximum_memory": "1Gi", "resources": ["memory"]}}},
            "cpuPercentOfMaximum",
            "give cpuPercent, of the request",
        ),
        ({"sizing": {"server": {"scaled": False}}}, "sizing", "changes no container"),
        ({"target": {"name": "chat", "kind": "DaemonSet"}}, "target.kind", "cannot be scaled"),
    ],
)
def test_contradictions(changed: dict[str, Any], path: str, words: str) -> None:
    found = dict(problems_of(**changed))
    assert words in found[path]


def test_one_pod_more_than_at_least() -> None:
    assert plan(max_replicas=2).horizontal.min_replicas == 1
