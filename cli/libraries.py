"""What is said where a library of the planning commands is not installed."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import typer

from .failures import FAILED

_PLANNING: Final = frozenset(("altair", "highspy", "jinja2", "numpy", "ortools", "pandas", "vl_convert"))


@contextmanager
def planning_libraries() -> Generator[None]:
    """Say which library of `aidc[planning]` is missing and how it comes, and end the command with its exit code."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _PLANNING:
            raise
        typer.echo(f"error: {missing} is not installed; `pip install 'aidc[planning]'` installs it", err=True)
        raise typer.Exit(FAILED) from None
