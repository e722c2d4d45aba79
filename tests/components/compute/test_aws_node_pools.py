"""Node pools on EC2: exact children, names and inputs of both provisioners, and of the node class alone."""

import base64
import tomllib
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from aidc.components.compute import CpuNodePool, Ec2NodeClass, GpuNodePool
from aidc.controlplane.machines import machines_of
from aidc.evaluation import Resource, ResourceGraph, evaluate
from aidc.evaluation.testing import assert_inputs, assert_known

NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
NODE_OVERLAY = "kubernetes:karpenter.sh/v1alpha1:NodeOverlay"
GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
CONTRACT = "kubernetes:core/v1:ConfigMap"
PLACEMENT = "aws:ec2/placementGroup:PlacementGroup"

AWS: dict[str, Any] = {"cluster_name": "prod"}
GROUP_AWS: dict[str, Any] = {
    **AWS,
    "subnets": {"us-east-1b": "subnet-2", "us-east-1a": "subnet-1"},
    "security_group_ids": ["sg-1"],
}
KEY = "arn:aws:kms:us-east-1:123456789012:key/0f1e2d3c"


def karpenter(aws: dict[str, Any] | None = None, **more: Any) -> Any:
    return {
        "provisioner": "karpenter-aws",
        "instance_types": ["p5.48xlarge"],
        "zones": ["us-east-1a"],
        "scaling": {"maximum_nodes": 4},
        "aws": {**AWS, **(aws or {})},
        **more,
    }


def managed(aws: dict[str, Any] | None = None, **more: Any) -> Any:
    return {
        "provisioner": "managed-node-group",
        "instance_types": ["p4d.24xlarge"],
        "zones": ["us-east-1a"],
        "scaling": {"maximum_nodes": 4, "static_nodes": 2},
        "aws": {**GROUP_AWS, **(aws or {})},
        **more,
    }


def declare(make: Callable[[], Any], *, preview: bool = False) -> ResourceGraph:
    return evaluate(make, preview=preview)


def children(graph: ResourceGraph, name: str, kind: str = "GpuNodePool") -> list[tuple[str, str]]:
    component = graph.named(name, f"aidc:index:{kind}")
    return sorted((r.type, r.name) for r in graph.descendants(component.urn))


def spec(graph: ResourceGraph, name: str, kind: str = NODE_CLASS) -> dict[str, Any]:
    return graph.named(name, kind).inputs["spec"]


def test_a_pool_of_karpenter_has_a_node_class_of_its_own() -> None:
    graph = declare(lambda: GpuNodePool("h100", karpenter()))
    assert children(graph, "h100") == [(NODE_CLASS, "h100-node-class"), (NODE_POOL, "h100")]
    reference = spec(graph, "h100", NODE_POOL)["template"]["spec"]["nodeClassRef"]
    assert reference == {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "h100"}
    assert graph.named("h100", NODE_POOL).dependencies == (graph.named("h100-node-class").urn,)
    assert_known(graph)


def test_the_node_class_is_private_encrypted_and_pinned() -> None:
    found = spec(declare(lambda: GpuNodePool("h100", karpenter({"encryption_key": KEY}))), "h100-node-class")
    assert found == {
        "amiFamily": "Bottlerocket",
        "amiSelectorTerms": [{"alias": "bottlerocket@v1.66.0"}],
        "role": "prod-node",
        "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": "prod"}}],
        "securityGroupSelectorTerms": [{"tags": {"karpenter.sh/discovery": "prod"}}],
        "blockDeviceMappings": [
            {"deviceName": "/dev/xvda", "ebs": disk("4Gi")},
            {"deviceName": "/dev/xvdb", "ebs": {**disk("200Gi"), "iops": 3000, "throughput": 125}},
        ],
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "detailedMonitoring": False,
        "instanceStorePolicy": "RAID0",
        "tags": {"Name": "h100"},
    }


def disk(size: str) -> dict[str, Any]:
    fixed = {"volumeType": "gp3", "encrypted": True, "deleteOnTermination": True, "kmsKeyID": KEY}
    return {"volumeSize": size, **fixed}


def test_al2023_has_one_disk() -> None:
    found = spec(declare(lambda: GpuNodePool("h100", karpenter({"ami_family": "al2023"}))), "h100-node-class")
    assert found["amiFamily"] == "AL2023"
    assert [each["deviceName"] for each in found["blockDeviceMappings"]] == ["/dev/xvda"]


def test_all_that_a_training_pool_may_want() -> None:
    aws = {
        "efa": True,
        "capacity_reservations": ["cr-2", "cr-1"],
        "capacity_reservation_tags": {"team": "research"},
        "placement_group": True,
        "subnets": GROUP_AWS["subnets"],
        "security_group_ids": ["sg-1"],
        "max_pods": 50,
        "tags": {"team": "research"},
        "detailed_monitoring": True,
        "node_role_name": "nodes",
    }
    graph = declare(lambda: GpuNodePool("h100", karpenter(aws, capacity_types=["reserved"])))
    assert children(graph, "h100") == [
        (PLACEMENT, "h100-node-class-placement"),
        (NODE_CLASS, "h100-node-class"),
        (NODE_POOL, "h100"),
    ]
    assert_inputs(graph.named("h100-node-class-placement"), {"strategy": "cluster", "tags": {"Name": "h100"}})
    found = spec(graph, "h100-node-class")
    assert found["networkInterfaces"][:3] == [
        {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"},
        {"networkCardIndex": 0, "deviceIndex": 1, "interfaceType": "efa-only"},
        {"networkCardIndex": 1, "deviceIndex": 1, "interfaceType": "efa-only"},
    ]
    assert len(found["networkInterfaces"]) == 33
    assert found["capacityReservationSelectorTerms"] == [{"id": "cr-1"}, {"id": "cr-2"}, {"tags": {"team": "research"}}]
    assert found["placementGroupSelector"] == {"name": "h100-node-class-placement"}
    assert found["subnetSelectorTerms"] == [{"id": "subnet-1"}]
    assert found["securityGroupSelectorTerms"] == [{"id": "sg-1"}]
    assert found["tags"] == {"Name": "h100", "team": "research"}
    assert (found["kubelet"], found["role"], found["detailedMonitoring"]) == ({"maxPods": 50}, "nodes", True)
    limits = spec(graph, "h100", NODE_POOL)["limits"]
    assert limits["vpc.amazonaws.com/efa"] == "128"


def test_shared_accelerators_are_told_to_the_image_and_to_karpenter() -> None:
    graph = declare(lambda: GpuNodePool("h100", karpenter(mig_profile="1g.10gb")))
    assert children(graph, "h100") == [
        (NODE_CLASS, "h100-node-class"),
        (NODE_POOL, "h100"),
        (NODE_OVERLAY, "h100-overlay"),
    ]
    settings = tomllib.loads(spec(graph, "h100-node-class")["userData"])["settings"]
    assert settings["kubelet-device-plugins"]["nvidia"]["mig"] == {"profile": {"h100.80gb": "1g.10gb"}}
    assert spec(graph, "h100-overlay", NODE_OVERLAY)["capacity"] == {"nvidia.com/gpu": "56"}


def test_several_pools_share_a_node_class() -> None:
    def program() -> None:
        shared = Ec2NodeClass("general", {"aws": AWS, "node_class": "shared"})  # type: ignore[typeddict-item]
        for name in ("small", "large"):
            pool = {**karpenter(), "instance_types": ["m7i.large"], "node_class": shared.node_class}
            CpuNodePool(name, {key: value for key, value in pool.items() if key != "aws"})  # type: ignore[arg-type]

    graph = declare(program)
    assert children(graph, "general", "Ec2NodeClass") == [(NODE_CLASS, "general")]
    for name in ("small", "large"):
        assert children(graph, name, "CpuNodePool") == [(NODE_POOL, name)]
        assert spec(graph, name, NODE_POOL)["template"]["spec"]["nodeClassRef"]["name"] == "shared"
    assert graph.named("general", "aidc:index:Ec2NodeClass").outputs == {
        "node_class": "shared",
        "ami_alias": "bottlerocket@v1.66.0",
        "efa_interfaces": 0,
    }


def test_a_managed_group_has_a_launch_template() -> None:
    graph = declare(lambda: GpuNodePool("a100", managed()))
    assert children(graph, "a100") == [(TEMPLATE, "a100-template"), (GROUP, "a100"), (CONTRACT, "a100-contract")]
    group, template = graph.named("a100", GROUP), graph.named("a100-template")
    assert group.inputs == {
        "amiType": "BOTTLEROCKET_x86_64_NVIDIA",
        "capacityType": "ON_DEMAND",
        "clusterName": "prod",
        "instanceTypes": ["p4d.24xlarge"],
        "labels": {"aidc.dev/accelerator": "a100-40gb", "aidc.dev/node-pool": "a100"},
        "launchTemplate": {"id": group.inputs["launchTemplate"]["id"], "version": "1"},
        "nodeRepairConfig": {"enabled": True},
        "nodeRoleArn": "arn:aws:iam::123456789012:role/prod-node",
        "releaseVersion": "1.66.0-1ad6b4a4",
        "scalingConfig": {"minSize": 2, "maxSize": 4, "desiredSize": 2},
        "subnetIds": ["subnet-1"],
        "tags": {"Name": "a100"},
        "taints": [{"key": "nvidia.com/gpu", "effect": "NO_SCHEDULE"}],
        "updateConfig": {"maxUnavailable": 1},
        "version": "1.36",
    }
    assert template.urn in group.property_dependencies["launchTemplate"]
    assert group.ignore_changes == ()
    assert template.inputs["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
        "httpProtocolIpv6": "disabled",
    }
    assert template.inputs["vpcSecurityGroupIds"] == ["sg-1"]
    assert {each["ebs"]["encrypted"] for each in template.inputs["blockDeviceMappings"]} == {"true"}
    assert [each["resourceType"] for each in template.inputs["tagSpecifications"]] == [
        "instance",
        "network-interface",
        "volume",
    ]
    assert_known(graph)


def test_a_managed_group_can_be_rehearsed_on_simulated_machines() -> None:
    args: Any = managed({"gpu_software": "gpu-operator", "ami_family": "al2023"}, mig_profile="1g.5gb")
    args["contract_namespace"] = "pools"
    graph = declare(lambda: GpuNodePool("a100", args))
    contract = dict(graph.named("a100-contract").inputs)
    assert contract["metadata"]["namespace"] == "pools"
    machines = machines_of([contract], "us-east-1")
    assert [each.name for each in machines] == ["a100-0", "a100-1", "a100-2", "a100-3"]
    assert {each.instance_type for each in machines} == {"p4d.24xlarge"}
    assert {each.zone for each in machines} == {"us-east-1a"}
    assert machines[0].resources["nvidia.com/mig-1g.5gb"] == "56"
    assert machines[0].labels["nvidia.com/mig.config"] == "all-1g.5gb"


def user_data(template: Resource) -> dict[str, Any]:
    return tomllib.loads(base64.b64decode(template.inputs["userData"]).decode())


def test_the_template_of_a_group_is_told_what_the_nodes_are() -> None:
    aws = {"efa": True, "placement_group": True, "encryption_key": KEY, "prefix_delegation": True, "node_repair": False}
    graph = declare(lambda: GpuNodePool("a100", managed(aws, mig_profile="1g.5gb")))
    assert children(graph, "a100") == [
        (TEMPLATE, "a100-template"),
        (PLACEMENT, "a100-placement"),
        (GROUP, "a100"),
        (CONTRACT, "a100-contract"),
    ]
    template = graph.named("a100-template")
    interfaces = template.inputs["networkInterfaces"]
    assert [(each["networkCardIndex"], each["deviceIndex"], each["interfaceType"]) for each in interfaces] == [
        (0, 0, "interface"),
        (0, 1, "efa-only"),
        (1, 1, "efa-only"),
        (2, 1, "efa-only"),
        (3, 1, "efa-only"),
    ]
    assert {tuple(each["securityGroups"]) for each in interfaces} == {("sg-1",)}
    assert "vpcSecurityGroupIds" not in template.inputs
    assert template.inputs["placement"] == {"groupName": "a100-placement"}
    assert {each["ebs"]["kmsKeyId"] for each in template.inputs["blockDeviceMappings"]} == {KEY}
    settings = user_data(template)["settings"]
    assert settings["kubernetes"] == {"max-pods": 250}
    assert "bootstrap-commands" in settings
    assert settings["kubelet-device-plugins"]["nvidia"]["mig"] == {"profile": {"a100.40gb": "1g.5gb"}}
    assert graph.named("a100", GROUP).inputs["nodeRepairConfig"] == {"enabled": False}


def test_a_capacity_block_is_in_the_template_alone() -> None:
    block = {"reservation": "cr-1", "ends": "2026-12-01T11:30:00Z"}
    graph = declare(lambda: GpuNodePool("a100", managed({"capacity_block": block}, capacity_types=["reserved"])))
    template, group = graph.named("a100-template").inputs, graph.named("a100", GROUP).inputs
    # EKS itself takes these nodes away.
    assert group["scalingConfig"] == {"minSize": 0, "maxSize": 4, "desiredSize": 2}
    assert graph.named("a100", GROUP).ignore_changes == ("scalingConfig.desiredSize",)
    assert template["instanceMarketOptions"] == {"marketType": "capacity-block"}
    assert template["instanceType"] == "p4d.24xlarge"
    target = {"capacityReservationId": "cr-1"}
    assert template["capacityReservationSpecification"] == {"capacityReservationTarget": target}
    assert group["capacityType"] == "CAPACITY_BLOCK"
    assert "instanceTypes" not in group
    assert group["labels"]["aidc.dev/usable-until"] == "2026-12-01T10.50Z"


@pytest.mark.parametrize(
    ("more", "aws", "capacity_type", "target"),
    [
        ({"capacity_types": ["spot"]}, {}, "SPOT", None),
        ({"capacity_types": ["reserved"]}, {"capacity_reservations": ["cr-1"]}, "ON_DEMAND", "cr-1"),
    ],
)
def test_a_group_has_the_capacity_that_was_asked_for(
    more: dict[str, Any], aws: dict[str, Any], capacity_type: str, target: str | None
) -> None:
    graph = declare(lambda: GpuNodePool("a100", managed(aws, **more)))
    template = graph.named("a100-template").inputs
    assert graph.named("a100", GROUP).inputs["capacityType"] == capacity_type
    wanted = template.get("capacityReservationSpecification", {}).get("capacityReservationTarget", {})
    assert wanted.get("capacityReservationId") == target
    assert "instanceMarketOptions" not in template


def test_a_cpu_group_has_the_cheapest_type_first_and_every_effect() -> None:
    taints = [{"key": "a", "value": "1", "effect": "NoExecute"}, {"key": "b", "effect": "PreferNoSchedule"}]
    scaling = {"maximum_nodes": 4, "static_nodes": 0, "disruption_budget": "25%"}
    args: Any = {**managed(), "instance_types": ["m7i.xlarge", "m7i.large"], "taints": taints, "scaling": scaling}
    graph = declare(lambda: CpuNodePool("general", args))
    group = graph.named("general", GROUP).inputs
    assert group["instanceTypes"] == ["m7i.large", "m7i.xlarge"]
    assert group["amiType"] == "BOTTLEROCKET_x86_64"
    assert group["taints"] == [
        {"key": "a", "value": "1", "effect": "NO_EXECUTE"},
        {"key": "b", "effect": "PREFER_NO_SCHEDULE"},
    ]
    assert group["updateConfig"] == {"maxUnavailablePercentage": 25}
    assert group["scalingConfig"] == {"minSize": 0, "maxSize": 4, "desiredSize": 0}
    assert "userData" not in graph.named("general-template").inputs


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("args", [karpenter({"efa": True}), managed({"efa": True})], ids=["karpenter", "managed"])
def test_workloads_are_told_all_they_need(args: Any, preview: bool) -> None:
    outputs = declare(lambda: GpuNodePool("gpu", args), preview=preview).named("gpu", "aidc:index:GpuNodePool").outputs
    assert outputs["pool_name"] == "gpu"
    assert outputs["node_selector"] == {"aidc.dev/node-pool": "gpu"}
    assert outputs["efa_interfaces"] == {"p5.48xlarge": 32, "p4d.24xlarge": 4}[outputs["instance_types"][0]]
    assert outputs["warnings"] == []


def test_a_first_preview_knows_nothing_of_the_cluster() -> None:
    class Cluster(pulumi.CustomResource):
        name: pulumi.Output[str]

        def __init__(self) -> None:
            super().__init__("test:index:Cluster", "cluster", {"name": None})

    def program() -> None:
        name = Cluster().name
        group = {"cluster_name": name, "subnets": {"us-east-1a": name}, "security_group_ids": [name]}
        GpuNodePool("karpenter", karpenter({"cluster_name": name}))
        GpuNodePool("group", managed(group))

    graph = declare(program, preview=True)
    unknown = graph.named("karpenter-node-class").unknowns
    assert {"spec.role", "spec.subnetSelectorTerms[0].tags.karpenter.sh/discovery"} <= set(unknown)
    assert {"clusterName", "subnetIds[0]", "nodeRoleArn"} <= set(graph.named("group", GROUP).unknowns)
    assert graph.named("group", "aidc:index:GpuNodePool").outputs["pool_name"] == "group"


def test_a_second_pool_beside_the_first_collides_in_nothing() -> None:
    def program() -> None:
        for name in ("first", "second"):
            GpuNodePool(name, karpenter({"placement_group": True}, time_slicing_replicas=2))
            GpuNodePool(f"group-{name}", managed({"placement_group": True}))

    graph = declare(program)
    urns = [resource.urn for resource in graph]
    assert len(set(urns)) == len(urns)
    objects = [r for r in graph if r.package == "kubernetes"]
    assert len({(r.type, r.inputs["metadata"]["name"]) for r in objects}) == len(objects) == 8
