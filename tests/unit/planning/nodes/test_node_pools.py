"""Node pools of a graph: ours and Karpenter's own, bounded by nodes, by what they have, or by nothing."""

from typing import Any

import pytest

from aidc.components.compute import CpuNodePool, GpuNodePool
from aidc.evaluation import evaluate
from aidc.evaluation.manifests import ordered_manifests
from aidc.infra.kubernetes import KubernetesObject
from aidc.planning.catalog import instance_type
from aidc.planning.nodes.node_pools import NodePool, node_pools
from aidc.problems import InvalidInput

P5, G6 = instance_type("p5.48xlarge"), instance_type("g6.xlarge")


def pools(program: Any) -> dict[str, NodePool]:
    graph = evaluate(program)
    return {pool.name: pool for pool in node_pools(graph, ordered_manifests(graph, allow_unknowns=True))}


def karpenter(
    name: str, types: list[str], limits: dict[str, Any] | None = None, zones: Any = ("eu-west-1a",), **spec: Any
) -> None:
    named = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": types}
    zone = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": list(zones)}
    template = {"metadata": {"labels": {"team": name}}, "spec": {"requirements": [named, zone] if types else []}}
    content = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": name}}
    KubernetesObject(name, {**content, "spec": {"template": template, "limits": limits or {}, **spec}})


def only(*arguments: Any, **more: Any) -> NodePool:
    (pool,) = pools(lambda: karpenter("pool", *arguments, **more)).values()
    return pool


def test_our_pools_are_counted_once_and_with_their_labels() -> None:
    def program() -> None:
        GpuNodePool(
            "gpus",
            {"provisioner": "karpenter-kwok", "instance_types": ["p5.48xlarge"], "scaling": {"maximum_nodes": 3}},  # type: ignore[typeddict-item]
        )
        karpenter("own", ["g6.xlarge"], {"nodes": "2"})

    found = pools(program)
    assert list(found) == ["gpus", "own"]
    assert found["gpus"].labels["aidc.dev/accelerator"] == "h100"
    assert found["gpus"].provided["nvidia.com/gpu"] == 24
    assert found["gpus"].provided["cpu"] == pytest.approx(3 * P5.allocatable_cpu_millis / 1000)
    assert found["own"].provided["memory"] == 2 * G6.allocatable_memory_mib * 2**20


def test_shared_accelerators_are_offered_as_what_they_are() -> None:
    args: Any = {
        "provisioner": "karpenter-kwok",
        "instance_types": ["p5.48xlarge"],
        "mig_profile": "1g.10gb",
        "scaling": {"maximum_nodes": 1},
    }
    (pool,) = pools(lambda: GpuNodePool("gpus", args)).values()
    assert pool.kinds[0].offers["nvidia.com/mig-1g.10gb"] == 56
    assert "nvidia.com/gpu" not in pool.kinds[0].offers


def test_nodes_that_exist_are_known_by_their_accelerators_alone() -> None:
    gpu: Any = {
        "provisioner": "existing-nodes",
        "requirement": {"accelerator": "h100", "accelerators": 8},
        "scaling": {"maximum_nodes": 2},
    }
    cpu: Any = {"provisioner": "existing-nodes", "requirement": {"vcpus": 8}, "scaling": {"maximum_nodes": 2}}

    def program() -> None:
        GpuNodePool("gpus", gpu)
        CpuNodePool("plain", cpu)

    found = pools(program)
    assert found["gpus"].is_existing
    assert found["gpus"].provided == {"nvidia.com/gpu": 16}
    assert found["plain"].provided == {}


@pytest.mark.parametrize(
    ("limits", "nodes"),
    [
        ({"nodes": "5"}, 5),
        ({"cpu": "400"}, 400 // P5.vcpus),
        ({"memory": "5Ti"}, int(5 * 2**20 // P5.memory_mib)),
        ({"nvidia.com/gpu": "17"}, 2),
        ({"cpu": "10000", "nvidia.com/gpu": "17"}, 2),
        ({"cpu": 100}, 0),
    ],
)
def test_limits_bound_the_nodes(limits: dict[str, Any], nodes: int) -> None:
    pool = only(["p5.48xlarge"], limits)
    assert pool.maximum_nodes == nodes
    assert pool.provided["nvidia.com/gpu"] == 8 * nodes
    assert (pool.region, pool.most_by_type) == ("eu-west-1", {"p5.48xlarge": nodes})


def test_limits_bound_each_type_by_its_size() -> None:
    pool = only(["g6.xlarge", "g6.12xlarge"], {"cpu": "96"}, zones=["us-east-1a"])
    assert pool.maximum_nodes == 96 // G6.vcpus
    assert pool.most_by_type == {"g6.xlarge": 24, "g6.12xlarge": 2}
    assert pool.provided["cpu"] < pool.room["cpu"]


def test_a_static_pool_has_its_replicas() -> None:
    assert only(["p5.48xlarge"], replicas=4).maximum_nodes == 4


def test_without_limits_nothing_bounds_it() -> None:
    pool = only(["p5.48xlarge"])
    assert (pool.maximum_nodes, pool.is_bounded, pool.provided) == (None, False, {})


def test_types_that_are_not_named_leave_the_limits() -> None:
    pool = only([], {"cpu": "100", "nvidia.com/gpu": "8"})
    assert pool.provided == {"cpu": 100, "nvidia.com/gpu": 8}
    assert (pool.maximum_nodes, pool.is_bounded, pool.gpu_resource) == (None, True, "nvidia.com/gpu")
    assert only([], {"nodes": 7}).maximum_nodes == 7


def test_a_type_that_nobody_knows_is_not_judged() -> None:
    pool = only(["p5.48xlarge", "x99.metal"], {"nodes": "2"})
    assert (pool.kinds, pool.most_by_type) == ((), {"p5.48xlarge": 2})


def test_a_limit_that_is_no_quantity() -> None:
    with pytest.raises(InvalidInput, match=r"NodePool/pool.*\n.*spec\.limits\.cpu: 'lots' is not a quantity"):
        only(["p5.48xlarge"], {"cpu": "lots"})


def test_a_node_pool_of_somebody_else_is_none() -> None:
    content = {"apiVersion": "example.com/v1", "kind": "NodePool", "metadata": {"name": "other"}}
    assert pools(lambda: KubernetesObject("other", content)) == {}


@pytest.mark.parametrize(
    ("zones", "region"), [(["us-east-1a", "us-east-1c"], "us-east-1"), ([], ""), (["us-east-1a", "eu-west-1a"], "")]
)
def test_zones_say_the_region_and_nothing_else_does(zones: list[str], region: str) -> None:
    assert only(["p5.48xlarge"], {"nodes": "1"}, zones=zones).region == region
