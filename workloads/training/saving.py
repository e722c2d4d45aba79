"""When a training saves its state, and how it goes on from what was saved."""

from types import TracebackType
from typing import Any, Self

from torch.optim import Optimizer

from .checkpoints.checkpoints import Checkpoints
from .checkpoints.settings import CheckpointSettings
from .checkpoints.state import TrainingState
from .events import Events
from .goodput import Goodput
from .learner import Learner
from .parallel.processes import Processes


class Saving:
    """The checkpoints of a loop; where no location is set, there are none. Every process calls each method."""

    def __init__(
        self,
        settings: CheckpointSettings,
        learner: Learner,
        optimizer: Optimizer,
        processes: Processes,
        events: Events,
        goodput: Goodput,
    ) -> None:
        """Take what is saved."""
        self._settings, self._events, self._goodput = settings, events, goodput
        self._state = TrainingState(model=learner, optimizer=optimizer, rank=processes.rank)
        self._checkpoints = Checkpoints(settings, processes) if settings.location is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error, another process may be gone, and what is being written may wait for it.
        if self._checkpoints is not None and kind is None:
            self._checkpoints.close()

    def resume(self) -> tuple[int, dict[str, Any]]:
        """Restore the newest whole checkpoint; return its step and what was given to `save`, or 0 and nothing.

        Raises:
            InvalidInput: See `Checkpoints.restore`.
        """
        if self._checkpoints is None:
            return 0, {}
        step = self._checkpoints.restore(self._state)
        if step:
            self._goodput.restore(self._state.values["goodput"])
            self._events.tell("resumed", step=step, lost_seconds=self._goodput.resume())
        return step, self._state.values

    def before_update(self) -> None:
        """Wait until the weights may change."""
        if self._checkpoints is not None:
            self._checkpoints.staged()

    def after_step(self, step: int, values: dict[str, Any], *, now: bool) -> None:
        """Save the state as of `step` where the interval says so, or `now`.

        Raises:
            CheckpointFailed: See `Checkpoints.save`.
        """
        checkpoints = self._checkpoints
        if checkpoints is None or not (now or step % self._settings.interval == 0):
            return
        paused, failed = checkpoints.measured.pause_seconds, checkpoints.measured.failed
        self._state.values = {**values, "goodput": self._goodput.state()}
        checkpoints.save(step, self._state)
        self._tell_failures(failed)
        self._events.tell("checkpoint", step=step, pause_seconds=checkpoints.measured.pause_seconds - paused)

    def finish(self) -> None:
        """Wait for the last checkpoint; raises `CheckpointFailed` if it failed."""
        if self._checkpoints is not None:
            self._checkpoints.wait()

    def _tell_failures(self, before: int) -> None:
        assert self._checkpoints is not None
        measured = self._checkpoints.measured
        if measured.failed > before:
            self._events.tell("checkpoint_failed", step=measured.failed_step, reason=measured.failure)
