"""The engine: one thread that computes for all requests at once, and takes new ones between its steps.

The serving library's own batching computes a batch to its end before the next one begins; of texts of different
length the short ones would wait for the longest, so work joins and leaves at each step.
"""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ...problems import InvalidInput
from .errors import Refusal
from .metrics import Metrics
from .settings import ServingSettings
from .work import Failure, Progress, TextWork, Work

_LOG: Final = logging.getLogger("aidc.inference")
_IDLE_SECONDS: Final = 0.5
_MEMORY: Final = 0.1
"""Weight of the last piece of work in the average time that one takes."""

News = list[tuple[Work, Progress]]


class Batch(Protocol):
    """Computes pieces of work together, step by step."""

    @property
    def size(self) -> int:
        """Pieces of work in it."""
        ...

    @property
    def free(self) -> int:
        """Pieces of work that may still join."""
        ...

    def step(self, joining: Sequence[Work]) -> News:
        """Let work join, compute one step, and return what is new. What has ended has left."""
        ...

    def remove(self, work: Work) -> None:
        """Let work leave before its end."""
        ...

    def clear(self) -> list[Work]:
        """Let all work leave, after an error."""
        ...


class Engine:
    """Owner of the model: loads it, and works through what is submitted."""

    def __init__(
        self,
        settings: ServingSettings,
        metrics: Metrics,
        load: Callable[["Engine"], Batch],
        tell: Callable[[News], None],
    ) -> None:
        """Prepare an engine.

        Args:
            settings: Bounds of batch, queue and time.
            metrics: Where it counts.
            load: Loads and warms up the model; runs in the engine's thread.
            tell: Takes news to those who wait; runs in the engine's thread.
        """
        self._settings, self._metrics, self._load, self._tell = settings, metrics, load, tell
        self._condition = threading.Condition()
        self._waiting: deque[Work] = deque()
        self._running: set[Work] = set()
        self._stopping = False
        self._beat = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._average = 0.0
        self.ready = False
        """Whether the model is loaded and warmed up."""
        self.detail = "starting"
        """What it does or waits for, until it is ready."""
        self.failure: InvalidInput | Exception | None = None
        """Why it could not start; None while it can."""

    def start(self) -> None:
        """Begin to load the model."""
        self._beat = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """End the thread; work that is left is told so."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join(timeout=5)

    def beat(self, detail: str | None = None) -> None:
        """Note that the engine moves; while loading, with what it does."""
        self._beat = time.monotonic()
        if detail is not None and detail != self.detail:
            self.detail = detail
            _LOG.info(detail)

    @property
    def still(self) -> float:
        """Seconds since the engine moved."""
        return time.monotonic() - self._beat

    @property
    def waiting(self) -> int:
        """Pieces of work that wait."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not self._waiting and not self._running

    def submit(self, works: Sequence[Work]) -> None:
        """Take all pieces of work of one request, or none.

        Raises:
            Refusal: The model is not there yet (503), or too much waits (429).
        """
        with self._condition:
            if not self.ready or self._stopping:
                raise Refusal(503, f"the model is not ready: {self.detail}", retry_after=5)
            wait = self.expected_wait(len(works))
            bound = self._settings.queue
            # Work that a free row takes at the next step is no queue.
            free = max(0, self._settings.batch - len(self._running))
            if len(self._waiting) + len(works) > bound + free or wait > self._settings.queue_seconds:
                after = max(1, min(60, math.ceil(wait)))
                message = f"{len(self._waiting)} texts or images wait already; try again in {after} s"
                raise Refusal(429, message, code="overloaded", retry_after=after)
            self._waiting.extend(works)
            self._metrics.waiting.set(len(self._waiting))
            self._condition.notify()

    def expected_wait(self, more: int = 0) -> float:
        """Return the seconds until `more` pieces of work that come now are taken up, by what the last ones took."""
        ahead = len(self._waiting) + len(self._running) + more - self._settings.batch
        return max(0, ahead) * self._average / self._settings.batch

    def cancel(self, works: Sequence[Work]) -> None:
        """Give up work that nobody waits for."""
        for work in works:
            work.cancelled = True

    def _run(self) -> None:
        started = time.monotonic()
        try:
            batch = self._load(self)
        except Exception as error:
            self.failure, self.detail = error, str(error)
            return
        self._metrics.load_seconds.set(time.monotonic() - started)
        self._metrics.capacity.set(self._settings.batch)
        self.beat("ready")
        self.ready = True
        while not self._stopping:
            self._turn(batch)
        self._end([*batch.clear(), *self._waiting], "stopped")

    def _turn(self, batch: Batch) -> None:
        with self._condition:
            if not self._waiting and not batch.size and not self._stopping:
                self._condition.wait(_IDLE_SECONDS)
        self.beat()
        self._drop(batch)
        joining = self._joining(batch)
        if not joining and not batch.size:
            self._metrics.running.set(0)
            return
        self._metrics.batch_size.observe(batch.size + len(joining))
        self._metrics.running.set(batch.size + len(joining))
        try:
            news = batch.step(joining)
        except Exception:
            _LOG.exception("a step of the engine failed")
            self._metrics.errors.labels("engine").inc()
            batch.clear()
            self._end(list(self._running), "failed")
            return
        self._measure(news)
        self._tell(news)
        self._metrics.running.set(batch.size)

    def _joining(self, batch: Batch) -> list[Work]:
        now = time.monotonic()
        joining: list[Work] = []
        with self._condition:
            while self._waiting and len(joining) < batch.free:
                work = self._waiting.popleft()
                if work.cancelled:
                    continue
                work.started = now
                self._metrics.queue_seconds.observe(now - work.arrived)
                joining.append(work)
                self._running.add(work)
            self._metrics.waiting.set(len(self._waiting))
        return joining

    def _drop(self, batch: Batch) -> None:
        """Let work leave that nobody wants any more."""
        now = time.monotonic()
        for work in [work for work in self._running if work.cancelled or work.deadline <= now]:
            batch.remove(work)
            if not work.cancelled:
                self._end([work], "late")
            self._running.discard(work)
        with self._condition:
            late = [work for work in self._waiting if work.deadline <= now]
            if late or any(work.cancelled for work in self._waiting):
                self._waiting = deque(work for work in self._waiting if not work.cancelled and work.deadline > now)
        self._end([work for work in late if not work.cancelled], "late")

    def _measure(self, news: News) -> None:
        now = time.monotonic()
        for work, progress in news:
            if isinstance(work, TextWork) and not work.first and progress.tokens:
                work.first = now
                self._metrics.first_token_seconds.observe(now - work.arrived)
            if progress.finish is None:
                continue
            self._running.discard(work)
            took = now - work.started
            self._average += (took - self._average) * (_MEMORY if self._average else 1)
            if isinstance(work, TextWork):
                self._metrics.tokens.labels("prompt").inc(len(work.prompt))
                self._metrics.tokens.labels("generation").inc(progress.tokens)
                if progress.tokens > 1:
                    self._metrics.output_token_seconds.observe((now - work.first) / (progress.tokens - 1))

    def _end(self, works: Sequence[Work], failure: Failure) -> None:
        if not works:
            return
        for work in works:
            self._running.discard(work)
        self._tell([(work, Progress(work.index, finish=failure, failure=failure)) for work in works])
