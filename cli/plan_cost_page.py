"""The part of the page of `aidc plan` about money, power and quotas."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.markup import escape

from ..planning.span import Span
from .tables import amount, span, span_in_words, table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ..planning.cost.estimate import CostEstimate
    from ..planning.cost.lines import Unpriced
    from ..planning.energy import PowerEstimate
    from ..planning.nodes.graph_capacity import GraphCapacity
    from ..planning.nodes.quota_demands import QuotaDemand
    from ..planning.plan.summary import PlanSummary

_KILOGRAMS_PER_TONNE = 1000
_KWH_PER_MWH = 1000
_GIB_PER_TIB = 1024


def cost_parts(summary: "PlanSummary") -> "Iterator[RenderableType]":
    """Yield the tables of cost, power and quotas, and what is in no sum."""
    if summary.cost.lines:
        yield ""
        yield _cost(summary.cost)
    if summary.cost.unpriced:
        yield ""
        yield from _unpriced(summary.cost)
    if summary.power.pools:
        yield ""
        yield _power(summary.power)
    yield from (f"[dim]no power of {escape(pool)}: {escape(reason)}[/]" for pool, reason in summary.power.unknown)
    if summary.quotas:
        yield ""
        yield _quotas(summary.quotas)


def sum_rows(summary: "PlanSummary") -> Iterator[tuple[str, str]]:
    """Yield the rows of the page's sums: capacity, power and cost, each as one sentence."""
    if summary.capacity.pools:
        yield "capacity", _capacity(summary.capacity)
    if summary.power.pools:
        yield "power", _power_in_words(summary.power)
    if summary.cost.lines or summary.cost.unpriced:
        yield "cost", _cost_in_words(summary.cost)
    elif summary.pools:
        yield "cost", "none: all nodes are there already"


def _cost(cost: "CostEstimate") -> "Table":
    found = table("Cost by component, US dollars", ["component", "an hour", "a month"], ["an hour", "a month"])
    for name, (count, monthly) in _by_kind(cost).items():
        label = name if count == 1 else f"{name} ({count})"
        found.add_row(escape(label), span(monthly.times(1 / 730)), span(monthly))
    found.add_row("[bold]sum[/]", f"[bold]{span(cost.hourly)}[/]", f"[bold]{span(cost.monthly)}[/]")
    return found


def _by_kind(cost: "CostEstimate") -> dict[str, tuple[int, Span]]:
    """Return sums by component; those without nodes together, by their kind."""
    pools = {line.owner.component for line in cost.lines if line.owner.pool}
    groups: dict[str, list[Span]] = {}
    names: dict[str, str] = {}
    for component, monthly in cost.by_component.items():
        kind = component.partition(" ")[0] or "of no component"
        key = component if component in pools else kind
        groups.setdefault(key, []).append(monthly)
        names[key] = component or kind
    found = {(names[key] if len(spans) == 1 else key): (len(spans), Span.total(spans)) for key, spans in groups.items()}
    return dict(sorted(found.items(), key=lambda item: (-item[1][1].most, item[0])))


def _unpriced(cost: "CostEstimate") -> Iterator[str]:
    yield "[yellow bold]In no sum, for want of a price:[/]"
    groups: dict[str, list[Unpriced]] = {}
    for each in cost.unpriced:
        groups.setdefault(each.reason, []).append(each)
    for reason, found in groups.items():
        names: dict[str, dict[str, None]] = {}
        for each in found:
            names.setdefault(each.what, {})[each.owner.name] = None
        shown = "; ".join(f"{what} ({', '.join(owners)})" for what, owners in names.items())
        yield f"[yellow]{escape(reason)}:[/] {escape(shown)}"
    ways_out = list(dict.fromkeys(each.way_out for each in cost.unpriced if each.way_out))
    if any(each.startswith("prices:") for each in ways_out):
        yield "[dim]give prices of your own by --assumptions; --json has their names[/]"
    yield from (f"[dim]{escape(each)}[/]" for each in ways_out if not each.startswith("prices:"))


def _power(power: "PowerEstimate") -> "Table":
    load = power.assumptions.accelerator_load
    headings = ["pool", "kW", "PUE", "MWh", "t CO2e"]
    title = f"Power at {load:.0%} load, and energy a month"
    found = table(title, headings, headings[1:])
    for each in power.pools:
        carbon = each.carbon_kg
        found.add_row(
            escape(each.pool),
            span(each.kilowatts),
            f"{each.effectiveness.value:g}",
            span(each.energy_kwh.times(1 / _KWH_PER_MWH)),
            span(carbon.times(1 / _KILOGRAMS_PER_TONNE)) if carbon else "unknown",
        )
    return found


def _quotas(quotas: "Iterable[QuotaDemand]") -> "Table":
    found = table("Quotas of AWS that must allow as many vCPUs", ["quota", "least", "most", "code"], ["least", "most"])
    for each in quotas:
        most = "no limit" if each.unbounded else f"{max(each.most, each.least, each.smallest):,}"
        found.add_row(escape(each.quota.name), f"{max(each.least, each.smallest):,}", most, each.quota.code)
    return found


def _capacity(capacity: "GraphCapacity") -> str:
    totals = capacity.totals
    parts = [f"{span_in_words(totals['vcpus'])} vCPUs"]
    if totals["accelerators"].most:
        parts = [f"{span_in_words(totals['accelerators'])} accelerators"]
        parts.append(f"{span_in_words(totals['dense_pflops'])} PFLOPS in dense BF16")
        memory = totals["accelerator_memory_gib"].times(1 / _GIB_PER_TIB)
        speed = totals["accelerator_memory_bandwidth_tb_per_second"]
        parts.append(f"{span_in_words(memory)} TiB of their memory at {span_in_words(speed)} TB/s")
    parts.append(f"{span_in_words(totals['network_gbps'].times(1 / 1000))} Tbps of network")
    if capacity.storage_gib:
        parts.append(f"{amount(capacity.storage_gib / _GIB_PER_TIB)} TiB of storage")
    lacking = sorted({pool for figure in ("dense_pflops", "network_gbps") for pool in capacity.without(figure)})
    text = ", ".join(parts)
    return text + (f" [yellow bold](WITHOUT what is not known of {escape(', '.join(lacking))})[/]" if lacking else "")


def _power_in_words(power: "PowerEstimate") -> str:
    energy = power.energy_kwh.times(1 / _KWH_PER_MWH)
    text = f"{span_in_words(power.kilowatts)} kW, {span_in_words(energy)} MWh a month"
    if len(power.without_carbon) < len(power.pools):
        text += f", {span_in_words(power.carbon_kg.times(1 / _KILOGRAMS_PER_TONNE))} t CO2e"
    if power.without_carbon:
        text += f"; no carbon of {escape(', '.join(power.without_carbon))} is known"
    own = [each for each in power.pools if each.is_own]
    if own and power.without_cost:
        text += "; give ownDollarsPerKwh, and its cost is told"
    elif own:
        text += f"; {span_in_words(power.own_monthly)} US dollars a month for power of your own"
    return text


def _cost_in_words(cost: "CostEstimate") -> str:
    hourly, monthly = span_in_words(cost.hourly), span_in_words(cost.monthly)
    text = f"{monthly} US dollars a month, {hourly} an hour"
    if cost.assumed.most:
        text += f"; {span_in_words(cost.assumed)} of the month by assumption"
    if cost.is_simulated:
        text += ", if the simulated nodes were real"
    count = len(cost.unpriced)
    if count:
        things = "1 thing that has" if count == 1 else f"{count} things that have"
        text = f"[yellow bold]{text}; WITHOUT {things} no price[/]"
    return text
