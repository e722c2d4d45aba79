"""What can be bought: an instance type in a zone by a purchase option, at a price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...problems import Problems
from ..catalog import InstanceType, all_instance_types, find_instance_type, quota_of, regions
from ..catalog.karpenter import RESERVED
from ..catalog.prices import ON_DEMAND, SPOT

PURCHASE_OPTIONS: Final = (ON_DEMAND, SPOT)
_DEFAULT_ZONES: Final = "abc"


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """Nodes of one instance type in one zone, bought in one way."""

    instance_type: str
    """By name."""

    zone: str
    """By name, such as `us-east-1a`."""

    purchase_option: str
    """`on-demand`, `spot` or `reserved`."""

    price: float
    """US dollars an hour that one more node costs; 0 for reserved nodes alone, which are paid for already."""

    vcpus: int = 0
    """Virtual CPUs of a node, which quotas count."""

    quota: str = ""
    """Code of the quota that it counts against; empty where none is known."""

    maximum_nodes: int | None = None
    """Nodes at most; None where nothing bounds them."""

    reservation: str = ""
    """Id of the capacity reservation; empty for others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservation:
    """Nodes that are paid for already, whether they are used or not."""

    id: str
    """Id of the capacity reservation, such as `cr-0123456789abcdef0`."""

    instance_type: str
    """By name."""

    zone: str
    """By name."""

    nodes: int
    """Nodes; 1 or more."""

    price: float | None = None
    """US dollars an hour for each node. Default: the on-demand price of the region."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Market:
    """Everything that can be bought in a region, and what was left out of it."""

    region: str
    """AWS region."""

    zones: tuple[str, ...]
    """Zones that are looked at."""

    offers: tuple[Offer, ...]
    """What can be bought, sorted by type, zone and purchase option."""

    unpriced: tuple[str, ...]
    """Instance types without any price in the region: never bought, as nothing is ever priced at 0."""

    reserved_per_hour: float
    """US dollars an hour for all reservations, used or not."""


def market(
    region: str,
    zones: Sequence[str],
    problems: Problems,
    *,
    instance_types: Sequence[str] | None = None,
    reservations: Sequence[Reservation] = (),
    prices: Mapping[str, Mapping[str, float]] | None = None,
    available: Mapping[str, int] | None = None,
) -> Market | None:
    """Return what the catalog has for `region`; else add to `problems` and return None.

    Args:
        region: AWS region of the catalog's prices.
        zones: zones of it; none stands for its first three.
        problems: collects what is wrong.
        instance_types: types that may be bought. Default: all of the catalog.
        reservations: what is paid for already.
        prices: prices of one's own, by instance type and purchase option, in place of the catalog's.
        available: nodes of a type that one zone has at most, by instance type.
    """
    before = len(problems)
    problems.choice("region", region, regions())
    chosen = tuple(zones) or tuple(region + letter for letter in _DEFAULT_ZONES)
    for index, zone in enumerate(chosen):
        if not zone.startswith(region) or zone == region:
            problems.add(f"zones[{index}]", f"'{zone}' is not a zone of {region}; write it like {region}a")
        if zone in chosen[:index]:
            problems.add(f"zones[{index}]", f"'{zone}' is given twice; give it once")
    own = _checked_prices(prices or {}, problems)
    types = all_instance_types() if instance_types is None else {name: None for name in instance_types}
    found = [each for name in types if (each := find_instance_type(name, problems, "instanceTypes")) is not None]
    bounds = dict(available or {})
    for name, nodes in bounds.items():
        find_instance_type(name, problems, f"available.{name}")
        problems.between(f"available.{name}", nodes, 0, unit="nodes")
    reserved = _reserved(reservations, region, chosen, own, problems)
    if len(problems) > before:
        return None
    offers: list[Offer] = []
    for each in found:
        for option in PURCHASE_OPTIONS:
            amount = _price(each, region, option, own)
            if amount is not None:
                offers += [_offer(each, zone, option, amount, bounds.get(each.name)) for zone in chosen]
    sold = {offer.instance_type for offer in [*offers, *(offer for offer, _ in reserved)]}
    return Market(
        region=region,
        zones=chosen,
        offers=tuple(sorted([*offers, *(offer for offer, _ in reserved)], key=offer_order)),
        unpriced=tuple(sorted(each.name for each in found if each.name not in sold)),
        reserved_per_hour=sum(cost for _, cost in reserved),
    )


def offer_order(offer: Offer) -> tuple[str, str, str, str]:
    """Return what offers are sorted by, so that the same question has the same answer."""
    return (offer.instance_type, offer.zone, offer.purchase_option, offer.reservation)


def _offer(each: InstanceType, zone: str, option: str, price: float, maximum_nodes: int | None) -> Offer:
    quota = quota_of(each.name, option)
    return Offer(
        instance_type=each.name,
        zone=zone,
        purchase_option=option,
        price=price,
        vcpus=each.vcpus,
        quota=quota.code if quota else "",
        maximum_nodes=maximum_nodes,
    )


def _price(each: InstanceType, region: str, option: str, own: Mapping[str, Mapping[str, float]]) -> float | None:
    if option in own.get(each.name, {}):
        return own[each.name][option]
    price = each.price(region, option)
    return price.amount if price else None


def _checked_prices(prices: Mapping[str, Mapping[str, float]], problems: Problems) -> Mapping[str, Mapping[str, float]]:
    for name, options in prices.items():
        with problems.under(f"prices.{name}"):
            find_instance_type(name, problems, "")
            for option, amount in options.items():
                problems.choice("", option, PURCHASE_OPTIONS)
                if not 0 < amount < float("inf"):
                    problems.add(option, f"{amount:g} dollars an hour is no price; give more than 0, or leave it out")
    return {name.strip().lower(): options for name, options in prices.items()}


def _reserved(
    reservations: Sequence[Reservation],
    region: str,
    zones: Sequence[str],
    own: Mapping[str, Mapping[str, float]],
    problems: Problems,
) -> list[tuple[Offer, float]]:
    """Return the offer of each reservation, and what it costs an hour, used or not."""
    found: list[tuple[Offer, float]] = []
    for index, each in enumerate(reservations):
        with problems.under(f"reservations[{index}]"):
            model = find_instance_type(each.instance_type, problems)
            problems.choice("zone", each.zone, zones)
            problems.between("nodes", each.nodes, 1, unit="nodes")
            if each.id in [other.id for other in reservations[:index]]:
                problems.add("id", f"'{each.id}' is given twice; give it once")
            if model is None:
                continue
            price = each.price if each.price is not None else _price(model, region, ON_DEMAND, own)
            if price is None:
                problems.add("price", f"{model.name} has no on-demand price in {region}; say what it costs an hour")
            elif price < 0:
                problems.add("price", f"{price:g} dollars an hour is no price; give 0 or more")
            else:
                offer = Offer(
                    instance_type=model.name,
                    zone=each.zone,
                    purchase_option=RESERVED,
                    price=0.0,
                    vcpus=model.vcpus,
                    maximum_nodes=each.nodes,
                    reservation=each.id,
                )
                found.append((offer, price * each.nodes))
    return found
