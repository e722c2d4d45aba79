"""The layout of a VPC: nothing overlaps, nothing leaves its range, nothing ever moves."""

from ipaddress import IPv4Network, IPv6Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.infra.network import SubnetKind, SubnetLayout, region_of, subnet_layout
from aidc.infra.network.subnet_layout import ipv6_subnet, zone_slot

REGIONS = ("us-east-1", "ap-northeast-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1")
letters = st.sets(st.sampled_from("abcdef"), min_size=1, max_size=6)


def inside(home: str, lengths: tuple[int, int]) -> st.SearchStrategy[IPv4Network]:
    """Ranges of these prefix lengths anywhere in a network."""
    network = IPv4Network(home)

    def ranges(length: int) -> st.SearchStrategy[IPv4Network]:
        count = 2 ** (length - network.prefixlen)
        return st.integers(0, count - 1).map(
            lambda number: IPv4Network((int(network.network_address) + (number << (32 - length)), length))
        )

    return st.integers(*lengths).flatmap(ranges)


networks = inside("10.0.0.0/8", (16, 21))
pod_ranges = inside("100.64.0.0/10", (13, 25))


def zones_of(region: str, chosen: set[str]) -> list[str]:
    return [region + letter for letter in sorted(chosen)]


def everything(layout: SubnetLayout) -> dict[tuple[SubnetKind, str], IPv4Network]:
    return {(kind, zone): network for kind in SubnetKind for zone, network in layout.of(kind).items()}


@given(networks, pod_ranges, st.sampled_from(REGIONS), letters)
def test_no_two_subnets_overlap(network: IPv4Network, pods: IPv4Network, region: str, chosen: set[str]) -> None:
    found = everything(subnet_layout(network, zones_of(region, chosen), pods))
    assert len(found) == 4 * len(chosen)
    assert not [pair for pair in combinations(found.values(), 2) if pair[0].overlaps(pair[1])]


@given(networks, pod_ranges, letters)
def test_every_subnet_lies_in_a_block_of_the_vpc(network: IPv4Network, pods: IPv4Network, chosen: set[str]) -> None:
    layout = subnet_layout(network, zones_of("us-east-1", chosen), pods)
    for (kind, _), subnet in everything(layout).items():
        blocks = layout.pod_blocks if kind is SubnetKind.POD else (network,)
        assert sum(subnet.subnet_of(block) for block in blocks) == 1
        assert subnet.subnet_of(pods if kind is SubnetKind.POD else network)
        assert 16 <= subnet.prefixlen <= 28
    assert all(block.prefixlen >= 16 and block.overlaps(pods) for block in layout.pod_blocks)
    assert all(any(subnet.subnet_of(block) for subnet in layout.pods.values()) for block in layout.pod_blocks)


@given(networks, pod_ranges, letters, letters)
def test_more_zones_move_nothing(network: IPv4Network, pods: IPv4Network, first: set[str], more: set[str]) -> None:
    before = subnet_layout(network, zones_of("eu-west-1", first), pods)
    after = subnet_layout(network, zones_of("eu-west-1", first | more), pods)
    assert everything(before).items() <= everything(after).items()
    assert set(before.pod_blocks) <= set(after.pod_blocks)


@given(networks, pod_ranges, letters)
def test_a_range_for_pods_moves_nothing_else(network: IPv4Network, pods: IPv4Network, chosen: set[str]) -> None:
    zones = zones_of("eu-west-1", chosen)
    without, with_pods = subnet_layout(network, zones), subnet_layout(network, zones, pods)
    assert everything(without).items() <= everything(with_pods).items()
    assert (without.pods, without.pod_blocks) == ({}, ())


@given(networks, st.permutations(zones_of("us-east-1", set("abcdef"))), st.integers(1, 6))
def test_the_order_of_zones_does_not_matter(network: IPv4Network, shuffled: list[str], count: int) -> None:
    pods = IPv4Network("100.64.0.0/14")
    some = shuffled[:count]
    layout = subnet_layout(network, some, pods)
    assert layout == subnet_layout(network, sorted(some), pods) == subnet_layout(network, [*some, *some], pods)
    assert [list(layout.of(kind)) for kind in SubnetKind] == [sorted(some)] * 4


def test_a_range_of_the_largest_size() -> None:
    layout = subnet_layout(IPv4Network("10.0.0.0/16"), ["us-east-1f", "us-east-1a"], IPv4Network("100.64.0.0/14"))
    assert {key: list(map(str, layout.of(key).values())) for key in SubnetKind} == {
        "private": ["10.0.0.0/19", "10.0.160.0/19"],
        "public": ["10.0.192.0/22", "10.0.212.0/22"],
        "intra": ["10.0.224.0/22", "10.0.244.0/22"],
        "pod": ["100.64.0.0/17", "100.66.128.0/17"],
    }
    assert list(map(str, layout.pod_blocks)) == ["100.64.0.0/16", "100.66.0.0/16"]


def test_a_small_range_for_pods_is_one_block() -> None:
    layout = subnet_layout(IPv4Network("10.0.0.0/16"), ["us-east-1b"], IPv4Network("10.1.0.0/20"))
    assert list(map(str, [*layout.pod_blocks, *layout.pods.values()])) == ["10.1.0.0/20", "10.1.2.0/23"]


@given(letters, st.integers(0, 2**56 - 1))
def test_ipv6_subnets_do_not_overlap_either(chosen: set[str], number: int) -> None:
    block = IPv6Network((number << 72, 56))
    found = [
        IPv6Network(ipv6_subnet(str(block), kind, zone))
        for kind in SubnetKind
        for zone in zones_of("us-east-1", chosen)
    ]
    assert len(set(found)) == 4 * len(chosen)
    assert all(subnet.prefixlen == 64 and subnet.subnet_of(block) for subnet in found)


@pytest.mark.parametrize(
    ("zone", "region", "slot"),
    [("us-east-1a", "us-east-1", 0), ("us-gov-west-1c", "us-gov-west-1", 2), ("us-iso-east-1f", "us-iso-east-1", 5)],
)
def test_the_name_of_a_zone_says_its_region_and_place(zone: str, region: str, slot: int) -> None:
    assert (region_of(zone), zone_slot(zone)) == (region, slot)


@pytest.mark.parametrize(
    "zone", ["us-east-1", "us-east-1g", "us-west-2-lax-1a", "us-east-1-wl1-bos-wlz-1", "use1-az1", "US-EAST-1A", ""]
)
def test_a_name_that_is_no_availability_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="is not an availability zone"):
        region_of(zone)


@pytest.mark.parametrize(
    ("network", "pods"),
    [("10.0.0.0/15", None), ("10.0.0.0/22", None), ("10.0.0.0/16", "100.64.0.0/12"), ("10.0.0.0/16", "100.64.0.0/26")],
)
def test_a_range_outside_the_bounds_is_refused(network: str, pods: str | None) -> None:
    with pytest.raises(ValueError, match="is not between"):
        subnet_layout(IPv4Network(network), ["us-east-1a"], IPv4Network(pods) if pods else None)
