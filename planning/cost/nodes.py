"""What machines cost: instances by purchase option, and the disks that every one of them has."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..catalog import InstanceType
from ..catalog.karpenter import RESERVED
from ..catalog.prices import ON_DEMAND, SPOT
from ..catalog.service_prices import HOURS_PER_MONTH, read_currency
from ..nodes.machines import MachineDemand, MachineOrigin
from ..span import Span
from .counter import UNKNOWN_SIZE, Counter, Entry
from .lines import CostLine, Owner, Unpriced

CAPACITY_BLOCK: Final = "capacity-block"
CAPACITY_RESERVATION: Final = "aws:ec2/capacityReservation:CapacityReservation"

_RESERVATION: Final = "a reservation is paid for used or not; its size is taken to be the largest size of the pool"
_NO_SPOT: Final = "no spot price is known: the on-demand price counts"
_UNBOUNDED: Final = "nothing bounds how many they are"
_NOWHERE: Final = "nothing says its region"
_WAYS_OUT: Final = {_UNBOUNDED: "give the pool limits", _NOWHERE: "give it zones, or give --region"}
SIMULATED: Final = "simulated: nobody pays this; it is what such nodes cost on AWS"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rate:
    """What an hour of one type costs, between the cheapest way to buy it and the dearest."""

    amount: Span
    dates: tuple[str | None, ...]
    source: str
    notes: tuple[str, ...] = ()


def machine_lines(counter: Counter, machine: MachineDemand) -> Iterator[Entry]:
    """Write what the machines of one pool cost; machines that exist already cost nothing here."""
    if machine.origin is MachineOrigin.EXISTING or not machine.urn:
        return
    owner = counter.owner(counter.graph[machine.urn], machine.pool)
    yield from _instances(counter, machine, owner)
    if machine.most is not None and machine.origin is MachineOrigin.AWS:
        yield from _disks(counter, machine, owner)


def _disks(counter: Counter, machine: MachineDemand, owner: Owner) -> Iterator[Entry]:
    what = f"disks of the nodes of {machine.pool}"
    if not machine.disks:
        yield Unpriced(owner=owner, what=what, reason="the program leaves them to the machine image")
        return
    charges: dict[str, float] = {}
    for disk in machine.disks:
        if not disk.gib:
            yield Unpriced(owner=owner, what=what, reason=UNKNOWN_SIZE)
        for price, amount in disk.charges.items():
            charges[price] = charges.get(price, 0.0) + amount
    yield from counter.several(owner, charges, machine.region, machine.count)


def _instances(counter: Counter, machine: MachineDemand, owner: Owner) -> Iterator[Entry]:
    kinds = ", ".join(machine.instance_types[:2]) + (", ..." if len(machine.instance_types) > 2 else "")
    what = f"nodes of {machine.pool}" + (f" ({kinds})" if kinds else "")
    problem = _problem(counter, machine)
    if problem:
        yield Unpriced(owner=owner, what=what, reason=problem, way_out=_WAYS_OUT.get(problem, ""))
        return
    if _paid_by_reservation(counter, machine):
        return
    rates = {type: _rate(counter, machine, type) for type in machine.known_types}
    known = {type: rate for type, rate in rates.items() if rate is not None}
    if len(known) < len(rates):
        lacking = [type.name for type, rate in rates.items() if rate is None]
        yield _lacking(machine, owner, what, lacking)
        return
    counts = {type: _counts(machine, type.name) for type in known}
    monthly = [counts[type].times_each(rate.amount).times(HOURS_PER_MONTH) for type, rate in known.items()]
    dates = sorted({date or "" for rate in known.values() for date in rate.dates})
    notes = dict.fromkeys(note for rate in known.values() for note in rate.notes)
    if machine.origin is MachineOrigin.SIMULATED:
        notes[SIMULATED] = None
    yield CostLine(
        owner=owner,
        price="/".join(_option(machine, kind) for kind in machine.capacity_types),
        title=f"instances: {kinds}",
        unit="hour",
        quantity=Span.around(counts.values()).times(HOURS_PER_MONTH),
        unit_price=Span.around(rate.amount for rate in known.values()),
        monthly=Span.around(monthly),
        region=machine.region,
        currency=read_currency(),
        date=dates[0] or None,
        source=next(rate.source for rate in known.values()),
        note="; ".join(notes),
    )


def _problem(counter: Counter, machine: MachineDemand) -> str:
    """Say why no price can be told before any is looked up; empty where one can."""
    if not machine.instance_types:
        return "the program names no instance types"
    own = counter.assumptions.prices
    unknown = sorted({*machine.instance_types} - {each.name for each in machine.known_types})
    if unknown:
        return f"the catalog does not know {', '.join(unknown)}"
    if machine.most is None:
        return _UNBOUNDED
    if not machine.region and not all(name in own for name in machine.instance_types):
        return _NOWHERE
    return ""


def _paid_by_reservation(counter: Counter, machine: MachineDemand) -> bool:
    """Whether the program itself makes the reservation whose capacity the machines use: that one has a line."""
    if list(machine.capacity_types) != [RESERVED] or machine.is_block:
        return False
    made = {each.inputs.get("instanceType") for each in counter.graph.of_type(CAPACITY_RESERVATION)}
    return bool(machine.instance_types) and made.issuperset(machine.instance_types)


def _counts(machine: MachineDemand, type: str) -> Span:
    """Return for how many machines one pays if all are of one type."""
    most = machine.most_of(type)
    if list(machine.capacity_types) == [RESERVED]:
        return Span.of(most)
    return Span(least=machine.least_of(type), most=most)


def _rate(counter: Counter, machine: MachineDemand, type: InstanceType) -> _Rate | None:
    own = counter.assumptions.prices.get(type.name)
    if own is not None:
        return _Rate(amount=Span.of(own), dates=(None,), source="")
    found = [_bought(counter, machine, type, kind) for kind in machine.capacity_types or (ON_DEMAND,)]
    known = [rate for rate in found if rate is not None]
    if len(known) < len(found):
        return None
    return _Rate(
        amount=Span.around(each.amount for each in known),
        dates=tuple(date for each in known for date in each.dates),
        source=known[0].source,
        notes=tuple(note for each in known for note in each.notes),
    )


def _bought(counter: Counter, machine: MachineDemand, type: InstanceType, kind: str) -> _Rate | None:
    if kind == RESERVED and machine.is_block:
        block = counter.price(f"{CAPACITY_BLOCK}-{type.name}", machine.region)
        if block is None:
            return None
        return _Rate(amount=Span.of(block.amount), dates=(block.date,), source=block.source)
    spot = type.price(machine.region, SPOT) if kind == SPOT else None
    price = spot or type.price(machine.region, ON_DEMAND)
    if price is None:
        return None
    notes = (_RESERVATION,) if kind == RESERVED else (_NO_SPOT,) if kind == SPOT and spot is None else ()
    return _Rate(
        amount=Span(least=price.lowest, most=price.amount), dates=(price.date,), source=price.source, notes=notes
    )


def _option(machine: MachineDemand, kind: str) -> str:
    return CAPACITY_BLOCK if kind == RESERVED and machine.is_block else kind


def _lacking(machine: MachineDemand, owner: Owner, what: str, types: list[str]) -> Unpriced:
    shown = ", ".join(types[:3]) + (f" and {len(types) - 3} more" if len(types) > 3 else "")
    options = " or ".join(_option(machine, kind) for kind in machine.capacity_types)
    return Unpriced(
        owner=owner,
        what=what,
        reason=f"no {options} price of {shown} is known in {machine.region}",
        way_out=f"prices: {{{types[0]}: ...}}",
    )
