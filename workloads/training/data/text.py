"""Text as tokens in a file that is mapped to memory, and its windows as samples."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from ....problems import InvalidInput, Problem, Problems
from ...addresses import refusal_to_write
from .corpus import Corpus, find_corpus
from .samples import Batch, Indices, tensor_of
from .settings import TextSettings
from .tokens import TOKENIZER, train_tokenizer, write_tokens

_FORMAT: Final = 3
"""Version of what is kept; another one is made anew."""

_TOKENS, _MANIFEST = "tokens.bin", "manifest.json"


@dataclass(frozen=True, slots=True)
class Text:
    """A text as tokens."""

    folder: Path
    """Where its tokens are kept."""

    files: int
    """Files that were read."""

    documents: int
    """Texts that were read: files, and rows of tables."""

    bytes: int
    """Bytes that were read."""

    sha256: str
    """Hash of what was read."""

    count: int
    """Tokens."""

    vocabulary: int
    """Different tokens that there may be."""

    kind: str
    """Type of a token in the file, for numpy."""

    @property
    def tokenizer(self) -> Path | None:
        """File of the tokenizer; None where bytes are the tokens."""
        path = self.folder / TOKENIZER
        return path if path.exists() else None

    def tokens(self) -> NDArray[Any]:
        """Return the tokens, mapped to memory."""
        return np.memmap(self.folder / _TOKENS, dtype=self.kind, mode="r")


class Windows:
    """Windows of a text that follow each other; a sample's targets are its inputs, one token later."""

    def __init__(self, tokens: NDArray[Any], context: int, chosen: Indices) -> None:
        """Cut tokens [count] into windows of `context` tokens, and take those that are chosen."""
        self._tokens, self._context, self._chosen = tokens, context, chosen
        self._places = np.arange(context + 1)

    def __len__(self) -> int:
        return len(self._chosen)

    def read(self, indices: Indices) -> Batch:
        """Return the windows at `indices`."""
        rows = self._tokens[self._chosen[indices][:, None] * self._context + self._places].astype(np.int64)
        found = tensor_of(rows)
        return Batch(found[:, :-1].contiguous(), found[:, 1:].contiguous())


def read_text(settings: TextSettings, context: int) -> tuple[Windows, Windows, Text]:
    """Return the windows to learn from, those held out, and the text; raises `InvalidInput` where there are none."""
    text = prepare_text(settings)
    tokens = text.tokens()
    windows = np.arange(max(0, (len(tokens) - 1) // context), dtype=np.int64)
    # Spread evenly, what is held out is like the rest; the end of a text may be about something else.
    out = np.floor((windows + 1) * settings.held_out) > np.floor(windows * settings.held_out)
    learned, kept = (Windows(tokens, context, windows[part]) for part in (~out, out))
    problems = Problems()
    for part, name in ((learned, "for learning"), (kept, "held out")):
        if not len(part):
            problems.add(
                "batch.context", f"of {text.count:,} tokens, those {name} are fewer than one window of {context} tokens"
            )
    problems.raise_if_any("data")
    return learned, kept, text


def prepare_text(settings: TextSettings) -> Text:
    """Return the text as tokens, made at most once: processes that ask at the same time wait for the first."""
    corpus = find_corpus(settings)
    source = [_FORMAT, settings.vocabulary, corpus.maximum_bytes, corpus.fingerprint()]
    key = hashlib.sha256(json.dumps(source).encode()).hexdigest()[:32]
    cache = _cache(settings)
    with _alone(cache / f"{key}.lock"):
        if not (cache / key / _MANIFEST).exists():
            _make(cache / key, corpus, settings.vocabulary)
    manifest = json.loads((cache / key / _MANIFEST).read_text())
    return Text(folder=cache / key, **cast(dict[str, Any], manifest))


def _make(folder: Path, corpus: Corpus, vocabulary: int | None) -> None:
    corpus.check()
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
    try:
        tokenizer = None if vocabulary is None else train_tokenizer(corpus, vocabulary)
        if tokenizer is not None:
            tokenizer.save(str(building / TOKENIZER))
        with (building / _TOKENS).open("wb") as file:
            manifest = write_tokens(corpus, tokenizer, file)
        (building / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _cache(settings: TextSettings) -> Path:
    if settings.cache is not None:
        if (reason := refusal_to_write(str(settings.cache))) is not None:
            problem = Problem("data.cache", f"'{settings.cache}' cannot be written to: {reason}; give another folder")
            raise InvalidInput("data", [problem])
        return settings.cache
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "aidc" / "tokens"
    if refusal_to_write(str(folder)) is not None:
        # Containers have a home that cannot be written.
        folder = Path(tempfile.gettempdir()) / f"aidc-{os.getuid()}" / "tokens"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def _alone(path: Path) -> Generator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
