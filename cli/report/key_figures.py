"""What the page says first: the few figures that a decision hangs on."""

from collections.abc import Iterator
from dataclasses import dataclass

from ...planning.plan.summary import PlanSummary
from ...planning.span import Span
from .table import in_words

_KILOGRAMS_PER_TONNE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFigure:
    """One figure, with its unit and what limits it."""

    title: str
    value: str
    unit: str
    remark: str = ""
    is_loud: bool = False
    """Whether the remark must not be overlooked."""


def key_figures(summary: PlanSummary) -> Iterator[KeyFigure]:
    """Yield cost, nodes, accelerators, their speed, power and carbon, as far as the plan has any."""
    yield from _cost(summary)
    yield from _machines(summary)
    yield from _power(summary)
    least, most = summary.pods
    yield KeyFigure(title="Pods", value=in_words(Span(least=float(least), most=float(most))), unit="pods")


def _cost(summary: PlanSummary) -> Iterator[KeyFigure]:
    cost = summary.cost
    if not cost.lines and not cost.unpriced:
        remark = "all nodes are there already" if summary.pools else "nothing here is paid for"
        yield KeyFigure(title="Cost", value="none", unit="", remark=remark)
        return
    missing = len(cost.unpriced)
    otherwise = "simulated: nobody pays this" if cost.is_simulated else ""
    what = "1 thing" if missing == 1 else f"{missing} things"
    yield KeyFigure(
        title="Cost",
        value=in_words(cost.monthly),
        unit=f"US dollars a month, or {in_words(cost.hourly)} an hour",
        remark=f"without {what} of unknown price" if missing else otherwise,
        is_loud=bool(missing),
    )


def _machines(summary: PlanSummary) -> Iterator[KeyFigure]:
    capacity = summary.capacity
    if not capacity.pools and not summary.pools:
        return
    unbounded = [each.pool.name for each in summary.pools if not each.pool.is_bounded]
    yield KeyFigure(
        title="Nodes",
        value=in_words(capacity.nodes),
        unit="nodes",
        remark=f"nothing bounds {', '.join(unbounded)}" if unbounded else "",
        is_loud=bool(unbounded),
    )
    totals = capacity.totals
    if totals["accelerators"].most:
        yield KeyFigure(title="Accelerators", value=in_words(totals["accelerators"]), unit="GPUs and the like")
        lacking = capacity.without("dense_pflops")
        yield KeyFigure(
            title="Computing",
            value=in_words(totals["dense_pflops"]),
            unit="PFLOPS, dense BF16, at the peak",
            remark=f"without {', '.join(lacking)}" if lacking else "",
            is_loud=bool(lacking),
        )


def _power(summary: PlanSummary) -> Iterator[KeyFigure]:
    power = summary.power
    if power.pools:
        load = f"at {power.assumptions.accelerator_load:.0%} load, without cooling"
        lacking = [pool for pool, _ in power.unknown]
        yield KeyFigure(
            title="Power",
            value=in_words(power.kilowatts),
            unit="kW",
            remark=f"without {', '.join(lacking)}" if lacking else load,
            is_loud=bool(lacking),
        )
    if len(power.without_carbon) < len(power.pools):
        lacking = power.without_carbon
        yield KeyFigure(
            title="Carbon",
            value=in_words(power.carbon_kg.times(1 / _KILOGRAMS_PER_TONNE)),
            unit="tonnes of CO2e a month",
            remark=f"without {', '.join(lacking)}" if lacking else "with cooling",
            is_loud=bool(lacking),
        )
