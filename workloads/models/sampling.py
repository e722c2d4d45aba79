"""Choosing the next token from a model's logits."""

import random
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How the tokens of one text are chosen, and when it ends."""

    maximum_tokens: int = 16
    """Tokens to generate at most; fewer where the model's context ends. Default: 16."""

    temperature: float = 1.0
    """What logits are divided by; 0 takes the likeliest token. Default: 1."""

    top_k: int | None = None
    """Take one of the likeliest `top_k` tokens. Default: any."""

    top_p: float = 1.0
    """Take one of the fewest tokens that are together this likely (Holtzman et al., 2020). Default: 1."""

    seed: int | None = None
    """What the choice depends on, and nothing else: not what else is generated at the time. Default: chance."""

    stop: tuple[str, ...] = ()
    """Texts that end it, which are not part of it."""

    ignore_end: bool = False
    """Whether to go on after the token that ends a text. Default: no."""

    def __post_init__(self) -> None:
        """Refuse figures without meaning."""
        if self.maximum_tokens < 1:
            raise ValueError(f"maximum_tokens is {self.maximum_tokens}; give 1 or more")
        if not 0 <= self.temperature <= 100:
            raise ValueError(f"temperature is {self.temperature}; give 0 to 100")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k is {self.top_k}; give 1 or more")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p}; give more than 0, 1 at most")
        if "" in self.stop:
            raise ValueError("an empty text cannot stop anything; leave it out")


class Chooser:
    """Chooses the tokens of one text."""

    def __init__(self, sampling: Sampling) -> None:
        self.sampling = sampling
        self._random = random.Random(sampling.seed)

    def draw(self) -> float:
        """Return the next number from 0 to 1, without 1."""
        return self._random.random()


def choose(logits: Tensor, choosers: list[Chooser]) -> list[int]:
    """Return a token for each row of logits [rows, vocabulary], each chosen for itself."""
    found = cast(list[int], logits.argmax(-1).tolist())  # pyright: ignore[reportUnknownMemberType]
    whole = [row for row, each in enumerate(choosers) if each.sampling.temperature > 0 and not _cut(each.sampling)]
    cut = [row for row, each in enumerate(choosers) if each.sampling.temperature > 0 and _cut(each.sampling)]
    if whole:
        weights = _scaled(logits, choosers, whole).softmax(-1)
        for row, place in zip(whole, _drawn(weights, [choosers[row] for row in whole]), strict=True):
            found[row] = place
    if cut:
        sampling = [choosers[row].sampling for row in cut]
        size = logits.shape[-1]
        kept = [min(each.top_k or size, size) for each in sampling]
        values, tokens = _scaled(logits, choosers, cut).topk(max(kept), sorted=True)
        ranks = torch.arange(values.shape[-1], device=values.device)
        values.masked_fill_(ranks >= torch.tensor(kept, device=values.device)[:, None], -torch.inf)
        weights = values.softmax(-1)
        before = weights.cumsum(-1) - weights
        weights.masked_fill_(before >= weights.new_tensor([each.top_p for each in sampling])[:, None], 0)
        # The likeliest token is kept however small `top_p` is.
        places = _drawn(weights, [choosers[row] for row in cut])
        for row, token in zip(cut, tokens.gather(-1, torch.tensor(places, device=tokens.device)[:, None]), strict=True):
            found[row] = int(token)
    return found


def _cut(sampling: Sampling) -> bool:
    return sampling.top_k is not None or sampling.top_p < 1


def _scaled(logits: Tensor, choosers: list[Chooser], rows: list[int]) -> Tensor:
    temperatures = logits.new_tensor([choosers[row].sampling.temperature for row in rows])
    return logits[torch.tensor(rows, device=logits.device)] / temperatures[:, None]


def _drawn(weights: Tensor, choosers: list[Chooser]) -> list[int]:
    """Return a place in each row [rows, places], as likely as its weight."""
    sums = weights.double().cumsum(-1)
    points = sums.new_tensor([each.draw() for each in choosers])[:, None] * sums[:, -1:]
    places = torch.searchsorted(sums, points, right=True)
    found = places.clamp_(max=weights.shape[-1] - 1).squeeze(-1)
    return cast(list[int], found.tolist())  # pyright: ignore[reportUnknownMemberType]
