"""Generation: the same text alone and beside others, the choice of tokens, and where texts end."""

import random
from collections import Counter

import pytest
import torch

from aidc.workloads.models.encoding import BytesEncoding
from aidc.workloads.models.generation import Generator, Row, generate
from aidc.workloads.models.gpt2 import GPT2
from aidc.workloads.models.lstm import LSTM
from aidc.workloads.models.model import LanguageModel
from aidc.workloads.models.sampling import Chooser, Sampling, choose
from aidc.workloads.models.settings import GPT2Settings, LSTMSettings

ENCODING = BytesEncoding()


def gpt2(context: int = 64, seed: int = 0) -> GPT2:
    """A model that is far from uniform, so that its likeliest token is clear."""
    torch.manual_seed(seed)
    model = GPT2(GPT2Settings(layers=2, heads=2, embedding=32, context=context, vocabulary=260))
    for name, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, 0, 1.0 if name == "positions.weight" else 0.2)
    return model


def lstm() -> LSTM:
    torch.manual_seed(0)
    model = LSTM(LSTMSettings(layers=2, embedding=16, hidden=24, vocabulary=260))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0, 2)
    return model


def same(left: Row, right: Row) -> bool:
    return (left.tokens, left.text, left.finish) == (right.tokens, right.text, right.finish)


def recomputed(model: LanguageModel, prompt: list[int], count: int) -> list[int]:
    """The likeliest tokens one by one, each from the whole text anew, without any cache."""
    tokens = list(prompt)
    with torch.inference_mode():
        for _ in range(count):
            tokens.append(int(model.eval()(torch.tensor([tokens]))[0, -1, : ENCODING.size].argmax()))
    return tokens[len(prompt) :]


@pytest.mark.parametrize("model", [gpt2(), lstm()], ids=["gpt2", "lstm"])
def test_a_text_is_what_it_would_be_without_a_cache(model: LanguageModel) -> None:
    prompt = ENCODING.encode("Once upon a time")
    row = generate(model, ENCODING, "Once upon a time", Sampling(maximum_tokens=30, temperature=0, ignore_end=True))
    assert row.tokens == recomputed(model, prompt, 30)
    assert len(set(row.tokens)) > 3


@pytest.mark.parametrize("model", [gpt2(), lstm()], ids=["gpt2", "lstm"])
def test_a_text_does_not_depend_on_those_beside_it(model: LanguageModel) -> None:
    chance = random.Random(3)
    requests = [
        (
            "".join(chance.choice("abcdefg \u20ac") for _ in range(chance.randint(1, 12))),
            Sampling(
                maximum_tokens=chance.randint(1, 16),
                temperature=chance.choice([0, 0, 1]),
                top_k=chance.choice([None, 3]),
                top_p=chance.choice([1, 0.8]),
                seed=number,
                stop=("e",) if number % 4 == 0 else (),
            ),
        )
        for number in range(24)
    ]
    alone = [generate(model, ENCODING, prompt, sampling) for prompt, sampling in requests]
    generator = Generator(model, ENCODING, rows=7)
    waiting = [(ENCODING.encode(prompt), sampling) for prompt, sampling in requests]
    together: list[Row] = []
    widest = 0
    while waiting or generator.active:
        count = min(generator.free, len(waiting), chance.randint(0, 4))
        joined = generator.prefill(waiting[:count])
        together, waiting = together + joined, waiting[count:]
        widest = max(widest, len(generator.active))
        generator.step()
    assert widest == 7
    assert all(same(*pair) for pair in zip(alone, together, strict=True))
    assert "length" in {row.finish for row in together}
    assert generator.free == 7


def test_new_text_adds_up_to_the_text() -> None:
    generator = Generator(gpt2(), ENCODING, rows=1)
    row = generator.prefill([(ENCODING.encode("x"), Sampling(maximum_tokens=40, seed=5))])[0]
    pieces = [row.new]
    while row.finish is None:
        assert generator.step() == [row]
        pieces.append(row.new)
    assert "".join(pieces) == row.text == ENCODING.decode(row.tokens)
    assert generator.step() == []


def test_a_row_that_is_removed_changes_nothing_for_the_others() -> None:
    model = gpt2()
    sampling = Sampling(maximum_tokens=20, temperature=0, ignore_end=True)
    generator = Generator(model, ENCODING, rows=3)
    rows = generator.prefill([(ENCODING.encode(text), sampling) for text in ("ab", "cd", "ef")])
    generator.step()
    generator.remove(rows[0])
    generator.remove(rows[0])
    assert generator.active == (rows[2], rows[1])
    while generator.active:
        generator.step()
    assert rows[0].finish is None
    assert same(rows[1], generate(model, ENCODING, "cd", sampling))
    assert same(rows[2], generate(model, ENCODING, "ef", sampling))


class Dictated(GPT2):
    """Says a given text, then end of text, whatever it is asked."""

    def __init__(self, text: str) -> None:
        super().__init__(GPT2Settings(layers=1, heads=1, embedding=4, context=64, vocabulary=256))
        self.said = [*ENCODING.encode(text), 0]
        self.place = 0

    def project(self, hidden: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(hidden.shape[0], 256)
        logits[:, self.said[self.place]] = 1
        self.place += 1
        return logits


@pytest.mark.parametrize(
    ("said", "stop", "text", "finish", "pieces"),
    [
        ("abcdef", (), "abcdef", "stop", ["a", "b", "c", "d", "e", "f", ""]),
        ("abcdef", ("cd",), "ab", "stop", ["a", "b", "", ""]),
        ("abccd", ("cd",), "abc", "stop", ["a", "b", "", "c", ""]),
        ("abc", ("cd",), "abc", "stop", ["a", "b", "", "c"]),
        ("aaab", ("aab", "x"), "a", "stop", ["", "", "a", ""]),
        ("a€b", (), "a€b", "stop", ["a", "", "", "€", "b", ""]),
        ("abcdefghij", (), "abcdefgh", "length", list("abcdefgh")),
        ("abcdefgh", ("hx",), "abcdefgh", "length", list("abcdefgh")),
    ],
)
def test_a_text_ends_where_it_should(
    said: str, stop: tuple[str, ...], text: str, finish: str, pieces: list[str]
) -> None:
    generator = Generator(Dictated(said), ENCODING, rows=1)
    row = generator.prefill([([65], Sampling(maximum_tokens=8, temperature=0, stop=stop))])[0]
    found = [row.new]
    while row.finish is None:
        generator.step()
        found.append(row.new)
    assert (row.text, row.finish, found) == (text, finish, pieces)


def test_a_text_ends_where_the_context_does() -> None:
    model = gpt2(context=10)
    row = generate(model, ENCODING, "abcd", Sampling(maximum_tokens=50, temperature=0, ignore_end=True))
    assert row.finish == "length"
    # The seventh one is read from nine places at most, and is not read itself.
    assert row.tokens == recomputed(model, ENCODING.encode("abcd"), 7)


def test_what_cannot_join_is_refused_and_nothing_joins() -> None:
    generator = Generator(gpt2(context=10), ENCODING, rows=2)
    good = ([1, 2], Sampling())
    for requests, reason in (
        ([good, ([], Sampling())], "the prompt is empty"),
        ([good, ([1] * 10, Sampling())], "the prompt has 10 tokens; 9 at most leave room"),
        ([good, ([256], Sampling())], "tokens that are not from 0 to 255"),
        ([good, ([-1], Sampling())], "tokens that are not from 0 to 255"),
        ([good, good, good], "3 texts cannot join: 2 rows of 2 are free"),
    ):
        with pytest.raises(ValueError, match=reason):
            generator.prefill(requests)
        assert generator.free == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"maximum_tokens": 0},
        {"temperature": -1},
        {"temperature": float("nan")},
        {"temperature": 101},
        {"top_k": 0},
        {"top_p": 0},
        {"top_p": 1.5},
        {"top_p": float("nan")},
        {"stop": ("",)},
    ],
)
def test_sampling_without_meaning_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"give|leave it out"):
        Sampling(**wrong)  # type: ignore[arg-type]


def frequencies(sampling: Sampling, draws: int = 20_000) -> list[float]:
    weights = torch.tensor([0.1, 0.4, 0.05, 0.3, 0.15])
    chooser = Chooser(sampling)
    counts = Counter(choose(weights.log().repeat(draws, 1), [chooser] * draws))
    return [counts[token] / draws for token in range(5)]


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(seed=1), [0.1, 0.4, 0.05, 0.3, 0.15]),
        (Sampling(temperature=0), [0, 1, 0, 0, 0]),
        (Sampling(top_k=1, seed=1), [0, 1, 0, 0, 0]),
        (Sampling(top_k=2, seed=1), [0, 4 / 7, 0, 3 / 7, 0]),
        (Sampling(top_k=99, seed=1), [0.1, 0.4, 0.05, 0.3, 0.15]),
        (Sampling(top_p=0.6, seed=1), [0, 4 / 7, 0, 3 / 7, 0]),
        (Sampling(top_p=0.01, seed=1), [0, 1, 0, 0, 0]),
        (Sampling(top_k=3, top_p=0.9, seed=1), [0, 0.4 / 0.85, 0, 0.3 / 0.85, 0.15 / 0.85]),
        (Sampling(temperature=0.5, seed=1), [0.01 / 0.285, 0.16 / 0.285, 0.0025 / 0.285, 0.09 / 0.285, 0.0225 / 0.285]),
    ],
)
def test_tokens_are_as_frequent_as_they_are_likely(sampling: Sampling, expected: list[float]) -> None:
    # Five standard deviations of a frequency of a half in 20,000 draws.
    assert frequencies(sampling) == pytest.approx(expected, abs=0.018)


def test_a_seed_decides_and_no_seed_does_not() -> None:
    model = gpt2()
    with_seed = [generate(model, ENCODING, "x", Sampling(maximum_tokens=20, seed=7)).text for _ in range(2)]
    without = {generate(model, ENCODING, "x", Sampling(maximum_tokens=20)).text for _ in range(3)}
    assert with_seed[0] == with_seed[1]
    assert len(without) == 3
