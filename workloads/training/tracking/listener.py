"""What a tracker hears of a training."""

from typing import Any, Final

from ..events import Events
from .trackers import Tracker

_PARTS: Final = {"progress": "training", "evaluation": "evaluation"}


class TrackingListener:
    """Passes measurements on; a tracker that fails while training goes on is reported once, and left alone."""

    def __init__(self, tracker: Tracker, events: Events) -> None:
        self._tracker: Tracker | None = tracker
        self._events = events

    def hear(self, event: str, values: dict[str, Any]) -> None:
        """Keep the numbers of `progress` and `evaluation`, as `training/loss` or `evaluation/accuracy`."""
        part = _PARTS.get(event)
        if self._tracker is None or part is None:
            return
        numbers = {
            f"{part}/{key}": float(value)
            for key, value in values.items()
            if isinstance(value, int | float) and key not in ("step", "steps")
        }
        try:
            self._tracker.log(int(values["step"]), numbers)
        except Exception as error:  # each library raises its own
            self._failed(error)

    def close(self) -> None:
        """Let the tracker write what it has."""
        if self._tracker is not None:
            try:
                self._tracker.close()
            except Exception as error:  # each library raises its own
                self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._tracker = None
        self._events.tell("tracking_failed", reason=" ".join(f"{type(error).__name__}: {error}".split()))
