"""What goes wrong while a training runs: numbers that are none, and processes that are slow."""

import math
import platform
import statistics
from typing import Any

from .events import Events
from .outcomes import NonfiniteLoss
from .parallel.processes import Processes
from .settings import FaultSettings


class NonfiniteWatch:
    """Counts steps whose loss or gradient is no finite number.

    Such a step is left out: the weights stay as they are, and the next batch is tried. After too many in a row the
    training ends; the checkpoints are from before, since none is saved until a step was good again.
    """

    def __init__(self, settings: FaultSettings, processes: Processes, events: Events) -> None:
        self._limit, self._processes, self._events = settings.nonfinite_steps, processes, events
        self.in_row = 0
        """Bad steps since the last good one."""

    def good(self, step: int, loss: float, norm: float, own_loss: float, samples: list[int]) -> bool:
        """Tell whether a step counts. All processes see the same `loss` and `norm`, and come to the same answer.

        Args:
            step: The step, from 1.
            loss: Mean over all processes.
            norm: Norm of the whole gradient.
            own_loss: Mean over what this process computed, to tell on which ones it broke.
            samples: What this process learned from.

        Raises:
            NonfiniteLoss: There were too many in a row.
        """
        if math.isfinite(loss) and math.isfinite(norm):
            self.in_row = 0
            return True
        self.in_row += 1
        mine = None if math.isfinite(own_loss) else samples[:16]
        broken = {rank: found for rank, found in enumerate(self._processes.gather(mine)) if found is not None}
        values: dict[str, Any] = {"step": step, "loss": loss, "gradient_norm": norm, "in_row": self.in_row}
        self._events.tell("nonfinite", **values, ranks=list(broken), samples=list(broken.values()))
        if self.in_row > self._limit:
            what = "loss" if not math.isfinite(loss) else "norm of the gradient"
            where = f" on rank {', '.join(map(str, broken))}, samples {list(broken.values())}" if broken else ""
            raise NonfiniteLoss(
                f"step {step}: the {what} is {loss if what == 'loss' else norm}{where}, and {self._limit} steps before "
                "it were left out for the same reason (faults.nonfinite_steps); a lower optimizer.learning_rate, "
                "schedule.warmup_steps or optimizer.gradient_clipping may help, and the samples should be looked at"
            )
        return False

    def check_end(self, step: int, evaluation: dict[str, float]) -> None:
        """Refuse a model that ends in numbers that are none; raises `NonfiniteLoss`."""
        if not math.isfinite(evaluation.get("loss", 0.0)):
            raise NonfiniteLoss(
                f"after the last step, {step}, the loss on the data held out is {evaluation['loss']}, and nothing is "
                "exported; a lower optimizer.learning_rate, schedule.warmup_steps or optimizer.gradient_clipping may "
                "help"
            )


class StragglerWatch:
    """Compares how long the processes take, each for what it does before it waits for the others."""

    def __init__(self, settings: FaultSettings, processes: Processes, events: Events) -> None:
        self._settings, self._processes, self._events = settings, processes, events
        self._seconds: list[float] = []

    def add(self, step: int, seconds: float) -> None:
        """Take the seconds of this process for one step; every so many steps, report those that are slow."""
        self._seconds.append(seconds)
        if self._processes.world_size == 1 or len(self._seconds) < self._settings.straggler_interval:
            return
        # One slow step, for a page of a file or a kernel that is compiled, makes no straggler.
        mine = statistics.median(self._seconds)
        self._seconds.clear()
        found: list[tuple[float, str]] = self._processes.gather((mine, platform.node()))
        median = statistics.median_low([each for each, _ in found])
        for rank, (each, node) in enumerate(found):
            if each > self._settings.straggler_factor * median:
                self._events.tell("straggler", step=step, rank=rank, node=node, seconds=each, median_seconds=median)
