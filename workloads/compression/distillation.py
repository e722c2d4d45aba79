"""Distillation: a smaller model learns what a larger one says (Hinton, Vinyals and Dean, 2015)."""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..training.data.loader import Loader
from ..training.optimization.optimizers import add_ridge, make_optimizer, set_rate
from ..training.optimization.schedules import rate_share
from ..training.settings import TrainingSettings
from ..training.subject import Subject

Report = Callable[[int, float], None]
"""Takes the number of steps that are done and the loss of the last one."""


def distillation_loss(student: Tensor, teacher: Tensor, targets: Tensor, temperature: float, weight: float) -> Tensor:
    """Return weight x T^2 x KL(teacher || student at temperature T) + (1 - weight) x cross-entropy, in nats.

    T^2 keeps the soft targets' gradients as large as those of the targets themselves (Hinton et al., section 2).

    Args:
        student: Logits [..., classes].
        teacher: Logits [..., classes].
        targets: Classes [...], int64.
        temperature: T, more than 0.
        weight: Share of the teacher, 0 to 1.
    """
    student, teacher = student.flatten(0, -2).float(), teacher.flatten(0, -2).float()
    wanted = (teacher / temperature).log_softmax(-1)
    found = (student / temperature).log_softmax(-1)
    soft = functional.kl_div(found, wanted, reduction="batchmean", log_target=True)
    return weight * temperature**2 * soft + (1 - weight) * functional.cross_entropy(student, targets.flatten())


def distill(
    teacher: nn.Module,
    student: nn.Module,
    settings: TrainingSettings,
    subject: Subject,
    *,
    temperature: float,
    weight: float,
    report: Report,
) -> None:
    """Let `student` learn from `teacher`, on the data, and by the optimizer, schedule and steps, of a training."""
    teacher.eval()
    student.train()
    optimizer = make_optimizer(settings.optimizer, [student])
    clipping = settings.optimizer.gradient_clipping
    batch = settings.batch
    with Loader(
        subject.learned,
        batch_size=batch.batch_size,
        micro_batch_size=batch.micro_batch_size,
        seed=settings.seed,
    ) as loader:
        for step in range(settings.steps):
            torch.manual_seed(settings.seed + step)  # pyright: ignore[reportUnknownMemberType]
            set_rate(optimizer, settings.optimizer, rate_share(settings.schedule, settings.steps, step))
            optimizer.zero_grad()
            micro_batches = loader.micro_batches(step)
            total = 0.0
            for micro in micro_batches:
                with torch.no_grad():
                    wanted = teacher(micro.inputs)
                loss = distillation_loss(student(micro.inputs), wanted, micro.targets, temperature, weight)
                loss = loss / len(micro_batches)
                cast(Any, loss).backward()
                total += loss.item()
            add_ridge(settings.optimizer, [student])
            if clipping is not None:
                nn.utils.clip_grad_norm_(student.parameters(), clipping)
            optimizer.step()
            report(step + 1, total)
    student.eval()
