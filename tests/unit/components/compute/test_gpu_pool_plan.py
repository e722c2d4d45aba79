"""GpuNodePool's plan: defaults, what fits, and every error by its path."""

from typing import Any

import pytest

from aidc.components.compute import NodeProvisioner, NodePurpose, plan_gpu_node_pool
from aidc.components.compute.karpenter_pool import limits, node_overlay_manifest, node_pool_manifest
from aidc.problems import InvalidInput

KARPENTER = {"provisioner": "karpenter-kwok", "scaling": {"maximum_nodes": 4}}
EXISTING = {"provisioner": "existing-nodes", "scaling": {"maximum_nodes": 4}}
H100 = {**KARPENTER, "instance_types": ["p5.48xlarge"]}


def plan(args: dict[str, Any], name: str = "h100") -> Any:
    return plan_gpu_node_pool(args, name)  # type: ignore[arg-type]


def problems(args: dict[str, Any], name: str = "h100") -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        plan(args, name)
    return {problem.path: problem.reason for problem in caught.value.problems}


def test_a_node_class_that_others_made_has_any_name_of_an_object() -> None:
    assert plan({**H100, "node_class": "gpu.v2"}).node_class == "gpu.v2"


def test_defaults_are_those_of_training() -> None:
    pool = plan(H100)
    assert pool.pool_name == "h100"
    assert pool.provisioner is NodeProvisioner.KARPENTER_KWOK
    assert pool.scaling.purpose is NodePurpose.TRAINING
    assert (pool.scaling.consolidate_after, pool.scaling.expire_after) == ("60m", "Never")
    assert pool.capacity_types == ["on-demand"]
    assert pool.labels == {"aidc.dev/accelerator": "h100", "aidc.dev/node-pool": "h100"}
    assert pool.taints == ({"key": "nvidia.com/gpu", "effect": "NoSchedule"},)
    assert (pool.gpu_resource, pool.gpus_per_node) == ("nvidia.com/gpu", 8)
    assert pool.maximum_price_per_hour == pytest.approx(4 * 55.04)


def test_a_requirement_finds_what_a_name_would() -> None:
    wanted = {"accelerator": "H100", "accelerators": 8, "efa": True, "memory_gib": 1024, "network_gbps": 1000}
    assert plan({**KARPENTER, "requirement": wanted}).instance_types == ["p5.48xlarge"]


def test_counts_from_pulumis_wire_are_whole_numbers_again() -> None:
    wire = {**KARPENTER, "requirement": {"accelerator": "h100", "accelerators": 8.0}, "time_slicing_replicas": 2.0}
    wire["scaling"] = {"maximum_nodes": 4.0, "weight": 3.0}
    pool = plan(wire)
    assert node_pool_manifest(pool)["spec"]["limits"]["nvidia.com/gpu"] == "32"
    assert pool.labels["nvidia.com/device-plugin.config"] == "time-slicing-2"
    assert type(pool.scaling.weight) is int


def test_a_price_bounds_the_choice() -> None:
    wanted = {"accelerator": "l4", "accelerators": 1, "max_price": 1.0}
    assert plan({**KARPENTER, "requirement": wanted}).instance_types == ["g6.2xlarge", "g6.xlarge"]


def test_limits_are_those_of_the_largest_type() -> None:
    pool = plan({**KARPENTER, "instance_types": ["g6.xlarge", "g6.16xlarge"]})
    assert limits(pool) == {"nodes": "4", "cpu": "256", "memory": f"{4 * 262144}Mi", "nvidia.com/gpu": "4"}


def test_neuron_nodes_have_their_own_resource_and_taint() -> None:
    pool = plan({**KARPENTER, "instance_types": ["trn1.32xlarge"]}, "trainium")
    assert pool.gpu_resource == "aws.amazon.com/neuron"
    assert pool.taints[0]["key"] == "aws.amazon.com/neuron"
    assert limits(pool)["aws.amazon.com/neuron"] == "64"


def test_order_of_lists_does_not_matter() -> None:
    first = {**KARPENTER, "instance_types": ["g6.xlarge", "g6.2xlarge"], "zones": ["b", "a"]}
    second = {**KARPENTER, "instance_types": ["g6.2xlarge", "g6.xlarge"], "zones": ["a", "b"]}
    taints = [{"key": "a"}, {"key": "b", "value": "1", "effect": "NoExecute"}]
    first |= {"capacity_types": ["spot", "on-demand"], "taints": taints}
    second |= {"capacity_types": ["on-demand", "spot"], "taints": taints[::-1]}
    assert node_pool_manifest(plan(first)) == node_pool_manifest(plan(second))


def test_only_keys_that_narrow_karpenters_choice_are_required() -> None:
    pool = plan({**H100, "zones": ["us-east-1a"]})
    requirements = node_pool_manifest(pool)["spec"]["template"]["spec"]["requirements"]
    assert [each["key"] for each in requirements] == [
        "karpenter.sh/capacity-type",
        "kubernetes.io/arch",
        "kubernetes.io/os",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/zone",
    ]


def test_consolidation_never_takes_a_node_with_training_on_it() -> None:
    disruption = node_pool_manifest(plan(H100))["spec"]["disruption"]
    assert disruption["consolidationPolicy"] == "WhenEmpty"
    blocked = {reason for budget in disruption["budgets"] if budget["nodes"] == "0" for reason in budget["reasons"]}
    assert blocked == {"Underutilized", "Drifted"}


def test_serving_moves_pods_together_within_a_budget() -> None:
    scaling = {"maximum_nodes": 4, "purpose": "serving", "disruption_budget": "2", "termination_grace_period": "1h"}
    spec = node_pool_manifest(plan({**H100, "scaling": scaling}))["spec"]
    assert spec["disruption"] == {
        "consolidationPolicy": "WhenEmptyOrUnderutilized",
        "consolidateAfter": "5m",
        "budgets": [{"nodes": "2"}],
    }
    assert spec["template"]["spec"]["expireAfter"] == "720h"
    assert spec["template"]["spec"]["terminationGracePeriod"] == "1h"


@pytest.mark.parametrize(
    ("option", "resource", "devices", "label"),
    [
        ({}, "nvidia.com/gpu", 8, {}),
        (
            {"time_slicing_replicas": 4},
            "nvidia.com/gpu.shared",
            32,
            {"nvidia.com/device-plugin.config": "time-slicing-4"},
        ),
        ({"mig_profile": "1g.10gb"}, "nvidia.com/mig-1g.10gb", 56, {"nvidia.com/mig.config": "all-1g.10gb"}),
        ({"mig_profile": "1g.10gb+me"}, "nvidia.com/mig-1g.10gb.me", 8, {"nvidia.com/mig.config": "all-1g.10gb.me"}),
    ],
)
def test_sharing_decides_what_pods_ask_for(
    option: dict[str, Any], resource: str, devices: int, label: dict[str, str]
) -> None:
    pool = plan({**H100, **option})
    assert (pool.gpu_resource, pool.gpus_per_node) == (resource, devices)
    assert label.items() <= pool.labels.items()
    overlay = node_overlay_manifest(pool)
    assert (overlay is None) == (not option)
    if overlay is not None:
        assert overlay["spec"]["capacity"] == {resource: str(devices), "nvidia.com/gpu": "0"}


def test_machines_of_ones_own_need_not_be_in_the_catalog() -> None:
    pool = plan({**EXISTING, "requirement": {"accelerator": "a100-40gb", "accelerators": 4}, "mig_profile": "3g.20gb"})
    assert (pool.instance_types, pool.gpus_per_node, pool.maximum_price_per_hour) == ([], 8, None)


def test_reserved_capacity_counts_at_the_price_of_on_demand_and_spot_at_its_own() -> None:
    reserved = plan({**H100, "capacity_types": ["reserved"]}).maximum_price_per_hour
    assert reserved == pytest.approx(4 * 55.04)
    ohio = {**H100, "region": "us-east-2"}
    spot = plan({**ohio, "capacity_types": ["spot"]}).maximum_price_per_hour
    assert 0 < spot < plan({**ohio, "capacity_types": ["spot", "on-demand"]}).maximum_price_per_hour
    unseen = {**KARPENTER, "instance_types": ["g6.xlarge"], "capacity_types": ["spot"]}
    assert plan(unseen).maximum_price_per_hour == pytest.approx(4 * 0.8048)


def test_the_simulation_has_only_types_with_a_price() -> None:
    found = problems({**KARPENTER, "instance_types": ["p5en.48xlarge", "p5e.48xlarge"]})
    assert list(found) == ["instanceTypes[1]"]
    assert "no price in us-east-1 as on-demand" in found["instanceTypes[1]"]
    assert plan({**KARPENTER, "requirement": {"accelerator": "h200", "accelerators": 8}}).instance_types == [
        "p5en.48xlarge"
    ]
    trainium = problems({**KARPENTER, "requirement": {"accelerator": "trainium2", "accelerators": 16}})
    assert "fits only trn2.48xlarge" in trainium["requirement"]
    assert plan({**EXISTING, "instance_types": ["p5e.48xlarge"]}).gpus_per_node == 8


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({**H100, "instance_type": "x"}, "instanceType", "did you mean 'instanceTypes'"),
        ({"provisioner": "karpenter-kwok", "instance_types": ["p5.48xlarge"]}, "scaling", "missing"),
        ({**H100, "scaling": {}}, "scaling.maximumNodes", "missing"),
        ({**H100, "scaling": {"maximum_nodes": 0}}, "scaling.maximumNodes", "give 1 node or more"),
        ({**H100, "scaling": {"maximum_nodes": 1_000_000}}, "scaling.maximumNodes", "give 5,000 nodes or less"),
        ({**H100, "scaling": {"maximum_nodes": 1, "purpose": "train"}}, "scaling.purpose", "did you mean 'training'"),
        ({**H100, "scaling": {"maximum_nodes": 1, "consolidate_after": "1 h"}}, "scaling.consolidateAfter", "or Never"),
        ({**H100, "scaling": {"maximum_nodes": 1, "expire_after": "30d"}}, "scaling.expireAfter", "not a duration"),
        (
            {**H100, "scaling": {"maximum_nodes": 1, "termination_grace_period": "Never"}},
            "scaling.terminationGracePeriod",
            "1h30m",
        ),
        ({**H100, "scaling": {"maximum_nodes": 1, "disruption_budget": "110%"}}, "scaling.disruptionBudget", "10%"),
        ({**H100, "scaling": {"maximum_nodes": 1, "weight": 101}}, "scaling.weight", "give 100 or less"),
        ({**H100, "provisioner": "karpenter"}, "provisioner", "did you mean 'karpenter-aws' or 'karpenter-kwok'"),
        ({**H100, "region": "us-east1"}, "region", "did you mean 'us-east-1'"),
        ({**KARPENTER}, "instanceTypes", "give instanceTypes or requirement"),
        ({**KARPENTER, "instance_types": []}, "instanceTypes", "give one instance type or more"),
        (
            {**H100, "requirement": {"accelerator": "h100", "accelerators": 8}},
            "requirement",
            "give one of them",
        ),
        ({**KARPENTER, "instance_types": ["p5.49xlarge"]}, "instanceTypes[0]", "p5.48xlarge"),
        ({**KARPENTER, "instance_types": ["m7i.large"]}, "instanceTypes[0]", "make it a CpuNodePool"),
        ({**KARPENTER, "instance_types": ["g6f.large"]}, "instanceTypes[0]", "a fraction of"),
        ({**KARPENTER, "instance_types": ["p5.48xlarge", "p4d.24xlarge"]}, "instanceTypes", "make a pool for each"),
        ({**KARPENTER, "requirement": {"accelerators": 8}}, "requirement.accelerator", "missing"),
        (
            {**KARPENTER, "requirement": {"accelerator": "h1000", "accelerators": 8}},
            "requirement.accelerator",
            "did you mean 'h100'",
        ),
        (
            {**KARPENTER, "requirement": {"accelerator": "a100", "accelerators": 8}},
            "requirement.accelerator",
            "'a100-40gb' or 'a100-80gb'",
        ),
        (
            {**KARPENTER, "requirement": {"accelerator": "h100", "accelerators": 0}},
            "requirement.accelerators",
            "give 1 accelerators of one node or more",
        ),
        (
            {**KARPENTER, "requirement": {"accelerator": "h100", "accelerators": 1_000_000}},
            "requirement.accelerators",
            "the closest: p5.48xlarge has 8",
        ),
        (
            {**EXISTING, "requirement": {"accelerator": "h100", "accelerators": 1_000_000}},
            "requirement.accelerators",
            "give 64 accelerators of one node or less",
        ),
        ({**H100, "mig_profile": "1g.5gb"}, "migProfile", "give one of 1g.10gb (up to 7)"),
        (
            {**KARPENTER, "instance_types": ["g6.xlarge"], "mig_profile": "1g.10gb"},
            "migProfile",
            "has no MIG profiles",
        ),
        ({**H100, "time_slicing_replicas": 1}, "timeSlicingReplicas", "give 2 replicas or more"),
        ({**H100, "time_slicing_replicas": 1_000_000}, "timeSlicingReplicas", "give 48 replicas or less"),
        (
            {**KARPENTER, "instance_types": ["trn1.2xlarge"], "time_slicing_replicas": 2},
            "timeSlicingReplicas",
            "cannot be shared",
        ),
        ({**H100, "time_slicing_replicas": 2, "mig_profile": "1g.10gb"}, "migProfile", "cut or time-sliced"),
        ({**H100, "pool_name": "H100"}, "poolName", "not a DNS label"),
        ({**H100, "capacity_types": ["ondemand"]}, "capacityTypes[0]", "did you mean 'on-demand'"),
        ({**H100, "capacity_types": []}, "capacityTypes", "give one or more"),
        ({**H100, "zones": ["a", "a"]}, "zones[1]", "given twice"),
        ({**H100, "zones": ["not a zone"]}, "zones[0]", "cannot be a label's value"),
        ({**H100, "labels": {"aidc.dev/node-pool": "x"}}, "labels.aidc.dev/node-pool", "set by poolName"),
        ({**H100, "labels": {"karpenter.sh/x": "x"}}, "labels.karpenter.sh/x", "keeps to itself"),
        ({**H100, "labels": {"a b": "x"}}, "labels.a b", "not a qualified name"),
        ({**H100, "labels": {"team": "a b"}}, "labels.team", "cannot be a label's value"),
        ({**H100, "taints": [{"key": "a b"}]}, "taints[0].key", "not a qualified name"),
        ({**H100, "taints": [{"key": "a", "effect": "NoShedule"}]}, "taints[0].effect", "did you mean 'NoSchedule'"),
        ({**H100, "taints": [{"key": "a"}, {"key": "a", "value": "1"}]}, "taints[1]", "given twice"),
        ({**H100, "nodes": ["n1"]}, "nodes", "belongs to the provisioner existing-nodes"),
        ({**H100, "contract_namespace": "x"}, "contractNamespace", "belongs to the provisioner existing-nodes"),
    ],
)
def test_a_wrong_field_is_named(args: dict[str, Any], path: str, words: str) -> None:
    found = problems(args)
    assert list(found) == [path]
    assert words in found[path]


EXISTING_H100 = {**EXISTING, "requirement": {"accelerator": "h100", "accelerators": 8}}


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({**EXISTING_H100, "node_class": "x"}, "nodeClass", "belongs to the provisioner karpenter-kwok"),
        ({**H100, "node_class": "No"}, "nodeClass", "not a DNS subdomain"),
        ({**EXISTING_H100, "nodes": ["Node 1"]}, "nodes[0]", "kubectl get nodes"),
        ({**EXISTING_H100, "nodes": ["n1", "n1"]}, "nodes[1]", "given twice"),
        ({**EXISTING_H100, "nodes": ["a", "b", "c", "d", "e"]}, "nodes", "more than scaling.maximumNodes, 4"),
        ({**EXISTING_H100, "contract_namespace": "Not"}, "contractNamespace", "not a DNS label"),
    ],
)
def test_a_wrong_field_of_existing_nodes_is_named(args: dict[str, Any], path: str, words: str) -> None:
    found = problems(args)
    assert list(found) == [path]
    assert words in found[path]


def test_a_name_leaves_room_for_what_karpenter_appends() -> None:
    assert plan(H100, "a" * 57).pool_name == "a" * 57
    assert "give 57 or fewer" in problems(H100, "a" * 58)["name"]


def test_all_problems_are_listed_at_once() -> None:
    wrong = {
        **KARPENTER,
        "instance_types": ["p5.49xlarge"],
        "scaling": {"maximum_nodes": 0},
        "zones": ["a b"],
        "labels": {"karpenter.sh/x": "y"},
    }
    assert set(problems(wrong)) == {"instanceTypes[0]", "scaling.maximumNodes", "zones[0]", "labels.karpenter.sh/x"}
