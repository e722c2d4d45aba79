"""What the loop asks of a model, wherever its parts are; and a model on this process alone."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from .data.samples import Batch
from .optimization.losses import Loss, Measure


class Learner(Protocol):
    """A model that learns, alone or over many processes. All of them call each method at the same time."""

    parts: Sequence[nn.Module]
    """Modules with the weights of this process."""

    data_rank: int
    """Which slice of each batch this process reads."""

    data_size: int
    """Slices of each batch."""

    device: torch.device
    """Where batches must lie."""

    own_loss: float
    """Mean loss of what this process computed in the last `gradients`."""

    own_seconds: float
    """Seconds of this process's forward passes in the last `gradients`: what it does before it waits for others."""

    def gradients(self, micro_batches: Sequence[Batch], loss: Loss) -> float:
        """Set the gradients of the mean loss over all micro-batches of all processes; return that mean."""
        ...

    def clip(self, maximum: float | None) -> float:
        """Shorten the whole gradient to `maximum`; return the norm that it had."""
        ...

    def sums(self, batch: Batch, counted: Tensor, measures: Mapping[str, Measure]) -> dict[str, float]:
        """Return each measure times `counted` (float32 [samples]), summed over the samples of all processes."""
        ...

    def weights(self) -> dict[str, Tensor]:
        """Return all weights of the model by name, in main memory, on the first process; nothing on the others."""
        ...

    def named_parameters(self) -> Iterable[tuple[str, nn.Parameter]]:
        """Return the weights of this process by the names that they have in the whole model, for checkpoints."""
        ...

    def named_buffers(self) -> Iterable[tuple[str, Tensor]]:
        """Return the buffers of this process, likewise."""
        ...


class LoneLearner:
    """A model on this process alone."""

    data_rank = 0
    data_size = 1
    own_loss = 0.0
    own_seconds = 0.0

    def __init__(self, model: nn.Module, device: torch.device, *, precision: str, compiled: bool) -> None:
        """Put `model` on `device`."""
        self.device = device
        self._model = model.to(device)
        self.parts: Sequence[nn.Module] = [self._model]
        self._bfloat16 = precision == "bfloat16"
        self._run = cast(Callable[[Tensor], Tensor], torch.compile(model) if compiled else model)

    def gradients(self, micro_batches: Sequence[Batch], loss: Loss) -> float:
        """Set the gradients of the mean loss; return that mean."""
        self._model.train()
        for weight in self._model.parameters():
            weight.grad = None
        self.own_seconds = 0.0
        total = torch.zeros((), device=self.device)
        for batch in micro_batches:
            began = time.perf_counter()
            with self._precision():
                found = loss(self._run(batch.inputs), batch.targets) / len(micro_batches)
            self.own_seconds += time.perf_counter() - began
            cast(Any, found).backward()
            total += found.detach()
        self.own_loss = total.item()
        return self.own_loss

    def clip(self, maximum: float | None) -> float:
        """Shorten the gradient to `maximum`; return the norm that it had."""
        weights = list(self._model.parameters())
        return nn.utils.clip_grad_norm_(weights, float("inf") if maximum is None else maximum).item()

    def sums(self, batch: Batch, counted: Tensor, measures: Mapping[str, Measure]) -> dict[str, float]:
        """Return each measure times `counted`, summed over the samples."""
        self._model.eval()
        with torch.no_grad(), self._precision():
            outputs = self._run(batch.inputs.to(self.device))
            targets, weights = batch.targets.to(self.device), counted.to(self.device)
            return {name: (measure(outputs, targets) * weights).sum().item() for name, measure in measures.items()}

    def weights(self) -> dict[str, Tensor]:
        """Return all weights by name, in main memory."""
        return {name: value.detach().cpu() for name, value in self._model.state_dict().items()}

    def named_parameters(self) -> Iterable[tuple[str, nn.Parameter]]:
        """Return the weights by name."""
        return self._model.named_parameters()

    def named_buffers(self) -> Iterable[tuple[str, Tensor]]:
        """Return the buffers by name."""
        return self._model.named_buffers()

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if self._bfloat16 else nullcontext()
