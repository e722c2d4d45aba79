"""Node pools: exact children, names, key inputs, and what workloads are told."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from aidc.components.compute import CpuNodePool, GpuNodePool, GpuNodePoolArgs, KwokNodeClass
from aidc.evaluation import ResourceGraph, evaluate
from aidc.problems import InvalidInput

NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
NODE_OVERLAY = "kubernetes:karpenter.sh/v1alpha1:NodeOverlay"
H100: GpuNodePoolArgs = {
    "provisioner": "karpenter-kwok",  # type: ignore[typeddict-item]
    "instance_types": ["p5.48xlarge"],
    "scaling": {"maximum_nodes": 4},
}
OWN: GpuNodePoolArgs = {
    "provisioner": "existing-nodes",  # type: ignore[typeddict-item]
    "requirement": {"accelerator": "a100-40gb", "accelerators": 4},
    "scaling": {"maximum_nodes": 4},
}


def children(graph: ResourceGraph, name: str, kind: str = "GpuNodePool") -> list[tuple[str, str]]:
    component = graph.named(name, f"aidc:index:{kind}")
    return sorted((r.type, r.name) for r in graph.descendants(component.urn))


def declare(make: Callable[[], Any], *, preview: bool = False) -> ResourceGraph:
    return evaluate(make, preview=preview)


def test_a_simulated_pool_is_one_node_pool() -> None:
    graph = declare(lambda: GpuNodePool("h100", H100))
    assert children(graph, "h100") == [(NODE_POOL, "h100")]
    pool = graph.named("h100", NODE_POOL).inputs
    assert pool["metadata"]["name"] == "h100"
    template = pool["spec"]["template"]
    assert template["metadata"]["labels"]["aidc.dev/node-pool"] == "h100"
    assert template["spec"]["nodeClassRef"] == {
        "group": "karpenter.kwok.sh",
        "kind": "KWOKNodeClass",
        "name": "default",
    }
    assert pool["spec"]["limits"] == {"nodes": "4", "cpu": "768", "memory": "8388608Mi", "nvidia.com/gpu": "32"}


def test_shared_accelerators_are_announced_to_karpenter() -> None:
    graph = declare(lambda: GpuNodePool("h100", {**H100, "mig_profile": "1g.10gb"}))
    assert children(graph, "h100") == [(NODE_POOL, "h100"), (NODE_OVERLAY, "h100-overlay")]
    spec = graph.named("h100-overlay").inputs["spec"]
    assert spec["requirements"] == [{"key": "karpenter.sh/nodepool", "operator": "In", "values": ["h100"]}]
    assert spec["capacity"] == {"nvidia.com/mig-1g.10gb": "56", "nvidia.com/gpu": "0"}


def test_existing_nodes_that_are_named_get_labels_and_taints() -> None:
    graph = declare(lambda: GpuNodePool("own", {**OWN, "nodes": ["n2", "n1"], "taints": [{"key": "team"}]}))
    assert children(graph, "own") == [
        ("kubernetes:core/v1:ConfigMap", "own-contract"),
        ("kubernetes:core/v1:NodePatch", "own-n1"),
        ("kubernetes:core/v1:NodePatch", "own-n2"),
    ]
    patch = graph.named("own-n1").inputs
    assert (patch["kind"], patch["metadata"]["name"]) == ("Node", "n1")
    assert patch["metadata"]["labels"] == {"aidc.dev/accelerator": "a100-40gb", "aidc.dev/node-pool": "own"}
    assert [taint["key"] for taint in patch["spec"]["taints"]] == ["nvidia.com/gpu", "team"]


def test_nodes_that_nothing_is_put_on_are_given_no_taints() -> None:
    graph = declare(lambda: GpuNodePool("own", {**OWN, "nodes": ["n1"], "accelerator_taint": False}))
    assert "spec" not in graph.named("own-n1").inputs


def test_the_contract_of_existing_nodes_says_what_they_must_be() -> None:
    config_map = declare(lambda: GpuNodePool("own", OWN)).named("own-contract").inputs
    assert config_map["metadata"]["namespace"] == "kube-system"
    contract = json.loads(config_map["data"]["contract.json"])
    assert contract["labels"] == {"aidc.dev/accelerator": "a100-40gb", "aidc.dev/node-pool": "own"}
    assert contract["taints"] == ["nvidia.com/gpu:NoSchedule"]
    assert (contract["accelerator"], contract["acceleratorsPerNode"], contract["maximumNodes"]) == ("a100-40gb", 4, 4)


@pytest.mark.parametrize("preview", [False, True])
def test_workloads_are_told_all_they_need(preview: bool) -> None:
    taints = [{"key": "team", "value": "research"}]
    graph = declare(
        lambda: GpuNodePool("h100", {**H100, "mig_profile": "1g.10gb", "taints": taints}),  # type: ignore[typeddict-item]
        preview=preview,
    )
    assert graph.named("h100", "aidc:index:GpuNodePool").outputs == {
        "pool_name": "h100",
        "node_selector": {"aidc.dev/node-pool": "h100"},
        "taints": ["nvidia.com/gpu:NoSchedule", "team=research:NoSchedule"],
        "gpu_resource": "nvidia.com/mig-1g.10gb",
        "gpus_per_node": 56,
        "accelerators_per_node": 8,
        "instance_types": ["p5.48xlarge"],
        "maximum_nodes": 4,
        "maximum_price_per_hour": pytest.approx(220.16),
        "efa_interfaces": 0,
        "warnings": [],
    }


def test_a_cpu_pool_is_one_node_pool_for_serving() -> None:
    args = {"provisioner": "karpenter-kwok", "requirement": {"vcpus": 8}, "scaling": {"maximum_nodes": 10}}
    graph = declare(lambda: CpuNodePool("general", args))  # type: ignore[arg-type]
    assert children(graph, "general", "CpuNodePool") == [(NODE_POOL, "general")]
    spec = graph.named("general", NODE_POOL).inputs["spec"]
    assert spec["disruption"]["consolidationPolicy"] == "WhenEmptyOrUnderutilized"
    assert "nvidia.com/gpu" not in spec["limits"]


def test_pools_come_after_the_node_class_that_they_refer_to() -> None:
    def program() -> None:
        node_class = KwokNodeClass("simulated", {"registration_delay": "30s"})
        GpuNodePool("h100", {**H100, "node_class": node_class.node_class})

    graph = declare(program)
    node_class = graph.named("simulated", "kubernetes:karpenter.kwok.sh/v1alpha1:KWOKNodeClass")
    assert node_class.inputs["spec"] == {"nodeRegistrationDelay": "30s"}
    pool = graph.named("h100", NODE_POOL)
    assert pool.inputs["spec"]["template"]["spec"]["nodeClassRef"]["name"] == "simulated"
    assert pool.dependencies == (node_class.urn,)


def test_a_node_class_that_is_not_known_yet_is_left_open() -> None:
    class Elsewhere(pulumi.CustomResource):
        handle: pulumi.Output[str]

        def __init__(self) -> None:
            super().__init__("test:index:Elsewhere", "elsewhere", {"handle": None})

    args = {**H100, "node_class": None}
    graph = declare(lambda: GpuNodePool("h100", args | {"node_class": Elsewhere().handle}), preview=True)  # type: ignore[arg-type]
    assert "spec.template.spec.nodeClassRef.name" in graph.named("h100", NODE_POOL).unknowns


def test_a_second_pool_beside_the_first_collides_in_nothing() -> None:
    def program() -> None:
        for name in ("first", "second"):
            GpuNodePool(name, {**H100, "time_slicing_replicas": 2})
            GpuNodePool(f"own-{name}", {**OWN, "nodes": ["n1"]})

    graph = declare(program)
    objects = [r for r in graph if r.package == "kubernetes" and not r.type.endswith("Patch")]
    named = {(r.type, r.inputs["metadata"].get("namespace"), r.inputs["metadata"]["name"]) for r in objects}
    assert len(named) == len(objects) == 6
    assert len(graph.of_type("kubernetes:core/v1:NodePatch")) == 2


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match=r"GpuNodePool 'h100': 1 problem\n  - scaling.maximumNodes: 0 nodes"):
        declare(lambda: GpuNodePool("h100", {**H100, "scaling": {"maximum_nodes": 0}}))
    with pytest.raises(InvalidInput, match="CpuNodePool 'general'"):
        declare(lambda: CpuNodePool("general", {}))  # type: ignore[typeddict-item]
    with pytest.raises(InvalidInput, match="KwokNodeClass 'No'"):
        declare(lambda: KwokNodeClass("No", {}))
