"""How much of the time is spent on steps that count."""

import time
from typing import Any


class Goodput:
    """Useful step time as a share of all time since the training was first started, restarts included.

    What is lost to a restart is the time from the checkpoint that it goes on from to the first step after it: the
    steps that have to be done again, the wait, and the start.
    """

    def __init__(self) -> None:
        self._began = time.time()
        self._useful = 0.0
        self._lost = 0.0
        self._restarts = 0
        self._saved: float | None = None

    def add(self, seconds: float) -> None:
        """Count a step that was kept."""
        self._useful += seconds

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return min(1.0, self._useful / max(1e-9, time.time() - self._began))

    @property
    def lost_seconds(self) -> float:
        """Seconds that all restarts have cost."""
        return self._lost

    @property
    def restarts(self) -> int:
        """How often training went on from a checkpoint."""
        return self._restarts

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of it: plain JSON."""
        return {
            "began": self._began,
            "useful": self._useful,
            "lost": self._lost,
            "restarts": self._restarts,
            "saved": time.time(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint; call `resume` just before the first step after it."""
        self._began, self._useful, self._lost = state["began"], state["useful"], state["lost"]
        self._restarts, self._saved = state["restarts"], state["saved"]

    def resume(self) -> float:
        """Return the seconds that this restart has cost; 0 where there was none."""
        if self._saved is None:
            return 0.0
        # Clocks of two machines may differ.
        lost = max(0.0, time.time() - self._saved)
        self._lost += lost
        self._restarts += 1
        self._saved = None
        return lost
