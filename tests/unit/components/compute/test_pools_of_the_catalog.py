"""A pool of every instance type in the catalog: what Karpenter is told agrees with what a node has."""

import pytest

from aidc.components.compute import plan_cpu_node_pool, plan_gpu_node_pool
from aidc.components.compute.karpenter_pool import node_pool_manifest
from aidc.components.compute.pool_plan import NodePoolPlan
from aidc.infra.quantities import quantity
from aidc.planning.catalog import InstanceType, all_instance_types, karpenter_instance_types

WHOLE = [
    each
    for each in all_instance_types().values()
    if not each.is_accelerator_fraction and each.price("us-east-1") is not None
]
NODES = 3


def plan(each: InstanceType) -> NodePoolPlan:
    args = {"provisioner": "karpenter-kwok", "instance_types": [each.name], "scaling": {"maximum_nodes": NODES}}
    make = plan_gpu_node_pool if each.accelerator else plan_cpu_node_pool
    return make(args, "pool")  # type: ignore[operator]


@pytest.mark.parametrize("each", WHOLE, ids=lambda each: each.name)
def test_limits_admit_the_nodes_that_were_asked_for_and_no_accelerator_more(each: InstanceType) -> None:
    limits = {key: quantity(text) for key, text in node_pool_manifest(plan(each))["spec"]["limits"].items()}
    assert limits["nodes"] == NODES
    assert limits["cpu"] >= NODES * each.vcpus
    if each.accelerator is not None:
        assert limits[each.accelerator.resource_name] == NODES * each.accelerator_count
    (node,) = karpenter_instance_types(names=[each.name])
    resources = {key: quantity(text) for key, text in node["resources"].items() if key in limits}
    assert all(NODES * amount <= limits[key] for key, amount in resources.items())


@pytest.mark.parametrize("each", [each for each in WHOLE if each.accelerator], ids=lambda each: each.name)
def test_a_requirement_of_what_a_type_has_finds_that_type(each: InstanceType) -> None:
    assert each.accelerator is not None
    wanted = {
        "accelerator": each.accelerator.name,
        "accelerators": each.accelerator_count,
        "memory_gib": each.memory_mib / 1024,
        "network_gbps": each.network_mbps / 1000,
        "efa": each.efa_interfaces > 0,
    }
    args = {"provisioner": "karpenter-kwok", "requirement": wanted, "scaling": {"maximum_nodes": NODES}}
    found = plan_gpu_node_pool(args, "pool")  # type: ignore[arg-type]
    assert each.name in found.instance_types


@pytest.mark.parametrize("each", [each for each in WHOLE if each.accelerator], ids=lambda each: each.name)
def test_every_mig_profile_of_every_accelerator_is_accepted(each: InstanceType) -> None:
    assert each.accelerator is not None
    for profile in each.accelerator.mig_profiles:
        args = {
            "provisioner": "karpenter-kwok",
            "instance_types": [each.name],
            "mig_profile": profile.name,
            "scaling": {"maximum_nodes": NODES},
        }
        pool = plan_gpu_node_pool(args, "pool")  # type: ignore[arg-type]
        assert pool.gpus_per_node == each.accelerator_count * profile.max_instances
