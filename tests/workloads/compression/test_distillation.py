"""Distillation: its loss beside the closed form, its gradient, and a student that learns."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from aidc.workloads.compression.distillation import distill, distillation_loss
from aidc.workloads.models.model import build_model
from aidc.workloads.settings import read_settings
from aidc.workloads.training.settings import TrainingSettings
from aidc.workloads.training.subject import read_subject


def softmax(values: np.ndarray) -> np.ndarray:
    found = np.exp(values - values.max(-1, keepdims=True))
    return found / found.sum(-1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_the_loss_is_its_formula(temperature: float, weight: float) -> None:
    chance = np.random.default_rng(0)
    student, teacher = chance.normal(size=(2, 3, 5)), chance.normal(size=(2, 3, 5))
    targets = chance.integers(0, 5, size=(2, 3))
    wanted, found = softmax(teacher / temperature), softmax(student / temperature)
    soft = (wanted * np.log(wanted / found)).sum(-1).mean()
    hard = -np.log(np.take_along_axis(softmax(student), targets[..., None], -1)).mean()
    expected = weight * temperature**2 * soft + (1 - weight) * hard
    loss = distillation_loss(*map(torch.tensor, (student, teacher, targets)), temperature, weight)  # type: ignore[arg-type]
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_its_gradient_keeps_its_size_at_any_temperature() -> None:
    # Hinton et al., equations 2 and 4: T^2 x (1/T) x (q - p) is (student - teacher) / classes at high temperatures.
    chance = torch.Generator().manual_seed(0)
    teacher = torch.randn(1, 6, generator=chance)
    student = torch.randn(1, 6, generator=chance, requires_grad=True)
    for temperature in (1.0, 3.0):
        student.grad = None
        distillation_loss(student, teacher, torch.tensor([0]), temperature, 1.0).backward()
        exact = temperature * ((student / temperature).softmax(-1) - (teacher / temperature).softmax(-1))
        torch.testing.assert_close(student.grad, exact.detach(), rtol=1e-4, atol=1e-6)
    student.grad = None
    distillation_loss(student, teacher, torch.tensor([0]), 1000.0, 1.0).backward()
    centred = (student - student.mean()) - (teacher - teacher.mean())
    torch.testing.assert_close(student.grad, (centred / 6).detach(), rtol=0.05, atol=2e-3)


def test_a_student_learns_what_its_teacher_says() -> None:
    values = {
        "model": {"kind": "convolutional", "widths": [8]},
        "data": {"kind": "digits"},
        "batch": {"batch_size": 32},
        "optimizer": {"kind": "adamw", "learning_rate": 0.01},
        "steps": 40,
    }
    settings = read_settings(TrainingSettings, values, "test")
    subject = read_subject(settings)
    torch.manual_seed(0)
    teacher, student = build_model(subject.model).eval(), build_model(subject.model)
    # A teacher that was never taught: only what it says can be learned from it.
    with torch.no_grad():
        teacher.get_submodule("head").weight.mul_(10)
    batch = subject.held_out.read(np.arange(100))

    def agreement() -> float:
        with torch.no_grad():
            return functional.mse_loss(student.eval()(batch.inputs), teacher(batch.inputs)).item()

    before = agreement()
    losses: list[float] = []
    distill(
        teacher,
        student,
        settings,
        subject,
        temperature=2.0,
        weight=1.0,
        report=lambda _, loss: losses.append(loss),
    )
    assert len(losses) == 40
    assert losses[-1] < 0.3 * losses[0]
    assert agreement() < before
