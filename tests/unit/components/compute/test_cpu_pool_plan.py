"""CpuNodePool's plan: defaults, what fits, and every error by its path."""

from typing import Any

import pytest

from aidc.components.compute import NodePurpose, plan_cpu_node_pool
from aidc.components.compute.karpenter_pool import node_overlay_manifest, node_pool_manifest
from aidc.planning.catalog import instance_type
from aidc.problems import InvalidInput

KARPENTER = {"provisioner": "karpenter-kwok", "scaling": {"maximum_nodes": 10}}
EXISTING = {"provisioner": "existing-nodes", "scaling": {"maximum_nodes": 10}}


def plan(args: dict[str, Any]) -> Any:
    return plan_cpu_node_pool(args, "general")  # type: ignore[arg-type]


def test_defaults_are_those_of_serving_on_amd64() -> None:
    pool = plan({**KARPENTER, "requirement": {"vcpus": 8}})
    assert pool.scaling.purpose is NodePurpose.SERVING
    assert pool.labels == {"aidc.dev/node-pool": "general"}
    assert pool.taints == ()
    assert (pool.gpu_resource, pool.gpus_per_node) == ("", 0)
    found = [instance_type(name) for name in pool.instance_types]
    assert found
    assert all(each.vcpus >= 8 and each.architecture == "amd64" and each.accelerator is None for each in found)
    assert node_overlay_manifest(pool) is None


def test_limits_name_no_accelerator() -> None:
    spec = node_pool_manifest(plan({**KARPENTER, "instance_types": ["m7i.2xlarge"]}))["spec"]
    assert spec["limits"] == {"nodes": "10", "cpu": "80100m", "memory": "327680Mi"}
    assert "taints" not in spec["template"]["spec"]


def test_arm_is_a_choice() -> None:
    pool = plan({**KARPENTER, "requirement": {"vcpus": 8, "architecture": "arm64", "max_price": 0.4}})
    assert pool.shape.architecture == "arm64"
    assert pool.maximum_price_per_hour <= 4.0


def test_existing_machines_need_no_catalog() -> None:
    pool = plan({**EXISTING, "requirement": {"vcpus": 3}, "nodes": ["b", "a"]})
    assert (pool.instance_types, pool.nodes) == ([], ["a", "b"])


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({**KARPENTER, "requirement": {"vcpu": 8}}, "requirement.vcpu", "did you mean 'vcpus'"),
        ({**KARPENTER, "requirement": {"vcpus": 0}}, "requirement.vcpus", "give 1 virtual CPUs of one node or more"),
        ({**KARPENTER, "requirement": {"vcpus": 1_000_000}}, "requirement.vcpus", "fits no instance type"),
        (
            {**KARPENTER, "requirement": {"vcpus": 1, "architecture": "arm"}},
            "requirement.architecture",
            "did you mean 'arm64'",
        ),
        (
            {**EXISTING, "requirement": {"vcpus": 1, "architecture": "arm"}},
            "requirement.architecture",
            "did you mean 'arm64'",
        ),
        ({**KARPENTER, "instance_types": ["m7i.large", "m7g.large"]}, "instanceTypes", "m7g.large is arm64"),
        ({**KARPENTER, "instance_types": ["p5.48xlarge"]}, "instanceTypes[0]", "make it a GpuNodePool"),
        ({**KARPENTER, "instance_types": ["m7i.larg"]}, "instanceTypes[0]", "m7i.large"),
        ({**KARPENTER, "instance_types": "m7i.large"}, "instanceTypes", "not a list"),
        ({**KARPENTER, "mig_profile": "1g.5gb"}, "migProfile", "unknown key"),
    ],
)
def test_a_wrong_field_is_named(args: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan(args)
    found = {problem.path: problem.reason for problem in caught.value.problems}
    assert path in found
    assert words in found[path]
