"""Generating text for many requests at once, one token of each in a step.

Requests come and go between steps (iteration-level batching: Yu et al., "Orca", OSDI 2022), so that a short text does
not wait for a long one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, cast

import torch
from torch import Tensor

from .cache import Cache
from .encoding import Encoding, TextStream
from .model import LanguageModel
from .sampling import Chooser, Sampling, choose

Finish = Literal["stop", "length"]
"""Why a text ended: at its end or at a stop text; or for want of tokens or of context."""


@dataclass(eq=False, slots=True)
class Row:
    """A text that is being generated."""

    prompt: tuple[int, ...]
    """Tokens that it goes on from."""

    sampling: Sampling
    """How its tokens are chosen."""

    tokens: list[int] = field(default_factory=list[int])
    """Tokens generated so far, without the one that ended it."""

    text: str = ""
    """Text so far: the whole of what `new` has been."""

    new: str = ""
    """Text that the last step added. It may be nothing: a character may take several tokens, and what may become a
    stop text is held back."""

    finish: Finish | None = None
    """Why it ended; None while it goes on."""


class _State:
    """What is kept of a row between steps."""

    def __init__(self, row: Row, encoding: Encoding, room: int) -> None:
        self.row = row
        self.chooser = Chooser(row.sampling)
        self.stream: TextStream = encoding.stream()
        self.held = ""
        self.left = min(row.sampling.maximum_tokens, room)

    def take(self, token: int, end: int | None) -> None:
        """Add a token to the row, and end it where it ends."""
        row = self.row
        row.new = ""
        if token == end and not row.sampling.ignore_end:
            self._emit(self.stream.flush(), "stop")
            return
        row.tokens.append(token)
        self.left -= 1
        last = self.left == 0
        self._emit(self.stream.push(token) + (self.stream.flush() if last else ""), "length" if last else None)

    def _emit(self, text: str, finish: Finish | None) -> None:
        row, stop = self.row, self.row.sampling.stop
        self.held += text
        places = [place for place in (self.held.find(each) for each in stop) if place >= 0]
        if places:
            self.held, finish = self.held[: min(places)], "stop"
        kept = 0 if finish else _may_become(self.held, stop)
        row.new = self.held[: len(self.held) - kept]
        self.held = self.held[len(self.held) - kept :]
        row.text += row.new
        row.finish = finish


class Generator:
    """Generates texts with one model; at most `rows` at a time.

    It is not safe to use from several threads at once. In greedy float32 a row's text does not depend on the others.
    """

    def __init__(self, model: LanguageModel, encoding: Encoding, rows: int, capacity: int | None = None) -> None:
        """Make room for `rows` texts of at most `capacity` tokens, prompts included. Default: the model's context."""
        self.model = model.eval()
        self.encoding = encoding
        self.rows: Final = rows
        self._cache = cast(Cache, model.cache(rows, capacity))
        self.capacity: Final = self._cache.capacity if self._cache.capacity is not None else capacity
        """Tokens of a text at most, its prompt included; None where there is no bound."""
        self._states: list[_State] = []

    @property
    def active(self) -> tuple[Row, ...]:
        """Rows that have not ended."""
        return tuple(state.row for state in self._states)

    @property
    def free(self) -> int:
        """Rows that may still join."""
        return self.rows - len(self._states)

    def check(self, prompt: Sequence[int]) -> None:
        """Refuse a prompt that nothing can follow.

        Raises:
            ValueError: It is empty, too long, or has tokens that the model does not know.
        """
        if not prompt:
            raise ValueError("the prompt is empty")
        if self.capacity is not None and len(prompt) >= self.capacity:
            raise ValueError(f"the prompt has {len(prompt)} tokens; {self.capacity - 1} at most leave room for a text")
        if min(prompt) < 0 or max(prompt) >= self.encoding.size:
            raise ValueError(f"the prompt has tokens that are not from 0 to {self.encoding.size - 1}")

    @torch.inference_mode()
    def prefill(self, requests: Sequence[tuple[Sequence[int], Sampling]]) -> list[Row]:
        """Let texts join: read their prompts and generate the first token of each.

        Args:
            requests: Prompt as tokens, and how to go on from it.

        Returns:
            A row for each, in their order. One that has ended already has left again.

        Raises:
            ValueError: They are more than `free`, or `check` refuses a prompt; then none has joined.
        """
        if len(requests) > self.free:
            raise ValueError(f"{len(requests)} texts cannot join: {self.free} rows of {self.rows} are free")
        for prompt, _ in requests:
            self.check(prompt)
        joined = [Row(tuple(prompt), sampling) for prompt, sampling in requests]
        for group in self._groups(joined):
            self._read(group)
        return joined

    @torch.inference_mode()
    def step(self) -> list[Row]:
        """Generate one token of every active row, and return those rows; the ones that ended have left."""
        count = len(self._states)
        if not count:
            return []
        tokens = torch.tensor([[state.row.tokens[-1]] for state in self._states], device=self._device)
        cache = self._cache.narrow(0, count)
        logits = self._logits(tokens, cache, torch.ones(count, dtype=torch.int64))
        states = list(self._states)
        self._take(states, logits)
        return [state.row for state in states]

    def remove(self, row: Row) -> None:
        """Let a row leave before its end; one that has left already stays away."""
        for index, state in enumerate(self._states):
            if state.row is row:
                self._leave(index)
                return

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device

    def _groups(self, rows: list[Row]) -> Iterator[list[Row]]:
        """Put prompts of similar length together: what is padded to the longest one is work for nothing."""
        group: list[Row] = []
        for row in sorted(rows, key=lambda row: len(row.prompt)):
            shortest = len(group[0].prompt) if group else 0
            if group and len(row.prompt) > (2 * shortest + 16 if self._cache.padded else shortest):
                yield group
                group = []
            group.append(row)
        if group:
            yield group

    def _read(self, rows: list[Row]) -> None:
        start = len(self._states)
        cache = self._cache.narrow(start, len(rows))
        lengths = torch.tensor([len(row.prompt) for row in rows])
        tokens = torch.zeros(len(rows), int(lengths.max()), dtype=torch.int64)
        for index, row in enumerate(rows):
            self._cache.clear(start + index)
            tokens[index, : len(row.prompt)] = torch.tensor(row.prompt)
        logits = self._logits(tokens.to(self._device), cache, lengths)
        if self._cache.padded:
            cache.truncate(lengths)
        states = [_State(row, self.encoding, self._room(row)) for row in rows]
        self._states += states
        self._take(states, logits)

    def _room(self, row: Row) -> int:
        if self.capacity is None:
            return row.sampling.maximum_tokens
        # The last token need not be read, and so needs no place.
        return self.capacity - len(row.prompt) + 1

    def _logits(self, tokens: Tensor, cache: Cache, lengths: Tensor) -> Tensor:
        """Return float32 logits [rows, encoding.size] after the last of each row's `lengths` tokens."""
        hidden = self.model.encode(tokens, cache)  # pyright: ignore[reportArgumentType]
        last = hidden[torch.arange(len(lengths), device=hidden.device), (lengths - 1).to(hidden.device)]
        return self.model.project(last)[:, : self.encoding.size].float()

    def _take(self, states: list[_State], logits: Tensor) -> None:
        tokens = choose(logits, [state.chooser for state in states])
        for state, token in zip(states, tokens, strict=True):
            state.take(token, self.encoding.end)
        for index in reversed(range(len(self._states))):
            if self._states[index].row.finish is not None:
                self._leave(index)

    def _leave(self, index: int) -> None:
        """Put the last row in the place of one that leaves, so that active rows stay together."""
        last = len(self._states) - 1
        if index != last:
            self._cache.move(last, index)
            self._states[index] = self._states[last]
        self._states.pop()
        self._cache.clear(last)


def generate(model: LanguageModel, encoding: Encoding, prompt: str, sampling: Sampling) -> Row:
    """Return the text that goes on from `prompt`, generated alone.

    Raises:
        ValueError: The prompt is empty or too long.
    """
    tokens = encoding.encode(prompt)
    generator = Generator(model, encoding, 1)
    row = generator.prefill([(tokens, sampling)])[0]
    while row.finish is None:
        generator.step()
    return row


def _may_become(text: str, stop: tuple[str, ...]) -> int:
    """Return how many letters at the end of `text` may be the beginning of a stop text."""
    longest = max((len(each) for each in stop), default=1) - 1
    for count in range(min(longest, len(text)), 0, -1):
        if any(each.startswith(text[-count:]) for each in stop if len(each) > count):
            return count
    return 0
