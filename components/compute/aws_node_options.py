"""What nodes on EC2 are made of, whoever makes them."""

from typing import NotRequired, TypedDict

import pulumi

from ...infra.addons.gpu_software import AmiFamily, GpuSoftware


class CapacityBlock(TypedDict):
    """A Capacity Block for ML that has been bought: nodes of one type, in one zone, for a time."""

    reservation: str
    """Id of its capacity reservation, such as `cr-0123456789abcdef0`."""

    ends: str
    """End of the block as EC2 shows it, with its time zone, such as `2026-12-01T11:30:00Z`."""

    ultra_server: NotRequired[bool]
    """Whether it is of an UltraServer, whose instances end an hour before it. Default: false, and half an hour."""


class AwsNodeOptions(TypedDict):
    """What nodes on EC2 are made of."""

    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster. Its private subnets and its nodes' security group carry it in the tag
    `karpenter.sh/discovery`."""

    node_role_name: NotRequired[pulumi.Input[str]]
    """Name of the nodes' IAM role. Default: `<cluster_name>-node`."""

    instance_profile: NotRequired[pulumi.Input[str]]
    """Name of the instance profile with that role, for Karpenter where it reaches no IAM. Default: Karpenter makes
    one."""

    subnets: NotRequired[dict[str, pulumi.Input[str]]]
    """Private subnets by zone, such as `us-east-1a`; needed there with `managed-node-group`. Default: those with the
    discovery tag."""

    security_group_ids: NotRequired[list[pulumi.Input[str]]]
    """Security groups of every network interface; needed there with `managed-node-group`. Default: those with the
    discovery tag."""

    ami_family: NotRequired[AmiFamily]
    """`bottlerocket` or `al2023`. Default: `bottlerocket`."""

    ami_release: NotRequired[str]
    """Release of the machine image: for Karpenter as `1.66.0` or `20260911`, for a managed group as EKS writes it,
    such as `1.36.3-20260911`. Default: the one that the library pins."""

    kubernetes_version: NotRequired[str]
    """Minor version of the nodes of a managed group, such as `1.36`; Karpenter takes the cluster's. Default: the one
    that the library pins."""

    gpu_software: NotRequired[GpuSoftware]
    """Who brings what GPUs need beside their driver: `ami`, `gpu-operator` or `dra`. As for the cluster's add-ons.
    Default: `ami`."""

    volume_gib: NotRequired[int]
    """GiB of the encrypted disk for images, logs and containers' files, 20 to 16,384. Default: 200, since images with
    CUDA have 10 to 30 GiB."""

    volume_iops: NotRequired[int]
    """Operations a second of that disk, 3,000 to 16,000. Default: 3,000, at no extra cost."""

    volume_throughput_mibps: NotRequired[int]
    """MiB a second of that disk, 125 to 1,000, at most a quarter of its operations. Default: 125, at no extra cost."""

    encryption_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key of the disks. Default: AWS's own key for EBS."""

    instance_store: NotRequired[bool]
    """Whether the local NVMe disks become one RAID 0 for images and containers' files. Default: whether all instance
    types have them."""

    efa: NotRequired[bool]
    """Whether nodes get every Elastic Fabric Adapter that their type has. They must then be in one zone, and their
    security group must allow everything within itself. Default: false."""

    placement_group: NotRequired[bool]
    """Whether nodes are placed close together, in a placement group of their own; in one zone. Independent of EFA.
    Default: false."""

    placement_group_name: NotRequired[pulumi.Input[str]]
    """Name of a placement group that is there. Default: none."""

    capacity_reservations: NotRequired[list[str]]
    """Ids of on-demand capacity reservations, such as `cr-0123456789abcdef0`; one for a managed group. Default:
    none."""

    capacity_reservation_tags: NotRequired[dict[str, str]]
    """Tags that select on-demand capacity reservations, with Karpenter. Default: none."""

    capacity_block: NotRequired[CapacityBlock]
    """A Capacity Block; give every block a pool of its own. Default: none."""

    max_pods: NotRequired[int]
    """Pods of one node at most, 4 to 250. Default: with prefix delegation 110, or 250 from 30 virtual CPUs on; else
    what the network interfaces have addresses for."""

    prefix_delegation: NotRequired[bool]
    """Whether the network plugin hands out addresses by prefixes of 16, as its add-on is told. Default: false."""

    detailed_monitoring: NotRequired[bool]
    """Whether CloudWatch has the instances' metrics every minute, in place of every five. Default: false."""

    node_repair: NotRequired[bool]
    """Whether EKS replaces broken nodes of a managed group; of Karpenter's nodes, its gate NodeRepair decides.
    Default: true."""

    tags: NotRequired[dict[str, str]]
    """Tags of the instances, their disks and interfaces, which the provider's default tags do not reach. Default:
    their name alone."""
