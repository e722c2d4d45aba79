"""The norm of a gradient that many processes have parts of."""

from collections.abc import Iterable
from typing import Any, cast

import torch
import torch.distributed as distributed
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, Partial, Replicate


def local(tensor: Tensor) -> Tensor:
    """Return the part of a tensor that this process has."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def clip(
    weights: Iterable[nn.Parameter],
    processes_of_stage: int,
    maximum: float | None,
    also: Iterable[nn.Parameter] = (),
) -> float:
    """Shorten the gradient of all weights of all processes to `maximum`; return the norm that it had.

    Args:
        weights: Those of this process, without those that another stage counts.
        processes_of_stage: How many processes have the same weights, or parts of them.
        maximum: The largest norm. None changes nothing.
        also: Weights whose gradients are shortened, but not counted.
    """
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    parts = [local(gradient) for gradient in gradients]
    if parts:
        norms = torch.stack(cast(Any, torch)._foreach_norm(parts))
        # A part that n processes have is counted n times.
        shares = [_parts(gradient) / processes_of_stage for gradient in gradients]
        squares = norms.square() @ torch.tensor(shares, dtype=norms.dtype).to(norms.device, non_blocking=True)
    else:
        squares = torch.zeros(())
    shortened = [*parts, *(local(weight.grad) for weight in also if weight.grad is not None)]
    distributed.all_reduce(squares)
    norm = squares.sqrt()
    if maximum is not None:
        # As torch.nn.utils.clip_grad_norm_ has it.
        factor = torch.clamp(maximum / (norm + 1e-6), max=1.0)
        cast(Any, torch)._foreach_mul_(shortened, factor)
    return norm.item()


def _parts(gradient: Tensor) -> int:
    """Return in how many parts a gradient lies on the processes."""
    if not isinstance(gradient, DTensor):
        return 1
    found = 1
    for size, placement in zip(gradient.device_mesh.shape, gradient.placements, strict=True):
        assert not isinstance(placement, Partial), "gradients are summed before they are measured"
        found *= 1 if isinstance(placement, Replicate) else size
    return found
