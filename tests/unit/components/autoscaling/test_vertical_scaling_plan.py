"""VerticalScaling: bounds, what is changed, what a horizontal autoscaler counts, and every error by path."""

from typing import Any

import pytest

from aidc.components.autoscaling import counted_resources, plan_vertical_scaling
from aidc.problems import InvalidInput

_SERVER: dict[str, Any] = {"maximum_cpu": "8", "maximum_memory": "32Gi"}
_GIVEN: dict[str, Any] = {"namespace": "ai", "target": {"name": "chat"}, "sizing": {"server": _SERVER}}


def plan(**changed: Any) -> Any:
    return plan_vertical_scaling({**_GIVEN, **changed}, name="chat")  # type: ignore[typeddict-item]


def problems_of(**changed: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        plan(**changed)
    return [(each.path, each.reason) for each in caught.value.problems]


def paths_of(sizing: dict[str, Any], **changed: Any) -> list[str]:
    return [path for path, _ in problems_of(sizing=sizing, **changed)]


def test_the_defaults() -> None:
    made = plan()
    assert (made.update, made.evict_from, made.resources) == ("InPlaceOrRecreate", 2, ["cpu", "memory"])
    assert [each.manifest() for each in made.sizing] == [
        {
            "containerName": "server",
            "mode": "Auto",
            "controlledResources": ["cpu", "memory"],
            "controlledValues": "RequestsAndLimits",
            "maxAllowed": {"cpu": "8", "memory": "32Gi"},
        }
    ]


def test_a_container_may_be_left_alone() -> None:
    made = plan(sizing={"server": _SERVER, "*": {"scaled": False}})
    assert made.sizing[0].manifest() == {"containerName": "*", "mode": "Off"}
    assert made.resources == ["cpu", "memory"]


def test_what_is_counted_by_a_horizontal_autoscaler_is_left_alone() -> None:
    made = plan(sizing={"server": {"maximum_memory": "32Gi"}}, counted_resources=["cpu"])
    assert made.resources == ["memory"]
    assert made.sizing[0].manifest()["controlledResources"] == ["memory"]


def test_what_is_counted_may_not_be_asked_for() -> None:
    (found,) = problems_of(sizing={"server": {"maximum_cpu": "8", "resources": ["cpu"]}}, counted_resources=["cpu"])
    assert found[0] == "sizing.server.resources[0]"
    assert "leave it to one of them" in found[1]


def test_bounds_of_what_is_not_changed_are_refused() -> None:
    assert paths_of({"server": _SERVER}, counted_resources=["cpu"]) == ["sizing.server.maximumCpu"]


def test_nothing_left_to_change_is_refused() -> None:
    assert paths_of({"server": {}}, counted_resources=["cpu", "memory"]) == [
        "sizing.server.resources",
        "sizing",
    ]


@pytest.mark.parametrize(
    ("sizing", "paths"),
    [
        ({}, ["sizing"]),
        ({"server": {}}, ["sizing.server.maximumCpu", "sizing.server.maximumMemory"]),
        ({"server": {"maximum_cpu": "8"}}, ["sizing.server.maximumMemory"]),
        ({"server": {**_SERVER, "minimum_cpu": "9"}}, ["sizing.server.minimumCpu"]),
        ({"server": {**_SERVER, "minimum_memory": "33Gi"}}, ["sizing.server.minimumMemory"]),
        ({"server": {**_SERVER, "maximum_cpu": "0"}}, ["sizing.server.maximumCpu"]),
        ({"server": {**_SERVER, "maximum_memory": "much"}}, ["sizing.server.maximumMemory"]),
        ({"server": {**_SERVER, "resources": []}}, ["sizing.server.resources"]),
        ({"server": {**_SERVER, "resources": ["cpu", "cpu", "memory"]}}, ["sizing.server.resources[1]"]),
        ({"server": {**_SERVER, "resources": ["cpu", "memory", "gpus"]}}, ["sizing.server.resources[2]"]),
        ({"server": {**_SERVER, "values": "Limits"}}, ["sizing.server.values"]),
        ({"server": {**_SERVER, "scaled": False}}, ["sizing.server.scaled", "sizing"]),
        ({"Server": _SERVER}, ["sizing.Server"]),
    ],
)
def test_what_is_wrong_is_named_by_its_path(sizing: dict[str, Any], paths: list[str]) -> None:
    assert paths_of(sizing) == paths


def test_updates() -> None:
    assert problems_of(update="Auto")[0][0] == "update"
    assert [path for path, _ in problems_of(update="Off", evict_from=1)] == ["evictFrom"]
    assert [path for path, _ in problems_of(evict_from=0)] == ["evictFrom"]
    assert plan(update="Recreate", evict_from=1).evict_from == 1


def test_a_daemon_set_has_sizes_too_but_a_pod_has_not() -> None:
    assert plan(target={"name": "exporter", "kind": "DaemonSet"}).target.kind == "DaemonSet"
    assert [path for path, _ in problems_of(target={"name": "one", "kind": "Pod"})] == ["target.kind"]


def test_what_a_horizontal_policy_counts() -> None:
    assert counted_resources({}) == []
    assert counted_resources({"cpu_percent": 70, "containers": {"server": {"memory_percent": 80}}}) == ["cpu", "memory"]
    triggers = {
        "cpu": {"type": "cpu", "metadata": {"value": "70"}},
        "memory": {"type": "memory", "metric_type": "AverageValue", "metadata": {"value": "4Gi"}},
        "queue": {"type": "kafka", "metadata": {}},
    }
    assert counted_resources({"triggers": triggers}) == ["cpu"]
