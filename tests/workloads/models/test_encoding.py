"""Text as tokens: there and back, token by token, and from files that are wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.problems import InvalidInput
from aidc.workloads.models.encoding import (
    END_OF_TEXT,
    BytesEncoding,
    Encoding,
    TokenizerEncoding,
    load_encoding,
    save_encoding,
    tokenizer_encoding,
)

TEXTS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=40)


def trained() -> TokenizerEncoding:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer: Any = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=[END_OF_TEXT], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(["the quick brown fox jumps over the lazy dog, naïve café €"] * 4, trainer)
    return TokenizerEncoding(tokenizer)


ENCODINGS = {"bytes": BytesEncoding(), "tokenizer": trained()}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_text_comes_back_whole_and_token_by_token(encoding: Encoding, text: str) -> None:
    tokens = encoding.encode(text)
    assert all(0 <= token < encoding.size for token in tokens)
    assert encoding.end not in tokens
    assert encoding.decode(tokens) == text
    stream = encoding.stream()
    pieces = [stream.push(token) for token in tokens]
    assert "".join(pieces) + stream.flush() == text
    assert not any("\ufffd" in piece for piece in pieces if "\ufffd" not in text)


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_half_a_character_is_held_back_and_told_at_the_end(encoding: Encoding) -> None:
    tokens = encoding.encode("a日")
    stream = encoding.stream()
    assert [stream.push(token) for token in tokens[:-1]] == ["a", *[""] * (len(tokens) - 2)]
    assert stream.flush() == "\ufffd"
    assert stream.flush() == ""


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_tokens_without_text_are_passed_over(encoding: Encoding) -> None:
    assert encoding.end is not None
    tokens = [*encoding.encode("ab"), encoding.end, encoding.size, encoding.size + 5, *encoding.encode("c")]
    assert encoding.decode(tokens) == "abc"
    stream = encoding.stream()
    assert "".join(stream.push(token) for token in tokens) + stream.flush() == "abc"


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_halves_of_surrogate_pairs_do_no_harm(encoding: Encoding) -> None:
    assert encoding.decode(encoding.encode("a\ud800b")) == "a?b"


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_an_encoding_comes_back_from_its_file(encoding: Encoding, tmp_path: Path) -> None:
    save_encoding(encoding, tmp_path / "encoding.json")
    loaded = load_encoding(tmp_path / "encoding.json")
    text = "the naïve fox, 日本"
    assert loaded.encode(text) == encoding.encode(text)
    assert (loaded.size, loaded.end) == (encoding.size, encoding.end)


def test_a_file_of_the_tokenizers_library_is_an_encoding(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps(trained().document()["tokenizer"]))
    assert tokenizer_encoding(tmp_path / "tokenizer.json").encode("fox") == trained().encode("fox")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no JSON"),
        (b"[1]", "holds no mapping"),
        (b"[" * 100_000, "is no JSON"),
        (b"\xff\xfe", "is no text in UTF-8: byte 0 is 0xff"),
        (b'{"kind": "bites"}', "kind: 'bites' is not one of bytes, tokenizer"),
        (b'{"kind": "tokenizer"}', "is no tokenizer of the tokenizers library"),
        (b'{"kind": "tokenizer", "tokenizer": {"model": {"type": "Evil"}}}', "is no tokenizer"),
    ],
)
def test_a_file_that_is_none_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "encoding.json").write_bytes(content)
    with pytest.raises(InvalidInput) as error:
        load_encoding(tmp_path / "encoding.json")
    assert reason in str(error.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        load_encoding(tmp_path / "encoding.json")
