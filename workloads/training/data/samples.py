"""What every kind of data offers."""

from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples to learn from, the first dimension counting them."""

    inputs: Tensor
    """Tokens, int64 [samples, time]; or images, float32 [samples, channels, height, width] from 0 to 1."""

    targets: Tensor
    """The next tokens, int64 [samples, time]; or classes, int64 [samples]."""

    def __len__(self) -> int:
        return len(self.inputs)

    def split(self, size: int) -> "list[Batch]":
        """Return its micro-batches of `size` samples; the last one is smaller where `size` does not divide it."""
        starts = range(0, len(self), size)
        return [Batch(self.inputs[start : start + size], self.targets[start : start + size]) for start in starts]


class Samples(Protocol):
    """Samples that can be read in any order."""

    def __len__(self) -> int: ...

    def read(self, indices: Indices) -> Batch:
        """Return the samples at `indices`, in that order, in main memory."""
        ...


def tensor_of(array: NDArray[Any]) -> Tensor:
    """Return an array as a tensor that shares its memory."""
    return cast(Any, torch).from_numpy(array)
