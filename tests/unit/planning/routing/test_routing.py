"""Routing against networkx, against all that is possible, and by hand."""

import itertools
from collections import defaultdict
from random import Random

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.planning.routing.flows import Demand, Link, Routing
from aidc.planning.routing.routing import cheapest_routing, equal_cost_routing, fairest_routing
from aidc.problems import InvalidInput


def both(source: str, target: str, capacity: float, cost: float = 1.0) -> list[Link]:
    return [
        Link(source=source, target=target, capacity=capacity, cost=cost),
        Link(source=target, target=source, capacity=capacity, cost=cost),
    ]


def leaf_spine(leaves: int, spines: int, capacity: float) -> list[Link]:
    return [
        link
        for leaf in range(leaves)
        for spine in range(spines)
        for link in both(f"leaf{leaf}", f"spine{spine}", capacity)
    ]


def random_links(random: Random, places: int, count: int) -> list[Link]:
    pairs = random.sample([*itertools.permutations(range(places), 2)], count)
    return [
        Link(source=str(a), target=str(b), capacity=random.randint(1, 9), cost=random.randint(1, 9)) for a, b in pairs
    ]


def check(links: list[Link], demands: list[Demand], routing: Routing) -> None:
    """Every path leads from source to target, and loads, utilisation and cost are sums over the paths."""
    known = {link.key: link for link in links}
    loads: defaultdict[str, float] = defaultdict(float)
    asked = {demand.name: demand for demand in demands}
    for path in routing.paths:
        place = asked[path.demand].source
        for name in path.links:
            assert known[name].source == place
            place = known[name].target
            loads[name] += path.rate
        assert place == asked[path.demand].target
        assert len(set(path.links)) == len(path.links)
    for link in links:
        assert routing.utilisation[link.key] == pytest.approx(loads[link.key] / link.capacity)
    assert routing.cost == pytest.approx(sum(loads[link.key] * link.cost for link in links))


def served(routing: Routing, demand: str) -> float:
    return sum(path.rate for path in routing.paths if path.demand == demand)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_one_demand_is_a_min_cost_flow(seed: int) -> None:
    random = Random(seed)
    links = random_links(random, 6, 14)
    graph = networkx.DiGraph()
    for link in links:
        graph.add_edge(link.source, link.target, capacity=int(link.capacity), weight=int(link.cost))
    source, target = random.sample(sorted(graph.nodes), 2)
    most = networkx.maximum_flow_value(graph, source, target)
    rate = random.randint(1, 12)
    demand = Demand(name="d", source=source, target=target, rate=rate)
    routing = cheapest_routing(links, [demand])
    check(links, [demand], routing)
    flow = min(rate, most)
    assert served(routing, "d") == pytest.approx(flow, abs=1e-5)
    assert routing.most_utilised <= 1 + 1e-6
    if rate > most:
        (short,) = routing.shortfalls
        assert (short.asked, short.alone) == (rate, pytest.approx(most))
        cut = sum(link.capacity for link in links if link.key in routing.binding)
        # What binds one demand is a cut, whose capacity is the flow.
        assert cut == pytest.approx(most)
    else:
        assert routing.shortfalls == ()
        assert routing.binding == ()
    if flow:
        graph.nodes[source]["demand"], graph.nodes[target]["demand"] = -flow, flow
        assert routing.cost == pytest.approx(networkx.min_cost_flow_cost(graph), abs=1e-4)
    fair = fairest_routing(links, [demand])
    assert fair.factor == pytest.approx(most / rate)


def enumerated_cost(links: list[Link], demands: list[Demand]) -> float | None:
    """The least cost over all ways to split whole units over simple paths; None where none fits."""
    graph = networkx.DiGraph((link.source, link.target) for link in links)
    capacity = {(link.source, link.target): link.capacity for link in links}
    cost = {(link.source, link.target): link.cost for link in links}
    choices = []
    for demand in demands:
        paths = [
            list(itertools.pairwise(path)) for path in networkx.all_simple_paths(graph, demand.source, demand.target)
        ]
        choices.append([*itertools.combinations_with_replacement(paths, int(demand.rate))])
    best = None
    for chosen in itertools.product(*choices):
        loads: defaultdict[tuple[str, str], float] = defaultdict(float)
        for units in chosen:
            for path in units:
                for hop in path:
                    loads[hop] += 1
        if all(loads[hop] <= capacity[hop] for hop in loads):
            total = sum(load * cost[hop] for hop, load in loads.items())
            best = total if best is None else min(best, total)
    return best


@pytest.mark.parametrize("seed", range(20))
def test_several_demands_cost_no_more_than_whole_units_do(seed: int) -> None:
    random = Random(seed)
    links = random_links(random, 4, 8)
    demands = []
    for name in ("x", "y"):
        source, target = random.sample([str(place) for place in range(4)], 2)
        demands.append(Demand(name=name, source=source, target=target, rate=random.randint(1, 3)))
    ends = {link.source for link in links} | {link.target for link in links}
    if not {end for demand in demands for end in (demand.source, demand.target)} <= ends:
        pytest.skip("an end that no link has")
    best = enumerated_cost(links, demands)
    routing = cheapest_routing(links, demands)
    check(links, demands, routing)
    fair = fairest_routing(links, demands)
    check(links, demands, fair)
    assert fair.factor is not None
    # With whole capacities two demands have an optimum in halves, which is never dearer than one in wholes.
    if best is not None:
        assert routing.shortfalls == ()
        assert routing.cost <= best + 1e-5
        assert fair.factor >= 1 - 1e-9
    if routing.shortfalls:
        assert fair.factor < 1
        assert best is None


def test_two_paths_by_hand() -> None:
    # 10 over the short way at cost 1, and 5 over the long one at 2: 12 cost 10 + 2 * 2.
    links = [
        Link(source="a", target="b", capacity=10),
        Link(source="a", target="c", capacity=5),
        Link(source="c", target="b", capacity=5),
    ]
    routing = cheapest_routing(links, [Demand(name="d", source="a", target="b", rate=12)])
    assert [(path.links, path.rate) for path in routing.paths] == [
        (("a->b",), pytest.approx(10)),
        (("a->c", "c->b"), pytest.approx(2)),
    ]
    assert routing.cost == pytest.approx(14)
    limited = cheapest_routing(links, [Demand(name="d", source="a", target="b", rate=12, link_limit=7)])
    assert limited.cost == pytest.approx(17)
    assert limited.utilisation["a->b"] == pytest.approx(0.7)
    narrow = cheapest_routing(links, [Demand(name="d", source="a", target="b", rate=12, link_limit=4)])
    assert narrow.shortfalls[0].served == pytest.approx(8)
    assert narrow.shortfalls[0].alone == pytest.approx(8)
    assert "a->b" in narrow.binding


def test_two_demands_share_what_binds() -> None:
    links = [
        Link(source="a", target="m", capacity=10),
        Link(source="b", target="m", capacity=10),
        Link(source="m", target="t", capacity=10),
    ]
    demands = [Demand(name="x", source="a", target="t", rate=8), Demand(name="y", source="b", target="t", rate=4)]
    routing = cheapest_routing(links, demands)
    assert sum(served(routing, name) for name in "xy") == pytest.approx(10)
    assert routing.binding == ("m->t",)
    assert all(short.alone == pytest.approx(short.asked) for short in routing.shortfalls)
    fair = fairest_routing(links, demands)
    assert fair.factor == pytest.approx(10 / 12)
    assert served(fair, "x") == pytest.approx(8 * 10 / 12)
    assert served(fair, "y") == pytest.approx(4 * 10 / 12)
    assert fair.binding == ("m->t",)
    assert {short.demand for short in fair.shortfalls} == {"x", "y"}


def test_what_no_path_leads_to_is_named() -> None:
    links = [Link(source="a", target="b", capacity=1), Link(source="c", target="d", capacity=1)]
    demands = [Demand(name="lost", source="a", target="d", rate=1), Demand(name="fine", source="a", target="b", rate=1)]
    for routing in (cheapest_routing(links, demands), equal_cost_routing(links, demands)):
        assert [(short.demand, short.alone) for short in routing.shortfalls] == [("lost", 0.0)]
        assert served(routing, "fine") == pytest.approx(1)
    assert fairest_routing(links, demands).factor == 0


def test_equal_parts_over_a_whole_fabric_are_the_best_there_is() -> None:
    links = leaf_spine(3, 4, 100)
    demands = [Demand(name="d", source="leaf0", target="leaf1", rate=200)]
    routing = equal_cost_routing(links, demands)
    check(links, demands, routing)
    assert len(routing.paths) == 4
    assert routing.most_utilised == pytest.approx(0.5)
    assert routing.factor == pytest.approx(2)
    assert fairest_routing(links, demands).factor == pytest.approx(2)


def test_equal_parts_overload_what_is_slow() -> None:
    # One uplink of four runs at a quarter: equal parts are bound by it, flows by the sum.
    links = [
        link
        if (link.source, link.target) != ("leaf0", "spine3")
        else Link(source="leaf0", target="spine3", capacity=25)
        for link in leaf_spine(2, 4, 100)
    ]
    demands = [Demand(name="d", source="leaf0", target="leaf1", rate=200)]
    equal = equal_cost_routing(links, demands)
    assert equal.most_utilised == pytest.approx(2)
    assert equal.binding == ("leaf0->spine3",)
    assert equal.factor == pytest.approx(0.5)
    assert fairest_routing(links, demands).factor == pytest.approx(325 / 200)
    assert cheapest_routing(links, demands).most_utilised <= 1 + 1e-9


def test_equal_parts_are_of_shortest_paths_alone() -> None:
    links = [
        *both("a", "b", 10, cost=2),
        *both("a", "c", 10, cost=1),
        *both("c", "b", 10, cost=1),
        *both("c", "d", 10, cost=1),
        *both("d", "b", 10, cost=1),
    ]
    routing = equal_cost_routing(links, [Demand(name="d", source="a", target="b", rate=8)])
    assert {path.links: path.rate for path in routing.paths} == {("a->b",): 4, ("a->c", "c->b"): 4}


def test_nonsense_is_refused_at_once() -> None:
    links = [
        Link(source="a", target="a", capacity=0, cost=0),
        Link(source="a", target="b", capacity=float("nan")),
        Link(source="a", target="b", capacity=1),
    ]
    demands = [Demand(name="d", source="a", target="bb", rate=-1, link_limit=0)]
    with pytest.raises(InvalidInput) as caught:
        cheapest_routing(links, demands)
    told = str(caught.value)
    for words in (
        "several are called 'a->b'",
        "links.a->a.capacity: 0 Gbit/s is no rate",
        "links.a->a.cost: 0 is no cost",
        "links.a->a.target: 'a' is its source",
        "links.a->b.capacity: nan Gbit/s",
        "demands.d.rate: -1 Gbit/s",
        "demands.d.linkLimit",
        "demands.d.target: no link has an end 'bb'",
    ):
        assert words in told
    with pytest.raises(InvalidInput, match="demands: there are none"):
        fairest_routing(links[2:], [])
    with pytest.raises(InvalidInput, match="links: there are none"):
        cheapest_routing([], [])
