"""The page of `aidc plan`, for a terminal of any width and for a pipe."""

import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from ..planning.nodes.fitting import number
from ..planning.nodes.node_pools import is_accelerator
from .page import print_page
from .plan_cost_page import cost_parts, sum_rows
from .tables import counted
from .tables import table as make_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..planning.nodes.node_pools import NodePool
    from ..planning.plan.summary import ComponentSummary, PlannedWorkload, PlanSummary, PoolSummary
    from ..planning.plan.teardown import TeardownStep

_GIB: Final = 2**30
_MOST_ROWS: Final = 40
"""Rows of a table on a terminal, and components of one type under one parent; a pipe gets all."""

_MOST_NAMES: Final = 6
"""Names of components in one line."""

_PLAIN_GPU: Final = "nvidia.com/gpu"


def show(summary: "PlanSummary") -> None:
    """Print the page to standard output."""
    print_page(_parts(summary, _MOST_ROWS if sys.stdout.isatty() else None))


def _parts(summary: "PlanSummary", most: int | None) -> "Iterable[RenderableType]":
    """Yield the page from its details to its sums: what stands last is what a terminal still shows."""
    title = escape(f"{summary.project}/{summary.stack}")
    inside = f" in {len(summary.stacks)} stacks: {escape(', '.join(summary.stacks))}" if summary.stacks else ""
    yield f"[bold]{title}[/bold]: {counted(summary.resources, 'resource')}{inside}"
    if summary.types:
        yield ""
        yield _types(summary.types)
    if summary.components:
        yield ""
        yield _tree(summary, most)
    if summary.pools:
        yield ""
        yield _pools(summary)
    if summary.workloads:
        yield ""
        yield from _cut(_workloads, summary.workloads, most, "workloads")
    if len(summary.teardown) > 1:
        yield ""
        yield from _teardown(summary.teardown, bool(summary.stacks))
    yield from cost_parts(summary)
    if summary.workloads or summary.pools or summary.cost.lines or summary.cost.unpriced:
        yield ""
        yield _totals(summary)
    if summary.notes:
        yield ""
        yield from (f"[dim]{escape(note)}[/]" for note in summary.notes)
    if summary.warnings:
        yield ""
        yield from (f"[yellow bold]warning:[/] {escape(warning)}" for warning in summary.warnings)


def _totals(summary: "PlanSummary") -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    if summary.workloads or summary.pools:
        least, most = summary.wanted, summary.wanted_at_most
        wanted = [_span(*summary.pods, "pod")]
        wanted += [_amounts(resource, least.get(resource, 0), most[resource]) for resource in _counted(most)]
        table.add_row("wanted", escape(", ".join(wanted)))
    if summary.pools:
        nodes = summary.maximum_nodes
        amounts = summary.provided
        provided = [_amounts(resource, amounts[resource], amounts[resource]) for resource in _counted(amounts)]
        count = "any number of nodes" if nodes is None else f"{counted(nodes, 'node')} at most"
        table.add_row("provided", f"{count}: {', '.join(provided)}" if provided else count)
    for name, text in sum_rows(summary):
        table.add_row(name, text)
    return table


def _tree(summary: "PlanSummary", most: int | None) -> Tree:
    root = Tree("[bold]Components, and the resources inside[/]", guide_style="dim")
    branches = [root]
    shown: dict[tuple[int, str], int] = {}
    hidden_below = sys.maxsize
    for component in summary.components:
        if component.depth > hidden_below:
            continue
        hidden_below = sys.maxsize
        del branches[component.depth + 1 :]
        parent = branches[-1]
        key = (id(parent), component.type)
        shown[key] = shown.get(key, 0) + 1
        if most is not None and shown[key] > most:
            hidden_below = component.depth
            if shown[key] == most + 1:
                parent.add(f"[dim]more of {escape(_kind(component))}: --json has them all[/]")
        else:
            where = f" of {component.stack}" if summary.stacks and not component.depth else ""
            name = f"[bold]{escape(component.name)}[/]{escape(where)}"
            label = f"{escape(_kind(component))} {name} [dim]{component.resources:,}[/]"
            branches.append(parent.add(label))
    return root


def _teardown(steps: "tuple[TeardownStep, ...]", has_stacks: bool) -> "Iterable[RenderableType]":
    table = make_table("Teardown, first to last", ["", "what", "names", "remarks"], [""])
    stack = ""
    for turn, step in enumerate(steps, start=1):
        if has_stacks and step.stack != stack:
            stack = step.stack
            table.add_row("", f"[bold]{escape(stack)}[/]", "", "")
        remarks = [f"{step.protected} protected"] if step.protected else []
        remarks += [f"{step.kept} kept"] if step.kept else []
        shown = [*step.names[:_MOST_NAMES], *(["..."] if len(step.names) > _MOST_NAMES else [])]
        table.add_row(str(turn), escape(step.kind), escape(", ".join(shown)), ", ".join(remarks))
    yield table
    if any(step.protected for step in steps):
        yield "[dim]protected: refused until `protect` is false, deployed[/]"


def _kind(component: "ComponentSummary") -> str:
    return component.type.rpartition(":")[2]


def _pools(summary: "PlanSummary") -> Table:
    pools = summary.pools
    title = "Node pools at their largest: wanted / provided"
    unit, memory = _memory_unit(pools)
    headings = [*_POOL_HEADINGS, unit, "USD/h"]
    table = make_table(title, [*headings, "type"], headings[1:])
    for each in pools:
        pool = each.pool
        table.add_row(
            escape(pool.name),
            "no limit" if pool.maximum_nodes is None else f"{pool.maximum_nodes:,}",
            _share(each, pool.gpu_resource) if pool.gpu_resource else "",
            _share(each, "cpu"),
            _share(each, "memory", memory),
            _pool_price(summary, pool),
            escape(_type(pool)),
        )
    return table


_POOL_HEADINGS: Final = ("pool", "nodes", "GPUs", "cores")


def _memory_unit(pools: "tuple[PoolSummary, ...]") -> tuple[str, int]:
    """Return the unit in which all pools have readable amounts, and its bytes."""
    largest = max(each.pool.provided.get("memory", 0.0) for each in pools)
    return ("TiB", _GIB * 1024) if largest >= 10_000 * _GIB else ("GiB", _GIB)


def _pool_price(summary: "PlanSummary", pool: "NodePool") -> str:
    if pool.is_existing:
        return "-"
    price = summary.cost.of_pool(pool.name)
    return "[yellow bold]unknown[/]" if price is None else f"{price.most:,.2f}"


def _type(pool: "NodePool") -> str:
    """Return the first instance type and how many more, and in what its accelerators are counted unless in GPUs."""
    first, *more = pool.instance_types or ("existing" if pool.is_existing else "any",)
    device = "" if pool.gpu_resource in ("", _PLAIN_GPU) else f", {pool.gpu_resource.rpartition('/')[2]}"
    return first + (f" +{len(more)}" if more else "") + device


def _share(each: "PoolSummary", resource: str, unit: int = 1) -> str:
    provided = each.pool.provided.get(resource)
    least, most = each.wanted.get(resource, Decimal(0)), each.wanted_at_most.get(resource, Decimal(0))
    wanted = _whole(least / unit) if least == most else f"{_whole(least / unit)}-{_whole(most / unit)}"
    return f"{wanted}/{'?' if provided is None else _whole(provided / unit)}"


def _workloads(found: "Iterable[PlannedWorkload]") -> Table:
    found = list(found)
    has_devices = any(is_accelerator(resource) for each in found for resource in each.workload.requests)
    right = ["pods", "cores", "GiB", *(["GPUs"] if has_devices else [])]
    table = make_table("Workloads: pods, and what one of them asks for", ["kind", "name", *right, "pool"], right)
    for each in found:
        workload = each.workload
        devices = sum(amount for resource, amount in workload.requests.items() if is_accelerator(resource))
        table.add_row(
            escape(workload.kind),
            escape(f"{workload.namespace}/{workload.name}" if workload.namespace else workload.name),
            _range(workload.pods, workload.maximum_pods),
            number(workload.requests.get("cpu", 0)),
            number(workload.requests.get("memory", Decimal(0)) / _GIB),
            *([number(devices) if devices else ""] if has_devices else []),
            escape(each.pool) or "any",
        )
    return table


def _types(types: Mapping[str, int]) -> Table:
    table = make_table("Resources by type", ["type", "count"], ["count"])
    for type, count in sorted(types.items()):
        table.add_row(escape(_short(type)), f"{count:,}")
    return table


def _short(type: str) -> str:
    """Return a type token as Pulumi's own pages show it: `aws:s3:Bucket` for `aws:s3/bucket:Bucket`."""
    package, _, rest = type.partition(":")
    module, slash, name = rest.rpartition(":")
    return f"{package}:{module.partition('/')[0]}:{name}" if slash and "/" in module and package == "aws" else type


def _cut(
    make: "Callable[[Iterable[PlannedWorkload]], Table]",
    rows: "tuple[PlannedWorkload, ...]",
    most: int | None,
    what: str,
) -> "Iterable[RenderableType]":
    yield make(rows[:most])
    if most is not None and len(rows) > most:
        yield f"[dim]and {len(rows) - most:,} more {what}: --json has them all[/]"


def _counted(resources: Collection[str]) -> list[str]:
    """Return what a data center is measured in: cores, memory, accelerators."""
    accelerators = sorted(resource for resource in resources if is_accelerator(resource))
    return [*(resource for resource in ("cpu", "memory") if resource in resources), *accelerators]


def _amounts(resource: str, least: float | Decimal, most: float | Decimal) -> str:
    if resource == "memory":
        return _span(float(least) / _GIB, float(most) / _GIB, "GiB", plural="GiB")
    return _span(least, most, "core") if resource == "cpu" else _span(least, most, resource, plural=resource)


def _span(least: float | Decimal, most: float | Decimal, unit: str, plural: str = "") -> str:
    low, high = _whole(least), _whole(most)
    count = high if low == high else f"{low} to {high}"
    return f"{count} {unit if count == '1' else plural or unit + 's'}"


def _range(least: int, most: int) -> str:
    return f"{most:,}" if least == most else f"{least:,}-{most:,}"


def _whole(amount: float | Decimal) -> str:
    """Return a sum: nobody counts tenths of a hundred cores."""
    return number(round(amount) if abs(amount) >= 10 else amount)
