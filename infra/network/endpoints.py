"""Endpoints: AWS's services inside the VPC."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pulumi

from .endpoint_services import GATEWAY_SERVICES, service_name
from .plan import NetworkPlan
from .routes import RouteResources
from .subnet_layout import SubnetKind
from .vpc import VpcResources

if TYPE_CHECKING:
    from pulumi_aws.ec2 import SecurityGroup

_HTTPS: Final = 443


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointResources:
    """The endpoints of a VPC."""

    all: Sequence[pulumi.Resource]
    """The endpoints, and the rules that let them be reached."""

    group: "SecurityGroup | None"
    """The security group of interface endpoints, where there are any."""


def create_endpoints(
    plan: NetworkPlan, made: VpcResources, routes: RouteResources, opts: pulumi.ResourceOptions
) -> EndpointResources:
    """Make gateway endpoints for all route tables, and interface endpoints in the intra subnets."""
    from pulumi_aws import ec2

    found: list[pulumi.Resource] = [
        ec2.VpcEndpoint(
            f"{plan.name}-gateway-{service}",
            vpc_id=made.vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=service_name(plan.region, service),
            route_table_ids=[table.id for table in routes.tables],
            tags={"Name": f"{plan.name}-{service}"},
            opts=opts,
        )
        for service in plan.gateway_services
    ]
    if not plan.interface_services:
        return EndpointResources(all=found, group=None)
    group, rules = _create_group(plan, made, opts)
    found += rules
    found += [
        ec2.VpcEndpoint(
            f"{plan.name}-interface-{service}",
            vpc_id=made.vpc.id,
            vpc_endpoint_type="Interface",
            service_name=service_name(plan.region, service),
            subnet_ids=[subnet.id for subnet in made.subnets[SubnetKind.INTRA].values()],
            security_group_ids=[group.id],
            # Inside the VPC, services with a gateway endpoint keep the names that lead there.
            private_dns_enabled=service not in GATEWAY_SERVICES,
            tags={"Name": f"{plan.name}-{service}"},
            opts=opts,
        )
        for service in plan.interface_services
    ]
    return EndpointResources(all=found, group=group)


def _create_group(
    plan: NetworkPlan, made: VpcResources, opts: pulumi.ResourceOptions
) -> tuple["SecurityGroup", Sequence[pulumi.Resource]]:
    """Return the security group, which lets nothing out, and its rules: HTTPS from each block of the VPC."""
    from pulumi_aws import ec2, vpc

    name = f"{plan.name}-endpoints"
    group = ec2.SecurityGroup(
        name,
        vpc_id=made.vpc.id,
        description=f"Interface endpoints of {plan.name}",
        tags={"Name": name},
        opts=opts,
    )
    rules = [
        vpc.SecurityGroupIngressRule(
            f"{name}-{block.network_address}",
            security_group_id=group.id,
            description=f"HTTPS from {block}, inside the VPC",
            cidr_ipv4=str(block),
            ip_protocol="tcp",
            from_port=_HTTPS,
            to_port=_HTTPS,
            tags={"Name": f"{name}-{block.network_address}"},
            opts=opts,
        )
        for block in (plan.network, *plan.layout.pod_blocks)
    ]
    return group, rules
