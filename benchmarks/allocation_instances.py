"""Random allocation problems, the same from the same seed: small ones to compare solvers on, and one of any size."""

import random

from aidc.planning.allocation.demand import Demand, Need
from aidc.planning.allocation.limits import AllocationProblem, Limits
from aidc.planning.allocation.offers import Offer, offer_order

QUOTAS = ("L-417A185B", "L-DB2E81BA", "L-1216C47A", "L-7212CCBC", "L-3819A6DF")


def random_problem(seed: int, *, types: int = 6, zones: int = 3, demands: int = 2) -> AllocationProblem:
    """A problem in which every rule appears now and then; about one in eight cannot be met."""
    chance = random.Random(seed)
    names = [f"t{number}.large" for number in range(chance.randint(2, types))]
    places = [f"zone-{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"[: chance.randint(1, zones)]]
    offers = _offers(chance, names, places)
    asked = tuple(_demand(chance, f"demand-{number}", names, places) for number in range(chance.randint(1, demands)))
    return AllocationProblem(demands=asked, offers=offers, limits=_limits(chance, asked, offers))


def large_problem(seed: int, *, types: int = 500, zones: int = 20) -> AllocationProblem:
    """Training that must be together, services that survive a zone, and cores with memory, over many types."""
    chance = random.Random(seed)
    names = [f"t{number}.large" for number in range(types)]
    places = [f"zone-{number:02d}" for number in range(zones)]
    offers = _offers(chance, names, places, reserved=False)
    third = len(names) // 3
    training = Demand(
        name="training",
        needs=(
            Need(name="training", unit="", amount=1.0, per_node={n: 1 / chance.randint(4, 60) for n in names[:third]}),
        ),
        together=True,
    )
    serving = Demand(
        name="serving",
        needs=(
            Need(
                name="requests", unit="", amount=2000.0, per_node={n: chance.uniform(2, 60) for n in names[: 2 * third]}
            ),
        ),
        spot_share=0.4,
        survives_zone_loss=True,
    )
    general = Demand(
        name="general",
        needs=(
            Need(name="cpu", unit="cores", amount=5000.0, per_node={n: chance.choice((4, 16, 48, 96)) for n in names}),
            Need(name="memory", unit="GiB", amount=30000.0, per_node={n: chance.choice((16, 64, 384)) for n in names}),
        ),
        spot_share=0.5,
        zone_share=0.25,
    )
    limits = Limits(quotas={code: 3000.0 for code in QUOTAS}, maximum_nodes=2000)
    return AllocationProblem(demands=(training, serving, general), offers=offers, limits=limits)


def _offers(chance: random.Random, names: list[str], places: list[str], *, reserved: bool = True) -> tuple[Offer, ...]:
    found: list[Offer] = []
    for name in names:
        vcpus, base, quota = chance.choice((4, 8, 32, 96, 192)), chance.uniform(0.2, 60), chance.randrange(3)
        for place in places:
            # Some zones do not have every type.
            if chance.random() < 0.1:
                continue
            most = chance.randint(1, 6) if chance.random() < 0.15 else None
            found.append(_offer(name, place, "on-demand", round(base, 3), vcpus, QUOTAS[quota], most))
            if chance.random() < 0.6:
                spot = round(base * chance.uniform(0.25, 0.9), 3)
                found.append(_offer(name, place, "spot", spot, vcpus, QUOTAS[3 + quota % 2], None))
            if reserved and chance.random() < 0.1:
                found.append(_offer(name, place, "reserved", 0.0, vcpus, "", chance.randint(1, 3)))
    return tuple(sorted(found, key=offer_order))


def _offer(name: str, zone: str, option: str, price: float, vcpus: int, quota: str, most: int | None) -> Offer:
    return Offer(
        instance_type=name,
        zone=zone,
        purchase_option=option,
        price=price,
        vcpus=vcpus,
        quota=quota,
        maximum_nodes=most,
        reservation=f"cr-{name}-{zone}" if option == "reserved" else "",
    )


def _demand(chance: random.Random, name: str, names: list[str], places: list[str]) -> Demand:
    needs = tuple(
        Need(
            name=("gpus", "memory")[number],
            unit="",
            amount=float(chance.randint(1, 40)),
            per_node={each: float(chance.choice((1, 2, 4, 8))) for each in names if chance.random() < 0.85},
        )
        for number in range(chance.choice((1, 1, 2)))
    )
    together = chance.random() < 0.2
    several = len(places) > 1 and not together
    return Demand(
        name=name,
        needs=needs,
        together=together,
        one_type=not together and chance.random() < 0.15,
        spot_share=chance.choice((0.0, 0.0, 0.3, 0.5, 1.0)),
        zone_share=chance.choice((0.5, 0.7)) if several and chance.random() < 0.3 else 1.0,
        survives_zone_loss=several and chance.random() < 0.2,
        maximum_nodes=chance.randint(4, 30) if chance.random() < 0.2 else None,
    )


def _limits(chance: random.Random, demands: tuple[Demand, ...], offers: tuple[Offer, ...]) -> Limits:
    known = sorted({offer.quota for offer in offers if offer.quota})
    quotas = {code: float(chance.choice((32, 96, 384, 1536))) for code in known if chance.random() < 0.3}
    size = sum(need.amount for demand in demands for need in demand.needs)
    return Limits(
        quotas=quotas,
        maximum_nodes=chance.randint(5, 40) if chance.random() < 0.2 else None,
        budget_per_hour=round(size * chance.uniform(2, 30), 2) if chance.random() < 0.2 else None,
    )
