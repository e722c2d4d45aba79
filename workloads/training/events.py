"""What a training tells of itself: events with stable names, to whoever listens."""

from collections.abc import Iterable
from typing import Any, Final, Protocol

EVENTS: Final = {
    "started": "The first step is about to run: what is trained, on what, by how many processes.",
    "step": "A step has ended. Of every step, for metrics; not among the JSON lines.",
    "progress": "Every `log_interval` steps: the means since the last report.",
    "evaluation": "The model was measured on the data held out.",
    "checkpoint": "A checkpoint was asked for; `pause_seconds` is how long training waited for it.",
    "checkpoint_failed": "A checkpoint could not be written; training goes on.",
    "resumed": "A checkpoint was restored; `lost_seconds` is the time since it was saved.",
    "changed": "The checkpoint is by another batch size, seed or data, as `[before, now]`: the steps go on from its "
    "number, and of its epoch some samples may come twice or not at all.",
    "nonfinite": "A loss or gradient was no finite number; the step was left out.",
    "straggler": "A process takes longer for its steps than the others.",
    "terminating": "A signal asked for the end; the step at hand is finished and a checkpoint saved.",
    "tracking_failed": "A tracker does not work any more; training goes on without it.",
    "exported": "The trained model was written.",
    "finished": "The training has ended.",
    "failed": "The training has failed.",
}
"""Every event, and when it happens."""


class Listener(Protocol):
    """Something that wants to know."""

    def hear(self, event: str, values: dict[str, Any]) -> None:
        """Take one event. Values are numbers, texts, and lists and mappings of them."""
        ...


class Events:
    """Passes events to listeners, in their order."""

    def __init__(self, listeners: Iterable[Listener] = ()) -> None:
        self._listeners = list(listeners)
        self.metrics_port: int | None = None
        """Port that metrics are served at, where they are."""

    def add(self, listener: Listener) -> None:
        """Let one more listen."""
        self._listeners.append(listener)

    def tell(self, event: str, **values: Any) -> None:
        """Tell all listeners; `event` is one of `EVENTS`."""
        assert event in EVENTS, event
        for listener in self._listeners:
            listener.hear(event, values)
