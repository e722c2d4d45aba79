"""Optimizers, from torch.optim."""

from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from ..parallel.spreading import alike
from .settings import AdamSettings, AdamWSettings, MomentumSettings, OptimizerSettings


def make_optimizer(settings: OptimizerSettings, parts: Iterable[nn.Module]) -> Optimizer:
    """Return the optimizer of all weights that are learned in `parts`.

    The average v <- b v + (1 - b) g, w <- w - a v is torch's momentum u <- b u + g, w <- w - a' u, with v = (1 - b) u
    and a' = a (1 - b). torch's `dampening` is not it: the first gradient goes into its average undamped.
    """
    weights = _weights(parts)
    rate = settings.learning_rate
    groups: list[dict[str, Any]] = [{"params": each} for each in alike(weights)]
    if isinstance(settings, AdamWSettings):
        groups = [
            {"params": each, "weight_decay": settings.weight_decay if decayed else 0.0}
            for decayed in (True, False)
            for each in alike(weight for weight in weights if (weight.ndim >= 2) == decayed)
        ]
        made: Optimizer = AdamW(
            groups,
            lr=rate,
            betas=(settings.beta1, settings.beta2),
            eps=settings.epsilon,
            fused=_fused(weights),
        )
    elif isinstance(settings, AdamSettings):
        betas = (settings.beta1, settings.beta2)
        made = Adam(groups, lr=rate, betas=betas, eps=settings.epsilon, fused=_fused(weights))
    elif isinstance(settings, MomentumSettings):
        made = SGD(groups, lr=rate, momentum=settings.momentum, fused=_fused(weights))
    else:
        made = SGD(groups, lr=rate, fused=_fused(weights))
    return made


def set_rate(optimizer: Optimizer, settings: OptimizerSettings, share: float) -> None:
    """Set the learning rate to `share` of the full one."""
    rate = settings.learning_rate * share
    if isinstance(settings, MomentumSettings):
        rate *= 1 - settings.momentum
    for group in optimizer.param_groups:
        group["lr"] = rate


def add_ridge(settings: OptimizerSettings, parts: Iterable[nn.Module]) -> None:
    """Add 2 lambda w to the gradient of each weight w, the gradient of the penalty lambda sum w^2."""
    if settings.ridge:
        weights = [weight for weight in _weights(parts) if weight.grad is not None]
        with torch.no_grad():
            for group in alike(weights):
                cast(Any, torch)._foreach_add_([weight.grad for weight in group], group, alpha=2 * settings.ridge)


def _weights(parts: Iterable[nn.Module]) -> list[nn.Parameter]:
    found = (weight for part in parts for weight in part.parameters() if weight.requires_grad)
    return list(dict.fromkeys(found))


def _fused(weights: Iterable[Tensor]) -> bool:
    """Tell whether one kernel can change all weights: torch has it for these devices."""
    return all(weight.device.type in ("cpu", "cuda") and weight.is_floating_point() for weight in weights)
