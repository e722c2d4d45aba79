"""The network of a data center on AWS."""

from collections.abc import Mapping
from functools import partial
from typing import Optional

import pulumi

from ..arguments import planned, recorded
from .arguments import NetworkArgs
from .endpoints import create_endpoints
from .flow_logs import create_flow_logs
from .plan import plan_network
from .routes import create_routes
from .subnet_layout import SubnetKind
from .vpc import create_vpc


class Network(pulumi.ComponentResource):
    """A VPC over 2 to 6 zones, with public, private, intra and pod subnets, their ways out, and flow logs.

    Makes no cluster, and no security group but that of its endpoints; the VPC's default one is closed. Whoever uses a
    subnet's id is made after the routes and endpoints that the subnet needs, and deleted before them.

    Example: `Network("prod", {"cidr": "10.0.0.0/16", "zones": ["us-east-1a", "us-east-1b", "us-east-1c"]})`
    """

    vpc_id: pulumi.Output[str]
    """Id of the VPC."""

    vpc_cidr: pulumi.Output[str]
    """Range of the VPC, without that of pods."""

    cidr_blocks: pulumi.Output[list[str]]
    """All IPv4 blocks of the VPC: its range, then those of pods."""

    ipv6_cidr: pulumi.Output[Optional[str]]  # noqa: UP045 - the analyzer knows an output without a value only so
    """IPv6 block of the VPC; none without dual stack."""

    region: pulumi.Output[str]
    """Region of the zones."""

    zones: pulumi.Output[list[str]]
    """Availability zones, sorted."""

    private_subnet_ids: pulumi.Output[list[str]]
    """Subnets for nodes and internal load balancers, by zone's name."""

    public_subnet_ids: pulumi.Output[list[str]]
    """Subnets for load balancers that face the internet, by zone's name; empty in a fully private network."""

    intra_subnet_ids: pulumi.Output[list[str]]
    """Subnets without a way out, for the control plane's interfaces, by zone's name."""

    private_subnets: pulumi.Output[Mapping[str, str]]
    """Ids of the private subnets by zone."""

    pod_subnet_ids: pulumi.Output[Mapping[str, str]]
    """Ids of the subnets for pods by zone; empty where pods take addresses of the private subnets."""

    private_route_table_ids: pulumi.Output[Mapping[str, str]]
    """Ids of the route tables of private and pod subnets by zone, for ways to other networks."""

    nat_addresses: pulumi.Output[Mapping[str, str]]
    """Public addresses from which private subnets are seen, by zone of the NAT gateway."""

    endpoint_security_group_id: pulumi.Output[Optional[str]]  # noqa: UP045 - as above
    """Security group of the interface endpoints; none without them."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("Network", name, partial(plan_network, name=name), args)
        super().__init__("aidc:index:Network", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        made = create_vpc(plan, child)
        routes = create_routes(plan, made, child)
        endpoints = create_endpoints(plan, made, routes, child)
        create_flow_logs(plan, made, self, child)

        def ids(kind: SubnetKind) -> dict[str, pulumi.Output[str]]:
            return {
                zone: _after(subnet.id, [*routes.ways[kind][zone], *endpoints.all])
                for zone, subnet in made.subnets.get(kind, {}).items()
            }

        private = ids(SubnetKind.PRIVATE)
        outputs = {
            "vpc_id": made.vpc.id,
            "vpc_cidr": str(plan.network),
            "cidr_blocks": [str(block) for block in (plan.network, *plan.layout.pod_blocks)],
            "ipv6_cidr": made.vpc.ipv6_cidr_block if plan.is_dual_stack else None,
            "region": plan.region,
            "zones": list(plan.zones),
            "private_subnet_ids": list(private.values()),
            "public_subnet_ids": list(ids(SubnetKind.PUBLIC).values()),
            "intra_subnet_ids": list(ids(SubnetKind.INTRA).values()),
            "private_subnets": private,
            "pod_subnet_ids": ids(SubnetKind.POD),
            "private_route_table_ids": {zone: table.id for zone, table in routes.private_tables.items()},
            "nat_addresses": {zone: address.public_ip for zone, address in routes.nat_addresses.items()},
            "endpoint_security_group_id": endpoints.group.id if endpoints.group is not None else None,
        }
        for key, value in outputs.items():
            setattr(self, key, pulumi.Output.from_input(value))
        self.register_outputs({key: getattr(self, key) for key in outputs})


def _after(value: pulumi.Output[str], resources: list[pulumi.Resource]) -> pulumi.Output[str]:
    """Return a value that is used only after these resources, and known as early as it is itself.

    URNs are known in every preview, so a new route or endpoint makes no subnet's id unknown.
    """
    return pulumi.Output.all(value, *(each.urn for each in resources)).apply(lambda told: str(told[0]))
