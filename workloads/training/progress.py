"""How a training shows what it does: a bar on a terminal, JSON lines elsewhere."""

import json
import math
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

from .events import Listener

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

Shown = Literal["auto", "bar", "lines"]


class Display(Listener, Protocol):
    """Shows events to a person or a log."""

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


def make_progress(shown: Shown) -> Display:
    """Return a bar or JSON lines; `auto` is a bar where stderr is a terminal."""
    return ProgressBar() if shown == "bar" or (shown == "auto" and sys.stderr.isatty()) else JsonLines(sys.stdout)


class JsonLines:
    """One JSON object a line: `time` (UTC), `event`, and its values."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def hear(self, event: str, values: dict[str, Any]) -> None:
        """Write the event."""
        if event != "step":
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = json.dumps({"time": now, "event": event, **plain(values)})
            print(line, file=self._stream, flush=True)

    def close(self) -> None:
        """Do nothing: each line is written at once."""


class ProgressBar:
    """A bar with loss, speed and the time left; what else happens stands above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns: list[ProgressColumn] = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
        ]
        self._progress = Progress(*columns, console=Console(stderr=True), refresh_per_second=4)
        self._task: Any = None
        self._shown = 0.0

    def hear(self, event: str, values: dict[str, Any]) -> None:
        """Show the event."""
        if event == "started":
            self._task = self._progress.add_task(
                values["name"], total=values["steps"], completed=values["step"], loss="-", speed=""
            )
            self._progress.start()
            self._say(_started(values))
        elif event == "step":
            # A step may take less than a millisecond, and drawing takes longer.
            if time.monotonic() - self._shown > 0.1 or values["step"] == values["steps"]:
                self._shown = time.monotonic()
                self._progress.update(
                    self._task,
                    completed=values["step"],
                    loss=f"{values['loss']:.4f}",
                    speed=_speed(values),
                )
        elif event in ("finished", "failed"):
            self._progress.stop()
            self._say(_told(event, values))
        elif event != "progress":
            self._say(_told(event, values))

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def _say(self, text: str) -> None:
        from rich.text import Text

        self._progress.console.print(Text(text))


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as JSON has them: numbers that are not finite become text."""
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return plain(value) if isinstance(value, dict) else value  # pyright: ignore[reportUnknownArgumentType]


def _started(values: dict[str, Any]) -> str:
    processes = values["processes"]
    count = "1 process" if processes == 1 else f"{processes} processes"
    return f"{values['parameters']:,} parameters on {values['device']}, {count}; data: {values['data']['title']}"


def _speed(values: dict[str, Any]) -> str:
    for unit in ("tokens", "samples"):
        speed = values.get(f"{unit}_per_second")
        if speed is not None:
            return f"{speed:,.0f} {unit}/s"
    return ""


def _told(event: str, values: dict[str, Any]) -> str:
    parts = [f"{key.replace('_', ' ')} {_number(value)}" for key, value in values.items() if value is not None]
    return f"{event.replace('_', ' ')}: {', '.join(parts)}" if parts else event


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
