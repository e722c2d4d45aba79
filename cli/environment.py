"""The environment that a command is about: a Pulumi project and one of its stacks."""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..problems import InvalidInput, Problem
from .waiting import shown_while

if TYPE_CHECKING:
    from ..evaluation import ResourceGraph

Environment = Annotated[
    str, typer.Argument(metavar="ENV", help="Environment: a stack with a Pulumi.ENV.yaml.", show_default=False)
]
ProjectFolder = Annotated[
    Path | None,
    typer.Option("--project", "-C", help="Folder of the Pulumi project. Default: the nearest one upwards."),
]


def project_folder(given: Path | None) -> Path:
    """Return the folder with the Pulumi.yaml that is meant; raises `InvalidInput`."""
    if given is not None:
        return given
    try:
        here = Path.cwd()
    except OSError as error:
        raise InvalidInput("this folder", [Problem("", "is gone; change to another one, or give --project")]) from error
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise InvalidInput(str(here), [Problem("", "there is no Pulumi.yaml here or above; give --project")])


def evaluate_environment(environment: str, project: Path | None, *, preview: bool = False) -> "ResourceGraph":
    """Evaluate an environment of a project, ours or a stranger's, with the stacks that it stands on.

    What the program prints goes to standard error, as standard output is the command's own.
    """
    from ..evaluation.layers import evaluate_layers, joined
    from ..evaluation.project import load_project

    folder = project_folder(project)
    # Next to nothing of an evaluation is garbage before its end, and looking for it takes a tenth of the time.
    with shown_while(f"evaluating {environment}"), redirect_stdout(sys.stderr), _uncollected():
        return joined(evaluate_layers(load_project(folder), environment, preview=preview))


def configured_region(environment: str, project: Path | None) -> str:
    """Return `aws:region` of the stack's configuration, which the default provider has; empty where it has none."""
    from ..evaluation.project import load_project

    return load_project(project_folder(project)).stack_config(environment, {}).values.get("aws:region", "")


@contextmanager
def _uncollected() -> Generator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
