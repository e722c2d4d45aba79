"""`aidc plan`: what an environment would make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .environment import Environment, ProjectFolder, evaluate_environment

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.tree import Tree

    from ..planning.summary import PlanSummary, PoolSummary

_GIB = 2**30


def plan(
    environment: Environment,
    project: ProjectFolder = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the plan as JSON to this file; - for standard output.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Evaluate as in a first preview, with nothing known, and show only that.")
    ] = False,
) -> None:
    """Show what an environment would make, want and provide, without a cloud, a cluster or credentials."""
    graph = evaluate_environment(environment, project, preview=preview)
    if preview:
        typer.echo(f"{graph.project}/{graph.stack}: {len(graph) - 1} resources; the first preview ends well")
        return
    from ..planning.summary import summarise

    summary = summarise(graph)
    if json_file is not None:
        _write_json(summary, json_file)
        return
    from rich.console import Console

    console = Console()
    for part in _page(summary):
        console.print(part)


def _write_json(summary: "PlanSummary", path: Path) -> None:
    import json

    from ..problems import InvalidInput, Problem

    text = json.dumps(summary.to_dict(), indent=2)
    if str(path) == "-":
        typer.echo(text)
        return
    temporary = path.with_name(f".{path.name}.partial")
    try:
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise InvalidInput(str(path), [Problem("", f"cannot be written: {error.strerror}")]) from error


def _page(summary: "PlanSummary") -> "list[RenderableType]":
    from rich.padding import Padding

    least, most = summary.pods
    pods = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    parts: list[RenderableType] = [
        f"[bold]{summary.project}/{summary.stack}[/bold]: {summary.resources:,} resources, {pods} pods",
        Padding(_tree(summary), (1, 0, 0, 0)),
    ]
    if summary.pools:
        parts.append(Padding(_pools(summary), (1, 0, 0, 0)))
    if summary.workloads:
        parts.append(Padding(_workloads(summary), (1, 0, 0, 0)))
    parts.append(Padding(_types(summary), (1, 0, 0, 0)))
    parts.extend(f"[yellow]warning:[/yellow] {warning}" for warning in summary.warnings)
    return parts


def _tree(summary: "PlanSummary") -> "Tree":
    from rich.tree import Tree

    root = Tree(f"{summary.project}-{summary.stack}", guide_style="dim")
    branches = [root]
    for component in summary.components:
        del branches[component.depth + 1 :]
        kind = component.type.rpartition(":")[2]
        label = f"{kind} [bold]{component.name}[/bold] [dim]{component.resources:,} resources[/dim]"
        branches.append(branches[-1].add(label))
    return root


def _pools(summary: "PlanSummary") -> "RenderableType":
    from rich.table import Table

    table = Table(title="Node pools: wanted of provided", title_justify="left", box=None, pad_edge=False)
    for heading in ("pool", "instance types", "nodes at most", "accelerators", "cores", "memory GiB", "USD/h at most"):
        table.add_column(heading, justify="left" if heading in ("pool", "instance types") else "right")
    for pool in summary.pools:
        types = ", ".join(pool.instance_types[:2]) + (" ..." if len(pool.instance_types) > 2 else "")
        price = pool.maximum_price_per_hour
        table.add_row(
            pool.name,
            types or "existing nodes",
            f"{pool.maximum_nodes:,}",
            _share(pool, pool.gpu_resource) if pool.gpu_resource else "",
            _share(pool, "cpu"),
            _share(pool, "memory", _GIB),
            "no price known" if price is None else f"{price:,.2f}",
        )
    return table


def _share(pool: "PoolSummary", resource: str, unit: float = 1) -> str:
    wanted, provided = pool.wanted.get(resource, 0) / unit, pool.provided.get(resource)
    return f"{wanted:,.0f} of {provided / unit:,.0f}" if provided is not None else f"{wanted:,.0f}"


def _workloads(summary: "PlanSummary") -> "RenderableType":
    from rich.table import Table

    from ..planning.summary import POOL_LABEL

    table = Table(title="Workloads: what one pod requests", title_justify="left", box=None, pad_edge=False)
    for heading in ("kind", "namespace", "name", "pods", "cores", "memory GiB", "accelerators", "pool"):
        right = heading in ("pods", "cores", "memory GiB", "accelerators")
        table.add_column(heading, justify="right" if right else "left")
    for each in summary.workloads:
        pods = f"{each.pods:,}" if each.pods == each.maximum_pods else f"{each.pods:,} to {each.maximum_pods:,}"
        devices = sum(amount for resource, amount in each.requests.items() if "/" in resource)
        table.add_row(
            each.kind,
            each.namespace,
            each.name,
            pods,
            f"{float(each.requests.get('cpu', 0)):g}",
            f"{float(each.requests.get('memory', 0)) / _GIB:.3g}",
            f"{devices:g}" if devices else "",
            each.node_selector.get(POOL_LABEL, "any"),
        )
    return table


def _types(summary: "PlanSummary") -> "RenderableType":
    from rich.table import Table

    table = Table(title="Resources by type", title_justify="left", box=None, pad_edge=False)
    table.add_column("type")
    table.add_column("count", justify="right")
    for type, count in sorted(summary.types.items()):
        table.add_row(type, f"{count:,}")
    return table
