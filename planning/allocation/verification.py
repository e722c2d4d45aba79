"""Whether nodes meet all demands within all limits: told from the problem alone, without the model."""

import math
from collections.abc import Iterator, Mapping
from typing import Final

from ..catalog.prices import SPOT
from .demand import Demand
from .limits import AllocationProblem
from .offers import Offer

_TOLERANCE: Final = 1e-6


def violations(problem: AllocationProblem, nodes: Mapping[tuple[str, int], int]) -> list[str]:
    """Return what is wrong with `nodes`, as sentences; nothing where all is met.

    Args:
        problem: demands, offers and limits.
        nodes: nodes by the name of a demand and the index of an offer.
    """
    return [*_of_demands(problem, nodes), *_of_limits(problem, nodes)]


def cost(problem: AllocationProblem, nodes: Mapping[tuple[str, int], int]) -> float:
    """Return US dollars an hour of `nodes`, without reservations, which are paid for whatever is used."""
    return math.fsum(count * problem.offers[place].price for (_, place), count in nodes.items())


def _of_demands(problem: AllocationProblem, nodes: Mapping[tuple[str, int], int]) -> Iterator[str]:
    zones = {offer.zone for offer in problem.offers}
    for demand in problem.demands:
        bought = [(problem.offers[place], count) for (name, place), count in nodes.items() if name == demand.name]
        yield from _of_demand(demand, [(offer, count) for offer, count in bought if count], zones)


def _of_demand(demand: Demand, bought: list[tuple[Offer, int]], zones: set[str]) -> Iterator[str]:
    for offer, count in bought:
        if count < 0 or count != int(count):
            yield f"{demand.name}: {count} nodes of {offer.instance_type} is no count"
        if offer.instance_type not in demand.instance_types:
            yield f"{demand.name}: {offer.instance_type} does not meet it"
    for need in demand.needs:
        given = [(offer, count * need.per_node.get(offer.instance_type, 0.0)) for offer, count in bought]
        least = need.amount * (1 - _TOLERANCE) - _TOLERANCE
        if sum(amount for _, amount in given) < least:
            yield f"{demand.name}: too little of {need.name}"
        not_spot = sum(amount for offer, amount in given if offer.purchase_option != SPOT)
        if not_spot < (1 - demand.spot_share) * least or (
            demand.spot_share == 0 and not_spot < sum(a for _, a in given)
        ):
            yield f"{demand.name}: too much of {need.name} on spot nodes"
        for zone in sorted(zones):
            outside = sum(amount for offer, amount in given if offer.zone != zone)
            kept = 1.0 if demand.survives_zone_loss else 1 - demand.zone_share
            if outside < kept * least:
                yield f"{demand.name}: too little of {need.name} without zone {zone}"
    places = {(offer.instance_type, offer.zone) for offer, _ in bought}
    if demand.together and len(places) > 1:
        yield f"{demand.name}: nodes of several types or zones, which must be together"
    if demand.one_type and len({offer.instance_type for offer, _ in bought}) > 1:
        yield f"{demand.name}: nodes of several types"
    if demand.maximum_nodes is not None and sum(count for _, count in bought) > demand.maximum_nodes:
        yield f"{demand.name}: more than {demand.maximum_nodes} nodes"


def _of_limits(problem: AllocationProblem, nodes: Mapping[tuple[str, int], int]) -> Iterator[str]:
    limits = problem.limits
    vcpus: dict[str, int] = {}
    used: dict[int, int] = {}
    for (_, place), count in nodes.items():
        offer = problem.offers[place]
        vcpus[offer.quota] = vcpus.get(offer.quota, 0) + count * offer.vcpus
        used[place] = used.get(place, 0) + count
    for code, bound in limits.quotas.items():
        if vcpus.get(code, 0) > bound + _TOLERANCE:
            yield f"quota {code}: {vcpus[code]} vCPU of {bound:g}"
    for place, count in used.items():
        most = problem.offers[place].maximum_nodes
        if most is not None and count > most:
            yield f"{problem.offers[place].instance_type}: {count} nodes of {most} in {problem.offers[place].zone}"
    if limits.maximum_nodes is not None and sum(nodes.values()) > limits.maximum_nodes:
        yield f"{sum(nodes.values())} nodes of {limits.maximum_nodes}"
    if limits.budget_per_hour is not None and cost(problem, nodes) > limits.budget_per_hour + 1e-4:
        yield f"{cost(problem, nodes):.2f} dollars an hour of {limits.budget_per_hour:g}"
