"""How a preprocessing shows what it does: a bar on a terminal, JSON lines elsewhere."""

import json
import sys
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TextIO

EVENTS: Final = {
    "started": "The input is found and cut: files, partitions, bytes.",
    "stage": "A stage begins: its name, its tasks, and how many an earlier run has done.",
    "task": "A task has ended. Not among the JSON lines.",
    "progress": "A stage goes on; at most every ten seconds.",
    "terminating": "A signal asked for the end; what is finished stays, and the same command goes on from there.",
    "finished": "All is written: the counts of the manifest.",
}
"""Every event, and when it happens."""


class Listener(Protocol):
    """Something that wants to know."""

    def hear(self, event: str, values: dict[str, Any]) -> None:
        """Take one event, of `EVENTS`."""
        ...


def make_progress() -> Listener:
    """Return a bar where stderr is a terminal, else JSON lines on stdout."""
    return ProgressBar() if sys.stderr.isatty() else JsonLines(sys.stdout)


class JsonLines:
    """One JSON object a line: `time` (UTC), `event`, and its values."""

    def __init__(self, stream: TextIO) -> None:
        """Write to a stream."""
        self._stream = stream

    def hear(self, event: str, values: dict[str, Any]) -> None:
        """Write the event."""
        if event != "task":
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            print(json.dumps({"time": now, "event": event, **values}), file=self._stream, flush=True)


class ProgressBar:
    """A bar for each stage; what else happens stands above it."""

    def __init__(self) -> None:
        """Draw on stderr."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task: Any = None

    def hear(self, event: str, values: dict[str, Any]) -> None:
        """Show the event."""
        if event == "stage":
            self._progress.start()
            self._task = self._progress.add_task(
                str(values["stage"]).replace("_", " "), total=values["tasks"], completed=values["done"]
            )
        elif event == "task":
            self._progress.update(self._task, advance=1)
        elif event != "progress":
            if event in ("terminating", "finished"):
                self._progress.stop()
            parts = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in values.items())
            self._progress.console.print(f"{event}: {parts}" if parts else event, markup=False)
