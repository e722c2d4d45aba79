import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from aidc.workloads.training.optimization.losses import (
    LOSSES,
    cross_entropy,
    entropy_of_samples,
    error_of_samples,
    hits_of_samples,
    mean_squared_error,
)
from aidc.workloads.training.optimization.optimizers import add_ridge, make_optimizer, set_rate
from aidc.workloads.training.optimization.schedules import rate_share
from aidc.workloads.training.optimization.settings import (
    AdamSettings,
    AdamWSettings,
    MomentumSettings,
    OptimizerSettings,
    ScheduleSettings,
    SgdSettings,
)

GRADIENTS = [torch.tensor([[1.0, -2.0], [0.5, 4.0]]), torch.tensor([[-3.0, 1.0], [0.0, 2.0]]), torch.ones(2, 2)]
START = torch.tensor([[0.5, -1.5], [2.0, 0.25]])


def stepped(settings: OptimizerSettings, shares: tuple[float, ...] = (1.0, 1.0, 1.0)) -> Tensor:
    """The weight after a step with each of GRADIENTS."""
    model = nn.Linear(2, 2, bias=False)
    model.weight.data.copy_(START)
    optimizer = make_optimizer(settings, [model])
    for gradient, share in zip(GRADIENTS, shares, strict=True):
        model.weight.grad = gradient.clone()
        add_ridge(settings, [model])
        set_rate(optimizer, settings, share)
        optimizer.step()
    return model.weight.detach()


def test_gradient_descent_is_w_minus_a_g() -> None:
    wanted = START - 0.1 * (GRADIENTS[0] + GRADIENTS[1] + GRADIENTS[2])
    torch.testing.assert_close(stepped(SgdSettings(learning_rate=0.1)), wanted)


def test_ridge_adds_2_lambda_w() -> None:
    weight = START.clone()
    for gradient in GRADIENTS:
        weight = weight - 0.1 * (gradient + 2 * 0.3 * weight)
    torch.testing.assert_close(stepped(SgdSettings(learning_rate=0.1, ridge=0.3)), weight)


def test_ridge_is_the_gradient_of_the_penalty() -> None:
    model = nn.Linear(2, 2, bias=False)
    model.weight.data.copy_(START)
    model.weight.grad = torch.zeros(2, 2)
    add_ridge(SgdSettings(learning_rate=1, ridge=0.3), [model])
    variable = START.clone().requires_grad_()
    (0.3 * variable.square().sum()).backward()
    torch.testing.assert_close(model.weight.grad, variable.grad)


def test_momentum_averages_gradients_from_the_first_step_on() -> None:
    shares = (1.0, 0.5, 0.25)
    weight, average = START.clone(), torch.zeros(2, 2)
    for gradient, share in zip(GRADIENTS, shares, strict=True):
        average = 0.8 * average + (1 - 0.8) * gradient
        weight = weight - 0.1 * share * average
    torch.testing.assert_close(stepped(MomentumSettings(learning_rate=0.1, momentum=0.8), shares), weight)


@pytest.mark.parametrize("decay", [None, 0.2])
def test_adam_and_adamw_are_those_of_their_papers(decay: float | None) -> None:
    rate, beta1, beta2, epsilon = 0.01, 0.8, 0.95, 1e-6
    keys: dict[str, Any] = {"learning_rate": rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    settings = AdamSettings(**keys) if decay is None else AdamWSettings(**keys, weight_decay=decay)
    weight, first, second = START.clone(), torch.zeros(2, 2), torch.zeros(2, 2)
    for step, gradient in enumerate(GRADIENTS, start=1):
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient.square()
        weight = weight * (1 - rate * (decay or 0.0))
        weight = weight - rate * (first / (1 - beta1**step)) / ((second / (1 - beta2**step)).sqrt() + epsilon)
    torch.testing.assert_close(stepped(settings), weight)


def test_biases_and_norms_do_not_decay() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))
    settings = AdamWSettings(learning_rate=0.1, weight_decay=0.5)
    optimizer = make_optimizer(settings, [model])
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    for name, weight in model.named_parameters():
        wanted = before[name] * (1 - 0.1 * 0.5) if weight.ndim > 1 else before[name]
        torch.testing.assert_close(weight.detach(), wanted)


def test_a_weight_that_two_modules_share_is_changed_once() -> None:
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    second.weight = first.weight
    optimizer = make_optimizer(SgdSettings(learning_rate=1.0), [first, second])
    before = first.weight.detach().clone()
    first.weight.grad = torch.ones(2, 2)
    optimizer.step()
    torch.testing.assert_close(first.weight.detach(), before - 1)


def test_the_worked_error_of_two_classes_is_4_hundredths() -> None:
    # Probabilities 0.2 and 0.8, and the second class is right.
    outputs, targets = torch.tensor([[0.2, 0.8]]).log(), torch.tensor([1])
    assert mean_squared_error(outputs, targets).item() == pytest.approx(0.04)
    assert cross_entropy(outputs, targets).item() == pytest.approx(-math.log(0.8))


@pytest.mark.parametrize("shape", [(6, 5), (4, 3, 5)])
def test_losses_are_means_and_gradients_are_those_of_differences(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    outputs = torch.randn(shape, dtype=torch.float32)
    targets = torch.randint(shape[-1], shape[:-1])
    probabilities = torch.softmax(outputs.double(), -1)
    right = probabilities.gather(-1, targets[..., None])[..., 0]
    assert cross_entropy(outputs, targets).item() == pytest.approx(-right.log().mean().item(), rel=1e-5)
    wanted = torch.nn.functional.one_hot(targets, shape[-1])
    assert mean_squared_error(outputs, targets).item() == pytest.approx(
        (wanted - probabilities).square().mean().item(), rel=1e-5
    )
    for loss, per_sample in ((cross_entropy, entropy_of_samples), (mean_squared_error, error_of_samples)):
        assert per_sample(outputs, targets).shape == shape[:1]
        torch.testing.assert_close(per_sample(outputs, targets).mean(), loss(outputs, targets))
    variable = outputs.clone().requires_grad_()
    cross_entropy(variable, targets).backward()
    # The gradient of cross-entropy is y' - y, over the number of targets.
    torch.testing.assert_close(variable.grad, ((probabilities - wanted) / targets.numel()).float())


def test_hits_are_shares_of_the_likeliest_class() -> None:
    outputs = torch.tensor([[[3.0, 1.0], [0.0, 1.0]], [[0.0, 1.0], [2.0, 1.0]]])
    assert hits_of_samples(outputs, torch.tensor([[0, 0], [1, 0]])).tolist() == [0.5, 1.0]


def test_every_loss_of_the_settings_is_there() -> None:
    assert set(LOSSES) == {"cross_entropy", "mean_squared_error"}


def shares(steps: int = 100, **keys: Any) -> list[float]:
    return [rate_share(ScheduleSettings(**keys), steps, step) for step in range(steps)]


def test_warm_up_is_linear_and_reaches_the_full_rate() -> None:
    found = shares(kind="constant", warmup_steps=4)
    assert found[:6] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])
    assert set(found[4:]) == {1.0}


@pytest.mark.parametrize("kind", ["linear", "cosine", "warmup_stable_decay"])
def test_schedules_end_at_the_minimum_and_never_rise_after_the_warm_up(kind: str) -> None:
    found = shares(kind=kind, warmup_steps=10, minimum=0.1)
    assert found[10] == pytest.approx(1.0)
    assert found[-1] == pytest.approx(0.1)
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(found[10:]))


def test_schedules_have_their_closed_forms() -> None:
    assert shares(kind="linear", minimum=0.2, steps=5) == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])
    assert shares(kind="cosine", steps=5) == pytest.approx([(1 + math.cos(math.pi * x / 4)) / 2 for x in range(5)])
    root = shares(kind="inverse_square_root", warmup_steps=3, steps=64)
    assert root[3] == 1.0
    assert root[15] == pytest.approx(0.5)
    assert root[63] == pytest.approx(0.25)
    stable = shares(kind="warmup_stable_decay", decay_steps=4, steps=10)
    assert stable == pytest.approx([1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0])
    assert shares(kind="warmup_stable_decay", steps=100)[88:91] == pytest.approx([1.0, 1.0, 0.9])


@pytest.mark.parametrize("kind", ["constant", "linear", "cosine", "inverse_square_root", "warmup_stable_decay"])
def test_one_step_is_enough_for_every_schedule(kind: str) -> None:
    assert 0 <= rate_share(ScheduleSettings.model_validate({"kind": kind}), 1, 0) <= 1
