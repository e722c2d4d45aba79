"""The loop of a training: steps, and what happens between them."""

import time
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch.optim import Optimizer

from .data.loader import Loader
from .evaluation import evaluate
from .events import Events
from .faults import NonfiniteWatch, StragglerWatch
from .goodput import Goodput
from .learner import Learner
from .optimization.losses import LOSSES
from .optimization.optimizers import add_ridge, set_rate
from .optimization.schedules import rate_share
from .parallel.processes import Processes
from .saving import Saving
from .settings import TrainingSettings
from .speed import Speed
from .subject import Subject
from .termination import Termination


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a loop ended."""

    step: int
    """Steps that are done."""

    loss: float
    """Mean loss of the last reported steps; not a number where none ran."""

    evaluation: dict[str, float]
    """What the last evaluation found; empty where there was none."""

    signal: int | None
    """Signal that ended it; None where all steps are done."""


class Loop:
    """Steps of the optimizer from the last checkpoint to the end. Every process runs it."""

    def __init__(
        self,
        settings: TrainingSettings,
        subject: Subject,
        learner: Learner,
        optimizer: Optimizer,
        processes: Processes,
        events: Events,
        speed: Speed,
    ) -> None:
        """Take everything that is made already."""
        self._settings, self._subject, self._learner = settings, subject, learner
        self._optimizer, self._processes, self._events = optimizer, processes, events
        self._speed, self._goodput = speed, Goodput()
        self._saving = Saving(settings.checkpoint, learner, optimizer, processes, events, self._goodput)
        self._nonfinite = NonfiniteWatch(settings.faults, processes, events)
        self._stragglers = StragglerWatch(settings.faults, processes, events)
        self._loss = LOSSES[settings.loss]
        self._step = 0
        self._found: dict[str, float] = {}
        self._last_loss = float("nan")

    def run(self, facts: dict[str, Any]) -> Ending:
        """Train until all steps are done or a signal comes; `facts` are told with the event `started`.

        Raises:
            NonfiniteLoss: See `NonfiniteWatch`.
            CheckpointFailed: See `Checkpoints`.
            InvalidInput: The batch cannot be shared by the processes, or no checkpoint of several is whole.
        """
        settings = self._settings
        interval = settings.evaluation.interval or max(1, settings.steps // 10)
        stopped = False
        with (
            Termination(settings.faults.termination_notice) as termination,
            self._loader() as loader,
            self._saving,
        ):
            self._step, saved = self._saving.resume()
            self._last_loss = float(saved.get("loss", self._last_loss))
            self._tell_changes(saved)
            self._events.tell("started", **facts, step=self._step, steps=settings.steps)
            while self._step < settings.steps and not stopped:
                self._learn(loader)
                last = self._step == settings.steps
                stopped = self._processes.any(termination.signal is not None)
                if stopped and not last:
                    self._events.tell("terminating", step=self._step, signal=termination.signal)
                if not self._nonfinite.in_row:
                    values = {"loss": self._last_loss, "order": self._order()}
                    self._saving.after_step(self._step, values, now=stopped or last)
                if stopped and not last:
                    break
                if last or self._step % interval == 0:
                    self._evaluate()
            if not self._found and not stopped:
                self._evaluate()
            self._saving.finish()
            if self._step >= settings.steps:
                self._nonfinite.check_end(self._step, self._found)
        ended = stopped and self._step < settings.steps
        return Ending(
            step=self._step,
            loss=self._last_loss,
            evaluation=self._found,
            signal=(termination.signal or 0) if ended else None,
        )

    def _order(self) -> dict[str, Any]:
        """Return all that decides which samples each step learns from."""
        found = {name: self._subject.facts.get(name) for name in ("samples", "sha256")}
        settings = self._settings
        return {**found, "batch_size": settings.batch.batch_size, "seed": settings.seed}

    def _tell_changes(self, saved: dict[str, Any]) -> None:
        """Tell of a checkpoint by which other samples were learned from than the same steps would be here."""
        now, before = self._order(), cast(dict[str, Any], saved.get("order", {}))
        changes = {name: [before[name], now[name]] for name in before if before[name] != now.get(name)}
        if changes:
            self._events.tell("changed", step=self._step, **changes)

    def _loader(self) -> Loader:
        batch = self._settings.batch
        return Loader(
            self._subject.learned,
            batch_size=batch.batch_size,
            micro_batch_size=batch.micro_batch_size,
            seed=self._settings.seed,
            rank=self._learner.data_rank,
            size=self._learner.data_size,
            device=self._learner.device,
        )

    def _learn(self, loader: Loader) -> None:
        settings, learner, step = self._settings, self._learner, self._step
        began = time.perf_counter()
        # Dropout is a function of seed and step too, so there is no random state to be saved.
        number = (settings.seed * 1_000_003 + step) * 1_000_003 + learner.data_rank
        torch.manual_seed(number % 2**63)  # pyright: ignore[reportUnknownMemberType]
        share = rate_share(settings.schedule, settings.steps, step)
        set_rate(self._optimizer, settings.optimizer, share)
        batches = loader.micro_batches(step)
        waited = time.perf_counter() - began
        loss = learner.gradients(batches, self._loss)
        add_ridge(settings.optimizer, learner.parts)
        norm = learner.clip(settings.optimizer.gradient_clipping)
        self._step += 1
        samples = [int(index) for index in loader.indices(step)]
        if not self._nonfinite.good(self._step, loss, norm, learner.own_loss, samples):
            return
        self._saving.before_update()
        self._optimizer.step()
        seconds = time.perf_counter() - began
        self._goodput.add(seconds)
        self._stragglers.add(self._step, waited + learner.own_seconds)
        self._tell(loss, norm, settings.optimizer.learning_rate * share, seconds)

    def _tell(self, loss: float, norm: float, rate: float, seconds: float) -> None:
        values: dict[str, Any] = {
            "step": self._step,
            "steps": self._settings.steps,
            "loss": loss,
            "gradient_norm": norm,
            "learning_rate": rate,
            "step_seconds": seconds,
        }
        goodput = {"goodput": self._goodput.share, "lost_seconds": self._goodput.lost_seconds}
        self._speed.add(loss, seconds)
        self._events.tell("step", **values, **self._speed.of(1, seconds), **goodput)
        if self._step % self._settings.log_interval == 0 or self._step == self._settings.steps:
            mean = self._speed.mean()
            self._last_loss = mean["loss"]
            self._events.tell("progress", **{**values, **mean}, **goodput)

    def _evaluate(self) -> None:
        settings = self._settings
        began = time.perf_counter()
        self._found = evaluate(
            self._learner,
            self._subject.held_out,
            loss=settings.loss,
            batch_size=settings.batch.batch_size,
            micro_batch_size=settings.batch.micro_batch_size,
            batches=settings.evaluation.batches,
        )
        self._events.tell("evaluation", step=self._step, **self._found, seconds=time.perf_counter() - began)
