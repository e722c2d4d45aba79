"""What a person sees while tools are made: a live line on a terminal, plain lines elsewhere."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress

_EVERY_SECONDS = 30.0


class Report(Protocol):
    """Is told what happens, tool by tool."""

    def begin(self, tool: str, text: str) -> None:
        """Say that work on a tool begins; `text` says what is done, and how long it may take."""
        ...

    def detail(self, tool: str, text: str) -> None:
        """Say how far the work is; called often."""
        ...

    def line(self, tool: str, text: str) -> None:
        """Say one thing that is worth a line: how a tool came to be there, or why another way is gone."""
        ...


class Silence:
    """Tells nobody."""

    def begin(self, tool: str, text: str) -> None:
        """Do nothing."""

    def detail(self, tool: str, text: str) -> None:
        """Do nothing."""

    def line(self, tool: str, text: str) -> None:
        """Do nothing."""


class Lines:
    """Plain lines, such as a log keeps; a long build gives a sign of life every half minute."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._started = self._said = time.monotonic()

    def begin(self, tool: str, text: str) -> None:
        """Write a line."""
        self._started = self._said = time.monotonic()
        self.line(tool, text)

    def detail(self, tool: str, text: str) -> None:
        """Write a line, if the last one is long ago."""
        now = time.monotonic()
        if now - self._said >= _EVERY_SECONDS:
            self._said = now
            self.line(tool, f"{text}, {now - self._started:.0f} s")

    def line(self, tool: str, text: str) -> None:
        """Write a line."""
        print(f"{tool}: {text}", file=self._stream, flush=True)


class Live:
    """A spinner with the present tool, and finished ones above it."""

    def __init__(self, progress: "Progress") -> None:
        """Show through a running `rich` progress display."""
        self._progress = progress
        self._task = progress.add_task("", visible=False, detail="")

    def begin(self, tool: str, text: str) -> None:
        """Show the tool, with a clock from zero."""
        self._progress.reset(self._task, description=tool, detail=text, visible=True)

    def detail(self, tool: str, text: str) -> None:
        """Show how far it is."""
        self._progress.update(self._task, detail=text)

    def line(self, tool: str, text: str) -> None:
        """Print a line above."""
        from rich.text import Text

        self._progress.update(self._task, visible=False)
        self._progress.console.print(Text.assemble((tool, "bold"), f": {text}"))


@contextmanager
def shown_on(stream: TextIO) -> Generator[Report]:
    """Give the report that fits the stream: live on a terminal, plain lines elsewhere."""
    if not stream.isatty():
        yield Lines(stream)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, min_width=23)),
        TextColumn("{task.fields[detail]}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
        TimeElapsedColumn(table_column=Column(no_wrap=True, min_width=7)),
    )
    with Progress(*columns, console=Console(file=stream), transient=True, expand=True) as progress:
        yield Live(progress)
