"""The number of pods that is told to KEDA."""

import threading
import time
from collections.abc import Callable


class Answer:
    """The number of pods that KEDA is told; others wait for it to change."""

    def __init__(self, lasts: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Know nothing yet; what is set later counts for `lasts` seconds."""
        self._lasts, self._clock = lasts, clock
        self._changed = threading.Condition()
        self._replicas: int | None = None
        self._at = 0.0

    @property
    def replicas(self) -> int | None:
        """The number; None where there is none, or where it is too old to be told."""
        with self._changed:
            return None if self._clock() - self._at > self._lasts else self._replicas

    def set(self, replicas: int | None) -> None:
        """Take the number of a decision; None where there is none."""
        with self._changed:
            self._replicas, self._at = replicas, self._clock()
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until it is set again, `seconds` at most."""
        with self._changed:
            self._changed.wait(seconds)
