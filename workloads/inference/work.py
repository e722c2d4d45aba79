"""Work of the engine: one text or one image of a request, and what is told of its progress."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

    from ..models.generation import Row
    from ..models.sampling import Sampling

Failure = Literal["failed", "late", "stopped"]
"""Why work ended without a result: an error inside, no time left, or the server stops."""


@dataclass(frozen=True, slots=True)
class Progress:
    """News of one piece of work."""

    index: int
    """Place of the work in its request."""

    text: str = ""
    """Text since the last news."""

    tokens: int = 0
    """Tokens generated so far."""

    finish: str | None = None
    """Why it ended, as `stop` or `length`; None while it goes on."""

    probabilities: tuple[float, ...] | None = None
    """Probability of each class, for an image."""

    failure: Failure | None = None
    """Why it ended without a result."""


@dataclass(eq=False, slots=True, kw_only=True)
class Work:
    """What the engine is asked to do."""

    index: int
    """Place in its request."""

    news: "asyncio.Queue[Progress]"
    """Where the request waits for news; only the event loop puts something in."""

    deadline: float
    """Time, on the monotonic clock, after which nobody wants the result."""

    arrived: float = field(default_factory=time.monotonic)
    """When it was accepted, on the monotonic clock."""

    started: float = 0.0
    """When the engine took it up; 0 before."""

    cancelled: bool = False
    """Whether nobody waits for it any more. Set by the event loop, read by the engine."""


@dataclass(eq=False, slots=True, kw_only=True)
class TextWork(Work):
    """A text to go on from."""

    prompt: list[int]
    """Its tokens."""

    sampling: "Sampling"
    """How to go on."""

    streamed: bool = False
    """Whether news are wanted at every step, and not at the end only."""

    row: "Row | None" = None
    """What the engine generates."""

    first: float = 0.0
    """When its first token was there; 0 before."""


@dataclass(eq=False, slots=True, kw_only=True)
class ImageWork(Work):
    """An image to classify."""

    image: "torch.Tensor"
    """Float32 [channels, height, width] from 0 to 1."""
