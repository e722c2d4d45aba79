"""How many nodes and pods the addresses of a zone are enough for, with prefix delegation."""

from bisect import bisect_right
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final

PREFIX_SIZE: Final = 16
"""Addresses of a delegated prefix, a /28: Amazon EKS User Guide, "Assign more IP addresses to Amazon EKS nodes with
prefixes"."""

RESERVED: Final = 5
"""Addresses of each subnet that AWS keeps, the first four and the last: Amazon VPC User Guide, "Subnet CIDR
blocks"."""

PREFIXES_PER_INTERFACE: Final = 9
"""Prefixes that one network interface holds on the smallest instance types with GPUs, which have ten addresses an
interface: Amazon EC2 User Guide, "Maximum IP addresses per network interface". Larger types hold more."""


def usable_addresses(network: IPv4Network) -> int:
    """Return how many addresses of a subnet can be given out."""
    return max(0, network.num_addresses - RESERVED)


def usable_prefixes(network: IPv4Network) -> int:
    """Return how many whole prefixes an empty subnet has: the first and the last are broken by what AWS keeps."""
    return max(0, network.num_addresses // PREFIX_SIZE - 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressDemand:
    """What is taken from one subnet."""

    addresses: int = 0
    """Single addresses, one for each network interface."""

    prefixes: int = 0
    """Delegated prefixes of 16 addresses."""

    def __add__(self, other: "AddressDemand") -> "AddressDemand":
        return AddressDemand(addresses=self.addresses + other.addresses, prefixes=self.prefixes + other.prefixes)

    def times(self, count: int) -> "AddressDemand":
        """Return the demand of `count` such nodes."""
        return AddressDemand(addresses=self.addresses * count, prefixes=self.prefixes * count)

    def fits(self, network: IPv4Network) -> bool:
        """Whether a subnet can hold it, when addresses lie side by side."""
        whole = usable_prefixes(network)
        # Single addresses go into the two broken prefixes first.
        rest = max(0, self.addresses - (usable_addresses(network) - whole * PREFIX_SIZE))
        return self.prefixes + -(-rest // PREFIX_SIZE) <= whole

    def surely_fits(self, network: IPv4Network) -> bool:
        """Whether a subnet holds it however EC2 scatters the single addresses: each may break a prefix."""
        if not self.prefixes:
            return self.fits(network)
        return self.prefixes + self.addresses <= usable_prefixes(network)


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeDemand:
    """What one node takes."""

    node: AddressDemand
    """From its own subnet."""

    pods: AddressDemand
    """For its pods, from their subnet, or from the node's own where pods have none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneCapacity:
    """How many nodes of one kind fit into a zone, and their pods."""

    nodes: int
    """Nodes that fit however addresses are scattered."""

    nodes_at_best: int
    """Nodes that fit when addresses lie side by side."""

    pods: int
    """Pods with an address of their own on `nodes`."""


def node_demand(
    *,
    pods: int,
    interfaces: int = 1,
    warm_prefixes: int = 1,
    prefixes_per_interface: int = PREFIXES_PER_INTERFACE,
) -> NodeDemand:
    """Return what one node takes.

    Args:
        pods: pods on it that have an address of their own, 0 or more.
        interfaces: its interfaces that have an address, those of EFA among them; interfaces that are `efa-only`
            have none.
        warm_prefixes: prefixes kept free beside those in use, `WARM_PREFIX_TARGET` of the VPC CNI.
        prefixes_per_interface: prefixes that an interface for pods holds.
    """
    prefixes = -(-pods // PREFIX_SIZE) + warm_prefixes if pods else 0
    return NodeDemand(
        node=AddressDemand(addresses=interfaces),
        pods=AddressDemand(addresses=-(-prefixes // prefixes_per_interface), prefixes=prefixes),
    )


def zone_capacity(
    private: IPv4Network, pod_subnet: IPv4Network | None, node: NodeDemand, *, pods_per_node: int
) -> ZoneCapacity:
    """Return how many such nodes a zone has addresses for, with nothing else in its subnets."""

    def fit(count: int, *, surely: bool) -> bool:
        wanted, wanted_for_pods = node.node.times(count), node.pods.times(count)
        pairs = [(wanted, private), (wanted_for_pods, pod_subnet)]
        if pod_subnet is None:
            pairs = [(wanted + wanted_for_pods, private)]
        return all(
            (demand.surely_fits(network) if surely else demand.fits(network)) for demand, network in pairs if network
        )

    # Each node has an address of its own, so there are never more nodes than addresses.
    counts = range(usable_addresses(private) + 1)

    def most(*, surely: bool) -> int:
        return bisect_right(counts, False, key=lambda count: not fit(count, surely=surely)) - 1

    nodes = most(surely=True)
    return ZoneCapacity(nodes=nodes, nodes_at_best=most(surely=False), pods=nodes * pods_per_node)
