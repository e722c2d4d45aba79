"""GPT-2 (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019)."""

import math
from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from .cache import KeyValueCache
from .settings import GPT2Settings, GPT2Shape

INITIAL_DEVIATION = 0.02
"""Standard deviation of the initial weights, from the released model.py (github.com/openai/gpt-2)."""


class Attention(nn.Module):
    """Causal multi-head self-attention.

    The rows of `projection` go head by head, each with its query, key and value, so that a part of the rows is a part
    of the heads: a tensor-parallel shard needs no other code.
    """

    def __init__(self, shape: GPT2Shape, dropout: float) -> None:
        super().__init__()
        self.head_size = shape.head_size
        self.dropout = dropout
        self.projection = nn.Linear(shape.embedding, 3 * shape.heads * shape.head_size)
        self.output = nn.Linear(shape.heads * shape.head_size, shape.embedding)

    def forward(self, hidden: Tensor, cache: KeyValueCache | None = None, layer: int = 0) -> Tensor:
        """Return [batch, time, embedding] for hidden [batch, time, embedding]."""
        batch, time, _ = hidden.shape
        # Taken apart before they are transposed, so that the gradient comes together without a copy.
        projected = self.projection(hidden).view(batch, time, -1, 3, self.head_size).unbind(3)
        query, key, value = (part.transpose(1, 2) for part in projected)
        dropout = self.dropout if self.training else 0.0
        if cache is None:
            mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout, is_causal=True)
        else:
            key, value = cache.extend(layer, key, value)
            mixed = functional.scaled_dot_product_attention(query, key, value, cache.mask(time), dropout_p=dropout)
        return self.output(mixed.transpose(1, 2).reshape(batch, time, -1))


class FeedForward(nn.Module):
    """Network of one hidden layer, applied to each position."""

    def __init__(self, shape: GPT2Shape) -> None:
        super().__init__()
        self.expand = nn.Linear(shape.embedding, shape.inner)
        self.output = nn.Linear(shape.inner, shape.embedding)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return [batch, time, embedding] for hidden [batch, time, embedding]."""
        return self.output(functional.gelu(self.expand(hidden), approximate="tanh"))


class Block(nn.Module):
    """Attention and feed-forward network, each normalised before and added to what came in."""

    def __init__(self, shape: GPT2Shape, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(shape.embedding)
        self.attention = Attention(shape, dropout)
        self.feed_forward_norm = nn.LayerNorm(shape.embedding)
        self.feed_forward = FeedForward(shape)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, cache: KeyValueCache | None = None, layer: int = 0) -> Tensor:
        """Return [batch, time, embedding] for hidden [batch, time, embedding]."""
        hidden = hidden + self.dropout(self.attention(self.attention_norm(hidden), cache, layer))
        return hidden + self.dropout(self.feed_forward(self.feed_forward_norm(hidden)))


class GPT2(nn.Module):
    """GPT-2: embedding, blocks, norm, head.

    A stage of a pipeline is this module with some blocks removed and `tokens` and `positions`, or `norm` and `head`,
    set to None: then what goes in, or comes out, is hidden [batch, time, embedding]. The head has the weights of
    `tokens`; stages that hold one of the two each must add their gradients.
    """

    def __init__(self, settings: GPT2Settings) -> None:
        super().__init__()
        self.settings = settings
        shape = settings.shape
        self.tokens: nn.Embedding | None = nn.Embedding(shape.vocabulary, shape.embedding)
        self.positions: nn.Embedding | None = nn.Embedding(shape.context, shape.embedding)
        self.dropout = nn.Dropout(settings.dropout)
        self.blocks = nn.ModuleDict({str(index): Block(shape, settings.dropout) for index in range(shape.layers)})
        self.norm: nn.LayerNorm | None = nn.LayerNorm(shape.embedding)
        self.head: nn.Linear | None = nn.Linear(shape.embedding, shape.vocabulary, bias=False)
        self.initialize()
        self.tie()

    def tie(self) -> None:
        """Make the head's weights those of the tokens, as after `to_empty`, which separates them."""
        if self.head is not None and self.tokens is not None:
            self.head.weight = self.tokens.weight

    @torch.no_grad()
    def initialize(self) -> None:
        """Set the weights to their initial values: normal, smaller in the last layers of residual branches.

        Those are divided by the square root of the number of residual branches (Radford et al., 2019, section 2.3).
        """
        residual = INITIAL_DEVIATION / math.sqrt(2 * self.settings.shape.layers)
        modules = cast(Iterable[tuple[str, nn.Module]], self.named_modules())
        for name, module in modules:
            if isinstance(module, nn.Linear):
                deviation = residual if name.endswith(".output") else INITIAL_DEVIATION
                module.weight.normal_(0, deviation)
                if module.bias is not None:  # pyright: ignore[reportUnnecessaryComparison]
                    module.bias.zero_()
            elif isinstance(module, nn.Embedding):
                # 0.01 for positions, as in the released model.py.
                module.weight.normal_(0, 0.01 if name == "positions" else INITIAL_DEVIATION)
            elif isinstance(module, nn.LayerNorm):
                module.reset_parameters()

    def forward(self, tokens: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """Return logits [batch, time, vocabulary] for tokens [batch, time] (int64).

        With a cache, the tokens follow those that it holds, row by row, and the cache grows by them.
        """
        hidden = self.encode(tokens, cache)
        return self.project(hidden) if self.head is not None else hidden

    def encode(self, tokens: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """Return what `forward` does, before the last norm and the head: hidden [batch, time, embedding]."""
        hidden = self.embed(tokens, cache) if self.tokens is not None else tokens
        for index, block in self.blocks.items():
            hidden = block(hidden, cache, int(index))
        if cache is not None:
            cache.advance(tokens.shape[1])
        return hidden

    def embed(self, tokens: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """Return the sum of the tokens' and the positions' vectors: [batch, time, embedding]."""
        assert self.tokens is not None
        assert self.positions is not None
        if cache is None:
            positions = self.positions.weight[: tokens.shape[1]]
        else:
            positions = self.positions(cache.positions(tokens.shape[1]))
        return self.dropout(self.tokens(tokens) + positions)

    def project(self, hidden: Tensor) -> Tensor:
        """Return logits [batch, time, vocabulary] for the last block's output."""
        assert self.norm is not None
        assert self.head is not None
        return self.head(self.norm(hidden))

    def cache(self, rows: int, capacity: int | None = None) -> KeyValueCache:
        """Return an empty cache for `rows` sequences of at most `capacity` tokens. Default: the context."""
        shape = self.settings.shape
        weight = next(self.parameters())
        return KeyValueCache(
            layers=shape.layers,
            rows=rows,
            heads=shape.heads,
            capacity=min(capacity or shape.context, shape.context),
            head_size=shape.head_size,
            dtype=weight.dtype,
            device=weight.device,
        )
