"""Where the past of the load comes from after a start: the source, or else a ConfigMap."""

import time
from collections.abc import Callable, Sequence

from .history import StoredHistory
from .readings import Sample, Source

_STORE_EVERY = 5
"""Intervals between two writes of the ConfigMap."""


class Past:
    """Finds the past, and stores what the source will not know later."""

    def __init__(
        self,
        source: Source,
        stored: StoredHistory | None,
        *,
        seconds: float,
        step: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            source: Asked first.
            stored: Asked where the source knows nothing, and written; None where there is none.
            seconds: Length of the past.
            step: Seconds between two samples.
            clock: Seconds that only go forward.
        """
        self._source, self._stored, self._step, self._clock = source, stored, step, clock
        self.seconds = seconds
        """Length of the past."""
        self._stored_at = clock()

    def find(self) -> Sequence[Sample] | None:
        """Return what is known, on a grid, oldest first; None where the source fails now.

        Raises:
            ApiFailure: The ConfigMap cannot be read now.
        """
        samples = self._source.past(self.seconds, self._step)
        if self._stored is None or samples is None or any(sample.rate is not None for sample in samples):
            return samples
        return self._stored.load()

    def store(self, samples: Sequence[Sample]) -> None:
        """Store the newest samples, now and then.

        Raises:
            ApiFailure: The ConfigMap cannot be written now.
        """
        if self._stored is not None and self._clock() - self._stored_at >= _STORE_EVERY * self._step:
            self._stored_at = self._clock()
            self._stored.save(samples)
