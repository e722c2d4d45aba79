"""The page of `aidc allocate`: pools, prices, how sure they are, what limits cost, alternatives, assumptions."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from rich.markup import escape
from rich.table import Table

from ..planning.allocation.conflict import Conflict, LimitMove
from ..planning.allocation.pools import Allocation, LimitPrice, Pool
from ..planning.allocation.settings import pool_settings
from ..planning.catalog import all_instance_types, assumptions, sources
from ..planning.nodes.fitting import number
from .page import print_page
from .tables import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..planning.allocation.request import Request


def show(request: "Request", answer: Allocation | Conflict, platform: str, *, as_error: bool = False) -> None:
    """Print the page to standard output, or to standard error where something else belongs there."""
    parts = _conflict(answer) if isinstance(answer, Conflict) else _parts(request, answer, platform)
    print_page(parts, sys.stderr if as_error else None)


def settings_of(request: "Request", answer: Allocation | Conflict, platform: str) -> str:
    """Return the pools as the text of an environment's settings."""
    import yaml

    assert isinstance(answer, Allocation)
    found = pool_settings(answer.pools, request.problem.demands, platform)
    return yaml.safe_dump({"config": found}, sort_keys=False, width=120, default_flow_style=None)


def data_of(request: "Request", answer: Allocation | Conflict, platform: str) -> dict[str, Any]:
    """Return the same as data, with names in camel case."""
    from ..problems import camel_case

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            mapping = cast(dict[Any, Any], value)
            return {camel_case(str(key)): renamed(each) for key, each in mapping.items()}
        if isinstance(value, list | tuple):
            return [renamed(each) for each in cast(Sequence[Any], value)]
        return value

    data: dict[str, Any] = {"region": request.market.region, "zones": request.market.zones}
    if isinstance(answer, Conflict):
        return {**data, "isPossible": False, "conflict": renamed(asdict(answer))}

    def use(pool: Pool) -> dict[str, Any]:
        layout = request.layouts.get(pool.demand, {}).get(pool.instance_type)
        serving = request.serving.get(pool.demand, {}).get(pool.instance_type)
        return {
            "layout": None if layout is None else renamed(asdict(layout)),
            "serving": None if serving is None else renamed(asdict(serving)),
        }

    pools = [
        {**renamed(asdict(pool)), "nodes": dict(pool.nodes), "count": pool.count, **use(pool)} for pool in answer.pools
    ]
    return {
        **data,
        "isPossible": True,
        **renamed(asdict(answer)),
        "pools": pools,
        "pricePerMonth": answer.price_per_hour * _month(),
        "unpriced": request.market.unpriced,
        "notes": {demand.name: demand.notes for demand in request.problem.demands},
        "settings": pool_settings(answer.pools, request.problem.demands, platform),
    }


def _parts(request: "Request", answer: Allocation, platform: str) -> "Iterator[RenderableType]":
    market = request.market
    yield f"[bold]The cheapest pools in {market.region}[/]: {', '.join(market.zones)}"
    yield ""
    yield _pools(answer)
    yield ""
    yield from _proof(answer)
    for title, lines in (
        ("How demands are met", _uses(request, answer)),
        ("What limits and demands cost", [_price_line(each) for each in answer.limit_prices]),
        ("The next best", list(_alternatives(answer))),
        ("Assumptions", list(_assumptions(request, answer))),
    ):
        if lines:
            yield ""
            yield f"[bold]{title}[/]"
            yield from (escape(f"  {line}") for line in lines)
    yield from _warnings(request, answer)
    yield ""
    yield f"[bold]Settings[/], for Pulumi.<environment>.yaml on {platform}"
    yield escape(settings_of(request, answer, platform))


def _pools(answer: Allocation) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("demand", "instance type", "bought"):
        table.add_column(title, no_wrap=True)
    table.add_column("nodes", justify="right")
    table.add_column("zones")
    for title in ("USD/h a node", "USD/h", "USD/month"):
        table.add_column(title, justify="right", no_wrap=True)
    for pool in answer.pools:
        paid = pool.purchase_option == "reserved"
        money = (
            ("paid", "", "")
            if paid
            else (f"{pool.price:,.4g}", f"{pool.price_per_hour:,.2f}", f"{pool.price_per_hour * _month():,.0f}")
        )
        zones = ", ".join(f"{zone} {nodes}" for zone, nodes in pool.nodes.items())
        table.add_row(pool.demand, pool.instance_type, pool.purchase_option, f"{pool.count:,}", zones, *money)
    if answer.reserved_per_hour:
        reserved = answer.reserved_per_hour
        table.add_row(
            "", "reservations, used or not", "", "", "", "", f"{reserved:,.2f}", f"{reserved * _month():,.0f}"
        )
    total = answer.price_per_hour
    table.add_row("[bold]total[/]", "", "", "", "", "", f"[bold]{total:,.2f}[/]", f"[bold]{total * _month():,.0f}[/]")
    return table


def _proof(answer: Allocation) -> Iterator[str]:
    if answer.status == "optimal":
        yield f"proved: nothing cheaper than {answer.bound_per_hour:,.2f} USD an hour meets it (gap {answer.gap:.2%})"
    else:
        yield (
            f"[yellow bold]not proved in time[/]: something cheaper may exist, but nothing below "
            f"{answer.bound_per_hour:,.2f} USD an hour (gap {answer.gap:.2%}); give --time-limit more seconds"
        )
    yield f"if nodes could be split it would be {answer.relaxed_per_hour:,.2f} USD an hour"


def _uses(request: "Request", answer: Allocation) -> list[str]:
    lines: list[str] = []
    for pool in answer.pools:
        layout = request.layouts.get(pool.demand, {}).get(pool.instance_type)
        node = request.serving.get(pool.demand, {}).get(pool.instance_type)
        if layout is not None:
            hours = layout.days * 24
            cost = sum(each.price_per_hour for each in answer.pools if each.demand == pool.demand) * hours
            usable = all_instance_types()[pool.instance_type].accelerator_memory_mib / 1024
            again = ", activations computed again" if layout.recomputes else ""
            bound = "; the network is what bounds it" if layout.is_network_bound else ""
            even = layout.even_batch_tokens
            step = f"; take steps of {even:,} tokens, as many texts for each of the groups" if even else ""
            paid = any(each.demand == pool.demand and each.reservations for each in answer.pools)
            beside = " beside what is reserved" if paid else ""
            lines.append(
                f"{pool.demand}: {layout.accelerators:,} accelerators as {layout.data} data x {layout.tensor} tensor x "
                f"{layout.pipeline} pipeline, {layout.memory_gib:.1f} of {usable:.1f} GiB each{again}: "
                f"{layout.days:.1f} days, {cost:,.0f} USD in all{beside}{bound}{step}"
            )
        if node is not None:
            replica = node.replica
            lines.append(
                f"{pool.demand}: {counted(node.replicas * pool.count, 'replica')} on {pool.instance_type}, "
                f"{counted(replica.accelerators, 'accelerator')} each: "
                f"{replica.requests_per_second:.2f} requests a second, {replica.concurrency:.1f} answers at a time, "
                f"first token in {replica.time_to_first_token * 1000:.0f} ms, then one every "
                f"{replica.time_per_output_token * 1000:.1f} ms; bound by {replica.bound_by}"
            )
    return list(dict.fromkeys(lines))


def _price_line(price: LimitPrice) -> str:
    sentence = f"{price.limit}: "
    if abs(price.marginal) > 1e-9:
        verb = "saves" if price.marginal < 0 else "costs"
        sentence += (
            f"one more {_singular(price.unit)} {verb} {abs(price.marginal):,.4g} USD an hour, if nodes are split"
        )
        # The program sees reservations as paid: what another node of one costs is not in it.
        sentence += ", before its own price" if price.limit.startswith("reservation ") else ""
    if price.step:
        verb = f"saves {-price.step_change:,.2f} USD an hour" if price.step_change < -0.005 else "saves nothing"
        sentence += f"{'; ' if abs(price.marginal) > 1e-9 else ''}{price.step:g} more {price.unit}, "
        sentence += f"{price.step_name}, {verb}"
    return sentence


def _alternatives(answer: Allocation) -> Iterator[str]:
    for each in answer.alternatives:
        more = each.price_per_hour - answer.price_per_hour
        share = f", {more / answer.price_per_hour:+.1%}" if answer.price_per_hour else ""
        without = ", ".join(dict.fromkeys(name for _, name in each.without))
        yield f"{each.price_per_hour:,.2f} USD an hour ({more:+,.2f}{share}), without {without}: {_named(each.pools)}"


def _named(pools: Iterable[Pool]) -> str:
    return ", ".join(f"{pool.demand} {pool.count} x {pool.instance_type} {pool.purchase_option}" for pool in pools)


def _assumptions(request: "Request", answer: Allocation) -> Iterator[str]:
    for demand in request.problem.demands:
        yield from (f"{demand.name}: {note}" for note in demand.notes)
    dates = sorted(
        {
            f"{pool.purchase_option} of {price.date or 'no known date'} ({sources()[price.source].title})"
            for pool in answer.pools
            if (price := all_instance_types()[pool.instance_type].price(request.market.region, pool.purchase_option))
        }
    )
    if dates:
        yield "prices: " + "; ".join(dates) + "; a spot price is the highest that was seen"
    yield "pools alone: no control plane, disks, load balancers, storage or transfer"
    yield "every zone is taken to offer every type; `aidc check` asks AWS, and `available` in a file says otherwise"
    if not request.problem.limits.quotas:
        yield "no quota was given, so none is kept; a new account may have quotas of 0"


def _warnings(request: "Request", answer: Allocation) -> Iterator[str]:
    lines: list[str] = []
    wanted = {name for demand in request.problem.demands for name in demand.instance_types}
    unpriced = [name for name in request.market.unpriced if name in wanted]
    if unpriced:
        lines.append(f"{', '.join(unpriced)} would do, but no price is known in {request.market.region}: left out")
    slow = {
        pool.instance_type
        for pool in answer.pools
        if (node := request.serving.get(pool.demand, {}).get(pool.instance_type)) and node.replica.accelerators > 1
        if (model := all_instance_types()[pool.instance_type].accelerator) and not model.fast_link
    }
    if slow:
        lines.append(
            f"no fast link between the accelerators of {', '.join(sorted(slow))}: replicas on several are slower"
        )
    if answer.unused_reservations:
        lines.append(f"reservations with nodes left: {', '.join(answer.unused_reservations)}")
    if lines:
        yield ""
        yield from (f"[yellow bold]warning:[/] {escape(line)}" for line in lines)


def _conflict(answer: Conflict) -> "Iterator[RenderableType]":
    yield "[red bold]Nothing that is for sale meets this.[/]"
    yield from (escape(f"  {line}") for line in answer.impossible)
    for group in answer.groups:
        yield ""
        alone = "This cannot be kept" if len(group) == 1 else "These cannot be kept together"
        yield alone + (":" if answer.is_minimal else ", or fewer of them; time ran out:")
        yield from (escape(f"  {limit}") for limit in group)
    if answer.moves:
        yield ""
        yield "The least that would make room:"
        yield from (escape(f"  {_move(each)}") for each in answer.moves)


def _move(move: LimitMove) -> str:
    verb = "lowered" if move.is_minimum else "raised"
    return f"{move.limit}: {verb} from {number(move.bound)} to {number(move.needed)} {move.unit}"


def _month() -> float:
    return assumptions()["hours_per_month"].value


def _singular(unit: str) -> str:
    first, *rest = unit.split(" ")
    return " ".join([first.removesuffix("s") if first not in ("TFLOPS", "Gbps") else first, *rest])
