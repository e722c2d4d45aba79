"""Network layouts: every type with EFA has one, and each is such as EC2 and Karpenter accept."""

from collections import Counter

import pytest

from aidc.planning.catalog import (
    InterfaceKind,
    NetworkInterface,
    all_instance_types,
    find_network_layout,
    network_layout,
    network_layouts,
    sources,
)
from aidc.planning.catalog.data_files import read_data
from aidc.problems import InvalidInput, Problems

WITH_EFA = [each for each in all_instance_types().values() if each.efa_interfaces]
# Interfaces that one card takes at most: amazon-vpc-cni-k8s, pkg/vpc/vpc_ip_resource_limit.go.
ROOM = {"p5.48xlarge": 2, "p5e.48xlarge": 2, "trn2.48xlarge": 2}


@pytest.mark.parametrize("each", WITH_EFA, ids=lambda each: each.name)
def test_a_type_with_efa_has_as_many_efa_interfaces_as_the_catalog_says(each):
    layout = network_layout(each.name)
    assert layout.efa_interfaces == each.efa_interfaces
    assert layout.source in sources()


def test_only_types_with_efa_have_a_layout():
    assert set(network_layouts()) == {each.name for each in WITH_EFA}
    data = read_data("network_interfaces")
    assert {data["source"], data["cards_source"]} <= set(sources())
    assert max(Counter(name for row in data["layouts"] for name in row["types"]).values()) == 1


@pytest.mark.parametrize("name", network_layouts())
def test_a_layout_is_one_that_ec2_and_karpenter_accept(name):
    layout = network_layouts()[name]
    places = [(each.card, each.device) for each in layout.interfaces]
    assert layout.interfaces[0] == NetworkInterface(card=0, device=0, kind=InterfaceKind.INTERFACE)
    assert [each.kind for each in layout.interfaces[1:]] == [InterfaceKind.EFA_ONLY] * (len(places) - 1)
    assert len(set(places)) == len(places)
    assert {card for card, _ in places} == set(range(layout.cards))
    assert all(device < ROOM.get(name, 4) for _, device in places)
    efa = Counter(each.card for each in layout.interfaces if each.kind is not InterfaceKind.INTERFACE)
    assert max(efa.values()) == 1


@pytest.mark.parametrize(
    ("name", "cards", "second", "last"),
    [
        ("p4d.24xlarge", 4, (0, 1), (3, 1)),
        ("p5.48xlarge", 32, (0, 1), (31, 1)),
        ("p5.4xlarge", 1, (0, 1), (0, 1)),
        ("p5en.48xlarge", 16, (0, 1), (15, 1)),
        ("p6-b200.48xlarge", 8, (0, 1), (7, 1)),
        ("p6-b300.48xlarge", 17, (1, 0), (16, 0)),
        ("g6e.48xlarge", 4, (0, 1), (3, 0)),
        ("trn1.32xlarge", 8, (0, 1), (7, 1)),
    ],
)
def test_layouts_are_those_of_their_sources(name, cards, second, last):
    layout = network_layout(name.upper())
    assert layout.cards == cards
    assert [(each.card, each.device) for each in (layout.interfaces[1], layout.interfaces[-1])] == [second, last]


def test_a_type_without_efa_or_without_a_layout_is_refused(monkeypatch):
    with pytest.raises(InvalidInput, match=r"instanceType: m7i.large has no EFA; turn EFA off"):
        network_layout("m7i.large")
    with pytest.raises(InvalidInput, match=r"'p9.48xlarge' is not a known instance type"):
        network_layout("p9.48xlarge")
    monkeypatch.delitem(network_layouts(), "p5.48xlarge")
    problems = Problems()
    assert find_network_layout("p5.48xlarge", problems, "types[0]") is None
    assert [str(each) for each in problems] == [
        "types[0]: no source tells how EFA is laid out on p5.48xlarge; turn EFA off, or choose another type"
    ]
