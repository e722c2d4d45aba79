"""Offers that another one makes useless: never needed in a cheapest answer, so that the program need not hold them.

An offer is dominated by one without a bound that is no dearer, gives no less of any need, takes no more of any quota
that is limited, and counts no less in the rules about spot nodes and zones. Nodes of the one can then be replaced by as
many of the other in any answer, whole or split, within all limits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..catalog.prices import SPOT
from .demand import Demand
from .offers import Offer


@dataclass(frozen=True, slots=True)
class _Weighed:
    place: int
    offer: Offer
    price: float
    vcpus: float
    given: tuple[float, ...]
    replaces: bool
    """Whether nothing but the demand bounds it, so that it can stand for others."""


def needed_offers(
    demand: Demand, found: Sequence[tuple[int, Offer]], quotas: Mapping[str, float]
) -> list[tuple[int, Offer]]:
    """Return the offers of `found` that a cheapest answer may need for `demand`, in the same order.

    Args:
        demand: what they are for.
        found: places and offers of types that meet it.
        quotas: limited quotas.
    """
    groups: dict[tuple[str, bool, str], list[_Weighed]] = {}
    for each in _weighed(demand, found):
        # Where no zone has to be outlived, all zones are one.
        zone = each.offer.zone if demand.kept_without_a_zone > 0 else ""
        spot = each.offer.purchase_option == SPOT and demand.spot_share < 1
        # Where all nodes are of one type, no other type stands for some of them.
        kind = each.offer.instance_type if demand.one_type else ""
        groups.setdefault((zone, spot, kind), []).append(each)
    kept: set[int] = set()
    for (zone, spot, kind), members in groups.items():
        rivals = members if not spot else [*members, *(groups.get((zone, False, kind), []))]
        front = _front(rivals, quotas)
        kept |= {each.place for each in members if each.place in front}
    return [(place, offer) for place, offer in found if place in kept]


def _weighed(demand: Demand, found: Sequence[tuple[int, Offer]]) -> list[_Weighed]:
    if not demand.together:
        return [
            _Weighed(
                place=place,
                offer=offer,
                price=offer.price,
                vcpus=offer.vcpus,
                given=tuple(need.per_node[offer.instance_type] for need in demand.needs),
                replaces=offer.maximum_nodes is None,
            )
            for place, offer in found
        ]
    # A type in a zone is taken as a whole, so that wholes are compared; those that are bought in several ways stay.
    ways: dict[tuple[str, str], int] = {}
    for _, offer in found:
        key = (offer.instance_type, offer.zone)
        ways[key] = ways.get(key, 0) + 1
    weighed: list[_Weighed] = []
    for place, offer in found:
        nodes = demand.nodes_alone(offer.instance_type)
        alone = ways[offer.instance_type, offer.zone] == 1 and offer.maximum_nodes is None
        weighed.append(
            _Weighed(
                place=place,
                offer=offer,
                price=nodes * offer.price if alone else -1.0,
                vcpus=nodes * offer.vcpus,
                given=(-float(nodes),),
                replaces=alone,
            )
        )
    return weighed


def _front(members: Sequence[_Weighed], quotas: Mapping[str, float]) -> set[int]:
    """Return the places of members that no other dominates."""
    ordered = sorted(
        members, key=lambda each: (each.price, tuple(-given for given in each.given), each.vcpus, each.place)
    )
    kept: set[int] = set()
    front: list[_Weighed] = []
    for each in ordered:
        if any(_dominates(other, each, quotas) for other in front):
            continue
        kept.add(each.place)
        if each.replaces:
            front.append(each)
    return kept


def _dominates(one: _Weighed, other: _Weighed, quotas: Mapping[str, float]) -> bool:
    if one.price > other.price or any(a < b for a, b in zip(one.given, other.given, strict=True)):
        return False
    if one.offer.quota not in quotas:
        return True
    return one.offer.quota == other.offer.quota and one.vcpus <= other.vcpus
