"""`aidc render`: Kubernetes manifests in a folder."""

from pathlib import Path
from typing import Annotated

import typer

from .environment import Environment, ProjectFolder, evaluate_environment


def render(
    environment: Environment,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.", show_default=False)],
    project: ProjectFolder = None,
) -> None:
    """Write an environment's Kubernetes manifests, in the order in which they must be applied, for GitOps.

    What cannot be written, objects that hold secrets or what only a deployment can tell, is named, and listed in
    resources.json.
    """
    import json

    from ..evaluation.render import LIST_NAME
    from ..evaluation.render import render as write

    # As in a first preview: what a cloud assigns has no value yet, and none is made up.
    written = write(evaluate_environment(environment, project, preview=True), output)
    listed = json.loads((output / LIST_NAME).read_text(encoding="utf-8"))["resources"]
    left_out = [entry for entry in listed if "reason" in entry]
    typer.echo(f"{len(written)} manifests in {output}; all resources in {output / LIST_NAME}")
    for entry in left_out:
        listed_paths = entry.get("secrets") or entry.get("unknown")
        paths = f" ({', '.join(listed_paths)})" if listed_paths else ""
        typer.echo(f"left out: {entry['type']} {entry['name']} {entry['reason']}{paths}")
