"""`aidc schedule`: how jobs fit on nodes, and which settings of the cluster suit them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .environment import ProjectFolder, evaluate_environment
from .files import write_json
from .libraries import planning_libraries
from .waiting import shown_while

if TYPE_CHECKING:
    from ..planning.scheduling.environment import EnvironmentParts


def schedule(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Nodes and jobs in YAML.", show_default=False)
    ] = None,
    environment: Annotated[
        str,
        typer.Option(
            "--on",
            metavar="ENV",
            help="On the node pools of an environment, as large as they may be, beside the nodes of the file; without "
            "jobs in a file, those of the environment.",
        ),
    ] = "",
    project: ProjectFolder = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds for a proof, up to 120 jobs.")] = 10.0,
    moves: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Moves of the search, for more jobs than that.")
    ] = 1000,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write everything as JSON to this file; - for standard output.")
    ] = None,
) -> None:
    """Show how jobs fit on nodes: as a scheduler would place them, at best, what waits, and which settings help.

    `aidc schedule --on prod` takes an environment as it is; `aidc schedule jobs.yaml --on prod` tries other jobs on it.
    Nothing is made. Jobs that do not run are no failure: the exit code is 0.
    """
    document = _read(file) if file is not None else {}
    with planning_libraries():
        from ..planning.scheduling.request import read_scheduling_request
        from ..planning.scheduling.study import study

        parts = _parts(environment, project)
        problem = read_scheduling_request(
            document,
            str(file or "aidc schedule"),
            nodes=parts.nodes if parts is not None else (),
            jobs=parts.jobs if parts is not None and "jobs" not in document else (),
        )
        with shown_while("looking for the best schedule"):
            found = study(problem, seconds=seconds, moves=moves)
    left_out = parts.left_out if parts is not None else ()
    from .schedule_page import data_of, show

    if json_file is not None:
        write_json(json_file, data_of(problem, found, left_out))
    if json_file is None or str(json_file) != "-":
        show(problem, found, left_out)


def _read(path: Path) -> dict[str, Any]:
    from ..evaluation.documents import read_mapping

    return read_mapping(path)


def _parts(environment: str, project: Path | None) -> "EnvironmentParts | None":
    if not environment:
        return None
    from ..planning.scheduling.environment import environment_parts

    return environment_parts(evaluate_environment(environment, project))
