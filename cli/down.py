"""`aidc down`: a simulated cluster removed without a trace."""

from typing import Annotated

import typer


def down(
    name: Annotated[str, typer.Argument(help="Name of the cluster: that of its environment, unless `up` named it.")],
) -> None:
    """Stop a simulated cluster and remove everything that it left: processes, files, data."""
    from ..controlplane.cluster import Cluster
    from ..controlplane.state import require_existing
    from .failures import failures_of

    require_existing(name)
    cluster = Cluster(name)
    with failures_of(cluster, f"aidc down {name}"):
        count = cluster.stop()
    ended = "no process ran" if not count else f"{count} processes ended" if count > 1 else "1 process ended"
    typer.echo(f"cluster '{name}' is gone: {ended}, its files are removed")
