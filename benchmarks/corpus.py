"""Texts with known defects, as JSON lines: how many there are of each kind, and what a preprocessing must count."""

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WORDS = [
    "ability",
    "basin",
    "carbon",
    "delta",
    "engine",
    "fabric",
    "garden",
    "harbor",
    "island",
    "jungle",
    "kernel",
    "ladder",
    "marble",
    "needle",
    "orbit",
    "paper",
    "quarry",
    "river",
    "signal",
    "tunnel",
    "union",
    "valley",
    "window",
    "yellow",
    "zenith",
]
_SENTENCES = 4096
_EVERY = 50
"""A record in so many has a defect; of each kind alike."""

LARGE_BYTES = 100_000
"""What the corpus takes for a record that is too large."""


@dataclass
class Corpus:
    """What was written, and what becomes of it under `settings`."""

    folder: Path
    bytes: int = 0
    read: int = 0
    written: int = 0
    quarantined: Counter[str] = field(default_factory=Counter[str])
    filtered: Counter[str] = field(default_factory=Counter[str])
    exact: int = 0
    changed: Counter[str] = field(default_factory=Counter[str])

    def settings(self, output: Path, **others: Any) -> dict[str, Any]:
        """Settings under which the counts hold."""
        return {
            "input": {"kind": "json_lines", "paths": [str(self.folder)], "columns": {"id": "integer"}},
            "output": {"folder": str(output)},
            "quality": {"minimum_characters": 20},
            "maximum_record_bytes": LARGE_BYTES,
            "metrics_port": 0,
            **others,
        }

    def records(self) -> dict[str, Any]:
        """What the manifest must say of the records."""
        return {
            "read": self.read,
            "written": self.written,
            "quarantined": dict(sorted(self.quarantined.items())),
            "filtered": dict(sorted(self.filtered.items())),
            "duplicates": {"exact": self.exact, "near": 0},
        }


def make_corpus(folder: Path, size: int, files: int = 4, seed: int = 0) -> Corpus:
    """Write about `size` bytes into `files` files; the same arguments give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = Corpus(folder)
    writer = _Writer(corpus, random.Random(seed))
    for index in range(files):
        with (folder / f"{index:03d}.jsonl").open("wb") as stream:
            written = 0
            while written < size // files:
                line = writer.line()
                stream.write(line)
                written += len(line)
        corpus.bytes += written
    return corpus


class _Writer:
    def __init__(self, corpus: Corpus, draw: random.Random) -> None:
        self._corpus, self._draw = corpus, draw
        self._sentences = [" ".join(draw.choices(_WORDS, k=20)) + "." for _ in range(_SENTENCES)]
        self._kinds = [
            self._again,
            self._again_with_spaces,
            self._markup,
            self._controls,
            self._decomposed,
            self._no_utf8,
            self._no_json,
            self._no_object,
            self._no_text,
            self._wrong_type,
            self._too_large,
            self._empty,
            self._short,
        ]
        self._turn = 0
        self._last = ""

    def line(self) -> bytes:
        """Return the next record, and count what becomes of it."""
        corpus = self._corpus
        corpus.read += 1
        if corpus.read % _EVERY:
            corpus.written += 1
            self._last = self._text()
            return self._record(self._last)
        kind = self._kinds[self._turn % len(self._kinds)]
        self._turn += 1
        return kind()

    def _text(self) -> str:
        return f"{self._corpus.read}: " + " ".join(self._draw.choices(self._sentences, k=7))

    def _record(self, text: Any) -> bytes:
        return json.dumps({"id": self._corpus.read, "text": text}, ensure_ascii=False).encode() + b"\n"

    def _again(self) -> bytes:
        self._corpus.exact += 1
        return self._record(self._last)

    def _again_with_spaces(self) -> bytes:
        self._corpus.exact += 1
        self._corpus.changed["white_space"] += 1
        return self._record("  " + self._last.replace(" ", " \t ") + "\n")

    def _good(self, change: str, text: str) -> bytes:
        self._corpus.written += 1
        self._corpus.changed[change] += 1
        return self._record(text)

    def _markup(self) -> bytes:
        return self._good("html", f"<b>{self._text()}</b><!-- no --> &amp; <i class='x'>more</i>")

    def _controls(self) -> bytes:
        return self._good("control_characters", self._text() + "\x00\x07\x9f end")

    def _decomposed(self) -> bytes:
        return self._good("unicode", self._text() + " cafe\u0301")

    def _no_utf8(self) -> bytes:
        self._corpus.quarantined["encoding"] += 1
        return self._record(self._text())[:-4] + b'\xff\xfe"}\n'

    def _no_json(self) -> bytes:
        self._corpus.quarantined["json"] += 1
        return self._record(self._text())[:-3] + b"\n"

    def _no_object(self) -> bytes:
        self._corpus.quarantined["json"] += 1
        return b'["a list"]\n'

    def _no_text(self) -> bytes:
        self._corpus.quarantined["text"] += 1
        return self._record(None)

    def _wrong_type(self) -> bytes:
        self._corpus.quarantined["type"] += 1
        return json.dumps({"id": "seven", "text": self._text()}).encode() + b"\n"

    def _too_large(self) -> bytes:
        self._corpus.quarantined["too_large"] += 1
        return self._record("x" * LARGE_BYTES)

    def _empty(self) -> bytes:
        self._corpus.filtered["empty"] += 1
        return self._record(" \n ")

    def _short(self) -> bytes:
        self._corpus.filtered["too_short"] += 1
        return self._record("Too short.")
