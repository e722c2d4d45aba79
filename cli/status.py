"""`aidc status`: what runs where in a simulated cluster, and what it costs an hour."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..controlplane.snapshot import NodeView, Snapshot

_MOST_NODES = 40


def status(
    name: Annotated[str, typer.Argument(help="Name of the cluster: that of its environment, unless `up` named it.")],
    json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
) -> None:
    """Show what runs where: nodes, workloads, addresses, autoscalers, claims, and the cost of an hour."""
    from ..controlplane.cluster import Cluster
    from ..controlplane.observing import observe
    from ..controlplane.snapshot import as_json
    from ..controlplane.state import require_existing
    from .failures import failures_of

    require_existing(name)
    cluster = Cluster(name)
    environment = cluster.environment() or name
    again = f"aidc up {environment}" + (f" --name {name}" if environment != name else "")
    with failures_of(cluster, again), cluster.client() as client:
        seen = observe(client, name, environment, cluster.kubeconfig, cluster.running())
    if json:
        import json as encoder

        typer.echo(encoder.dumps(as_json(seen), indent=2))
    else:
        show(seen)


def show(seen: "Snapshot") -> None:
    """Print a snapshot as tables."""
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False)
    _headline(console, seen)
    _nodes(console, seen)
    _workloads(console, seen)
    _entrances(console, seen)
    _rest(console, seen)
    for program, runs in seen.programs.items():
        if not runs:
            console.print(f"[red]{program} does not run; `aidc up` starts it again[/red]")


def _headline(console: "Console", seen: "Snapshot") -> None:
    sums = seen.totals
    pending = f", [yellow]{sums.pods_pending} pending[/yellow]" if sums.pods_pending else ""
    count = sums.nodes_without_price
    unpriced = f" and {count} node{'s' if count > 1 else ''} without a price" if count else ""
    gpus = f"{sums.gpus_used} of {sums.gpus} GPUs used, " if sums.gpus else ""
    console.print(
        f"[bold]{seen.cluster}[/bold]: {sums.nodes} nodes, {sums.pods_running} pods running{pending}, {gpus}"
        f"[bold]${sums.cost_per_hour:,.2f} an hour[/bold]{unpriced}"
    )
    console.print(f"KUBECONFIG={seen.kubeconfig}", style="dim", soft_wrap=True)


def _table(title: str, columns: Iterable[str], right: Sequence[str] = ()) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        # Every column counts on a terminal of 80.
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def _nodes(console: "Console", seen: "Snapshot") -> None:
    table = _table("Nodes", ["node", "type", "zone", "GPUs", "$/h", "pods"], right=["GPUs", "$/h"])
    for node in seen.nodes[:_MOST_NODES]:
        host = node.host if node.ready else f"[red]{node.host} not ready[/red]"
        cost = "" if node.cost_per_hour is None else f"{node.cost_per_hour:,.2f}"
        used = f"{node.gpus_used}/{node.gpus}" if node.gpus else ""
        table.add_row(host, _type(node), node.zone, used, cost, _pods(node, seen))
    console.print()
    console.print(table)
    if len(seen.nodes) > _MOST_NODES:
        console.print(f"and {len(seen.nodes) - _MOST_NODES} more nodes: --json has them all")


def _type(node: "NodeView") -> str:
    return node.instance_type + (f" {node.capacity_type}" if node.capacity_type not in ("", "on-demand") else "")


def _pods(node: "NodeView", seen: "Snapshot") -> str:
    """Return the workloads on a node, with how many pods of each."""
    counts = Counter(pod.workload for pod in seen.pods if pod.node == node.name)
    return ", ".join(label + (f" x{count}" if count > 1 else "") for label, count in sorted(counts.items()))


def _workloads(console: "Console", seen: "Snapshot") -> None:
    from rich.markup import escape

    if not seen.workloads:
        return
    table = _table("Workloads", ["namespace", "workload", "kind", "pods", "GPUs", "on"], right=["pods", "GPUs"])
    colour = {"ready": "green", "waiting": "yellow", "failed": "red"}
    for view in seen.workloads:
        pods = f"[{colour[view.state]}]{view.ready}/{view.wanted}[/{colour[view.state]}]"
        where = ", ".join(view.instance_types)
        nodes = f"{len(view.nodes)} x {where}" if len(view.instance_types) == 1 else f"{len(view.nodes)}: {where}"
        state = "" if view.state == "ready" else f" {escape(view.detail)}"
        on = (nodes if view.nodes else "") + state
        table.add_row(view.namespace, view.name, view.kind, pods, str(view.gpus or ""), on)
    console.print()
    console.print(table)


def _entrances(console: "Console", seen: "Snapshot") -> None:
    public = [view for view in seen.services if view.type == "LoadBalancer"]
    if public:
        table = _table("Load balancers", ["namespace", "service", "address", "ports"])
        for view in public:
            address = view.address or "[yellow]none yet[/yellow]"
            table.add_row(view.namespace, view.name, address, ", ".join(view.ports))
        console.print()
        console.print(table)
    if seen.autoscalers:
        columns = ["namespace", "autoscaler", "target", "now / target", "replicas"]
        table = _table("Autoscaling", columns, right=["replicas"])
        for view in seen.autoscalers:
            metrics = ", ".join(f"{metric.name} {metric.current} / {metric.target}" for metric in view.metrics)
            inside = f"{view.replicas} in {view.minimum}-{view.maximum}"
            metrics = metrics if view.active else f"[yellow]{metrics}[/yellow]"
            table.add_row(view.namespace, view.name, view.target, metrics, inside)
        console.print()
        console.print(table)


def _rest(console: "Console", seen: "Snapshot") -> None:
    if seen.claims:
        table = _table("Storage", ["namespace", "claim", "size", "class", "access", "phase"], right=["size"])
        for view in seen.claims:
            access = ", ".join(view.access_modes)
            table.add_row(view.namespace, view.name, view.size, view.storage_class, access, view.phase)
        console.print()
        console.print(table)
    if seen.network_policies:
        denying = [view for view in seen.network_policies if view.denies_by_default]
        where = ", ".join(dict.fromkeys(view.namespace for view in denying))
        told = f"all is denied unless opened in {where}" if denying else "nothing is denied by default"
        console.print(f"\n[bold]Network policies[/bold]: {len(seen.network_policies)}; {told}")
