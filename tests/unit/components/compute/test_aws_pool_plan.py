"""Pools on EC2: defaults, what belongs to whom, and every contradiction by its path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.components.compute import plan_cpu_node_pool, plan_ec2_node_class, plan_gpu_node_pool
from aidc.components.compute.karpenter_pool import limits, node_overlay_manifest, node_pool_manifest
from aidc.infra.versions import AL2023_IMAGE, BOTTLEROCKET_BUILD, BOTTLEROCKET_IMAGE
from aidc.planning.catalog import all_instance_types
from aidc.problems import InvalidInput

AWS: dict[str, Any] = {"cluster_name": "prod"}
SUBNETS = {"us-east-1a": "subnet-1", "us-east-1b": "subnet-2"}
GROUP_AWS = {**AWS, "subnets": SUBNETS, "security_group_ids": ["sg-1"]}
BLOCK = {"reservation": "cr-0123", "ends": "2026-12-01T11:30:00Z"}
H100: dict[str, Any] = {
    "provisioner": "karpenter-aws",
    "instance_types": ["p5.48xlarge"],
    "scaling": {"maximum_nodes": 4},
    "aws": AWS,
}
GROUP: dict[str, Any] = {
    **H100,
    "provisioner": "managed-node-group",
    "scaling": {"maximum_nodes": 4, "static_nodes": 2},
    "aws": GROUP_AWS,
}
ONE_ZONE = {"zones": ["us-east-1a"]}
RESERVED = {"capacity_types": ["reserved"]}


def plan(args: dict[str, Any]) -> Any:
    return plan_gpu_node_pool(args, "pool")  # type: ignore[arg-type]


def on(base: dict[str, Any], aws: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**base, **more, "aws": {**base["aws"], **aws}}


def problems(args: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        plan(args)
    return {problem.path: problem.reason for problem in caught.value.problems}


def test_defaults() -> None:
    nodes = plan(H100).aws
    assert nodes.image.alias == f"bottlerocket@v{BOTTLEROCKET_IMAGE.number}"
    assert nodes.image.group_release == f"{BOTTLEROCKET_IMAGE.number}-{BOTTLEROCKET_BUILD}"
    volume = nodes.image.volume
    assert (volume.gib, volume.iops, volume.throughput_mibps, volume.encryption_key) == (200, 3000, 125, None)
    assert (nodes.node_role_name, nodes.instance_store, nodes.node_repair) == ("prod-node", True, True)
    assert (nodes.interfaces, nodes.placement_group, nodes.max_pods, nodes.reservations.is_given) == (
        (),
        False,
        None,
        False,
    )
    assert plan(H100).warnings == ()


@pytest.mark.parametrize(
    ("family", "name", "kind"),
    [
        ("bottlerocket", "p5.48xlarge", "BOTTLEROCKET_x86_64_NVIDIA"),
        ("bottlerocket", "trn1.32xlarge", "BOTTLEROCKET_x86_64"),
        ("bottlerocket", "m7g.large", "BOTTLEROCKET_ARM_64"),
        ("al2023", "g6.xlarge", "AL2023_x86_64_NVIDIA"),
        ("al2023", "inf2.xlarge", "AL2023_x86_64_NEURON"),
        ("al2023", "m7i.large", "AL2023_x86_64_STANDARD"),
        ("al2023", "m7g.large", "AL2023_ARM_64_STANDARD"),
    ],
)
def test_the_image_fits_the_machine(family: str, name: str, kind: str) -> None:
    args = on(GROUP, {"ami_family": family}, instance_types=[name])
    make = plan_gpu_node_pool if all_instance_types()[name].accelerator else plan_cpu_node_pool
    pool: Any = make(args, "pool")  # type: ignore[operator]
    assert pool.aws.image.group_type(pool.shape.architecture, pool.shape.accelerator) == kind


def test_a_release_of_ones_own_is_taken() -> None:
    image = plan(on(H100, {"ami_family": "al2023", "ami_release": "v20250101"})).aws.image
    assert (image.alias, image.group_release) == ("al2023@v20250101", "v20250101")
    pinned = plan(on(GROUP, {"ami_family": "al2023", "kubernetes_version": "1.35"})).aws.image
    assert pinned.alias == f"al2023@v{AL2023_IMAGE.number}"
    assert pinned.group_release == f"1.35.7-{AL2023_IMAGE.number}"


def test_pods_with_prefix_delegation_depend_on_the_size_of_the_node() -> None:
    assert plan(on(H100, {"prefix_delegation": True})).aws.max_pods == 250
    assert plan(on(H100, {"prefix_delegation": True}, instance_types=["g6.xlarge"])).aws.max_pods == 110
    assert plan(on(H100, {"prefix_delegation": True, "max_pods": 50.0})).aws.max_pods == 50


def test_local_disks_are_used_where_all_types_have_them() -> None:
    assert plan_cpu_node_pool({**H100, "instance_types": ["i4i.large"]}, "pool").aws.instance_store  # type: ignore
    assert not plan_cpu_node_pool({**H100, "instance_types": ["i4i.large", "m7i.large"]}, "pool").aws.instance_store  # type: ignore
    assert not plan(on(H100, {"instance_store": False})).aws.instance_store


def test_efa_is_counted_in_what_the_pool_may_have() -> None:
    pool = plan(on(H100, {"efa": True}, **ONE_ZONE))
    assert pool.efa_interfaces == 32
    assert limits(pool)["vpc.amazonaws.com/efa"] == "128"
    assert "vpc.amazonaws.com/efa" not in limits(plan(H100))


def test_a_capacity_block_says_until_when() -> None:
    pool = plan(on(H100, {"capacity_block": BLOCK}, **ONE_ZONE, **RESERVED))
    assert pool.usable_until == "2026-12-01T10:50:00Z"
    assert pool.labels["aidc.dev/usable-until"] == "2026-12-01T10.50Z"
    assert pool.aws.reservations.selector_terms() == [{"id": "cr-0123"}]
    ultra = plan(on(H100, {"capacity_block": {**BLOCK, "ultra_server": True}}, **ONE_ZONE, **RESERVED))
    assert ultra.usable_until == "2026-12-01T10:20:00Z"
    elsewhere = plan(on(H100, {"capacity_block": {**BLOCK, "ends": "2026-12-01T13:30+02:00"}}, **ONE_ZONE, **RESERVED))
    assert elsewhere.usable_until == "2026-12-01T10:50:00Z"


def test_a_fixed_number_of_nodes_is_what_karpenter_calls_replicas() -> None:
    spec = node_pool_manifest(plan({**H100, "scaling": {"maximum_nodes": 4, "static_nodes": 3.0}}))["spec"]
    assert (spec["replicas"], spec["limits"]) == (3, {"nodes": "4"})
    assert type(spec["replicas"]) is int


def test_what_a_simulated_pool_is_told_has_not_changed() -> None:
    keys = [each["key"] for each in node_pool_manifest(plan(H100))["spec"]["template"]["spec"]["requirements"]]
    assert keys[0] == "karpenter.k8s.aws/instance-family"
    simulated = {key: value for key, value in H100.items() if key != "aws"} | {"provisioner": "karpenter-kwok"}
    spec = node_pool_manifest(plan(simulated))["spec"]["template"]["spec"]
    assert [each["key"] for each in spec["requirements"]] == keys[1:]


def test_types_that_are_not_sold_on_demand_are_left_out_or_refused() -> None:
    wanted = {key: value for key, value in H100.items() if key != "instance_types"}
    wanted["requirement"] = {"accelerator": "h200", "accelerators": 8}
    assert plan(wanted).instance_types == ["p5en.48xlarge"]
    assert plan({**wanted, "capacity_types": ["spot"]}).instance_types == ["p5e.48xlarge", "p5en.48xlarge"]


@pytest.mark.parametrize(
    ("aws", "resource", "devices", "labels"),
    [
        ({}, "nvidia.com/gpu", 56, []),
        (
            {"ami_family": "al2023", "gpu_software": "gpu-operator"},
            "nvidia.com/mig-1g.10gb",
            56,
            ["nvidia.com/mig.config"],
        ),
    ],
)
def test_mig_is_named_as_whoever_cuts_names_it(aws: dict[str, Any], resource: str, devices: int, labels: Any) -> None:
    pool = plan(on(H100, aws, mig_profile="1g.10gb"))
    assert (pool.gpu_resource, pool.gpus_per_node) == (resource, devices)
    assert [key for key in pool.labels if key.startswith("nvidia.com/")] == labels
    overlay = node_overlay_manifest(pool)
    assert overlay is not None
    assert overlay["spec"]["capacity"][resource] == "56"
    assert limits(pool)["nvidia.com/gpu"] == ("224" if not labels else "32")


def test_time_slicing_is_named_the_same_everywhere() -> None:
    for family, labels in (("bottlerocket", 0), ("al2023", 1)):
        pool = plan(on(H100, {"ami_family": family}, time_slicing_replicas=4))
        assert (pool.gpu_resource, pool.gpus_per_node) == ("nvidia.com/gpu.shared", 32)
        assert sum(key == "nvidia.com/device-plugin.config" for key in pool.labels) == labels


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({**H100, "capacity_types": ["spot"]}, "two minutes"),
        ({**H100, "scaling": {"maximum_nodes": 4, "static_nodes": 2}}, "StaticCapacity"),
        ({**H100, "time_slicing_replicas": 4}, "NodeOverlay"),
        ({**GROUP, "mig_profile": "1g.10gb"}, "may get a part of one"),
        (on(GROUP, {"gpu_software": "dra"}), "resource claims"),
        (on(H100, {"capacity_block": BLOCK}, **ONE_ZONE, **RESERVED), "until 2026-12-01T10:50:00Z"),
        (
            on(H100, {"capacity_reservations": ["cr-1"], "placement_group": True}, **ONE_ZONE, **RESERVED),
            "not made in the placement group",
        ),
        (
            on(
                H100,
                {"capacity_reservations": ["cr-1"]},
                capacity_types=["reserved", "spot", "on-demand"],
                scaling={"maximum_nodes": 4, "purpose": "serving"},
            ),
            "falls back to on-demand and spot",
        ),
    ],
)
def test_what_may_surprise_is_said(args: dict[str, Any], words: str) -> None:
    (warning, *others) = plan(args).warnings
    assert any(words in each for each in (warning, *others))


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({**H100, "node_class": "x"}, "aws", "given together with nodeClass"),
        ({key: value for key, value in H100.items() if key != "aws"}, "aws", "or nodeClass"),
        ({key: value for key, value in GROUP.items() if key != "aws"}, "aws", "clusterName at least"),
        ({**H100, "provisioner": "karpenter-kwok"}, "aws", "belongs to the provisioner karpenter-aws or managed"),
        ({**GROUP, "node_class": "x"}, "nodeClass", "karpenter-kwok or karpenter-aws"),
        ({**H100, "nodes": ["n1"]}, "nodes", "belongs to the provisioner existing-nodes"),
        (on(H100, {"kubernetes_version": "1.36"}), "aws.kubernetesVersion", "belongs to the provisioner managed"),
        (on(H100, {"node_repair": True}), "aws.nodeRepair", "its gate NodeRepair"),
        (
            on(GROUP, {"instance_profile": "prod-node"}),
            "aws.instanceProfile",
            "belongs to the provisioner karpenter-aws",
        ),
        (on(H100, {"ami_release": "latest"}), "aws.amiRelease", "not a release of bottlerocket; write it like 1.66.0"),
        (on(H100, {"ami_release": "1.66.0", "ami_family": "al2023"}), "aws.amiRelease", "write it like 20260911"),
        (on(GROUP, {"ami_release": "1.66.0"}), "aws.amiRelease", "write it like 1.66.0-1ad6b4a4"),
        (
            on(GROUP, {"ami_release": "20260911", "ami_family": "al2023"}),
            "aws.amiRelease",
            "write it like 1.36.3-20260911",
        ),
        (
            on(GROUP, {"kubernetes_version": "1.20", "ami_family": "al2023"}),
            "aws.kubernetesVersion",
            "only for 1.36, 1.35",
        ),
        ({**GROUP, "scaling": {"maximum_nodes": 4}}, "scaling.staticNodes", "nothing else scales"),
        ({**GROUP, "scaling": {**GROUP["scaling"], "weight": 1}}, "scaling.weight", "belongs to the provisioner"),
        ({**GROUP, "scaling": {**GROUP["scaling"], "expire_after": "1h"}}, "scaling.expireAfter", "belongs to"),
        ({**GROUP, "scaling": {**GROUP["scaling"], "disruption_budget": "0"}}, "scaling.disruptionBudget", "one node"),
        (
            {**GROUP, "scaling": {"maximum_nodes": 500, "static_nodes": 2}},
            "scaling.maximumNodes",
            "450 nodes of a managed",
        ),
        (
            {**H100, "scaling": {"maximum_nodes": 4, "static_nodes": 5}},
            "scaling.staticNodes",
            "give 4 nodes of maximumNodes",
        ),
        ({**H100, "scaling": {"maximum_nodes": 4, "static_nodes": 2, "weight": 1}}, "scaling.weight", "staticNodes"),
        ({**GROUP, "aws": {**AWS, "security_group_ids": ["sg-1"]}}, "aws.subnets", "finds none by a tag"),
        ({**GROUP, "aws": {**AWS, "subnets": SUBNETS}}, "aws.securityGroupIds", "finds none by a tag"),
        ({**GROUP, "zones": ["us-east-1c"]}, "aws.subnets", "none in the zone 'us-east-1c' of the pool"),
        (on(H100, {"efa": True}), "aws.efa", "one zone for all nodes, not any"),
        (on(GROUP, {"efa": True}), "aws.efa", "one zone for all nodes, not 2"),
        (on(H100, {"efa": True}, instance_types=["g6.xlarge"], **ONE_ZONE), "aws.efa", "g6.xlarge has no EFA"),
        (
            on(H100, {"efa": True}, instance_types=["g6e.12xlarge", "g6e.24xlarge"], **ONE_ZONE),
            "aws.efa",
            "g6e.12xlarge and g6e.24xlarge have different network cards",
        ),
        (on(H100, {"placement_group": True}), "aws.placementGroup", "one zone"),
        (
            on(H100, {"placement_group": True, "placement_group_name": "x"}, **ONE_ZONE),
            "aws.placementGroup",
            "one of them",
        ),
        (
            on(H100, {"capacity_block": BLOCK, "placement_group": True}, **ONE_ZONE, **RESERVED),
            "aws.placementGroup",
            "close together already",
        ),
        (on(H100, {"capacity_block": BLOCK}, **RESERVED), "aws.capacityBlock", "one zone"),
        (on(H100, {"capacity_block": BLOCK}, **ONE_ZONE), "capacityTypes", "'reserved' alone"),
        (
            on(H100, {"capacity_block": {**BLOCK, "reservation": "block"}}, **ONE_ZONE, **RESERVED),
            "aws.capacityBlock.reservation",
            "write it like cr-",
        ),
        (
            on(H100, {"capacity_block": {**BLOCK, "ends": "2026-12-01T11:30:00"}}, **ONE_ZONE, **RESERVED),
            "aws.capacityBlock.ends",
            "not a time with its zone",
        ),
        (
            on(H100, {"capacity_block": BLOCK, "capacity_reservations": ["cr-2"]}, **ONE_ZONE, **RESERVED),
            "aws.capacityBlock",
            "a pool of its own",
        ),
        ({**H100, **RESERVED}, "capacityTypes", "'reserved' without a reservation"),
        (on(H100, {"capacity_reservations": ["cr-1"]}), "capacityTypes", "'reserved' is not"),
        (
            on(H100, {"capacity_reservations": ["cr-1"]}, capacity_types=["reserved", "on-demand"]),
            "capacityTypes",
            "falls back to on-demand",
        ),
        (
            on(H100, {"capacity_reservations": ["cr-1", "cr-1"]}, **RESERVED),
            "aws.capacityReservations[1]",
            "given twice",
        ),
        (
            on(H100, {"capacity_reservation_tags": {"team": ""}}, **RESERVED),
            "aws.capacityReservationTags",
            "selects nothing",
        ),
        (on(GROUP, {"capacity_reservations": ["cr-1", "cr-2"]}, **RESERVED), "aws.capacityReservations", "takes one"),
        (on(GROUP, {"capacity_reservation_tags": {"a": "b"}}, **RESERVED), "aws.capacityReservationTags", "give ids"),
        ({**GROUP, "capacity_types": ["spot", "on-demand"]}, "capacityTypes", "a managed node group has one"),
        ({**H100, "instance_types": ["p5e.48xlarge"]}, "instanceTypes", "not sold on demand"),
        (on(H100, {"volume_gib": 10}), "aws.volumeGib", "give 20 GiB or more"),
        (on(H100, {"volume_iops": 20_000}), "aws.volumeIops", "16,000"),
        (on(H100, {"volume_gib": 20, "volume_iops": 16_000}), "aws.volumeIops", "raise volumeGib"),
        (on(H100, {"volume_throughput_mibps": 1000}), "aws.volumeThroughputMibps", "need 4,000 volumeIops"),
        (on(H100, {"max_pods": 1000}), "aws.maxPods", "give 250 pods of one node or less"),
        (on(H100, {"tags": {"kubernetes.io/cluster/x": "owned"}}), "aws.tags.kubernetes.io/cluster/x", "leave it out"),
        (on(H100, {"tags": {str(number): "x" for number in range(41)}}), "aws.tags", "give 40 or fewer"),
        (on(H100, {"ami_family": "ubuntu"}), "aws.amiFamily", "not one of bottlerocket, al2023"),
        (on(H100, {"gpu_software": "operator"}), "aws.gpuSoftware", "did you mean 'gpu-operator'"),
        (on(H100, {"gpu_software": "gpu-operator"}), "aws.gpuSoftware", "does not know Bottlerocket"),
        (on(H100, {"gpu_software": "dra"}), "aws.gpuSoftware", "no nodes for pods with resource claims"),
        (on(GROUP, {"gpu_software": "dra"}, time_slicing_replicas=2), "timeSlicingReplicas", "resource claims share"),
        (on(H100, {"gpu_software": "ami"}, instance_types=["trn1.32xlarge"]), "aws.gpuSoftware", "with NVIDIA GPUs"),
        (on(H100, {"ami_family": "al2023"}, mig_profile="1g.10gb"), "migProfile", "nothing on al2023 cuts"),
        (on(H100, {}, instance_types=["p6-b200.48xlarge"], mig_profile="1g.23gb"), "migProfile", "only a100-40gb"),
        (on(H100, {}, mig_profile="1g.10gb+me"), "migProfile", "without a plus sign"),
        (on(H100, {"instance_store": True}, instance_types=["inf2.xlarge"]), "aws.instanceStore", "no local disks"),
        ({**H100, "labels": {"karpenter.k8s.aws/x": "x"}}, "labels.karpenter.k8s.aws/x", "Karpenter keeps to itself"),
        ({**H100, "labels": {"eks.amazonaws.com/x": "x"}}, "labels.eks.amazonaws.com/x", "EKS keeps to itself"),
        (on(H100, {"cluster": "x"}), "aws.cluster", "unknown key"),
    ],
)
def test_a_contradiction_is_named(args: dict[str, Any], path: str, words: str) -> None:
    found = problems(args)
    assert list(found) == [path]
    assert words in found[path]


def test_a_managed_group_takes_a_bounded_number_of_types() -> None:
    args = {key: value for key, value in GROUP.items() if key != "instance_types"}
    with pytest.raises(InvalidInput, match="instance types are too many for a managed group; give 40 or fewer"):
        plan_cpu_node_pool({**args, "requirement": {"vcpus": 1}}, "pool")  # type: ignore[arg-type]


def test_a_node_class_for_types_with_different_accelerators_is_refused() -> None:
    with pytest.raises(InvalidInput, match="instanceTypes: have a100-40gb and h100; make a node class for each"):
        plan_ec2_node_class({"aws": AWS, "instance_types": ["p5.48xlarge", "p4d.24xlarge"]}, "pool")  # type: ignore
    with pytest.raises(InvalidInput, match="none with accelerators to share"):
        plan_ec2_node_class({"aws": AWS, "mig_profile": "1g.10gb"}, "pool")  # type: ignore


@given(
    gib=st.integers(-10, 20_000),
    iops=st.integers(0, 20_000),
    throughput=st.integers(0, 1_200),
)
def test_a_disk_that_is_accepted_is_one_that_ebs_makes(gib: int, iops: int, throughput: int) -> None:
    wanted = {"volume_gib": gib, "volume_iops": iops, "volume_throughput_mibps": throughput}
    possible = (
        20 <= gib <= 16_384 and 3_000 <= iops <= min(16_000, 500 * gib) and 125 <= throughput <= min(1_000, iops / 4)
    )
    if possible:
        (disk,) = [disk for device, disk in disks(plan(on(H100, wanted))) if device == "/dev/xvdb"]
        assert (disk["volumeSize"], disk["iops"], disk["throughput"]) == (f"{gib}Gi", iops, throughput)
    else:
        assert all(path.startswith("aws.volume") for path in problems(on(H100, wanted)))


def disks(pool: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(each["deviceName"], each["ebs"]) for each in pool.aws.image.node_class_disks()]
