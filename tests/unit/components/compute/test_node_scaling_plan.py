"""NodeScaling's plan: what a placeholder keeps free, and every error by its path."""

from decimal import Decimal
from typing import Any

import pytest

from aidc.components.compute import plan_kwok_node_class, plan_node_scaling
from aidc.infra.quantities import quantity
from aidc.planning.catalog import all_instance_types
from aidc.problems import InvalidInput

WARM = {"namespace": "headroom", "node_pool": "h100", "headroom": 2, "instance_type": "p5.48xlarge"}


def plan(args: dict[str, Any]) -> Any:
    return plan_node_scaling(args, "warm")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(all_instance_types()))
def test_a_placeholder_fits_its_node_and_no_second_one_does(name: str) -> None:
    node = all_instance_types()[name]
    requests = plan({**WARM, "instance_type": name}).requests
    cpu, memory = quantity(requests["cpu"]), quantity(requests["memory"])
    assert cpu * 1000 <= node.allocatable_cpu_millis < 2 * cpu * 1000
    assert memory <= node.allocatable_memory_mib * Decimal(2**20) < 2 * memory
    if node.accelerator_count:
        assert node.accelerator is not None
        assert requests[node.accelerator.resource_name] == str(node.accelerator_count)


def test_placeholders_tolerate_what_their_pool_is_tainted_with() -> None:
    args = {**WARM, "taints": [{"key": "team", "value": "a"}, {"key": "nvidia.com/gpu"}]}
    assert plan(args).tolerations == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "team", "operator": "Equal", "value": "a", "effect": "NoSchedule"},
    ]


def test_the_size_of_a_pod_will_do() -> None:
    args = {key: value for key, value in WARM.items() if key != "instance_type"}
    resources = {"cpu": "4", "memory": "8Gi", "gpus": 1, "gpu_resource": "nvidia.com/mig-1g.10gb"}
    pool = plan({**args, "resources": resources})
    assert pool.requests["nvidia.com/mig-1g.10gb"] == "1"
    assert pool.tolerations == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert pool.instance_type is None


def test_a_count_from_pulumis_wire_is_a_whole_number_again() -> None:
    assert type(plan({**WARM, "headroom": 2.0}).headroom) is int


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({**WARM, "headroom": 0}, "headroom", "give 1 placeholder or more"),
        ({**WARM, "headroom": 1_000_000}, "headroom", "give 5,000 placeholders or less"),
        ({**WARM, "priority": 0}, "priority", "give -1 or less"),
        ({**WARM, "priority": -3_000_000_000}, "priority", "too little"),
        ({**WARM, "instance_type": "p5.xlarge"}, "instanceType", "p5 comes as"),
        ({**WARM, "resources": {}}, "resources", "give one of them"),
        ({**WARM, "image": "pause"}, "image", "no fixed version"),
        ({**WARM, "node_pool": "no pool"}, "nodePool", "cannot be a label's value"),
        ({**WARM, "namespace": "No"}, "namespace", "not a DNS label"),
        ({**WARM, "taints": [{"key": ""}]}, "taints[0].key", "not a qualified name"),
        ({**WARM, "replicas": 1}, "replicas", "unknown key"),
        ({key: value for key, value in WARM.items() if key != "instance_type"}, "instanceType", "or resources"),
    ],
)
def test_a_wrong_field_is_named(args: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan(args)
    (problem,) = caught.value.problems
    assert problem.path == path
    assert words in problem.reason


def test_resources_of_a_placeholder_are_checked() -> None:
    args = {key: value for key, value in WARM.items() if key != "instance_type"}
    with pytest.raises(InvalidInput) as caught:
        plan({**args, "resources": {"cpu": "two"}})
    assert [problem.path for problem in caught.value.problems] == ["resources.cpu"]


@pytest.mark.parametrize(
    ("args", "path"),
    [({"registration_delay": "soon"}, "registrationDelay"), ({"node_class": "No"}, "nodeClass"), ({"x": 1}, "x")],
)
def test_a_wrong_node_class_is_refused(args: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_kwok_node_class(args, "default")  # type: ignore[arg-type]
    assert [problem.path for problem in caught.value.problems] == [path]
