"""Learning the past beside the loop: days of it take a policy many seconds, in which pods must be decided on."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from .cluster import ApiFailure
from .history import History
from .past import Past
from .policies import PredictingPolicy
from .readings import Sample

_LOG: Final = logging.getLogger("aidc.autoscaler")


@dataclass(frozen=True, slots=True)
class Learned:
    """What a lesson came to."""

    samples: Sequence[Sample] | None
    """The past; None where it could not be read."""

    policy: PredictingPolicy | None
    """A policy that knows it; None where there is none."""


def in_thread(lesson: Callable[[], None]) -> None:
    """Run a lesson in a thread that does not keep the process alive."""
    threading.Thread(target=lesson, name="learning", daemon=True).start()


class Learning:
    """One lesson at a time: reads the past, and lets a new policy learn it."""

    def __init__(
        self,
        make_policy: Callable[[], PredictingPolicy],
        past: Past,
        step: float,
        start: Callable[[Callable[[], None]], None] = in_thread,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            make_policy: Returns a policy that has seen nothing.
            past: Where the past comes from.
            step: Seconds between two samples.
            start: Runs a lesson, in a thread or at once.
        """
        self._make_policy, self._past, self._step, self._start = make_policy, past, step, start
        self._is_running = False
        self._learned: Learned | None = None

    def begin(self) -> None:
        """Begin a lesson, unless one is running."""
        if not self._is_running:
            self._is_running = True
            self._start(self._learn)

    def take(self) -> Learned | None:
        """Return what the last lesson came to, once; None where it is not done."""
        learned, self._learned = self._learned, None
        if learned is not None:
            self._is_running = False
        return learned

    def _learn(self) -> None:
        try:
            samples = self._past.find()
        except ApiFailure as failure:
            _LOG.warning(f"the past is not known yet: {failure}")
            samples = None
        policy = None
        if samples:
            history = History(self._step, self._past.seconds)
            history.replace(samples)
            policy = self._make_policy()
            try:
                policy.restore(history.series)
            except Exception:
                _LOG.exception("the policy could not learn the past")
                policy = None
        self._learned = Learned(samples, policy)
