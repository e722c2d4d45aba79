"""The network of a data center on AWS: zones, subnets, gateways, endpoints."""

from .address_budget import (
    AddressDemand,
    NodeDemand,
    ZoneCapacity,
    node_demand,
    usable_addresses,
    usable_prefixes,
    zone_capacity,
)
from .arguments import FlowLogTraffic, NatGateways, NetworkArgs
from .network import Network
from .plan import DEFAULT_POD_RANGE, NO_POD_RANGE, NetworkPlan, plan_network
from .subnet_layout import SubnetKind, SubnetLayout, region_of, subnet_layout

__all__ = [
    "DEFAULT_POD_RANGE",
    "NO_POD_RANGE",
    "AddressDemand",
    "FlowLogTraffic",
    "NatGateways",
    "Network",
    "NetworkArgs",
    "NetworkPlan",
    "NodeDemand",
    "SubnetKind",
    "SubnetLayout",
    "ZoneCapacity",
    "node_demand",
    "plan_network",
    "region_of",
    "subnet_layout",
    "usable_addresses",
    "usable_prefixes",
    "zone_capacity",
]
