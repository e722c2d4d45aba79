"""Int8: how far it is from float32, that rows do not depend on each other, and that exports come back."""

from pathlib import Path

import pytest
import torch

from aidc.problems import InvalidInput
from aidc.workloads.models.encoding import BytesEncoding
from aidc.workloads.models.export import export_model, load_model
from aidc.workloads.models.generation import generate
from aidc.workloads.models.gpt2 import GPT2
from aidc.workloads.models.quantization import Int8Embedding, Int8Linear, quantization_of, quantize, quantized
from aidc.workloads.models.sampling import Sampling
from aidc.workloads.models.settings import GPT2Settings

SETTINGS = GPT2Settings(layers=2, heads=2, embedding=64, context=32, vocabulary=256)


def pair() -> tuple[GPT2, GPT2]:
    torch.manual_seed(0)
    plain, small = GPT2(SETTINGS).eval(), GPT2(SETTINGS).eval()
    small.load_state_dict(plain.state_dict())
    quantize(small)
    return plain, small


def test_a_weight_is_off_by_half_a_step_at_most() -> None:
    matrix = torch.randn(7, 33, generator=torch.Generator().manual_seed(0)) * torch.logspace(-6, 3, 7)[:, None]
    values, scale = quantized(matrix)
    assert values.dtype == torch.int8
    assert values.abs().amax(1).tolist() == [127] * 7
    assert bool(((values * scale - matrix).abs() <= scale / 2 * 1.001).all())
    zeros, scale = quantized(torch.zeros(2, 3))
    assert torch.equal(zeros * scale, torch.zeros(2, 3))


def test_a_layer_computes_the_product_of_what_was_rounded() -> None:
    generator = torch.Generator().manual_seed(1)
    weight, bias = torch.randn(24, 48, generator=generator), torch.randn(24, generator=generator)
    hidden = torch.randn(3, 5, 48, generator=generator)
    layer = Int8Linear(*quantized(weight), bias)
    rows, scales = quantized(hidden.flatten(0, 1))
    own, own_scale = quantized(weight)
    exact = ((rows.double() * scales) @ (own.double() * own_scale).T + bias).view(3, 5, 24)
    torch.testing.assert_close(layer(hidden).double(), exact, rtol=0, atol=1e-4)
    # Both are rounded to 1/254 of their largest magnitude, and errors add up like a random walk.
    plain = hidden @ weight.T + bias
    assert (layer(hidden) - plain).abs().max() < 0.02 * plain.abs().max()


def test_a_row_does_not_depend_on_those_beside_it() -> None:
    _, small = pair()
    tokens = torch.randint(0, 256, (4, 32), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(small(tokens)[2:3], small(tokens[2:3]), rtol=0, atol=1e-4)


def test_a_quantized_model_says_nearly_the_same() -> None:
    plain, small = pair()
    tokens = torch.randint(0, 256, (4, 32), generator=torch.Generator().manual_seed(1))
    expected, found = plain(tokens), small(tokens)
    assert (found - expected).norm() < 0.03 * expected.norm()
    assert not torch.equal(found, expected)


def test_tokens_and_head_share_their_weights() -> None:
    _, small = pair()
    assert isinstance(small.tokens, Int8Embedding)
    assert isinstance(small.head, Int8Linear)
    assert small.head.weight is small.tokens.weight


def test_an_export_comes_back_bit_for_bit_and_is_smaller(tmp_path: Path) -> None:
    plain, small = pair()
    export_model(tmp_path / "plain", plain, SETTINGS, BytesEncoding())
    export_model(tmp_path / "small", small, SETTINGS, BytesEncoding())
    loaded = load_model(tmp_path / "small")
    assert quantization_of(loaded.model) == "int8"
    assert quantization_of(load_model(tmp_path / "plain").model) is None
    found, expected = loaded.model.state_dict(), small.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("plain", "small")]
    assert sizes[1] < 0.4 * sizes[0]
    assert isinstance(loaded.model, GPT2)
    sampling = Sampling(maximum_tokens=8, temperature=0)
    encoding = BytesEncoding()
    assert generate(loaded.model, encoding, "x", sampling).tokens == generate(small, encoding, "x", sampling).tokens


def test_weights_of_another_type_are_refused(tmp_path: Path) -> None:
    _, small = pair()
    export_model(tmp_path / "small", small, SETTINGS)
    config = tmp_path / "small/config.json"
    text = config.read_text()
    config.write_text(text.replace('"quantization": "int8"', '"labels": null'))
    with pytest.raises(InvalidInput, match=r"scale: is no weight of this model"):
        load_model(tmp_path / "small")
    config.write_text(text.replace('"dtype": "float32"', '"dtype": "bfloat16"'))
    with pytest.raises(InvalidInput, match="int8 is for GPT-2 in float32"):
        load_model(tmp_path / "small")
