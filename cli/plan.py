"""`aidc plan`: what an environment would make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .environment import Environment, ProjectFolder, evaluate_environment

if TYPE_CHECKING:
    from ..planning.summary import PlanSummary


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
    from .plan_page import show

    show(summary)


def _write_json(summary: "PlanSummary", path: Path) -> None:
    import json

    from .files import write_whole

    text = json.dumps(summary.to_dict(), indent=2)
    if str(path) == "-":
        typer.echo(text)
    else:
        write_whole(path, text + "\n")
