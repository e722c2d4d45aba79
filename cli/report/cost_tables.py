"""Tables of what is paid for, what has no price, and what was assumed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from ...planning.catalog import sources
from ...planning.catalog.service_prices import HOURS_PER_MONTH
from ...planning.cost.estimate import CostEstimate
from ...planning.cost.lines import CostLine
from ...planning.energy import EnergyAssumptions
from ...planning.plan.summary import PlanSummary
from ...planning.span import Span
from ...problems import camel_case
from .table import Cell, Column, Table, Tone, between, count, words

_NO_COMPONENT: Final = "of no component"
_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")


def cost_tables(summary: PlanSummary) -> Iterator[Table]:
    """Yield the tables of a plan's cost, most important first."""
    cost = summary.cost
    if cost.unpriced:
        yield _unpriced(cost)
    if cost.lines:
        yield _sums("cost-by-component", "Cost by component", "Component", cost.by_component, cost.monthly)
        if cost.by_pool:
            total = Span.total(cost.by_pool.values())
            yield _sums("cost-by-pool", "Cost by node pool: nodes and their disks", "Node pool", cost.by_pool, total)
        if summary.stacks:
            yield _sums("cost-by-stack", "Cost by stack", "Stack", cost.by_stack, cost.monthly)
        yield _lines(cost)
        yield _sources(cost)


def assumption_table(summary: PlanSummary) -> Table:
    """Return all that the plan assumes because the program does not say it, with what follows from it."""
    monthly: dict[str, list[Span]] = {}
    for line in summary.cost.lines:
        if line.assumption:
            monthly.setdefault(camel_case(line.assumption), []).append(line.monthly)
    given = summary.cost.assumptions.to_dict()
    prices: Mapping[str, float] = given.pop("prices")
    rows = [
        [words(_spaced(name)), words("cost"), count(amount), _effect(monthly.get(name))]
        for name, amount in given.items()
    ]
    rows += [[words(name), words("price of your own"), count(price), words("")] for name, price in prices.items()]
    rows += list(_energy(summary.power.assumptions))
    return Table(
        name="assumptions",
        caption="Assumptions: what the program does not say",
        columns=[
            Column(title="Assumption"),
            Column(title="About"),
            Column(title="Value", is_number=True),
            Column(title="US dollars a month from it", is_number=True),
        ],
        rows=rows,
        note="These are round numbers of ours, not measurements. Set those that you know.",
    )


def _effect(spans: list[Span] | None) -> Cell:
    return between(Span.total(spans)) if spans else words("used by nothing here", Tone.QUIET)


def _energy(assumptions: EnergyAssumptions) -> Iterator[list[Cell]]:
    for each in fields(assumptions):
        value: float | None = getattr(assumptions, each.name)
        shown = words("not set", Tone.QUIET) if value is None else count(value)
        yield [words(each.name.replace("_", " ")), words("energy"), shown, words("")]


def _spaced(name: str) -> str:
    return _CAPITAL.sub(" ", name).lower().replace(" gb", " GB")


def _unpriced(cost: CostEstimate) -> Table:
    rows = [
        [words(each.what, Tone.LOUD), words(each.owner.name), words(each.reason), words(each.way_out)]
        for each in cost.unpriced
    ]
    return Table(
        name="unpriced",
        caption="Without a price, and in no sum on this page",
        columns=[Column(title="What"), Column(title="Resource"), Column(title="Why"), Column(title="Way out")],
        rows=rows,
    )


def _sums(name: str, caption: str, heading: str, sums: Mapping[str, Span], total: Span) -> Table:
    columns = [
        Column(title=heading),
        Column(title="US dollars a month", is_number=True),
        Column(title="US dollars an hour", is_number=True),
    ]
    return Table(
        name=name,
        caption=caption,
        columns=columns,
        rows=[_sum(each or _NO_COMPONENT, span) for each, span in sums.items()],
        total=_sum("Sum", total),
    )


def _sum(name: str, monthly: Span) -> list[Cell]:
    return [words(name), between(monthly), between(monthly.times(1 / HOURS_PER_MONTH))]


def _lines(cost: CostEstimate) -> Table:
    return Table(
        name="cost-lines",
        caption="Every line of the cost, for a month of 730 hours",
        columns=[
            Column(title="What is paid for"),
            Column(title="Component"),
            Column(title="Node pool"),
            Column(title="US dollars a month", is_number=True),
            Column(title="Quantity", is_number=True),
            Column(title="Unit"),
            Column(title="US dollars a unit", is_number=True),
            Column(title="Region"),
            Column(title="Price of"),
            Column(title="Resource"),
            Column(title="Remark"),
        ],
        rows=[_line(each) for each in cost.lines],
    )


def _line(line: CostLine) -> list[Cell]:
    assumed = f"quantity assumed: {_spaced(camel_case(line.assumption))}" if line.assumption else ""
    return [
        words(line.title),
        words(line.owner.component or _NO_COMPONENT),
        words(line.owner.pool),
        between(line.monthly),
        between(line.quantity),
        words(line.unit),
        _price(line.unit_price),
        words(line.region),
        words(line.date or ("your own" if not line.source else "no date")),
        words(line.owner.name),
        words("; ".join(filter(None, (line.note, assumed)))),
    ]


def _price(span: Span) -> Cell:
    texts = [f"{each:,.6g}" for each in (span.least, span.most)]
    return Cell(text=" to ".join(dict.fromkeys(texts)), order=span.most)


def _sources(cost: CostEstimate) -> Table:
    known = sources()
    groups: dict[str, list[CostLine]] = {}
    for line in cost.lines:
        groups.setdefault(line.source, []).append(line)
    rows: list[list[Cell]] = []
    for name, lines in sorted(groups.items()):
        source = known.get(name)
        dates = sorted({line.date or "no date" for line in lines})
        rows.append(
            [
                words(source.title if source else "prices of your own"),
                words(", ".join(dates)),
                words(source.read if source else ""),
                count(len(lines)),
                words((source.url if source else None) or "", Tone.QUIET),
            ]
        )
    return Table(
        name="price-sources",
        caption="Where the prices are from",
        columns=[
            Column(title="Source"),
            Column(title="Dates of its prices"),
            Column(title="Read"),
            Column(title="Lines", is_number=True),
            Column(title="Address"),
        ],
        rows=rows,
    )
