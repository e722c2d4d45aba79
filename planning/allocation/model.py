"""The mixed-integer program of an allocation: a column for each demand and offer, a row for each rule.

Columns x are nodes. The cost is the sum of prices. Rows, for each demand and each of its needs:

    need       sum of what nodes give >= amount
    zone       the same without the nodes of one zone >= the part of the amount that must outlive a zone
    spot       the same without spot nodes >= the part of the amount that spot must not stand for
    together   the nodes of a type in a zone = nodes that the type needs, times u; the u are 0 or 1 and add up to 1
    one type   the nodes of a type <= as many as can be of use, times v; the v are 0 or 1 and add up to 1 at most

and for all demands: quotas, reservations, nodes, budget. A node more of one offer than meets a demand alone is of no
use to any row, which bounds the columns.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ..catalog.prices import SPOT
from ..mathematical_program import Program
from .demand import Demand, Need
from .dominance import needed_offers
from .limits import AllocationProblem
from .offers import Offer
from .rows import Row, RowKind

_RELUCTANCE: Final = 10.0
"""How much rather a quota moves than a rule about spot nodes or zones."""

_VCPUS_OF_A_NODE: Final = 96.0
"""What the move of a small quota is measured by."""


@dataclass(frozen=True, slots=True)
class Column:
    """Nodes of one offer for one demand."""

    demand: int
    """Index of the demand."""

    offer: int
    """Index of the offer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A program, and what its columns and rows stand for."""

    program: Program
    """The program."""

    columns: dict[Column, int]
    """Places of the columns of nodes."""

    rows: dict[str, Row]
    """What the rows stand for, by name."""

    slacks: dict[str, int]
    """Places of the columns that move a row's bound, by name of the row, where rows are elastic."""


class _Builder:
    def __init__(self, problem: AllocationProblem, *, elastic: bool) -> None:
        self.problem = problem
        self.elastic = elastic
        self.program = Program()
        self.columns: dict[Column, int] = {}
        self.rows: dict[str, Row] = {}
        self.slacks: dict[str, int] = {}

    def add(self, row: Row, terms: Iterable[tuple[int, float]]) -> None:
        listed = list(terms)
        if self.elastic and row.kind not in (RowKind.NEED, RowKind.TOGETHER):
            slack = self.program.add_column(1.0 / row.scale)
            self.slacks[row.name] = slack
            listed.append((slack, 1.0 if row.is_minimum else -1.0))
        self.rows[row.name] = row
        if row.is_minimum:
            self.program.add_row(row.name, listed, lower=row.bound)
        else:
            self.program.add_row(row.name, listed, upper=row.bound)


def build_model(
    problem: AllocationProblem,
    *,
    elastic: bool = False,
    dropped: Collection[str] = (),
    excluded: Collection[tuple[str, str]] = (),
) -> Model:
    """Return the program of `problem`.

    Args:
        problem: checked already.
        elastic: whether limits can be moved, at a cost that replaces the price.
        dropped: limits that are left out.
        excluded: pairs of a demand's name and an instance type that it must not use.
    """
    builder = _Builder(problem, elastic=elastic)
    for index, demand in enumerate(problem.demands):
        usable = {name for name in demand.instance_types if (demand.name, name) not in excluded}
        # Spot nodes that may stand for nothing are columns only where that rule can be moved.
        spot = demand.spot_share > 0 or elastic or _spot_limit(demand) in dropped
        found = [
            (place, offer)
            for place, offer in enumerate(problem.offers)
            if offer.instance_type in usable and (spot or offer.purchase_option != SPOT)
        ]
        limited = {code: bound for code, bound in problem.limits.quotas.items() if f"quota {code}" not in dropped}
        _add_demand(builder, index, demand, needed_offers(demand, found, limited), dropped)
    for row, terms in _common_rows(builder):
        if row.limit not in dropped:
            builder.add(row, terms)
    return Model(program=builder.program, columns=builder.columns, rows=builder.rows, slacks=builder.slacks)


def _add_demand(
    builder: _Builder, index: int, demand: Demand, found: list[tuple[int, Offer]], dropped: Collection[str]
) -> None:
    for place, offer in found:
        # How many there are is a row alone: beside a bound of the column, its dual would be that of half the truth.
        most = demand.nodes_alone(offer.instance_type)
        cost = 0.0 if builder.elastic else offer.price
        builder.columns[Column(index, place)] = builder.program.add_column(cost, most, integral=True)
    placed = [(offer, builder.columns[Column(index, place)]) for place, offer in found]
    for row, terms in _demand_rows(builder, index, demand, placed):
        if row.limit not in dropped:
            builder.add(row, terms)
    if demand.together:
        _add_together(builder, index, demand, placed)
    elif demand.one_type:
        _add_one_type(builder, index, demand, placed)


def _demand_rows(
    builder: _Builder, index: int, demand: Demand, placed: list[tuple[Offer, int]]
) -> Iterator[tuple[Row, list[tuple[int, float]]]]:
    for number, need in enumerate(demand.needs):
        given = [(offer, each, need.per_node[offer.instance_type]) for offer, each in placed]
        all_given = [(each, amount) for _, each, amount in given]
        kept = demand.kept_without_a_zone
        zones: dict[str, int] = {}
        if kept > 0:
            zones = _zone_columns(builder, f"{index}_{number}", given)
            all_given = [(column, 1.0) for column in zones.values()]
        yield _row(f"need{index}_{number}", RowKind.NEED, f"{demand.name}: {need.name}", demand, need, 1.0), all_given
        limit = f"{demand.name}: left when a zone is lost"
        for zone in zones:
            yield (
                _row(f"zone{index}_{number}_{zone}", RowKind.ZONE, limit, demand, need, kept),
                [(column, 1.0) for other, column in zones.items() if other != zone],
            )
        spot = [(each, amount) for offer, each, amount in given if offer.purchase_option == SPOT]
        if demand.spot_share == 0 and spot:
            row = _row(f"spot{index}_{number}", RowKind.SPOT, _spot_limit(demand), demand, need, 0.0)
            yield replace(row, is_minimum=False), spot
        elif demand.spot_share < 1 and spot:
            kept = 1 - demand.spot_share
            yield (
                _row(f"spot{index}_{number}", RowKind.SPOT, _spot_limit(demand), demand, need, kept),
                [(each, amount) for offer, each, amount in given if offer.purchase_option != SPOT],
            )
    if demand.maximum_nodes is not None:
        row = Row(
            name=f"nodes{index}",
            kind=RowKind.DEMAND_NODES,
            limit=f"{demand.name}: nodes at most",
            bound=demand.maximum_nodes,
            unit="nodes",
            is_minimum=False,
            demand=demand.name,
            scale=max(1.0, demand.maximum_nodes),
        )
        yield row, [(each, 1.0) for _, each in placed]


def _zone_columns(builder: _Builder, name: str, given: list[tuple[Offer, int, float]]) -> dict[str, int]:
    """Return a column for what each zone gives, so that rows about zones are short."""
    columns: dict[str, int] = {}
    for zone in sorted({offer.zone for offer, _, _ in given}):
        columns[zone] = builder.program.add_column(0.0)
        terms = [(each, amount) for offer, each, amount in given if offer.zone == zone]
        builder.program.add_row(f"sum{name}_{zone}", [*terms, (columns[zone], -1.0)], lower=0.0, upper=0.0)
    return columns


def _row(name: str, kind: RowKind, limit: str, demand: Demand, need: Need, kept: float) -> Row:
    return Row(
        name=name,
        kind=kind,
        limit=limit,
        bound=kept * need.amount,
        unit=need.unit or need.name,
        is_minimum=True,
        demand=demand.name,
        need=need.name,
        per_amount=kept,
        # Rules of safety move last.
        scale=max(need.amount, 1e-9) / _RELUCTANCE,
    )


def _add_together(builder: _Builder, index: int, demand: Demand, placed: list[tuple[Offer, int]]) -> None:
    groups: dict[tuple[str, str], list[int]] = {}
    for offer, each in placed:
        groups.setdefault((offer.instance_type, offer.zone), []).append(each)
    choices: list[int] = []
    for place, ((name, _), members) in enumerate(groups.items()):
        choice = builder.program.add_column(0.0, 1.0, integral=True)
        choices.append(choice)
        terms = [*((each, 1.0) for each in members), (choice, -float(demand.nodes_alone(name)))]
        builder.program.add_row(f"of{index}_{place}", terms, lower=0.0, upper=0.0)
    builder.program.add_row(f"together{index}", [(each, 1.0) for each in choices], lower=1.0, upper=1.0)


def _add_one_type(builder: _Builder, index: int, demand: Demand, placed: list[tuple[Offer, int]]) -> None:
    groups: dict[str, list[int]] = {}
    for offer, each in placed:
        groups.setdefault(offer.instance_type, []).append(each)
    choices: list[tuple[int, float]] = []
    for name, members in groups.items():
        choice = builder.program.add_column(0.0, 1.0, integral=True)
        choices.append((choice, 1.0))
        # As many in each zone as meet the demand alone are enough, whatever zone is lost.
        most = float(demand.nodes_alone(name) * len(members))
        terms = [*((each, 1.0) for each in members), (choice, -most)]
        builder.program.add_row(f"of{index}_{name}", terms, upper=0.0)
    builder.program.add_row(f"one{index}", choices, upper=1.0)


def _common_rows(builder: _Builder) -> Iterator[tuple[Row, list[tuple[int, float]]]]:
    offers, limits = builder.problem.offers, builder.problem.limits
    placed = [(column, offers[column.offer], each) for column, each in builder.columns.items()]
    for code, bound in limits.quotas.items():
        row = _limit(f"quota_{code}", RowKind.QUOTA, f"quota {code}", bound, "vCPU", max(bound, _VCPUS_OF_A_NODE))
        yield row, [(each, float(offer.vcpus)) for _, offer, each in placed if offer.quota == code]
    bounded: dict[int, list[int]] = {}
    for column, offer, each in placed:
        if offer.maximum_nodes is not None:
            bounded.setdefault(column.offer, []).append(each)
    for place, members in bounded.items():
        offer = offers[place]
        bound = float(offer.maximum_nodes or 0)
        row = _limit(
            f"available_{place}", RowKind.AVAILABLE, _available(offer), bound, f"nodes in {offer.zone}", max(bound, 1.0)
        )
        yield row, [(each, 1.0) for each in members]
    if limits.maximum_nodes is not None:
        bound = float(limits.maximum_nodes)
        row = _limit("nodes", RowKind.NODES, "nodes at most", bound, "nodes", max(bound, 1.0))
        yield row, [(each, 1.0) for _, _, each in placed]
    if limits.budget_per_hour is not None:
        bound = limits.budget_per_hour
        row = _limit("budget", RowKind.BUDGET, "budget", bound, "dollars an hour", max(bound, 1.0))
        yield row, [(each, offer.price) for _, offer, each in placed]


def _spot_limit(demand: Demand) -> str:
    return f"{demand.name}: on spot nodes" if demand.spot_share == 0 else f"{demand.name}: not on spot nodes"


def _available(offer: Offer) -> str:
    return f"reservation {offer.reservation}" if offer.reservation else f"available {offer.instance_type}"


def _limit(name: str, kind: RowKind, limit: str, bound: float, unit: str, scale: float) -> Row:
    return Row(name=name, kind=kind, limit=limit, bound=bound, unit=unit, is_minimum=False, scale=scale)
