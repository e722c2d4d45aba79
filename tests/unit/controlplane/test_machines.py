import json

import pytest

from aidc.controlplane.machines import machines_of
from aidc.controlplane.nodes import SimulatedNode, system_nodes


def contract(**changes):
    data = {
        "pool": "gpu",
        "maximumNodes": 2,
        "nodes": [],
        "labels": {"aidc.dev/node-pool": "gpu"},
        "taints": ["nvidia.com/gpu:NoSchedule", "team=ml:NoExecute"],
        "zones": [],
        "capacityTypes": ["on-demand"],
        "instanceTypes": [],
        "requirement": {"accelerator": "h100", "accelerators": 8},
        "accelerator": "h100",
        "acceleratorsPerNode": 8,
        "gpuResource": "nvidia.com/gpu",
        "gpusPerNode": 8,
        **changes,
    }
    return config_map(json.dumps(data))


def config_map(text):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"contract.json": text}}


def test_a_pool_of_existing_nodes_becomes_as_many_machines_as_it_has_at_most():
    one, two = machines_of([contract()], "eu-west-1")
    assert (one.name, one.zone) == ("gpu-0", "eu-west-1a")
    assert (two.name, two.zone) == ("gpu-1", "eu-west-1b")
    assert one.instance_type == "h100-x8"
    assert one.resources["nvidia.com/gpu"] == "8"
    manifest = one.manifest()
    assert manifest["metadata"]["labels"]["aidc.dev/node-pool"] == "gpu"
    assert manifest["spec"]["taints"] == [
        {"key": "nvidia.com/gpu", "effect": "NoSchedule"},
        {"key": "team", "value": "ml", "effect": "NoExecute"},
    ]


def test_named_nodes_and_types_are_taken_as_they_are():
    changes = {"nodes": ["alpha"], "instanceTypes": ["p5.48xlarge"], "zones": ["rack-1"], "capacityTypes": ["reserved"]}
    (node,) = machines_of([contract(**changes)], "us-east-1")
    assert (node.name, node.instance_type, node.zone, node.capacity_type) == (
        "alpha",
        "p5.48xlarge",
        "rack-1",
        "reserved",
    )
    assert int(node.resources["cpu"].removesuffix("m")) > 180_000


def test_shared_accelerators_are_offered_as_what_they_are_shared_as():
    (node, _) = machines_of([contract(gpuResource="nvidia.com/mig-1g.10gb", gpusPerNode=56)], "us-east-1")
    assert node.resources["nvidia.com/mig-1g.10gb"] == "56"
    assert "nvidia.com/gpu" not in node.resources


def test_cpu_pools_have_no_accelerators():
    changes = {"gpuResource": "", "gpusPerNode": 0, "accelerator": "", "requirement": {"vcpus": 32}, "taints": []}
    (node, _) = machines_of([contract(**changes)], "us-east-1")
    assert node.instance_type == "cpu"
    assert not [resource for resource in node.resources if "/" in resource]
    assert node.manifest()["spec"] == {}


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"pool": "x"}'])
def test_what_is_no_contract_is_left_alone(text):
    assert machines_of([config_map(text), {"kind": "ConfigMap"}, {"kind": "Secret"}], "us-east-1") == []


def test_system_nodes_are_in_two_zones_and_priced_where_the_price_is_known():
    nodes = system_nodes("us-east-1")
    assert [node.zone for node in nodes] == ["us-east-1a", "us-east-1b"]
    assert [node.price for node in nodes] == [0.4032, 0.4032]
    assert all("instance-price" not in label for label in system_nodes("xx-none-1")[0].manifest()["metadata"]["labels"])


def test_a_node_is_one_that_kwok_takes_over():
    node = SimulatedNode(name="a", instance_type="t", zone="us-east-1a", resources={"cpu": "1"}).manifest()
    assert node["metadata"]["annotations"]["kwok.x-k8s.io/node"] == "fake"
    assert (
        node["metadata"]["annotations"]["metrics.k8s.io/resource-metrics-path"] == "/metrics/nodes/a/metrics/resource"
    )
    assert node["status"]["allocatable"] == {"ephemeral-storage": "100Gi", "pods": "110", "cpu": "1"}
