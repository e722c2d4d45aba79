"""Tokens of a text: its bytes, or those of a byte-pair encoding that is trained on it."""

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from ...models.encoding import END_OF_TEXT
from .corpus import Corpus

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER: Final = "tokenizer.json"
"""File of a trained tokenizer."""

END: Final = 0
"""Token after each document. As a byte, text does not have it."""


_LONGEST_TOKEN: Final = 128
"""Bytes of a token at most: a letter that is repeated for a mebibyte would become one token."""

_LONGEST_WORD: Final = 1024
"""Letters that are taken as one word to learn from: time grows with the square of a word's length."""

_LONG_WORD: Final = re.compile(rf"(?<!\S)\S{{{_LONGEST_WORD + 1},}}")
"""From its first letter on: to look from each letter of a shorter word takes the square of its length."""


def train_tokenizer(corpus: Corpus, vocabulary: int) -> "Tokenizer":
    """Return a byte-level byte-pair encoding of at most `vocabulary` tokens; `END` is its first."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made: Any = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=_LONGEST_TOKEN,
        show_progress=False,
    )
    pieces = (piece for document in corpus.documents() for piece in document)
    made.train_from_iterator((part for piece in pieces for part in _parts(_text(piece))), trainer)
    return made


def write_tokens(corpus: Corpus, tokenizer: "Tokenizer | None", file: BinaryIO) -> dict[str, Any]:
    """Write the tokens of `corpus`, piece by piece; return what there is to know of them."""
    vocabulary = 256 if tokenizer is None else tokenizer.get_vocab_size()
    kind = np.min_scalar_type(vocabulary - 1)
    digest = hashlib.sha256()
    documents = files = read = count = 0
    last = None
    for document in corpus.documents():
        documents += 1
        files += document.path != last
        last = document.path
        for piece in document:
            digest.update(piece)
            read += len(piece)
            count += _write(file, _encoded(tokenizer, piece), kind)
        digest.update(b"\0")
        count += _write(file, [END], kind)
    return {
        "files": files,
        "documents": documents,
        "bytes": read,
        "sha256": digest.hexdigest(),
        "count": count,
        "vocabulary": vocabulary,
        "kind": kind.name,
    }


def _encoded(tokenizer: "Tokenizer | None", piece: bytes) -> Any:
    return np.frombuffer(piece, dtype=np.uint8) if tokenizer is None else tokenizer.encode(_text(piece)).ids


def _write(file: BinaryIO, tokens: Any, kind: "np.dtype[Any]") -> int:
    file.write(np.asarray(tokens).astype(kind).tobytes())
    return len(tokens)


def _parts(text: str) -> Iterator[str]:
    """Cut a text inside words that are too long."""
    start = 0
    for word in _LONG_WORD.finditer(text):
        for end in range(word.start() + _LONGEST_WORD, word.end(), _LONGEST_WORD):
            yield text[start:end]
            start = end
    yield text[start:]


def _text(piece: bytes) -> str:
    return piece.decode("utf-8", errors="replace")
