"""The VPC itself and its subnets."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Final

import pulumi

from .plan import NetworkPlan
from .subnet_layout import SubnetKind, ipv6_subnet, pod_block

if TYPE_CHECKING:
    from pulumi_aws.ec2 import Subnet, Vpc, VpcIpv4CidrBlockAssociation

_DISCOVERY_TAG: Final = "karpenter.sh/discovery"
_ROLE_TAGS: Final = {
    SubnetKind.PUBLIC: "kubernetes.io/role/elb",
    SubnetKind.PRIVATE: "kubernetes.io/role/internal-elb",
    SubnetKind.POD: "kubernetes.io/role/cni",
}
"""By which controllers find subnets: AWS Load Balancer Controller, "Subnet auto-discovery"; Amazon EKS User Guide,
"Configure subnet selection for Pod IP addresses"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VpcResources:
    """A VPC with its subnets."""

    vpc: "Vpc"
    subnets: Mapping[SubnetKind, Mapping[str, "Subnet"]]
    """By kind and zone, zones sorted."""


def create_vpc(plan: NetworkPlan, opts: pulumi.ResourceOptions) -> VpcResources:
    """Make the VPC, its subnets, and the default security group without rules."""
    from pulumi_aws import ec2

    name = plan.name
    vpc = ec2.Vpc(
        name,
        cidr_block=str(plan.network),
        enable_dns_support=True,
        enable_dns_hostnames=True,
        assign_generated_ipv6_cidr_block=True if plan.is_dual_stack else None,
        tags={"Name": name},
        opts=opts,
    )
    # AWS puts what names no group into the default one, which would let all of it talk to each other and to the world.
    ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=vpc.id, tags={"Name": f"{name}-default"}, opts=opts)
    blocks = {
        block: ec2.VpcIpv4CidrBlockAssociation(
            f"{name}-pods-{block.network_address}", vpc_id=vpc.id, cidr_block=str(block), opts=opts
        )
        for block in plan.layout.pod_blocks
    }
    kinds = [kind for kind in SubnetKind if not (kind is SubnetKind.PUBLIC and plan.is_fully_private)]
    return VpcResources(
        vpc=vpc,
        subnets={
            kind: {
                zone: _create_subnet(plan, vpc, kind, zone, network, _after_block(kind, network, blocks, opts))
                for zone, network in plan.layout.of(kind).items()
            }
            for kind in kinds
        },
    )


def _create_subnet(
    plan: NetworkPlan, vpc: "Vpc", kind: SubnetKind, zone: str, network: IPv4Network, opts: pulumi.ResourceOptions
) -> "Subnet":
    from pulumi_aws import ec2

    name = f"{plan.name}-{kind}-{zone}"
    tags = {"Name": name}
    if kind in _ROLE_TAGS:
        tags[_ROLE_TAGS[kind]] = "1"
    if kind is SubnetKind.PRIVATE and plan.cluster_name:
        tags[_DISCOVERY_TAG] = plan.cluster_name
    return ec2.Subnet(
        name,
        vpc_id=vpc.id,
        availability_zone=zone,
        cidr_block=str(network),
        ipv6_cidr_block=vpc.ipv6_cidr_block.apply(partial(ipv6_subnet, kind=kind, zone=zone))
        if plan.is_dual_stack
        else None,
        assign_ipv6_address_on_creation=True if plan.is_dual_stack else None,
        # Load balancers and NAT gateways bring their own addresses; nothing else is to have a public one.
        map_public_ip_on_launch=False,
        tags=tags,
        opts=opts,
    )


def _after_block(
    kind: SubnetKind,
    network: IPv4Network,
    blocks: Mapping[IPv4Network, "VpcIpv4CidrBlockAssociation"],
    opts: pulumi.ResourceOptions,
) -> pulumi.ResourceOptions:
    if kind is not SubnetKind.POD:
        return opts
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[blocks[pod_block(network, blocks)]]))
