"""The ways out of a VPC, and the tables that lead to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pulumi

from .plan import NetworkPlan
from .subnet_layout import SubnetKind
from .vpc import VpcResources

if TYPE_CHECKING:
    from pulumi_aws.ec2 import EgressOnlyInternetGateway, Eip, InternetGateway, NatGateway, Route, RouteTable

_EVERYWHERE: Final = "0.0.0.0/0"
_EVERYWHERE_IPV6: Final = "::/0"


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteResources:
    """The route tables of a VPC, and what makes a subnet usable."""

    tables: Sequence["RouteTable"]
    """All of them."""

    private_tables: Mapping[str, "RouteTable"]
    """By zone."""

    ways: Mapping[SubnetKind, Mapping[str, Sequence[pulumi.Resource]]]
    """By kind and zone: what has to be there before anything in the subnet can reach what it may reach."""

    nat_addresses: Mapping[str, "Eip"]
    """The addresses from which private subnets are seen, by zone of the NAT gateway."""


def create_routes(plan: NetworkPlan, made: VpcResources, opts: pulumi.ResourceOptions) -> RouteResources:
    """Make gateways and route tables: one table for public subnets, one for intra ones, one a zone for the rest."""
    gateway = None if plan.is_fully_private else _create_internet_gateway(plan, made, opts)
    addresses, nats = _create_nat(plan, made, gateway, opts)
    is_dual_stack = plan.is_dual_stack and not plan.is_fully_private
    egress = _create_egress_gateway(plan, made, opts) if is_dual_stack else None
    tables: list[RouteTable] = []
    private: dict[str, RouteTable] = {}
    ways: dict[SubnetKind, dict[str, Sequence[pulumi.Resource]]] = {kind: {} for kind in SubnetKind}

    def associate(kind: SubnetKind, zone: str, table: "RouteTable", routes: Sequence["Route"]) -> None:
        if zone in made.subnets.get(kind, {}):
            ways[kind][zone] = [*routes, _associate(plan, made, kind, zone, table, opts)]

    intra = _create_table(plan, made, "intra", opts)
    tables.append(intra)
    for zone in plan.zones:
        associate(SubnetKind.INTRA, zone, intra, [])
    if gateway is not None:
        public = _create_table(plan, made, "public", opts)
        tables.append(public)
        routes = _create_public_routes(plan, public, gateway, opts)
        for zone in plan.zones:
            associate(SubnetKind.PUBLIC, zone, public, routes)
    for zone in plan.zones:
        table = private[zone] = _create_table(plan, made, f"private-{zone}", opts)
        tables.append(table)
        routes = _create_private_routes(plan, zone, table, nats.get(plan.nat_of(zone)), egress, opts)
        associate(SubnetKind.PRIVATE, zone, table, routes)
        associate(SubnetKind.POD, zone, table, routes)
    return RouteResources(tables=tables, private_tables=private, ways=ways, nat_addresses=addresses)


def _create_internet_gateway(plan: NetworkPlan, made: VpcResources, opts: pulumi.ResourceOptions) -> "InternetGateway":
    from pulumi_aws import ec2

    return ec2.InternetGateway(plan.name, vpc_id=made.vpc.id, tags={"Name": plan.name}, opts=opts)


def _create_egress_gateway(
    plan: NetworkPlan, made: VpcResources, opts: pulumi.ResourceOptions
) -> "EgressOnlyInternetGateway":
    from pulumi_aws import ec2

    return ec2.EgressOnlyInternetGateway(plan.name, vpc_id=made.vpc.id, tags={"Name": plan.name}, opts=opts)


def _create_nat(
    plan: NetworkPlan, made: VpcResources, gateway: "InternetGateway | None", opts: pulumi.ResourceOptions
) -> tuple[Mapping[str, "Eip"], Mapping[str, "NatGateway"]]:
    """Return the addresses and the NAT gateways, by zone."""
    from pulumi_aws import ec2

    # Public addresses need the internet gateway, which AWS refuses to take away while one is in use.
    needed = pulumi.ResourceOptions(depends_on=[gateway] if gateway is not None else [])
    after = pulumi.ResourceOptions.merge(opts, needed)
    addresses: dict[str, Eip] = {}
    gateways: dict[str, NatGateway] = {}
    for zone in plan.nat_zones:
        name = f"{plan.name}-nat-{zone}"
        addresses[zone] = ec2.Eip(name, domain="vpc", tags={"Name": name}, opts=after)
        gateways[zone] = ec2.NatGateway(
            name,
            allocation_id=addresses[zone].id,
            subnet_id=made.subnets[SubnetKind.PUBLIC][zone].id,
            tags={"Name": name},
            opts=after,
        )
    return addresses, gateways


def _create_table(plan: NetworkPlan, made: VpcResources, key: str, opts: pulumi.ResourceOptions) -> "RouteTable":
    from pulumi_aws import ec2

    name = f"{plan.name}-{key}"
    return ec2.RouteTable(name, vpc_id=made.vpc.id, tags={"Name": name}, opts=opts)


def _create_public_routes(
    plan: NetworkPlan, table: "RouteTable", gateway: "InternetGateway", opts: pulumi.ResourceOptions
) -> Sequence["Route"]:
    from pulumi_aws import ec2

    routes = [
        ec2.Route(
            f"{plan.name}-public",
            route_table_id=table.id,
            destination_cidr_block=_EVERYWHERE,
            gateway_id=gateway.id,
            opts=opts,
        )
    ]
    if plan.is_dual_stack:
        routes.append(
            ec2.Route(
                f"{plan.name}-public-ipv6",
                route_table_id=table.id,
                destination_ipv6_cidr_block=_EVERYWHERE_IPV6,
                gateway_id=gateway.id,
                opts=opts,
            )
        )
    return routes


def _create_private_routes(
    plan: NetworkPlan,
    zone: str,
    table: "RouteTable",
    nat: "NatGateway | None",
    egress: "EgressOnlyInternetGateway | None",
    opts: pulumi.ResourceOptions,
) -> Sequence["Route"]:
    from pulumi_aws import ec2

    routes: list[Route] = []
    if nat is not None:
        routes.append(
            ec2.Route(
                f"{plan.name}-private-{zone}",
                route_table_id=table.id,
                destination_cidr_block=_EVERYWHERE,
                nat_gateway_id=nat.id,
                opts=opts,
            )
        )
    if egress is not None:
        routes.append(
            ec2.Route(
                f"{plan.name}-private-{zone}-ipv6",
                route_table_id=table.id,
                destination_ipv6_cidr_block=_EVERYWHERE_IPV6,
                egress_only_gateway_id=egress.id,
                opts=opts,
            )
        )
    return routes


def _associate(
    plan: NetworkPlan,
    made: VpcResources,
    kind: SubnetKind,
    zone: str,
    table: "RouteTable",
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    from pulumi_aws import ec2

    subnet = made.subnets[kind][zone]
    return ec2.RouteTableAssociation(
        f"{plan.name}-{kind}-{zone}", subnet_id=subnet.id, route_table_id=table.id, opts=opts
    )
