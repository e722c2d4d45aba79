"""The answer: pools of nodes, what they cost, and how sure that is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from .limits import AllocationProblem
from .solver import Solution, Status
from .verification import violations


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """Nodes of one instance type, bought in one way, for one demand."""

    demand: str
    """Name of the demand."""

    instance_type: str
    """By name."""

    purchase_option: str
    """`on-demand`, `spot` or `reserved`."""

    nodes: Mapping[str, int]
    """Nodes by zone."""

    price: float
    """US dollars an hour for one more node; 0 for reserved nodes, which are paid for already."""

    reservations: tuple[str, ...] = ()
    """Ids of their capacity reservations."""

    @property
    def count(self) -> int:
        """Nodes in all zones."""
        return sum(self.nodes.values())

    @property
    def price_per_hour(self) -> float:
        """US dollars for all nodes."""
        return self.count * self.price


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitPrice:
    """What a limit costs, or a demand."""

    limit: str
    """What a person would call it."""

    unit: str
    """Unit of its bound."""

    marginal: float
    """US dollars an hour that one unit more changes in the linear relaxation, where nodes can be split: below 0 where
    it saves."""

    step: float = 0.0
    """Units of one more node, 0 where no whole step was tried."""

    step_name: str = ""
    """What the step stands for, such as `one more p5.48xlarge`."""

    step_change: float = 0.0
    """US dollars an hour that the step changes for whole nodes: below 0 where it saves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternative:
    """The cheapest answer without something that the best one uses."""

    without: tuple[tuple[str, str], ...]
    """Pairs of a demand and an instance type that it must not use."""

    pools: tuple[Pool, ...]
    """Its pools."""

    price_per_hour: float
    """US dollars, with reservations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Allocation:
    """The cheapest pools that meet all demands."""

    pools: tuple[Pool, ...]
    """Sorted by demand, then by price."""

    price_per_hour: float
    """US dollars, with reservations, used or not."""

    reserved_per_hour: float
    """US dollars of the reservations within it."""

    bound_per_hour: float
    """Nothing cheaper than this can meet the demands: proved, in US dollars, with reservations."""

    gap: float
    """Part of the price by which it may be above the least that is possible."""

    status: Status
    """`optimal` where that part is within what was asked for; `feasible` where time ran out."""

    relaxed_per_hour: float
    """US dollars where nodes could be split, with reservations: what rounding to whole nodes costs is the rest."""

    limit_prices: tuple[LimitPrice, ...] = ()
    """What more of each limit or demand changes; those that change nothing are left out."""

    alternatives: tuple[Alternative, ...] = ()
    """The next best, cheapest first."""

    seconds: float = 0.0
    """Time for all of it."""

    unused_reservations: tuple[str, ...] = field(default=())
    """Ids of reservations whose nodes are not all used."""


def pools_of(problem: AllocationProblem, nodes: Mapping[tuple[str, int], int]) -> tuple[Pool, ...]:
    """Return nodes by demand and offer as pools."""
    found: dict[tuple[str, str, str], dict[int, int]] = {}
    for (demand, place), count in nodes.items():
        if count:
            offer = problem.offers[place]
            found.setdefault((demand, offer.instance_type, offer.purchase_option), {})[place] = count
    pools: list[Pool] = []
    for (demand, name, option), placed in found.items():
        offers = {place: problem.offers[place] for place in sorted(placed)}
        prices = {offer.price for offer in offers.values()}
        for price in sorted(prices):
            zones: dict[str, int] = {}
            for place, offer in offers.items():
                if offer.price == price:
                    zones[offer.zone] = zones.get(offer.zone, 0) + placed[place]
            ids = tuple(offer.reservation for offer in offers.values() if offer.reservation and offer.price == price)
            pools.append(
                Pool(
                    demand=demand,
                    instance_type=name,
                    purchase_option=option,
                    nodes=dict(sorted(zones.items())),
                    price=price,
                    reservations=ids,
                )
            )
    order = {demand.name: index for index, demand in enumerate(problem.demands)}
    return tuple(sorted(pools, key=lambda pool: (order[pool.demand], -pool.price_per_hour, pool.instance_type)))


def nodes_of(problem: AllocationProblem, solution: Solution) -> dict[tuple[str, int], int]:
    """Return whole nodes by demand and offer, without reserved ones that nothing needs: they cost the model nothing."""
    nodes = {
        (problem.demands[column.demand].name, column.offer): int(count) for column, count in solution.values.items()
    }
    exact = {demand.name for demand in problem.demands if demand.together}
    free = [key for key in nodes if key[0] not in exact and problem.offers[key[1]].price == 0]
    for key in sorted(free, key=lambda each: (each[0], -each[1])):
        while nodes[key] and not violations(problem, _fewer(nodes, key)):
            nodes = _fewer(nodes, key)
    return {key: count for key, count in nodes.items() if count}


def _fewer(nodes: Mapping[tuple[str, int], int], key: tuple[str, int]) -> dict[tuple[str, int], int]:
    return {**nodes, key: nodes[key] - 1}


def unused_reservations(problem: AllocationProblem, nodes: Mapping[tuple[str, int], int]) -> tuple[str, ...]:
    """Return the ids of reservations that have nodes left."""
    used: dict[int, int] = {}
    for (_, place), count in nodes.items():
        used[place] = used.get(place, 0) + count
    return tuple(
        offer.reservation
        for place, offer in enumerate(problem.offers)
        if offer.reservation and used.get(place, 0) < (offer.maximum_nodes or math.inf)
    )
