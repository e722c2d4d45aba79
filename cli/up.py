"""`aidc up`: an environment on a simulated cluster of this machine."""

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .environment import Environment, ProjectFolder, evaluate_environment
from .failures import FAILED, failures_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..controlplane.applying import Outcome
    from ..controlplane.client import Client
    from ..controlplane.cluster import Cluster, ClusterSettings
    from ..controlplane.waiting import Progress

Manifest = dict[str, Any]
_SHOWN = 8


def up(
    environment: Environment,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the cluster. Default: that of the environment.")
    ] = None,
    manifests: Annotated[
        Path | None,
        typer.Option("--manifests", help="Folder of manifests to apply instead of what the environment declares."),
    ] = None,
    project: ProjectFolder = None,
    real_node: Annotated[
        bool,
        typer.Option(
            "--real-node",
            help="Add a node that really runs its pods: those that select the pool `real`. Needs Linux and root.",
        ),
    ] = False,
    images: Annotated[
        list[Path] | None,
        typer.Option("--images", help="Archives of images for the real node, or folders of them; may be repeated."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, max=86400, help="Seconds to wait until everything is ready.")
    ] = 300,
    prune_data: Annotated[
        bool, typer.Option("--prune-data", help="Also remove claims, volumes and namespaces that are gone.")
    ] = False,
    force_conflicts: Annotated[
        bool, typer.Option("--force-conflicts", help="Take over fields that someone else has set.")
    ] = False,
) -> None:
    """Start a simulated cluster on this machine, deploy an environment into it, and wait until it is ready.

    The control plane is real: API server, scheduler, controllers, Karpenter and HPA; only the nodes are simulated, so
    pods are admitted, scheduled and scaled, and no container starts, except on a real node. Running it again changes
    nothing; interrupting it at any moment and running it again ends well.
    """
    from ..controlplane.cluster import Cluster
    from ..controlplane.state import check_name

    again = f"aidc up {environment}" + (f" --name {name}" if name else "")
    check_name(name or environment)
    cluster = Cluster(name or environment)
    with failures_of(cluster, again):
        archives = _archives(cluster, images, real_node=real_node)
        objects, settings = _wanted(environment, manifests, project)
        if real_node or cluster.has_real_node():
            objects, settings = _really(objects, settings, archives)
        _start(cluster, settings)
        with cluster.client() as client:
            cluster.remember(environment)
            cluster.prepare(objects)
            _apply(client, objects, prune_data=prune_data, force_conflicts=force_conflicts)
            _wait(client, objects, timeout)
            _show(client, cluster)


def _wanted(environment: str, manifests: Path | None, project: Path | None) -> "tuple[list[Manifest], ClusterSettings]":
    """Return what shall be in the cluster, and what cluster it needs."""
    from ..controlplane.cluster import ClusterSettings
    from ..controlplane.machines import machines_of
    from ..controlplane.manifests import read_manifests, wanted_controllers, zones_of
    from ..controlplane.rehearsal import rehearse

    region = ""
    if manifests is not None:
        objects = read_manifests(manifests)
    else:
        from ..evaluation.manifests import manifests_of

        graph = evaluate_environment(environment, project)
        rehearsal = rehearse(manifests_of(graph))
        objects = list(rehearsal.objects)
        for left_out in rehearsal.left_out:
            typer.echo(f"left out {left_out}: what makes it work is not simulated", err=True)
        centers = [resource.inputs for resource in graph if resource.type == "aidc:index:DataCenter"]
        region = str(centers[0].get("region") or "") if centers else ""
    zones = zones_of(objects)
    region = region or (zones[0].rstrip("abcdef") if zones else "us-east-1")
    settings = ClusterSettings(
        controllers=wanted_controllers(objects),
        region=region,
        machines=machines_of(objects, region),
        # Pools may name some zones and leave others open.
        zones=sorted({*zones, *(f"{region}{letter}" for letter in "abc")}),
    )
    return objects, settings


def _archives(cluster: "Cluster", images: list[Path] | None, *, real_node: bool) -> list[Path]:
    """Return the archives of images; refuse a machine that can have no real node before anything starts."""
    from ..controlplane.real_node.images import find_archives
    from ..controlplane.real_node.requirements import require_machine
    from ..problems import InvalidInput, Problem

    if real_node:
        require_machine()
    if images and not real_node and not cluster.has_real_node():
        raise InvalidInput("up", [Problem("--images", "only a real node runs images; give --real-node, too")])
    return find_archives(images or [])


def _really(
    objects: "list[Manifest]", settings: "ClusterSettings", archives: list[Path]
) -> "tuple[list[Manifest], ClusterSettings]":
    """Return the same with a real node in the place of the simulated ones of its pool."""
    from dataclasses import replace

    from ..controlplane.real_node.node import stands_for, without_stand_ins

    machines = [node for node in settings.machines if not stands_for(node)]
    return without_stand_ins(objects), replace(settings, real_node=True, images=archives, machines=machines)


def _start(cluster: "Cluster", settings: "ClusterSettings") -> None:
    from ..tools import shown_on

    with shown_on(sys.stderr) as report:
        cluster.start(settings, report)


def _apply(client: "Client", objects: Sequence[Manifest], *, prune_data: bool, force_conflicts: bool) -> None:
    from ..controlplane.applying import apply_all

    outcome = apply_all(client, objects, prune_stateful=prune_data, force_conflicts=force_conflicts)
    typer.echo(_told(outcome), err=True)
    for kept in outcome.kept:
        typer.echo(f"kept {kept}, which is not declared any more but holds data; --prune-data removes it", err=True)
    if outcome.refused:
        count = "1 object was" if len(outcome.refused) == 1 else f"{len(outcome.refused)} objects were"
        typer.echo(f"error: {count} refused:", err=True)
        for refusal in outcome.refused:
            typer.echo(f"  - {refusal}", err=True)
        raise typer.Exit(FAILED)


def _told(outcome: "Outcome") -> str:
    counts = {
        "created": len(outcome.created),
        "changed": len(outcome.changed),
        "removed": len(outcome.removed),
        "unchanged": len(outcome.unchanged),
    }
    if outcome.same:
        return f"nothing to change: {counts['unchanged']} objects are as declared"
    return "applied: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _wait(client: "Client", objects: Sequence[Manifest], timeout: float) -> None:
    from ..controlplane.waiting import wait_until_ready

    with _shown() as show:
        wait_until_ready(client, objects, timeout, show)


@contextmanager
def _shown() -> "Generator[Callable[[Progress], None]]":
    """Give what shows progress: a live line on a terminal, else a line whenever more is ready."""
    if not sys.stderr.isatty():
        ready = [-1]

        def line(progress: "Progress") -> None:
            if progress.ready != ready[0]:
                ready[0] = progress.ready
                typer.echo(_progress(progress), err=True)

        yield line
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:
        yield lambda progress: live.update(_picture(progress), refresh=True)


def _picture(progress: "Progress") -> "RenderableType":
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False, title=f"{progress.ready} of {progress.total} ready")
    table.title_justify = "left"
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=2)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=3, style="yellow")
    for name, detail in progress.waiting[:_SHOWN]:
        table.add_row(name, escape(" ".join(detail.split())))
    if len(progress.waiting) > _SHOWN:
        table.add_row(f"and {len(progress.waiting) - _SHOWN} more")
    return table


def _progress(progress: "Progress") -> str:
    text = f"{progress.ready} of {progress.total} ready"
    if progress.waiting:
        name, detail = progress.waiting[0]
        more = f", and {len(progress.waiting) - 1} more" if len(progress.waiting) > 1 else ""
        text += f"; {name}: {_short(detail)}{more}"
    return text


def _short(text: str, length: int = 90) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 3] + "..."


def _show(client: "Client", cluster: "Cluster") -> None:
    from ..controlplane.observing import observe
    from .status import show

    show(observe(client, cluster.name, cluster.environment(), cluster.kubeconfig, cluster.running()))
