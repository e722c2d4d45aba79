"""Texts as the engine's work."""

from collections.abc import Sequence
from typing import cast

from ..models.encoding import Encoding
from ..models.generation import Generator, Row
from ..models.model import LanguageModel
from ..models.sampling import Sampling
from .work import Progress, TextWork, Work

_WARM_UP = Sampling(maximum_tokens=4, temperature=0, ignore_end=True)


class TextBatch:
    """Texts that are generated together, one token each in a step."""

    def __init__(self, model: LanguageModel, encoding: Encoding, rows: int, capacity: int | None) -> None:
        """Make room for `rows` texts of `capacity` tokens, and generate a few, so that the first request is no slower.

        Default: the model's context.
        """
        self._model, self._encoding, self._capacity = model, encoding, capacity
        self.generator = Generator(model, encoding, rows, capacity)
        self._works: dict[Row, TextWork] = {}
        self._warm_up(rows)

    @property
    def size(self) -> int:
        """Texts that are being generated."""
        return len(self._works)

    @property
    def free(self) -> int:
        """Texts that may still join."""
        return self.generator.free

    def step(self, joining: Sequence[Work]) -> list[tuple[Work, Progress]]:
        """Generate one token of every text; those that join are read first."""
        rows: list[Row] = self.generator.step()
        joined = [cast(TextWork, work) for work in joining]
        if joined:
            made = self.generator.prefill([(work.prompt, work.sampling) for work in joined])
            for work, row in zip(joined, made, strict=True):
                work.row = row
                self._works[row] = work
            rows = rows + made
        return [news for news in map(self._news, rows) if news is not None]

    def remove(self, work: Work) -> None:
        """Let a text leave before its end."""
        row = cast(TextWork, work).row
        if row is not None and self._works.pop(row, None) is not None:
            self.generator.remove(row)

    def clear(self) -> list[Work]:
        """Begin anew, without texts."""
        works: list[Work] = list(self._works.values())
        self._works.clear()
        for row in self.generator.active:
            self.generator.remove(row)
        return works

    def _news(self, row: Row) -> tuple[Work, Progress] | None:
        work = self._works[row]
        count = len(row.tokens)
        if row.finish is not None:
            del self._works[row]
            text = row.new if work.streamed else row.text
            return work, Progress(work.index, text, count, row.finish)
        # What is not streamed is told twice: at the first token, which is measured, and at the end.
        if work.streamed or count == 1:
            return work, Progress(work.index, row.new if work.streamed else "", count)
        return None

    def _warm_up(self, rows: int) -> None:
        for count in {1, rows}:
            self.generator.prefill([([0], _WARM_UP)] * count)
            while self.generator.active:
                self.generator.step()
