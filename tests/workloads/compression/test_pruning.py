"""Pruning: which weights become zero, and that parts without effect leave without one."""

import pytest
import torch

from aidc.workloads.compression.pruning import prune_parts, prune_weights
from aidc.workloads.models.gpt2 import GPT2, Attention, FeedForward
from aidc.workloads.models.model import build_model
from aidc.workloads.models.settings import ConvolutionalSettings, GPT2Settings

SETTINGS = GPT2Settings(layers=2, heads=4, embedding=16, context=12, vocabulary=29)


def gpt2() -> GPT2:
    torch.manual_seed(0)
    model = GPT2(SETTINGS).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0, 0.3)
    return model


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_smallest_weights_become_zero_and_no_others(share: float) -> None:
    torch.manual_seed(0)
    model = build_model(ConvolutionalSettings(channels=1, height=8, width=8, classes=10))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert prune_weights(model, share) == pytest.approx(share, abs=1e-3)
    kept: list[float] = []
    pruned: list[float] = []
    for name, value in model.state_dict().items():
        if value.dim() < 2:
            assert torch.equal(value, before[name])
            continue
        assert torch.equal(value[value != 0], before[name][value != 0])
        kept += before[name][value != 0].abs().tolist()
        pruned += before[name][value == 0].abs().tolist()
    assert max(pruned) < min(kept)


def test_heads_and_neurons_without_effect_leave_without_one() -> None:
    model = gpt2()
    dead_heads, dead_neurons = {"0": 2, "1": 0}, {"0": slice(8, 24), "1": slice(40, 56)}
    with torch.no_grad():
        for index, block in model.blocks.items():
            attention, feed_forward = block.attention, block.feed_forward
            assert isinstance(attention, Attention)
            assert isinstance(feed_forward, FeedForward)
            attention.output.weight.unflatten(1, (4, 4))[:, dead_heads[index]] = 0
            feed_forward.output.weight[:, dead_neurons[index]] = 0
    smaller = prune_parts(model, 0.25)
    shape = smaller.settings.shape
    assert (shape.heads, shape.head_size, shape.inner) == (3, 4, 48)
    tokens = torch.randint(0, 29, (2, 12), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(smaller(tokens), model(tokens), rtol=0, atol=1e-5)
    assert smaller.head is not None
    assert smaller.tokens is not None
    assert smaller.head.weight is smaller.tokens.weight


def test_something_stays_of_every_layer() -> None:
    shape = prune_parts(gpt2(), 0.95).settings.shape
    assert (shape.heads, shape.inner) == (1, 3)
