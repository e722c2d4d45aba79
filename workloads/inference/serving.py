"""What the parts of the server share: settings, metrics, the engine, and the model once it is there."""

import asyncio
import logging
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...problems import InvalidInput, Problem
from .engine import Batch, Engine, News
from .errors import Refusal
from .locations import wait_for_export
from .metrics import Metrics
from .settings import ServingSettings

if TYPE_CHECKING:
    from ..models.encoding import Encoding
    from ..models.settings import ConvolutionalSettings

_LOG: Final = logging.getLogger("aidc.inference")
_UNBOUNDED_CONTEXT: Final = 4096
_CPU_LIMIT: Final = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The model that is served."""

    name: str
    """Name by which requests ask for it."""

    created: int
    """When it was loaded, in seconds since 1970."""

    encoding: "Encoding | None" = None
    """How text becomes tokens; None for a model of images."""

    context: int = 0
    """Tokens of a text at most, prompt included."""

    images: "ConvolutionalSettings | None" = None
    """Settings of a model of images; None for a language model."""

    labels: tuple[str, ...] = ()
    """Names of the classes of a model of images."""


class Serving:
    """The state of a server."""

    def __init__(self, settings: ServingSettings) -> None:
        """Prepare; nothing is loaded before `start`."""
        self.settings = settings
        self.metrics = Metrics()
        self.engine = Engine(settings, self.metrics, self._load, self._tell)
        self.served: Served | None = None
        self.draining = False
        self.requests = 0
        """Requests that are being answered."""
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to load the model; must be called in the event loop."""
        self._loop = asyncio.get_running_loop()
        self.engine.start()

    def dead(self) -> str:
        """Return why the process should be restarted, or nothing."""
        if self.engine.failure is not None:
            return f"the model cannot be loaded: {self.engine.detail}"
        # Reading the weights is one long step, which the startup probe bounds.
        if self.engine.ready and self.engine.still > self.settings.hang_seconds:
            return f"the engine has not moved for {self.engine.still:.0f} s"
        return ""

    def unready(self) -> str:
        """Return why new requests are not welcome, or nothing."""
        if self.draining:
            return "draining: the process was told to stop"
        if not self.engine.ready or self.served is None:
            return self.engine.detail
        if self.engine.waiting >= self.settings.queue:
            return f"the queue is full: {self.engine.waiting} texts or images wait"
        return self.dead()

    def model(self, name: str | None = None) -> Served:
        """Return the model.

        Raises:
            Refusal: It is not loaded yet (503), or another one was asked for (404).
        """
        if self.served is None or not self.engine.ready:
            raise Refusal(503, f"the model is not ready: {self.engine.detail}", retry_after=5)
        if name is not None and name != self.served.name:
            message = f"the model '{name[:100]}' is not served here; '{self.served.name}' is"
            raise Refusal(404, message, "model", "model_not_found")
        return self.served

    def _tell(self, news: News) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(_deliver, news)
        except RuntimeError:
            _LOG.warning("news came after the event loop had ended")

    def _load(self, engine: Engine) -> Batch:
        """Wait for the export, load the model, and make the batch; runs in the engine's thread."""
        settings = self.settings
        folder = wait_for_export(settings.model, settings.wait_seconds, engine.beat)
        engine.beat(f"loading {settings.model}")
        import torch

        from ..models.export import load_model
        from ..models.model import Convolutional
        from .images import ImageBatch
        from .texts import TextBatch

        torch.set_num_threads(settings.threads or usable_cores())
        device = settings.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        elif device.startswith("cuda") and not torch.cuda.is_available():
            raise InvalidInput("device", [Problem("device", f"'{device}' is not there; give cpu or auto")])
        loaded = load_model(folder, device)
        name, created = settings.name or loaded.name, int(time.time())
        engine.beat(f"warming up {name}")
        if isinstance(loaded.model, Convolutional):
            images = loaded.model.settings
            labels = loaded.labels or tuple(map(str, range(images.classes or 0)))
            self.served = Served(name=name, created=created, images=images, labels=labels)
            return ImageBatch(loaded.model, images, settings.batch)
        if loaded.encoding is None:
            raise InvalidInput(
                settings.model, [Problem("encoding.json", "missing; export the model with its encoding")]
            )
        if loaded.settings.kind == "gpt2" and (settings.context or 0) > loaded.settings.shape.context:
            reason = f"{settings.context:,} tokens are too much; the model looks back {loaded.settings.shape.context:,}"
            raise InvalidInput("settings of the inference server", [Problem("context", f"{reason} at most")])
        wanted = settings.context or (None if loaded.settings.kind == "gpt2" else _UNBOUNDED_CONTEXT)
        batch = TextBatch(loaded.model, loaded.encoding, settings.batch, wanted)
        context = batch.generator.capacity or _UNBOUNDED_CONTEXT
        self.served = Served(name=name, created=created, encoding=loaded.encoding, context=context)
        return batch


def usable_cores() -> int:
    """Return the cores that this process may use, one at least: by its affinity and by its container's limit."""
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        quota, period = _CPU_LIMIT.read_text().split()
        if quota != "max":
            cores = min(cores, int(quota) / int(period))
    except (OSError, ValueError):
        pass
    return max(1, math.floor(cores))


def _deliver(news: News) -> None:
    for work, progress in news:
        work.news.put_nowait(progress)
