"""Operations by formula, beside those that torch counts in a run."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from aidc.workloads.models.flops import flops_per_sample, flops_per_token
from aidc.workloads.models.model import build_model
from aidc.workloads.models.settings import ConvolutionalSettings, GPT2Settings, LSTMSettings


def counted(settings: GPT2Settings | LSTMSettings | ConvolutionalSettings, inputs: torch.Tensor) -> int:
    model = build_model(settings)
    # The fused kernel of attention is counted otherwise.
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        logits = model(inputs).flatten(0, -2)
        functional.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.int64)).backward()
    return counter.get_total_flops()


@pytest.mark.parametrize(
    "settings",
    [
        GPT2Settings(layers=3, heads=2, embedding=16, context=12, vocabulary=29),
        GPT2Settings(layers=2, heads=3, head_size=4, inner=10, embedding=16, context=12, vocabulary=29),
    ],
)
def test_the_formula_for_text_counts_what_torch_counts(settings: GPT2Settings | LSTMSettings) -> None:
    assert counted(settings, torch.zeros(5, 12, dtype=torch.int64)) == 5 * flops_per_sample(settings, 12)
    assert flops_per_sample(settings, 12) == 12 * flops_per_token(settings, 12)


def test_the_formula_for_an_lstm_counts_its_matrix_products() -> None:
    # Its kernel is fused and not counted, so the products of its equations are counted in its place.
    settings = LSTMSettings(layers=3, embedding=6, hidden=8, vocabulary=29)
    with FlopCounterMode(display=False) as counter:
        for _ in range(5 * 12):
            hidden = torch.zeros(1, 6, requires_grad=True)
            for layer in range(3):
                gates = nn.Linear(8 if layer else 6, 32)(hidden) + nn.Linear(8, 32)(
                    torch.zeros(1, 8, requires_grad=True)
                )
                hidden = gates.unflatten(1, (4, 8)).prod(1)
            nn.Linear(8, 29)(hidden).sum().backward()
    assert counter.get_total_flops() == 5 * flops_per_sample(settings, 12)
    assert flops_per_token(settings, 1) == flops_per_token(settings, 999)


@pytest.mark.parametrize("size", [(8, 8), (7, 10)])
def test_the_formula_for_images_counts_what_torch_counts(size: tuple[int, int]) -> None:
    height, width = size
    settings = ConvolutionalSettings(channels=3, height=height, width=width, classes=5, widths=(4, 8, 8))
    assert counted(settings, torch.zeros(2, 3, height, width)) == 2 * flops_per_sample(settings)


def test_gpt2_costs_about_six_operations_a_parameter_and_token() -> None:
    # Kaplan et al. (2020), section 2.1: C = 6N, for contexts that are short beside the embedding.
    found = flops_per_token(GPT2Settings(size="xl", vocabulary=50_257), context=1)
    assert found == pytest.approx(6 * 1_557_611_200, rel=0.01)
