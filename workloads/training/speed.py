"""How fast a training is: samples, tokens and floating-point operations a second."""

from .subject import Subject


class Speed:
    """Means over the steps since the last report, and over all steps but the first, which compiles and warms up."""

    def __init__(self, subject: Subject, batch_size: int, world_size: int, peak: float | None) -> None:
        """Take the samples of a step, and the most that one device can do (operations a second; None: not known)."""
        self._context, self._flops = subject.context, subject.flops_per_sample
        self._batch_size = batch_size
        self._peak = None if peak is None else peak * world_size
        self._losses: list[float] = []
        self._seconds = 0.0
        self._all_steps, self._all_seconds = -1, 0.0

    def add(self, loss: float, seconds: float) -> None:
        """Count a step."""
        self._losses.append(loss)
        self._seconds += seconds
        self._all_steps += 1
        self._all_seconds += seconds if self._all_steps else 0.0

    def of(self, steps: int, seconds: float) -> dict[str, float | None]:
        """Return the speed of so many steps in so many seconds; the share of FLOPS is None where no peak is known."""
        samples = steps * self._batch_size / max(seconds, 1e-9)
        found: dict[str, float | None] = {"samples_per_second": samples}
        if self._context:
            found["tokens_per_second"] = samples * self._context
        found["flops_utilization"] = None if self._peak is None else samples * self._flops / self._peak
        return found

    def mean(self) -> dict[str, float]:
        """Return loss, seconds a step and speed since the last call."""
        steps = len(self._losses)
        found = {"loss": sum(self._losses) / steps, "step_seconds": self._seconds / steps}
        speed = {name: value for name, value in self.of(steps, self._seconds).items() if value is not None}
        self._losses.clear()
        self._seconds = 0.0
        return {**found, **speed}

    def overall(self) -> dict[str, float | None]:
        """Return the speed over all steps but the first; nothing where there were no others."""
        return self.of(self._all_steps, self._all_seconds) if self._all_steps > 0 else {}
