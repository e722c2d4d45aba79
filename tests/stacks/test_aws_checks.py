"""Settings on AWS that are right one by one and contradict each other are refused, each by its path."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.evaluation import ResourceGraph, evaluate
from aidc.problems import InvalidInput
from aidc.stacks import DataCenter, check_settings

STACKS = Path(__file__).parents[2] / "stacks"
POOL = "gpuNodePools/h100-training"
BLOCK = {"reservation": "cr-0123456789abcdef0", "ends": "2026-12-20T11:30:00Z"}
OF_BLOCK = {
    "instanceTypes": ["p5.48xlarge"],
    "zones": ["us-east-1a"],
    "capacityTypes": ["reserved"],
    "scaling": {"maximumNodes": 2},
    "aws": {"capacityBlock": BLOCK},
}
STATIC = {"instanceTypes": ["g6.xlarge"], "scaling": {"maximumNodes": 2, "staticNodes": 2}}
MANAGED = {**STATIC, "provisioner": "managed-node-group"}
OFF = "is off, and gpuNodePools.more has"


def changed(changes: dict[str, Any], stack: str = "staging") -> dict[str, Any]:
    """The settings of a stack with values put into the places of others; None takes one out."""
    document = yaml.safe_load((STACKS / f"Pulumi.{stack}.yaml").read_text())
    settings = {key.removeprefix("aidc:"): value for key, value in copy.deepcopy(document["config"]).items()}
    for place, value in changes.items():
        inside = settings
        *above, last = place.split("/")
        for key in above:
            inside = inside.setdefault(key, {})
        inside.pop(last, None)
        if value is not None:
            inside[last] = value
    return settings


def refused(changes: dict[str, Any], stack: str = "staging") -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        check_settings(changed(changes, stack), stack)
    return {problem.path: problem.reason for problem in caught.value.problems}


def made(changes: dict[str, Any], *, preview: bool = False) -> ResourceGraph:
    def program() -> None:
        DataCenter("data-center", check_settings(changed(changes), "staging"))

    return evaluate(program, "staging", preview=preview)


CASES: list[tuple[dict[str, Any], str, str]] = [
    ({f"{POOL}/zones": ["us-east-1f"]}, "gpuNodePools.h100-training.zones[0]", "'us-east-1f' is not in zones"),
    ({"cpuNodePools/general/zones": ["us-west-2a"]}, "cpuNodePools.general.zones[0]", "where the network is"),
    (
        {"nodeClasses/own": {"zones": ["us-east-1z"], "aws": {}}},
        "nodeClasses.own.zones[0]",
        "'us-east-1z' is not in zones",
    ),
    (
        {"gpuNodePools/one": OF_BLOCK, "gpuNodePools/two": OF_BLOCK},
        "gpuNodePools.two.aws.capacityBlock.reservation",
        "'cr-0123456789abcdef0' is that of gpuNodePools.one too",
    ),
    ({"network/cidr": "172.20.0.0/16"}, "cluster.serviceCidr", "overlaps network.cidr, 172.20.0.0/16"),
    (
        {"network/cidr": "172.31.0.0/16", "network/podCidr": "172.20.0.0/14"},
        "cluster.serviceCidr",
        "overlaps network.podCidr, 172.20.0.0/14",
    ),
    (
        {"gpuNodePools/more": STATIC, "karpenter/featureGates": {"staticCapacity": False}},
        "karpenter.featureGates.staticCapacity",
        f"{OFF} scaling.staticNodes; turn it on",
    ),
    (
        {
            "gpuNodePools/more": {**STATIC, "scaling": {"maximumNodes": 2}, "timeSlicingReplicas": 4},
            "karpenter/featureGates": {"nodeOverlay": False},
        },
        "karpenter.featureGates.nodeOverlay",
        f"{OFF} shared accelerators",
    ),
    (
        {"gpuNodePools/more": OF_BLOCK, "karpenter/featureGates": {"reservedCapacity": False}},
        "karpenter.featureGates.reservedCapacity",
        f"{OFF} reserved capacity",
    ),
    (
        {"gpuNodePools/more": {**MANAGED, "aws": {"kubernetesVersion": "1.37"}}},
        "gpuNodePools.more.aws.kubernetesVersion",
        "1.37 is newer than the control plane's 1.36; upgrade that first",
    ),
    (
        {f"{POOL}/aws/amiFamily": "al2023"},
        "gpuNodePools.h100-training.aws.amiFamily",
        "handed out by nvidia-device-plugin, but the cluster has no add-on for that",
    ),
    (
        {f"{POOL}/aws/amiFamily": "bottlerocket", "amiFamily": "al2023"},
        "gpuNodePools.h100-training.aws.amiFamily",
        "handed out by the image itself, but the cluster has nvidia-device-plugin for that",
    ),
    (
        {"gpuNodePools/more": {**STATIC, "aws": {"gpuSoftware": "dra"}}},
        "gpuNodePools.more.aws.gpuSoftware",
        "handed out by dra-driver-nvidia-gpu",
    ),
    ({"recoverySite": {"region": "us-east-1"}}, "recoverySite.region", "where the data center is itself"),
    ({"recoverySite": {"region": "mars-1"}}, "recoverySite.region", "'mars-1' is not the name of a region"),
    (
        {
            "recoverySite": {"region": "us-west-2", "buckets": {"datasets": {}}},
            "bucketReplications/datasets": {"destinationRegion": "us-west-1"},
        },
        "bucketReplications.datasets.destinationRegion",
        "'us-west-1' is not where the recovery site is; give us-west-2",
    ),
    ({"permissionsBoundary/regions": ["us-east-1", "US-West-2"]}, "permissionsBoundary.regions[1]", "like us-west-2"),
    ({"recoverySite": {}}, "recoverySite.region", "give another region"),
    ({"permissionsBoundary/regions": ["us-west-2"]}, "permissionsBoundary.regions", "without us-east-1 no role"),
    (
        {"recoverySite": {"region": "us-west-2"}, "permissionsBoundary/regions": ["us-east-1"]},
        "permissionsBoundary.regions",
        "without us-west-2 no role may act where the recovery site is",
    ),
    (
        {"clusterAddons/addons/kube-prometheus-stack/storageClass": "gp4"},
        "clusterAddons.addons.kube-prometheus-stack.storageClass",
        "did you mean 'gp3'?",
    ),
    ({"storageClasses/gp4": {"isDefault": True}}, "storageClasses.gp4.isDefault", "gp3 is the default already"),
    ({"storageClasses/gp3/snapshots": True}, "storageClasses.gp3.snapshots", "needs the add-on snapshot-controller"),
    (
        {"cluster/addons": ["eks-pod-identity-agent"]},
        "storageClasses.gp3",
        "needs the add-on aws-ebs-csi-driver; add it to cluster.addons",
    ),
    # And nothing of the claims of a volume that is wrong, or of the network cards of a type that is.
    (
        {"sharedFilesystems/scratch/fsx/throughput": 300},
        "sharedFilesystems.scratch.fsx.throughput",
        "300 MB/s per TiB is not offered",
    ),
    ({f"{POOL}/instanceTypes": ["p5.49xlarge"]}, "gpuNodePools.h100-training.instanceTypes[0]", "p5.48xlarge"),
    ({"tags": {"aws:owner": "me"}}, "tags.aws:owner", "is set by AWS"),
    ({"tags": {f"tag-{each}": "x" for each in range(39)}}, "tags", "39 tags are too many; give 38 or fewer"),
    (
        {"cluster/ipFamily": "ipv6", "network/dualStack": False},
        "network.dualStack",
        "is ipv6; leave it out",
    ),
    (
        {"gpuNodePools/more": {**STATIC, "nodeClass": "owm"}, "nodeClasses/own": {"aws": {}}},
        "gpuNodePools.more.nodeClass",
        "there is no 'owm' in nodeClasses; did you mean 'own'?",
    ),
    (
        {"cpuNodePools/system": {"requirement": {"vcpus": 4}, "scaling": {"maximumNodes": 1}}},
        "cpuNodePools.system",
        "is what the system nodes are called; rename it",
    ),
    (
        {"gpuNodePools/more": {**STATIC, "nodeClass": "own"}, "nodeClasses/own": {"aws": {"amiFamily": "al2023"}}},
        "nodeClasses.own.aws.amiFamily",
        "make them the same",
    ),
    (
        {"cluster/ipFamily": "ipv6", "network/podCidr": "100.64.0.0/14"},
        "network.podCidr",
        "with IPv6 pods have no subnets of their own; leave it out",
    ),
    (
        {"network/nat": "none", "network/natZone": None},
        "webFirewalls.models",
        "nothing reaches WAF from a network without a way out",
    ),
]


@pytest.mark.parametrize(("changes", "path", "reason"), CASES)
def test_what_contradicts_something_else(changes: dict[str, Any], path: str, reason: str) -> None:
    found = refused(changes)
    assert set(found) == {path}
    assert reason in found[path]


def test_what_eks_has_anyway_and_nodes_in_subnets_of_their_own_are_taken() -> None:
    check_settings(changed({"clusterAddons/addons/kube-prometheus-stack/storageClass": "gp2"}), "staging")
    cores = {"instanceTypes": ["m7i.xlarge"], "nodeClass": "own", "scaling": {"maximumNodes": 1}}
    other = {"cpuNodePools/more": cores, "nodeClasses/own": {"aws": {"amiFamily": "al2023"}}}
    check_settings(changed(other), "staging")
    elsewhere = {**MANAGED, "zones": ["us-east-1f"], "aws": {"subnets": {"us-east-1f": "subnet-0123456789abcdef0"}}}
    check_settings(changed({"gpuNodePools/more": elsewhere}), "staging")


def test_nodes_of_a_managed_group_have_the_version_of_the_cluster() -> None:
    graph = made({"cluster/kubernetesVersion": "1.35", "gpuNodePools/more": MANAGED})
    groups = graph.of_type("aws:eks/nodeGroup:NodeGroup")
    assert {group.name: group.inputs["version"] for group in groups} == {"staging-system": "1.35", "more": "1.35"}


def test_the_boundary_has_both_regions_by_itself() -> None:
    boundary = made({"recoverySite": {"region": "us-west-2"}}).named("staging-boundary", "aws:iam/policy:Policy")
    assert "us-east-1" in boundary.inputs["policy"]
    assert "us-west-2" in boundary.inputs["policy"]


ISOLATED: dict[str, Any] = {
    "network": {"cidr": "10.20.0.0/16", "fullyPrivate": True},
    "webFirewalls": None,
    "inferenceServices": None,
}


@pytest.mark.parametrize("preview", [False, True])
def test_in_a_network_without_a_way_out_nobody_asks_what_has_no_endpoint(preview: bool) -> None:
    graph = made({**ISOLATED, "gpuNodePools/more": MANAGED}, preview=preview)
    (profile,) = graph.of_type("aws:iam/instanceProfile:InstanceProfile")
    assert profile.inputs["name"] == "staging-node"
    classes = graph.of_type("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass")
    assert len(classes) == 3
    for each in classes:
        assert each.inputs["spec"]["instanceProfile"] == "staging-node"
        assert "role" not in each.inputs["spec"]
        made_by = graph.component_of(each)
        assert made_by is not None
        assert profile.urn in made_by.dependencies
    assert graph.named("karpenter", "kubernetes:helm.sh/v3:Release").inputs["values"]["settings"]["isolatedVPC"] is True
    balancers = graph.named("addons-aws-load-balancer-controller", "kubernetes:helm.sh/v3:Release")
    assert balancers.inputs["values"]["enableWafv2"] is False


def test_a_way_out_through_another_network_can_be_said() -> None:
    graph = made({**ISOLATED, "karpenter/isolatedNetwork": False})
    assert not graph.of_type("aws:iam/instanceProfile:InstanceProfile")
    (first, *_) = graph.of_type("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass")
    assert first.inputs["spec"]["role"] == "staging-node"


def test_what_needs_the_internet_is_refused_without_a_way_there() -> None:
    zones = {"hostedZoneArns": ["arn:aws:route53:::hostedzone/Z0123"]}
    found = refused({**ISOLATED, "clusterAddons/addons/external-dns": zones})
    assert found == {
        "clusterAddons.addons.external-dns": "writes to Route 53, which the network has no way to; leave it out"
    }


NO_POOLS: dict[str, Any] = {
    "cluster/autoMode": True,
    "cluster/systemNodes": None,
    "karpenter": None,
    "gpuNodePools": None,
    "cpuNodePools": None,
    "storageClasses": None,
    "trainingJobs": None,
    "preprocessingJobs": None,
    "inferenceServices": None,
    "microservices": None,
    "clusterAddons/addons": {"aws-load-balancer-controller": {}, "jobset": {}},
}


@pytest.mark.parametrize("preview", [False, True])
def test_auto_mode_has_neither_nodes_nor_pod_subnets_of_ours(preview: bool) -> None:
    graph = made(NO_POOLS, preview=preview)
    (cluster,) = graph.of_type("aws:eks/cluster:Cluster")
    assert cluster.inputs["computeConfig"]["enabled"] is True
    assert not graph.of_type("aws:eks/nodeGroup:NodeGroup")
    assert not graph.of_type("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")
    assert not any("pods" in subnet.name for subnet in graph.of_type("aws:ec2/subnet:Subnet"))


def test_addons_name_the_storage_classes_that_auto_mode_has() -> None:
    addons = {"kube-prometheus-stack": {"storageClass": "auto-ebs"}}
    check_settings(changed({**NO_POOLS, "clusterAddons/addons": addons}), "staging")


def test_auto_mode_makes_all_nodes() -> None:
    found = refused({"cluster/autoMode": True, "cluster/systemNodes": None, "karpenter": {"replicas": 1}})
    assert set(found) >= {
        "karpenter",
        "gpuNodePools.h100-training",
        "cpuNodePools.general",
        "storageClasses.gp3",
    }
    assert not any("podSubnets" in path for path in found)


def test_pods_with_ipv6_have_no_subnets_of_their_own() -> None:
    graph = made({"cluster/ipFamily": "ipv6"})
    (cluster,) = graph.of_type("aws:eks/cluster:Cluster")
    assert cluster.inputs["kubernetesNetworkConfig"]["ipFamily"] == "ipv6"
    assert not graph.of_type("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")
    settings = graph.named("karpenter", "kubernetes:helm.sh/v3:Release").inputs["values"]["settings"]
    assert settings["reservedENIs"] == "0"
    (network,) = graph.of_type("aws:ec2/vpc:Vpc")
    assert network.inputs["assignGeneratedIpv6CidrBlock"] is True
    balancers = [
        *graph.of_type("kubernetes:networking.k8s.io/v1:Ingress"),
        *graph.of_type("kubernetes:core/v1:Service"),
    ]
    kinds = [
        value
        for each in balancers
        for key, value in each.inputs["metadata"].get("annotations", {}).items()
        if key.endswith("ip-address-type")
    ]
    assert len(kinds) == 2
    assert set(kinds) == {"dualstack"}
