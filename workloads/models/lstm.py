"""Language model of long short-term memory (Hochreiter and Schmidhuber, 1997)."""

from torch import Tensor, nn

from .cache import LSTMCache
from .settings import LSTMSettings


class LSTM(nn.Module):
    """Embedding, layers of long short-term memory, head."""

    def __init__(self, settings: LSTMSettings) -> None:
        super().__init__()
        self.settings = settings
        vocabulary = settings.vocabulary or 0
        self.tokens = nn.Embedding(vocabulary, settings.embedding)
        self.dropout = nn.Dropout(settings.dropout)
        self.memory = nn.LSTM(
            settings.embedding,
            settings.hidden,
            settings.layers,
            batch_first=True,
            dropout=settings.dropout if settings.layers > 1 else 0.0,
        )
        self.head = nn.Linear(settings.hidden, vocabulary)

    def forward(self, tokens: Tensor, cache: LSTMCache | None = None) -> Tensor:
        """Return logits [batch, time, vocabulary] for tokens [batch, time] (int64).

        With a cache, the tokens follow those that it has seen, row by row, and it takes the state after them.
        """
        return self.project(self.encode(tokens, cache))

    def encode(self, tokens: Tensor, cache: LSTMCache | None = None) -> Tensor:
        """Return what `forward` does, before the head: [batch, time, hidden]."""
        embedded = self.dropout(self.tokens(tokens))
        if cache is None:
            output, _ = self.memory(embedded)
        else:
            before = (cache.hidden.contiguous(), cache.cell.contiguous())
            output, (hidden, cell) = self.memory(embedded, before)
            cache.advance(hidden, cell, tokens.shape[1])
        return output

    def project(self, hidden: Tensor) -> Tensor:
        """Return logits [batch, time, vocabulary] for the last layer's output."""
        return self.head(self.dropout(hidden))

    def cache(self, rows: int, capacity: int | None = None) -> LSTMCache:
        """Return an empty state for `rows` sequences; it has the same size after any number of tokens."""
        weight = self.head.weight
        return LSTMCache(
            layers=self.settings.layers,
            rows=rows,
            hidden=self.settings.hidden,
            dtype=weight.dtype,
            device=weight.device,
        )
