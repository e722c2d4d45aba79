"""Which subnet lies where in a VPC: a fixed layout, so that growth never moves one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Final

ZONE_ROOM: Final = 6
"""Zones that a range has room for, the letters a to f: as many as the largest region has."""

LARGEST_BLOCK: Final = 16
"""Prefix length of the largest block of a VPC: Amazon VPC User Guide, "VPC CIDR blocks"."""

LONGEST_RANGE: Final = 21
"""Prefix length of the smallest range of a VPC. Public subnets are then /27, the least that a load balancer takes
(Elastic Load Balancing, "Application Load Balancers", subnets)."""

LARGEST_POD_RANGE: Final = 13
"""Prefix length of the largest range for pods: the subnet of a zone is then the largest block of a VPC."""

LONGEST_POD_RANGE: Final = 25
"""Prefix length of the smallest range for pods: the subnet of a zone is then /28, the smallest there is."""

_BITS: Final = 3
_PUBLIC_PART: Final = 6
_INTRA_PART: Final = 7
_IPV6_SUBNET: Final = 64
_ZONE: Final = re.compile(r"([a-z]{2,4}(?:-[a-z]+)+-[0-9])([a-f])")


class SubnetKind(StrEnum):
    """What a subnet is for."""

    PRIVATE = "private"
    PUBLIC = "public"
    INTRA = "intra"
    POD = "pod"


@dataclass(frozen=True, kw_only=True, slots=True)
class SubnetLayout:
    """The subnets of a VPC, each map by zone and sorted by it."""

    private: Mapping[str, IPv4Network]
    """Nodes, internal load balancers: an eighth of the range each."""

    public: Mapping[str, IPv4Network]
    """NAT gateways and load balancers that face the internet: a sixty-fourth of the range each."""

    intra: Mapping[str, IPv4Network]
    """The control plane's interfaces and endpoints, without a way out: a sixty-fourth of the range each."""

    pods: Mapping[str, IPv4Network]
    """Pods: an eighth of their range each; empty where they have none."""

    pod_blocks: tuple[IPv4Network, ...]
    """What the VPC needs beside its own range, in blocks that it accepts, sorted."""

    def of(self, kind: SubnetKind) -> Mapping[str, IPv4Network]:
        """Return the subnets of one kind by zone."""
        return {
            SubnetKind.PRIVATE: self.private,
            SubnetKind.PUBLIC: self.public,
            SubnetKind.INTRA: self.intra,
            SubnetKind.POD: self.pods,
        }[kind]


def region_of(zone: str) -> str:
    """Return the region of an availability zone: `us-east-1` of `us-east-1a`. Raises `ValueError`."""
    return _split(zone)[0]


def zone_slot(zone: str) -> int:
    """Return the place of a zone in every range, 0 for the letter a to 5 for f. Raises `ValueError`.

    It depends on nothing but the name, so neither the order of zones nor those that come later move a subnet.
    """
    return ord(_split(zone)[1]) - ord("a")


def subnet_layout(network: IPv4Network, zones: Iterable[str], pod_range: IPv4Network | None = None) -> SubnetLayout:
    """Lay out a VPC of `network`, and of `pod_range` for pods where it is given.

    The range is cut in eight: six private subnets, one part for six public ones, one for six intra ones. What a zone
    does not use stays free for the zones to come. Raises `ValueError` for ranges outside the bounds of this module.
    """
    if not LARGEST_BLOCK <= network.prefixlen <= LONGEST_RANGE:
        raise ValueError(f"{network} is not between /{LARGEST_BLOCK} and /{LONGEST_RANGE}")
    if pod_range is not None and not LARGEST_POD_RANGE <= pod_range.prefixlen <= LONGEST_POD_RANGE:
        raise ValueError(f"{pod_range} is not between /{LARGEST_POD_RANGE} and /{LONGEST_POD_RANGE}")
    slots = {zone: zone_slot(zone) for zone in sorted(set(zones))}
    pods = {zone: _part(pod_range, slot) for zone, slot in slots.items()} if pod_range is not None else {}
    return SubnetLayout(
        private={zone: _part(network, slot) for zone, slot in slots.items()},
        public={zone: _part(_part(network, _PUBLIC_PART), slot) for zone, slot in slots.items()},
        intra={zone: _part(_part(network, _INTRA_PART), slot) for zone, slot in slots.items()},
        pods=pods,
        pod_blocks=_blocks(pod_range, pods.values()) if pod_range is not None else (),
    )


def pod_block(subnet: IPv4Network, blocks: Iterable[IPv4Network]) -> IPv4Network:
    """Return the block of a VPC that a subnet for pods lies in."""
    return next(block for block in blocks if subnet.subnet_of(block))


def ipv6_subnet(block: str, kind: SubnetKind, zone: str) -> str:
    """Return the /64 of a subnet in the /56 that AWS gave to the VPC: eight for each kind, by the zone's place."""
    network = IPv6Network(block)
    number = list(SubnetKind).index(kind) * 2**_BITS + zone_slot(zone)
    start = int(network.network_address) + (number << (network.max_prefixlen - _IPV6_SUBNET))
    return str(IPv6Network((start, _IPV6_SUBNET)))


def _split(zone: str) -> tuple[str, str]:
    found = _ZONE.fullmatch(zone)
    if found is None:
        raise ValueError(f"{zone!r} is not an availability zone")
    return found[1], found[2]


def _part(network: IPv4Network, index: int) -> IPv4Network:
    """Return one eighth of a network."""
    length = network.prefixlen + _BITS
    return IPv4Network((int(network.network_address) + (index << (network.max_prefixlen - length)), length))


def _blocks(pod_range: IPv4Network, subnets: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    if pod_range.prefixlen >= LARGEST_BLOCK:
        return (pod_range,)
    # A larger range than a VPC takes at once is given to it in blocks, and only those that a zone uses.
    return tuple(sorted({subnet.supernet(new_prefix=LARGEST_BLOCK) for subnet in subnets}))
