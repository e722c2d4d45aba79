"""What a model remembers of the tokens that it has seen, so that the next one costs only itself."""

from typing import Protocol, Self

import torch
from torch import Tensor


class Cache(Protocol):
    """Memory of several sequences, one a row; rows may be taken apart, moved and forgotten."""

    lengths: Tensor
    """Tokens that each row holds: [rows], int64, on the CPU."""

    capacity: int | None
    """Tokens that a row can hold; None where there is no bound."""

    padded: bool
    """Whether rows of different length may go through the model at once, padded on the right: then `truncate` makes the
    padding forgotten."""

    def narrow(self, start: int, count: int) -> Self:
        """Return the rows from `start` as a cache that shares their memory."""
        ...

    def move(self, source: int, target: int) -> None:
        """Copy what row `source` holds over row `target`."""
        ...

    def clear(self, row: int) -> None:
        """Forget what a row holds."""
        ...

    def truncate(self, lengths: Tensor) -> None:
        """Forget all but the first `lengths` tokens of each row."""
        ...


class KeyValueCache:
    """Keys and values of attention, preallocated; its rows may have different lengths."""

    padded = True

    def __init__(
        self,
        *,
        layers: int,
        rows: int,
        heads: int,
        capacity: int,
        head_size: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        """Make room for `rows` sequences of `capacity` tokens: 2 x layers x rows x heads x capacity x head_size."""
        shape = (layers, rows, heads, capacity, head_size)
        self.keys = torch.zeros(shape, dtype=dtype, device=device)
        self.values = torch.zeros(shape, dtype=dtype, device=device)
        self.lengths = torch.zeros(rows, dtype=torch.int64)
        self.capacity: int | None = capacity
        self._mask: Tensor | None = None
        self._rows: Tensor | None = None
        self._positions: Tensor | None = None

    def narrow(self, start: int, count: int) -> Self:
        """Return the rows from `start` as a cache that shares their memory."""
        part = object.__new__(type(self))
        part.keys = self.keys.narrow(1, start, count)
        part.values = self.values.narrow(1, start, count)
        part.lengths = self.lengths.narrow(0, start, count)
        part.capacity = self.capacity
        part._mask = part._rows = part._positions = None
        return part

    def move(self, source: int, target: int) -> None:
        """Copy what row `source` holds over row `target`."""
        length = int(self.lengths[source])
        self.keys[:, target, :, :length] = self.keys[:, source, :, :length]
        self.values[:, target, :, :length] = self.values[:, source, :, :length]
        self.lengths[target] = length
        self._forget()

    def clear(self, row: int) -> None:
        """Forget what a row holds."""
        self.lengths[row] = 0
        self._forget()

    def truncate(self, lengths: Tensor) -> None:
        """Forget all but the first `lengths` tokens of each row."""
        torch.minimum(self.lengths, lengths, out=self.lengths)
        self._forget()

    def positions(self, time: int) -> Tensor:
        """Return the positions of the next `time` tokens of each row: [rows, time].

        Raises:
            ValueError: A row has no room for them.
        """
        if self._positions is None or self._positions.shape[1] != time:
            longest = int(self.lengths.max()) + time
            if self.capacity is not None and longest > self.capacity:
                raise ValueError(f"{longest} tokens do not fit into a cache of {self.capacity}")
            positions = self.lengths[:, None] + torch.arange(time)
            self._positions = positions.to(self.keys.device)
        return self._positions

    def mask(self, time: int) -> Tensor:
        """Return which keys the next `time` tokens may look at: bool [rows, 1, time, longest]."""
        if self._mask is None or self._mask.shape[2] != time:
            positions = self.positions(time)
            longest = int(self.lengths.max()) + time
            keys = torch.arange(longest, device=positions.device)
            self._mask = keys[None, None, None, :] <= positions[:, None, :, None]
        return self._mask

    def extend(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Write the keys and values [rows, heads, time, head_size] of the next tokens of each row in a layer.

        Returns:
            All keys and values of the layer, as long as the longest row: [rows, heads, longest, head_size].
        """
        time = key.shape[2]
        positions = self.positions(time)
        if self._rows is None:
            self._rows = torch.arange(positions.shape[0], device=positions.device)[:, None]
        self.keys[layer].transpose(1, 2)[self._rows, positions] = key.transpose(1, 2)
        self.values[layer].transpose(1, 2)[self._rows, positions] = value.transpose(1, 2)
        longest = int(self.lengths.max()) + time
        return self.keys[layer][:, :, :longest], self.values[layer][:, :, :longest]

    def advance(self, time: int) -> None:
        """Count the tokens that were written in every layer."""
        self.lengths += time
        self._forget()

    def _forget(self) -> None:
        self._mask = self._positions = None


class LSTMCache:
    """State of an LSTM after the tokens that it has seen."""

    padded = False
    capacity: int | None = None

    def __init__(
        self,
        *,
        layers: int,
        rows: int,
        hidden: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        """Make the empty state of `rows` sequences."""
        self.hidden = torch.zeros(layers, rows, hidden, dtype=dtype, device=device)
        self.cell = torch.zeros(layers, rows, hidden, dtype=dtype, device=device)
        self.lengths = torch.zeros(rows, dtype=torch.int64)

    def narrow(self, start: int, count: int) -> Self:
        """Return the rows from `start` as a cache that shares their memory."""
        part = object.__new__(type(self))
        part.hidden = self.hidden.narrow(1, start, count)
        part.cell = self.cell.narrow(1, start, count)
        part.lengths = self.lengths.narrow(0, start, count)
        return part

    def move(self, source: int, target: int) -> None:
        """Copy what row `source` holds over row `target`."""
        self.hidden[:, target] = self.hidden[:, source]
        self.cell[:, target] = self.cell[:, source]
        self.lengths[target] = self.lengths[source]

    def clear(self, row: int) -> None:
        """Forget what a row holds."""
        self.hidden[:, row] = 0
        self.cell[:, row] = 0
        self.lengths[row] = 0

    def truncate(self, lengths: Tensor) -> None:
        """Refuse: a state cannot go back.

        Raises:
            ValueError: A row holds more.
        """
        if bool((self.lengths > lengths).any()):
            raise ValueError("the state of an LSTM cannot forget single tokens; run rows of different length apart")

    def advance(self, hidden: Tensor, cell: Tensor, time: int) -> None:
        """Take the state after `time` more tokens."""
        self.hidden.copy_(hidden)
        self.cell.copy_(cell)
        self.lengths += time
