"""GPT-2: its published sizes, its arithmetic beside one written by hand, its cache, and its gradients."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from aidc.workloads.models.gpt2 import GPT2
from aidc.workloads.models.model import blocks, build_model, parameter_count, tensor_parallel_plan
from aidc.workloads.models.settings import GPT2Settings

Array = NDArray[np.float64]

# Parameters of the released checkpoints, the head's being the tokens': the files gpt2, gpt2-medium, gpt2-large and
# gpt2-xl on huggingface.co/openai-community hold these numbers.
PUBLISHED = {"small": 124_439_808, "medium": 354_823_168, "large": 774_030_080, "xl": 1_557_611_200}

SMALL = GPT2Settings(layers=3, heads=2, embedding=16, context=12, vocabulary=29)


def gpt2(settings: GPT2Settings = SMALL, seed: int = 0) -> GPT2:
    """A model whose biases and norms are not the initial ones, which would hide mistakes."""
    torch.manual_seed(seed)
    model = GPT2(settings).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0, 0.3)
    return model


@pytest.mark.parametrize(("size", "count"), PUBLISHED.items())
def test_the_published_sizes_have_the_published_number_of_parameters(size: str, count: int) -> None:
    with torch.device("meta"):
        model = build_model(GPT2Settings.model_validate({"size": size, "vocabulary": 50_257}))
    assert parameter_count(model) == count


def norm(x: Array, weight: Array, bias: Array) -> Array:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * weight + bias


def by_hand(model: GPT2, tokens: list[int]) -> Array:
    """Logits of one row, number by number as the papers define them, without a matrix product of the library."""
    weights = {name: value.detach().double().numpy() for name, value in model.state_dict().items()}
    shape = model.settings.shape
    x = weights["tokens.weight"][tokens] + weights["positions.weight"][: len(tokens)]
    for layer in range(shape.layers):
        own = {key.removeprefix(f"blocks.{layer}."): value for key, value in weights.items()}
        normed = norm(x, own["attention_norm.weight"], own["attention_norm.bias"])
        mixed = np.zeros((len(tokens), shape.heads, shape.head_size))
        for head in range(shape.heads):
            rows = [
                slice((3 * head + part) * shape.head_size, (3 * head + part + 1) * shape.head_size) for part in range(3)
            ]
            query, key, value = (
                normed @ own["attention.projection.weight"][each].T + own["attention.projection.bias"][each]
                for each in rows
            )
            for place in range(len(tokens)):
                scores = np.array([query[place] @ key[other] for other in range(place + 1)]) / math.sqrt(
                    shape.head_size
                )
                shares = np.exp(scores - scores.max())
                mixed[place, head] = (shares / shares.sum()) @ value[: place + 1]
        x = x + mixed.reshape(len(tokens), -1) @ own["attention.output.weight"].T + own["attention.output.bias"]
        normed = norm(x, own["feed_forward_norm.weight"], own["feed_forward_norm.bias"])
        inner = normed @ own["feed_forward.expand.weight"].T + own["feed_forward.expand.bias"]
        # Hendrycks and Gimpel (2016), the approximation by the hyperbolic tangent that GPT-2 was trained with.
        inner = 0.5 * inner * (1 + np.tanh(math.sqrt(2 / math.pi) * (inner + 0.044715 * inner**3)))
        x = x + inner @ own["feed_forward.output.weight"].T + own["feed_forward.output.bias"]
    return norm(x, weights["norm.weight"], weights["norm.bias"]) @ weights["tokens.weight"].T


@pytest.mark.parametrize(
    "settings",
    [
        SMALL,
        GPT2Settings(layers=2, heads=4, embedding=8, context=12, vocabulary=29),
        GPT2Settings(layers=2, heads=3, embedding=16, head_size=4, inner=10, context=12, vocabulary=29),
    ],
)
def test_logits_are_those_computed_by_hand(settings: GPT2Settings) -> None:
    model = gpt2(settings).double()
    tokens = torch.randint(0, 29, (3, 12), generator=torch.Generator().manual_seed(1))
    found = model(tokens).detach().numpy()
    for row in range(3):
        np.testing.assert_allclose(found[row], by_hand(model, tokens[row].tolist()), rtol=0, atol=1e-10)


def test_a_later_token_changes_nothing_before_it() -> None:
    model = gpt2()
    tokens = torch.randint(0, 29, (2, 12), generator=torch.Generator().manual_seed(1))
    before = model(tokens)
    for place in range(12):
        changed = tokens.clone()
        changed[:, place] = (changed[:, place] + 1) % 29
        after = model(changed)
        assert torch.equal(before[:, :place], after[:, :place])
        assert not torch.allclose(before[:, place], after[:, place])


@pytest.mark.parametrize("cuts", [[12], [1] * 12, [5, 1, 1, 5], [7, 5]])
def test_a_cache_changes_nothing(cuts: list[int]) -> None:
    model = gpt2()
    tokens = torch.randint(0, 29, (3, 12), generator=torch.Generator().manual_seed(1))
    cache = model.cache(3)
    parts = [model(part, cache) for part in tokens.split(cuts, dim=1)]
    torch.testing.assert_close(torch.cat(parts, 1), model(tokens), rtol=0, atol=1e-4)
    assert cache.lengths.tolist() == [12, 12, 12]


def test_rows_of_different_length_share_a_cache() -> None:
    model = gpt2()
    tokens = torch.randint(0, 29, (3, 8), generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([3, 8, 5])
    cache = model.cache(5)
    part = cache.narrow(1, 3)
    padded = tokens.masked_fill(torch.arange(8) >= lengths[:, None], 0)
    model(padded, part)
    part.truncate(lengths)
    assert cache.lengths.tolist() == [0, 3, 8, 5, 0]
    cache.move(3, 1)
    logits = model(torch.tensor([[7], [8]]), cache.narrow(1, 2))
    rows = [[*tokens[2, :5].tolist(), 7], [*tokens[1].tolist(), 8]]
    for row, expected in zip(logits, rows, strict=True):
        torch.testing.assert_close(row[-1], model(torch.tensor([expected]))[0, -1], rtol=0, atol=1e-4)


def test_a_full_cache_says_so() -> None:
    model = gpt2()
    cache = model.cache(1, capacity=4)
    model(torch.zeros(1, 4, dtype=torch.int64), cache)
    with pytest.raises(ValueError, match="5 tokens do not fit into a cache of 4"):
        model(torch.zeros(1, 1, dtype=torch.int64), cache)


def test_gradients_are_those_of_small_differences() -> None:
    settings = GPT2Settings(layers=1, heads=2, embedding=4, inner=6, context=4, vocabulary=5)
    model = gpt2(settings).double()
    tokens = torch.tensor([[1, 4, 2, 0], [3, 3, 1, 2]])
    names = [name for name, _ in model.named_parameters()]

    def loss(*values: Tensor) -> Tensor:
        state = dict(zip(names, values, strict=True))
        logits = torch.func.functional_call(model, state, (tokens[:, :-1],), tie_weights=True)
        return functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())

    values = tuple(value.detach().clone().requires_grad_() for _, value in model.named_parameters())
    assert torch.autograd.gradcheck(loss, values)


def test_initial_weights_are_drawn_as_published() -> None:
    torch.manual_seed(0)
    model = GPT2(GPT2Settings(layers=4, heads=4, embedding=256, vocabulary=2000))
    block = model.blocks["2"]
    state = {name: value.std().item() for name, value in block.state_dict().items() if value.dim() == 2}
    residual = 0.02 / math.sqrt(2 * 4)
    for name, deviation in state.items():
        assert deviation == pytest.approx(residual if name.endswith("output.weight") else 0.02, rel=0.03), name
    assert model.tokens is not None
    assert model.tokens.weight.std().item() == pytest.approx(0.02, rel=0.01)
    assert model.head is not None
    assert model.head.weight is model.tokens.weight
    loss = functional.cross_entropy(
        model(torch.randint(0, 2000, (4, 32))).flatten(0, 1), torch.randint(0, 2000, (128,))
    )
    assert loss.item() == pytest.approx(math.log(2000), abs=0.15)


def test_dropout_works_in_training_only() -> None:
    model = GPT2(SMALL.model_copy(update={"dropout": 0.5}))
    tokens = torch.zeros(1, 4, dtype=torch.int64)
    assert not torch.equal(model(tokens), model(tokens))
    model.eval()
    assert torch.equal(model(tokens), model(tokens))


def test_stages_of_a_pipeline_are_the_whole() -> None:
    model = gpt2()
    tokens = torch.randint(0, 29, (2, 12), generator=torch.Generator().manual_seed(1))
    first, last = gpt2(), gpt2()
    del first.blocks["2"]
    first.norm = first.head = None
    del last.blocks["0"], last.blocks["1"]
    last.tokens = last.positions = None
    assert torch.equal(last(first(tokens)), model(tokens))


def test_every_layer_that_is_sharded_exists() -> None:
    model = gpt2()
    assert list(blocks(model)) == ["blocks.0", "blocks.1", "blocks.2"]
    for path in tensor_parallel_plan(model):
        for index in model.blocks:
            assert isinstance(model.get_submodule(path.replace("*", index)), torch.nn.Linear)


def test_a_part_of_the_projections_rows_is_a_part_of_the_heads() -> None:
    model = gpt2()
    attention = model.blocks["0"].attention
    hidden = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(2))
    whole = attention(hidden)
    parts = torch.zeros_like(whole)
    for half in range(2):
        part = gpt2().blocks["0"].attention
        part.projection.weight = torch.nn.Parameter(attention.projection.weight.chunk(2)[half])
        part.projection.bias = torch.nn.Parameter(attention.projection.bias.chunk(2)[half])
        part.output.weight = torch.nn.Parameter(attention.output.weight.chunk(2, 1)[half])
        part.output.bias = torch.nn.Parameter(torch.zeros(16))
        parts += part(hidden)
    torch.testing.assert_close(parts + attention.output.bias, whole, rtol=0, atol=1e-5)
