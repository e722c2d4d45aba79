"""The published models' parameters are the sums of their matrices, and what is derived from them is the closed form."""

import pytest

from aidc.planning.catalog import assumptions, find_language_model, language_models, sources
from aidc.problems import Problems

MODELS = list(language_models().values())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_parameters_are_the_sum_of_the_matrices(model):
    width, layers, vocabulary = model.width, model.layers, model.vocabulary
    queries, keys = model.heads * model.head_width, model.key_value_heads * model.head_width
    if model.form == "gpt2":
        # Two LayerNorms with bias, and a bias for each matrix.
        block = 4 * width**2 + 4 * width + 2 * width * model.feed_forward_width + model.feed_forward_width + width
        total = (vocabulary + model.context) * width + layers * (block + 4 * width) + 2 * width
    else:
        block = 2 * width * queries + 2 * width * keys + 3 * width * model.feed_forward_width + 2 * width
        block += queries + 2 * keys if model.form == "qwen2" else 0
        total = vocabulary * width * (1 if model.tied_embeddings else 2) + layers * block + width
    assert total == model.parameters
    assert model.source in sources()
    assert queries == width or model.name == "llama-3.2-3b"


def test_training_flops_of_gpt2_are_those_of_nanogpt():
    model = language_models()["gpt2"]
    # nanoGPT, model.py, estimate_mfu: 6 N + 12 L H Q T, with N without positions; ours counts causal attention once.
    attention = 12 * 12 * 12 * 64 * 1024
    assert model.training_flops_per_token(1024) == 6 * (124_439_808 - 1024 * 768) + attention / 2
    assert model.training_flops_per_token(1024) == pytest.approx(6 * 124.44e6, rel=0.08)


def test_keys_and_values_of_a_token():
    # 32 layers, 8 heads of 128, keys and values: 128 KiB a token in BF16; without grouped queries 512 KiB.
    assert language_models()["llama-3-8b"].cached_values_per_token * 2 == 128 * 1024
    assert language_models()["llama-2-7b"].cached_values_per_token * 2 == 512 * 1024


def test_reading_is_two_operations_a_weight_and_causal_attention():
    model = language_models()["llama-3-8b"]
    read = model.parameters - model.vocabulary * model.width
    # Scores and their use: 2 products of heads * head width for each pair of tokens, half of the pairs.
    assert model.reading_flops(1000) == 2 * read * 1000 + 4 * 32 * 4096 * 1000 * 1000 / 2


def test_a_size_gives_the_nearest_shape_with_that_many_parameters():
    problems = Problems()
    eight = find_language_model("8B", problems)
    assert (eight.parameters, eight.layers, eight.shape_of) == (8_000_000_000, 32, "Llama 3 8B")
    odd = find_language_model("200b", problems)
    grown = language_models()["llama-3.1-405b"]
    assert odd.parameters == 200_000_000_000
    assert odd.layers / grown.layers == pytest.approx(200 / 405.85, rel=0.03)
    assert not len(problems)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lama-3-8b", "did you mean 'llama-3-8b'"),
        ("9T", "9T is no size of a model that is known here; give 62M to 2T"),
        ("-7B", "neither a known model nor a size"),
        ("", "neither a known model nor a size"),
    ],
)
def test_an_unknown_model_is_refused(name, told):
    problems = Problems()
    assert find_language_model(name, problems, "train.model") is None
    (problem,) = problems
    assert problem.path == "train.model"
    assert told in problem.reason


def test_every_assumption_names_its_unit_and_source():
    for each in assumptions().values():
        assert each.value > 0
        assert each.unit
        assert each.text
        assert each.source in sources()


@pytest.mark.parametrize("name", ["mixtral-8x7b", "8x7B", "DeepSeek-R1", "gpt-oss-120b", "Qwen3-235B-A22B"])
def test_models_with_experts_are_refused_as_such(name: str) -> None:
    problems = Problems()
    assert find_language_model(name, problems) is None
    (problem,) = problems
    assert f"'{name}' has experts, and such models are not computed here" in problem.reason
