"""What an EKS cluster is told."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from ..addons import AmiFamily
from ..identity import IdentityMethod


class ClusterAccessPolicy(StrEnum):
    """What somebody may do in a cluster: AWS's own access policies, EKS User Guide, Access policy permissions."""

    CLUSTER_ADMIN = "cluster-admin"
    ADMIN = "admin"
    EDIT = "edit"
    VIEW = "view"
    ADMIN_VIEW = "admin-view"


class SupportPolicy(StrEnum):
    """What happens at the end of a Kubernetes version's standard support."""

    STANDARD = "standard"
    EXTENDED = "extended"


class ClusterIpFamily(StrEnum):
    """Which addresses pods and services get."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class ClusterAccess(TypedDict):
    """Somebody who may use a cluster."""

    principal_arn: pulumi.Input[str]
    """ARN of an IAM role or user; of a role that IAM Identity Center made, without its path's session."""

    policy: ClusterAccessPolicy
    """`cluster-admin`, `admin`, `edit`, `view` or `admin-view`."""

    namespaces: NotRequired[list[str]]
    """Namespaces that it is bounded to. Not for `cluster-admin`. Default: all."""


class SystemNodes(TypedDict):
    """The small managed node group of controllers and cluster add-ons."""

    instance_types: NotRequired[list[str]]
    """Instance types of one architecture, the preferred one first. Default: `m7i.xlarge`."""

    minimum_nodes: NotRequired[int]
    """Nodes at least. Default: 2."""

    maximum_nodes: NotRequired[int]
    """Nodes at most. Default: 4."""

    image: NotRequired[AmiFamily]
    """`bottlerocket` or `al2023`. Default: `bottlerocket`."""

    kubernetes_version: NotRequired[str]
    """Minor version of the nodes, such as `1.35`, while they follow an upgraded control plane. Default: the
    cluster's."""

    release: NotRequired[str]
    """Release of the image, such as `1.36.3-20260911`. Default: the one that the library pins."""

    volume_size: NotRequired[int]
    """Disk for images and containers, GiB. Default: 100."""

    tags: NotRequired[dict[str, str]]
    """Tags of the instances and their volumes, which the provider's default tags do not reach. Default: none."""


class EksClusterArgs(TypedDict):
    """Inputs of `EksCluster`."""

    vpc_id: pulumi.Input[str]
    """Network of the cluster."""

    vpc_cidr: pulumi.Input[str]
    """Addresses of that network, such as `10.0.0.0/16`; nodes may reach all of them."""

    subnet_ids: pulumi.Input[list[pulumi.Input[str]]]
    """Subnets of the control plane's network interfaces, in two zones or more."""

    node_subnet_ids: NotRequired[pulumi.Input[list[pulumi.Input[str]]]]
    """Private subnets of the system nodes. Default: `subnet_ids`."""

    pod_subnets: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Subnet of the pods' own addresses by zone, such as `us-east-1a` (custom networking). Default: pods have
    addresses of their node's subnet."""

    access_entries: dict[str, ClusterAccess]
    """Who may use the cluster, by a name of yours. One at least is a `cluster-admin`: whoever creates the cluster gets
    no rights by that."""

    cluster_name: NotRequired[str]
    """Name of the cluster. Default: the component's name."""

    kubernetes_version: NotRequired[str]
    """Minor version of the control plane, such as `1.36`. Default: the newest whose add-ons the library pins."""

    endpoint_public_cidrs: NotRequired[list[str]]
    """Networks from which the API may be reached over the internet. Default: none; it is private."""

    endpoint_private_cidrs: NotRequired[list[str]]
    """Networks beside the nodes from which the private endpoint may be reached, such as a VPN's. Default: none."""

    egress_cidrs: NotRequired[list[str]]
    """Networks that nodes may reach by HTTPS, beside the VPC. Default: `0.0.0.0/0`, and `::/0` with IPv6; none in a
    VPC without a way out."""

    egress_prefix_lists: NotRequired[dict[str, pulumi.Input[str]]]
    """Ids of prefix lists that nodes may reach by HTTPS, by a name of yours, such as that of S3's gateway endpoint.
    Default: none."""

    service_cidr: NotRequired[str]
    """IPv4 addresses of Services; outside the VPC, between /12 and /24. Not with IPv6. Default: `172.20.0.0/16`."""

    ip_family: NotRequired[ClusterIpFamily]
    """`ipv4` or `ipv6`. Default: `ipv4`."""

    encryption_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key that encrypts Kubernetes secrets. Default: a key that AWS owns."""

    volume_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key of node volumes and of volumes of the EBS driver. Default: the account's key for EBS."""

    log_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key of the control plane's logs. Default: a key that AWS owns."""

    log_retention_days: NotRequired[int]
    """Days that the control plane's logs are kept. Default: 365."""

    deletion_protection: NotRequired[bool]
    """Whether EKS refuses to delete the cluster. Default: true."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the cluster. Default: true. To delete it, deploy with false first."""

    support_policy: NotRequired[SupportPolicy]
    """`standard` (EKS upgrades at the end of standard support) or `extended` (it stays for 12 months more, at a higher
    price). Default: `standard`."""

    zonal_shift: NotRequired[bool]
    """Whether traffic may be shifted away from an impaired zone. Default: true."""

    auto_mode: NotRequired[bool]
    """Whether EKS runs the nodes itself (Auto Mode): then there are no system nodes, and only add-ons that it does not
    have. Default: false."""

    identity: NotRequired[IdentityMethod]
    """How pods get AWS credentials: `pod-identity`, or `service-account` (IRSA), which makes an identity provider.
    Default: `pod-identity`."""

    system_nodes: NotRequired[SystemNodes]
    """The system node group. Not with `auto_mode`. Default: as its fields say."""

    addons: NotRequired[list[str]]
    """Managed add-ons beside vpc-cni, kube-proxy and coredns: `aws-ebs-csi-driver`, `eks-node-monitoring-agent`,
    `eks-pod-identity-agent`, `metrics-server`, `snapshot-controller`. Default: the first three; none with
    `auto_mode`."""

    addon_versions: NotRequired[dict[str, str]]
    """Versions of add-ons in the place of the pinned ones, by name, such as `v1.22.4-eksbuild.3`. Default: the pinned
    ones."""

    kubeconfig_role_arn: NotRequired[pulumi.Input[str]]
    """ARN of the role that the kubeconfig's commands take on. Default: none; whoever runs them is asked who they
    are."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds every role. Default: none."""
