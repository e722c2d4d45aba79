"""What goes wrong around a cluster, as messages and exit codes."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from ..controlplane.cluster import Cluster

FAILED: Final = 1
INTERRUPTED: Final = 130


@contextmanager
def failures_of(cluster: "Cluster", again: str) -> Generator[None]:
    """Turn what goes wrong into a message and an exit code: 1, or 130 for an interruption; never a traceback."""
    from ..controlplane.failure import ApiUnreachable, ControlPlaneFailure, ProgramFailed
    from ..tools import ToolError

    try:
        yield
    except KeyboardInterrupt:
        left = "its programs go on running" if any(cluster.running().values()) else "none of its programs runs"
        typer.echo(
            f"interrupted: cluster '{cluster.name}' stays as it is, {left}; `{again}` continues, "
            f"`aidc down {cluster.name}` removes it",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None
    except ApiUnreachable as failure:
        reason = cluster.explain()
        typer.echo(f"error: the API server of '{cluster.name}' went away ({failure})", err=True)
        typer.echo((f"{reason}\n" if reason else "") + f"`{again}` heals and continues", err=True)
        raise typer.Exit(FAILED) from None
    except ProgramFailed as failure:
        typer.echo(f"error: {failure}", err=True)
        typer.echo(f"`{again}` tries again; `aidc down {cluster.name}` first, to start from nothing", err=True)
        raise typer.Exit(FAILED) from None
    except (ControlPlaneFailure, ToolError) as failure:
        typer.echo(f"error: {failure}", err=True)
        raise typer.Exit(FAILED) from None
