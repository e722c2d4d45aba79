"""How much the addresses of a zone are enough for."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.infra.network import (
    AddressDemand,
    NodeDemand,
    node_demand,
    usable_addresses,
    usable_prefixes,
    zone_capacity,
)

PRIVATE, PODS = IPv4Network("10.0.0.0/19"), IPv4Network("100.64.0.0/17")
subnets = st.integers(16, 28).map(lambda length: IPv4Network((0x0A000000, length)))
demands = st.builds(AddressDemand, addresses=st.integers(0, 9000), prefixes=st.integers(0, 600))
nodes = st.builds(node_demand, pods=st.integers(0, 250), interfaces=st.integers(1, 33), warm_prefixes=st.integers(0, 2))


@pytest.mark.parametrize(
    ("network", "addresses", "prefixes"),
    [("10.0.0.0/16", 65531, 4094), ("10.0.0.0/24", 251, 14), ("10.0.0.0/27", 27, 0), ("10.0.0.0/28", 11, 0)],
)
def test_what_a_subnet_gives_out(network: str, addresses: int, prefixes: int) -> None:
    subnet = IPv4Network(network)
    assert (usable_addresses(subnet), usable_prefixes(subnet)) == (addresses, prefixes)


@pytest.mark.parametrize(
    ("pods", "interfaces", "expected"),
    [
        (0, 1, (1, 0, 0)),
        (1, 1, (1, 1, 2)),
        (16, 1, (1, 1, 2)),
        (17, 1, (1, 1, 3)),
        (30, 33, (33, 1, 3)),
        (110, 1, (1, 1, 8)),
        (250, 4, (4, 2, 17)),
    ],
)
def test_what_a_node_takes(pods: int, interfaces: int, expected: tuple[int, int, int]) -> None:
    found = node_demand(pods=pods, interfaces=interfaces)
    assert (found.node.addresses, found.pods.addresses, found.pods.prefixes) == expected
    assert found.node.prefixes == 0


@pytest.mark.parametrize(
    ("network", "demand", "fits", "surely"),
    [
        ("10.0.0.0/24", AddressDemand(addresses=251), True, True),
        ("10.0.0.0/24", AddressDemand(addresses=252), False, False),
        ("10.0.0.0/24", AddressDemand(prefixes=14), True, True),
        ("10.0.0.0/24", AddressDemand(prefixes=15), False, False),
        ("10.0.0.0/24", AddressDemand(addresses=27, prefixes=14), True, False),
        ("10.0.0.0/24", AddressDemand(addresses=28, prefixes=14), False, False),
        ("10.0.0.0/24", AddressDemand(addresses=7, prefixes=7), True, True),
        ("10.0.0.0/24", AddressDemand(addresses=8, prefixes=7), True, False),
        ("10.0.0.0/28", AddressDemand(addresses=11), True, True),
        ("10.0.0.0/28", AddressDemand(prefixes=1), False, False),
    ],
)
def test_whether_a_subnet_holds_a_demand(network: str, demand: AddressDemand, fits: bool, surely: bool) -> None:
    assert (demand.fits(IPv4Network(network)), demand.surely_fits(IPv4Network(network))) == (fits, surely)


@given(demands, subnets)
def test_what_surely_fits_fits(demand: AddressDemand, network: IPv4Network) -> None:
    assert demand.fits(network) or not demand.surely_fits(network)
    if demand.fits(network):
        assert demand.addresses + 16 * demand.prefixes <= usable_addresses(network)


@given(demands, demands, subnets)
def test_a_part_of_what_fits_fits(one: AddressDemand, other: AddressDemand, network: IPv4Network) -> None:
    if (one + other).fits(network):
        assert one.fits(network)
    if (one + other).surely_fits(network):
        assert one.surely_fits(network)


@given(subnets, subnets | st.none(), nodes)
def test_one_node_more_does_not_fit(private: IPv4Network, pods: IPv4Network | None, node: NodeDemand) -> None:
    found = zone_capacity(private, pods, node, pods_per_node=10)
    assert 0 <= found.nodes <= found.nodes_at_best
    assert found.pods == 10 * found.nodes

    def fits(count: int) -> bool:
        own, its_pods = node.node.times(count), node.pods.times(count)
        if pods is None:
            return (own + its_pods).fits(private)
        return own.fits(private) and its_pods.fits(pods)

    assert fits(found.nodes_at_best)
    assert not fits(found.nodes_at_best + 1)


def test_pods_with_a_range_of_their_own_leave_room_for_nodes() -> None:
    node = node_demand(pods=30)
    apart = zone_capacity(PRIVATE, PODS, node, pods_per_node=30)
    together = zone_capacity(PRIVATE, None, node, pods_per_node=30)
    # 2,046 prefixes, of which a node takes three and its interface for pods may break one more.
    assert (apart.nodes, apart.nodes_at_best, apart.pods) == (511, 668, 15330)
    # 510 prefixes, of which a node takes three and its two interfaces may break two more.
    assert (together.nodes, together.nodes_at_best, together.pods) == (102, 163, 3060)
