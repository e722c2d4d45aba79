"""How a page reaches a terminal of any width, or a pipe."""

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TextIO

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType

_PIPE_WIDTH: Final = 1000
"""Columns where nobody looks: nothing is wrapped, so that other programs find whole lines."""


def print_page(parts: "Iterable[RenderableType]", to: TextIO | None = None) -> None:
    """Print the parts of a page to a stream (default: standard output); nothing where there are none."""
    stream: TextIO = to or sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    console = Console(width=width, highlight=False, emoji=False)
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    page = captured.get().rstrip()
    if not page:
        return
    # Tables fill their lines with blanks up to the last column's width.
    text = "\n".join(line.rstrip() for line in page.split("\n"))
    # Names may have letters that a terminal of another time has not.
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()
