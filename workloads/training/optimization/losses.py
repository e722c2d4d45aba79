"""What a training makes small."""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]
"""From outputs and targets to the mean over all samples and tokens."""

Measure = Callable[[Tensor, Tensor], Tensor]
"""From outputs and targets to one figure for each sample."""


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of -log of the probability of the target, in nats.

    Outputs are logits [..., classes], targets int64 [...].
    """
    return functional.cross_entropy(outputs.flatten(0, -2).float(), targets.flatten())


def mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over samples and classes of (y - y')^2: y is 1 for the target, else 0; y' are probabilities.

    Outputs are logits [..., classes], targets int64 [...].
    """
    given = torch.softmax(outputs.float(), dim=-1)
    wanted = functional.one_hot(targets, outputs.shape[-1]).to(given.dtype)
    return functional.mse_loss(given, wanted)


def entropy_of_samples(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy of each sample in nats, float32 [samples]."""
    return _mean(functional.cross_entropy(outputs.movedim(-1, 1).float(), targets, reduction="none"))


def error_of_samples(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of each sample's probabilities, float32 [samples]."""
    given = torch.softmax(outputs.float(), dim=-1)
    wanted = functional.one_hot(targets, outputs.shape[-1]).to(given.dtype)
    return _mean((given - wanted).square())


def hits_of_samples(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the share of each sample's targets that are the likeliest class, float32 [samples]."""
    return _mean((outputs.argmax(-1) == targets).float())


LOSSES: Final[dict[str, Loss]] = {"cross_entropy": cross_entropy, "mean_squared_error": mean_squared_error}


def _mean(values: Tensor) -> Tensor:
    return values.flatten(1).mean(1) if values.ndim > 1 else values
