"""Tables of power, energy, carbon and storage, and of the quotas that must allow the machines."""

from collections.abc import Iterator
from typing import Final

from ...planning.energy import PoolPower
from ...planning.plan.summary import PlanSummary
from .table import Cell, Column, Table, Tone, between, count, unknown, words

_KWH_PER_MWH: Final = 1000
_KILOGRAMS_PER_TONNE: Final = 1000
_GIB_PER_TIB: Final = 1024


def energy_tables(summary: PlanSummary) -> Iterator[Table]:
    """Yield power and energy, storage, and quotas, as far as the plan has any."""
    if summary.power.pools or summary.power.unknown:
        yield _power(summary)
    if summary.capacity.storage:
        yield _storage(summary)


def quota_table(summary: PlanSummary) -> Table | None:
    """Return what the machines ask of the quotas of an account; None where they ask nothing."""
    if not summary.quotas:
        return None
    rows: list[list[Cell]] = []
    for each in summary.quotas:
        most = unknown("no limit") if each.unbounded else count(max(each.most, each.least, each.smallest))
        pools = words("; ".join([*each.pools, *(f"{pool}: no limit" for pool in each.unbounded)]))
        least = count(max(each.least, each.smallest))
        rows.append([words(each.quota.name), words(each.quota.code), least, most, pools])
    return Table(
        name="quotas",
        caption="Quotas of AWS that must allow the machines, in vCPUs",
        columns=[
            Column(title="Quota"),
            Column(title="Code"),
            Column(title="vCPUs at least", is_number=True),
            Column(title="vCPUs at most", is_number=True),
            Column(title="By node pool"),
        ],
        rows=rows,
        note="With less than the least, a pool never has a node; with less than the most, it stops growing there.",
    )


def _power(summary: PlanSummary) -> Table:
    power = summary.power
    load = power.assumptions
    own = any(each.is_own for each in power.pools)
    energy, carbon = power.energy_kwh.times(1 / _KWH_PER_MWH), power.carbon_kg.times(1 / _KILOGRAMS_PER_TONNE)
    total = [
        words("Sum"),
        words(""),
        between(power.kilowatts),
        count(sum(each.idle_kilowatts for each in power.pools)),
        words(""),
        between(energy),
        between(carbon),
        *([between(power.own_monthly)] if own else []),
    ]
    return Table(
        name="power",
        caption="Power of the machines, and energy and carbon of a month of 730 hours",
        columns=[
            Column(title="Node pool"),
            Column(title="Region"),
            Column(title="kW", is_number=True),
            Column(title="kW idle, at most", is_number=True),
            Column(title="PUE", is_number=True),
            Column(title="MWh a month", is_number=True),
            Column(title="tonnes CO2e a month", is_number=True),
            *([Column(title="US dollars a month", is_number=True)] if own else []),
        ],
        rows=[
            *(_pool(each, own) for each in power.pools),
            *(
                [words(pool), words(reason), unknown(), *[words("")] * (5 if own else 4)]
                for pool, reason in power.unknown
            ),
        ],
        total=total if power.pools else (),
        note=f"At {load.accelerator_load:.0%} load of accelerators and {load.cpu_load:.0%} of processors. kW are those "
        "of the machines; energy and carbon count the building too, by its PUE. Storage, control planes and networks "
        "are not in it.",
    )


def _pool(each: PoolPower, own: bool) -> list[Cell]:
    carbon, cost = each.carbon_kg, each.monthly_cost
    spent = between(cost) if each.is_own else words("in the price of the machines", Tone.QUIET)
    return [
        words(each.pool),
        words("your own" if each.is_own else each.region),
        between(each.kilowatts),
        count(each.idle_kilowatts),
        count(each.effectiveness.value),
        between(each.energy_kwh.times(1 / _KWH_PER_MWH)),
        between(carbon.times(1 / _KILOGRAMS_PER_TONNE) if carbon else None),
        *([spent] if own else []),
    ]


def _storage(summary: PlanSummary) -> Table:
    rows: list[list[Cell]] = []
    for each in summary.capacity.storage:
        size = words("as much as is kept", Tone.QUIET) if each.gib is None else count(each.gib / _GIB_PER_TIB)
        speed = words("", Tone.QUIET) if each.megabytes_per_second is None else count(each.megabytes_per_second)
        rows.append([words(each.name), words(each.kind), size, speed])
    return Table(
        name="storage",
        caption="Storage",
        columns=[
            Column(title="Name"),
            Column(title="Kind"),
            Column(title="TiB", is_number=True),
            Column(title="MB/s", is_number=True),
        ],
        rows=rows,
    )
