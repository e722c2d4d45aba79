"""The check of addresses: whether subnets hold the planned nodes, their interfaces and their pods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..infra.network.address_budget import AddressDemand, node_demand, usable_addresses
from ..planning.catalog import InstanceType, network_layouts
from .check import Finding, Status, passed
from .demands import AccountDemands, SubnetDemand
from .machines import MachineDemand

_SYSTEM_PODS: Final = 15
"""Pods of add-ons on one node that have an address of their own, an assumption on the safe side."""


@dataclass(frozen=True, slots=True)
class _Share:
    """Nodes of one pool in one zone."""

    pool: str
    nodes: int
    interfaces: int


def check_subnet_room(account: Any, demands: AccountDemands) -> Iterator[Finding]:
    """Whether the subnets of each zone hold all pools at their largest, evenly over their zones."""
    node_subnets = {each.zone: each for each in demands.subnets if each.for_nodes}
    pod_subnets = {each.zone: each for each in demands.subnets if each.for_pods}
    shares = {zone: list(_shares(demands.machines, zone, sorted(node_subnets))) for zone in sorted(node_subnets)}
    nodes = sum(share.nodes for listed in shares.values() for share in listed)
    if not nodes:
        return
    pods = _SYSTEM_PODS + -(-demands.pods // nodes)
    for zone, listed in shares.items():
        yield _room(zone, listed, node_subnets[zone], pod_subnets.get(zone), pods)


def _shares(machines: Sequence[MachineDemand], zone: str, zones: Sequence[str]) -> Iterator[_Share]:
    for machine in machines:
        mine = [each for each in machine.zones or zones if each in zones]
        if zone in mine and machine.most:
            interfaces = max((_addressed_interfaces(type) for type in machine.known_types), default=1)
            yield _Share(machine.pool, -(-machine.most // len(mine)), interfaces)


def _addressed_interfaces(type: InstanceType) -> int:
    """Interfaces of one node that take an address: those for EFA alone take none."""
    layout = network_layouts().get(type.name)
    return 1 if layout is None else sum(str(each.kind) != "efa-only" for each in layout.interfaces)


def _room(
    zone: str, shares: Sequence[_Share], nodes: SubnetDemand, pods: SubnetDemand | None, pods_per_node: int
) -> Finding:
    for_nodes, for_pods = AddressDemand(), AddressDemand()
    for share in shares:
        demand = node_demand(pods=pods_per_node, interfaces=share.interfaces)
        for_nodes += demand.node.times(share.nodes)
        for_pods += demand.pods.times(share.nodes)
    count = sum(share.nodes for share in shares)
    wanted = f"{count} nodes with {pods_per_node} pods each"
    places = [(nodes, for_nodes), (pods, for_pods)] if pods is not None else [(nodes, for_nodes + for_pods)]
    found = ", ".join(
        f"{each.name} {each.network}: {usable_addresses(each.network):,} addresses" for each, _ in places if each
    )
    subject = f"subnets in {zone}"
    full = [each.name for each, demand in places if each and not demand.fits(each.network)]
    tight = [each.name for each, demand in places if each and not demand.surely_fits(each.network)]
    if full:
        way_out = f"{', '.join(full)} runs out of addresses: give the VPC a larger range, or pods a range of their own"
        return Finding(status=Status.ERROR, subject=subject, wanted=wanted, found=found, way_out=way_out)
    if tight:
        way_out = (
            f"{', '.join(tight)} has room only while addresses lie side by side: reserve blocks of 16 for pods "
            "(subnet CIDR reservations), or give pods a range of their own"
        )
        return Finding(status=Status.WARNING, subject=subject, wanted=wanted, found=found, way_out=way_out)
    return passed(subject, found=found, wanted=wanted)
