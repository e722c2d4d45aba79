"""Defaults and errors of an EKS cluster."""

from typing import Any

import pytest

from aidc.infra.addons import AmiFamily
from aidc.infra.eks import ClusterIpFamily, EksClusterPlan, plan_eks_cluster
from aidc.infra.eks.system_nodes_plan import node_release
from aidc.problems import InvalidInput

ADMIN = {"principal_arn": "arn:aws:iam::123456789012:role/deployment", "policy": "cluster-admin"}
ARGS: dict[str, Any] = {
    "vpc_id": "vpc-1",
    "vpc_cidr": "10.0.0.0/16",
    "subnet_ids": ["subnet-a", "subnet-b"],
    "access_entries": {"deployment": ADMIN},
}


def plan(name: str = "prod", **more: Any) -> EksClusterPlan:
    return plan_eks_cluster({**ARGS, **more}, name)  # type: ignore[typeddict-item]


def problems_of(name: str = "prod", **more: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        plan(name, **more)
    return [str(problem) for problem in caught.value.problems]


def test_the_defaults_are_private_protected_and_logged() -> None:
    planned = plan()
    assert planned.cluster_name == "prod"
    assert planned.kubernetes_version == "1.36"
    assert planned.endpoint_public_cidrs == []
    assert planned.egress_cidrs == ["0.0.0.0/0"]
    assert (planned.protect, planned.deletion_protection, planned.zonal_shift) == (True, True, True)
    assert planned.log_retention_days == 365
    assert planned.support_policy.value == "standard"
    assert list(planned.addons) == [
        "aws-ebs-csi-driver",
        "coredns",
        "eks-node-monitoring-agent",
        "eks-pod-identity-agent",
        "kube-proxy",
        "vpc-cni",
    ]
    nodes = planned.system_nodes
    assert nodes is not None
    assert (nodes.instance_types, nodes.minimum_nodes, nodes.maximum_nodes) == (("m7i.xlarge",), 2, 4)
    assert (nodes.ami_type, nodes.volume_size, nodes.kubernetes_version) == ("BOTTLEROCKET_x86_64", 100, "1.36")


@pytest.mark.parametrize(
    ("image", "types", "expected"),
    [
        ("bottlerocket", ["m7g.xlarge"], "BOTTLEROCKET_ARM_64"),
        ("bottlerocket", ["m7i.xlarge", "m6a.xlarge"], "BOTTLEROCKET_x86_64"),
        ("al2023", ["c7gn.large"], "AL2023_ARM_64_STANDARD"),
        ("al2023", ["g5.xlarge"], "AL2023_x86_64_STANDARD"),
        ("al2023", ["g5g.xlarge"], "AL2023_ARM_64_STANDARD"),
        ("al2023", ["p6-b200.48xlarge"], "AL2023_x86_64_STANDARD"),
    ],
)
def test_the_image_is_that_of_the_architecture(image: str, types: list[str], expected: str) -> None:
    nodes = plan(system_nodes={"image": image, "instance_types": types}).system_nodes
    assert nodes is not None
    assert nodes.ami_type == expected


def test_the_release_of_an_image_is_pinned_for_each_kubernetes_version() -> None:
    assert node_release(AmiFamily.AL2023, "1.36") == "1.36.3-20260911"
    assert node_release(AmiFamily.AL2023, "1.35") == "1.35.7-20260911"
    assert node_release(AmiFamily.AL2023, "1.30") is None
    assert node_release(AmiFamily.BOTTLEROCKET, "1.36") == node_release(AmiFamily.BOTTLEROCKET, "1.35")


def test_nodes_stay_behind_while_the_control_plane_is_upgraded() -> None:
    nodes = plan(system_nodes={"image": "al2023", "kubernetes_version": "1.35"}).system_nodes
    assert nodes is not None
    assert (nodes.kubernetes_version, nodes.release) == ("1.35", "1.35.7-20260911")


def test_ipv6_opens_https_to_both_kinds_of_addresses_and_has_no_service_range() -> None:
    planned = plan(ip_family="ipv6")
    assert planned.ip_family is ClusterIpFamily.IPV6
    assert (planned.egress_cidrs, planned.service_cidr) == (["0.0.0.0/0", "::/0"], None)


def test_auto_mode_has_no_nodes_and_no_add_ons_of_ours() -> None:
    planned = plan(auto_mode=True)
    assert (planned.system_nodes, dict(planned.addons)) == (None, {})
    assert list(plan(auto_mode=True, addons=["metrics-server"]).addons) == ["metrics-server"]


def test_the_order_of_lists_changes_nothing() -> None:
    networks = ["10.1.0.0/16", "10.2.0.0/16"]
    there = plan(endpoint_private_cidrs=networks, addons=["snapshot-controller", "eks-pod-identity-agent"])
    back = plan(endpoint_private_cidrs=networks[::-1], addons=["eks-pod-identity-agent", "snapshot-controller"])
    assert there == back


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"access_entries": {}}, "accessEntries: none is a cluster-admin, and whoever creates the cluster gets no"),
        ({"access_entries": {"a": {**ADMIN, "policy": "view"}}}, "accessEntries: none is a cluster-admin"),
        (
            {"access_entries": {"a": {**ADMIN, "policy": "root"}, "b": ADMIN}},
            "accessEntries.a.policy: 'root' is not one of cluster-admin, admin, edit, view, admin-view",
        ),
        (
            {"access_entries": {"a": {**ADMIN, "namespaces": ["x"]}}},
            "accessEntries.a.namespaces: a cluster-admin is bounded to none",
        ),
        (
            {"access_entries": {"a": ADMIN, "b": ADMIN}},
            "accessEntries.b.principalArn: the same as that of a; EKS has one entry for each principal",
        ),
        (
            {"access_entries": {"a": {**ADMIN, "principal_arn": "arn:aws:sts::1:assumed-role/x/y"}}},
            "is a session; give the role's own ARN",
        ),
        ({"access_entries": {"a": {**ADMIN, "principal_arn": "deploy"}}}, "'deploy' is not a role or user"),
        ({"access_entries": {"A_b": ADMIN}}, "accessEntries.A_b: 'A_b' is not a DNS label"),
        ({"kubernetes_version": "1.36.3"}, "kubernetesVersion: '1.36.3' is not a minor version"),
        ({"kubernetes_version": "1.34"}, "addonVersions.coredns: no version is pinned for Kubernetes 1.34"),
        ({"endpoint_public_cidrs": ["0.0.0.0/0"]}, "endpointPublicCidrs[0]: '0.0.0.0/0' opens the API to everybody"),
        (
            {"endpoint_public_cidrs": ["10.1.0.0/16"]},
            "endpointPublicCidrs[0]: '10.1.0.0/16' is private, and nobody comes from it over the internet",
        ),
        ({"endpoint_public_cidrs": ["10.0.0.1/8"]}, "endpointPublicCidrs[0]: '10.0.0.1/8' is not a network"),
        ({"egress_cidrs": ["x"]}, "egressCidrs[0]: 'x' is not a network"),
        ({"subnet_ids": ["subnet-a"]}, "subnetIds: 1 given; EKS needs two, in two zones, or more"),
        ({"node_subnet_ids": []}, "nodeSubnetIds: 0 given; EKS needs one, or more"),
        ({"service_cidr": "10.0.16.0/20"}, "serviceCidr: '10.0.16.0/20' overlaps the VPC's 10.0.0.0/16"),
        ({"service_cidr": "11.0.0.0/16"}, "serviceCidr: '11.0.0.0/16' cannot hold Services; give /12 to /24 of"),
        ({"service_cidr": "172.16.0.0/11"}, "serviceCidr: '172.16.0.0/11' is not an IPv4 network"),
        ({"ip_family": "ipv6", "service_cidr": "172.20.0.0/16"}, "serviceCidr: not with IPv6"),
        ({"ip_family": "ipv6", "pod_subnets": {"us-east-1a": "s"}}, "podSubnets: not with IPv6"),
        ({"log_retention_days": 100}, "logRetentionDays: '100' is not one of 1, 3, 5"),
        ({"addons": ["aws-ebs-csi-driver"]}, "addons: eks-pod-identity-agent is missing; without it no pod gets"),
        ({"addons": ["coredns"]}, "addons[0]: 'coredns' is not one of aws-ebs-csi-driver"),
        ({"auto_mode": True, "addons": ["aws-ebs-csi-driver"]}, "is not one of metrics-server, snapshot-controller"),
        ({"auto_mode": True, "system_nodes": {}}, "systemNodes: belongs to nodes of one's own"),
        ({"auto_mode": True, "pod_subnets": {"us-east-1a": "s"}}, "podSubnets: belongs to nodes of one's own"),
        ({"system_nodes": {"minimum_nodes": 5}}, "systemNodes.maximumNodes: 4 nodes is too little; give 5 nodes"),
        ({"system_nodes": {"maximum_nodes": 451}}, "systemNodes.maximumNodes: 451 nodes is too much; give 450"),
        ({"system_nodes": {"volume_size": 8}}, "systemNodes.volumeSize: 8 GiB is too little; give 20 GiB or more"),
        ({"system_nodes": {"image": "windows"}}, "systemNodes.image: 'windows' is not one of bottlerocket, al2023"),
        ({"system_nodes": {"instance_types": ["large"]}}, "systemNodes.instanceTypes[0]: 'large' is not an instance"),
        (
            {"system_nodes": {"instance_types": ["m7i.xlrage"]}},
            "instanceTypes[0]: 'm7i.xlrage' is not an instance type",
        ),
        ({"system_nodes": {"instance_types": []}}, "systemNodes.instanceTypes: none given"),
        (
            {"system_nodes": {"instance_types": ["m7i.xlarge", "m7g.xlarge"]}},
            "systemNodes.instanceTypes: types of two architectures",
        ),
        ({"system_nodes": {"kubernetes_version": "1.37"}}, "systemNodes.kubernetesVersion: 1.37 is newer than the"),
        ({"identity": "kiam"}, "identity: 'kiam' is not one of pod-identity, service-account"),
        ({"support_policy": "none"}, "supportPolicy: 'none' is not one of standard, extended"),
        ({"cluster_name": "x" * 54}, f"clusterName: '{'x' * 54}' has 54 characters; give 53 or fewer"),
        ({"encyption_key": "arn"}, "encyptionKey: unknown key; did you mean 'encryptionKey'"),
    ],
)
def test_what_is_wrong_is_said_by_field(more: dict[str, Any], expected: str) -> None:
    assert any(expected in each for each in problems_of(**more)), problems_of(**more)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert len(problems_of(access_entries={}, subnet_ids=[], log_retention_days=2, ip_family="ipx")) == 4


def test_a_name_that_leaves_no_room_for_the_names_that_come_from_it() -> None:
    assert problems_of("x" * 60)[0].startswith("name: ")
