"""A model that learns on many processes."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import torch
import torch.distributed as distributed
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from ..data.samples import Batch
from ..optimization.losses import Loss, Measure
from .mesh import Mesh
from .norms import clip, local
from .processes import Processes
from .settings import ParallelSettings
from .spreading import compile_blocks, copy, recompute_activations, shard, split_layers
from .stages import Pipeline, cut

_TIED = {"head.weight": "tokens.weight"}
"""What GPT-2's head shares with its embedding: one weight, of which two stages have a copy."""


class SpreadLearner:
    """A model over the processes of a mesh: each has some of its layers, some of their work, or some of the data."""

    own_loss = 0.0
    own_seconds = 0.0

    def __init__(
        self,
        model: nn.Module,
        settings: ParallelSettings,
        processes: Processes,
        *,
        precision: str,
        compiled: bool,
        recomputed: bool,
    ) -> None:
        """Spread `model`, which has the same weights on every process.

        Raises:
            InvalidInput: The sizes do not fit the processes or the model.
        """
        self._mesh = mesh = Mesh(settings.sizes(processes.world_size), processes)
        self._processes = processes
        self.device = processes.device
        self.data_rank, self.data_size = mesh.data_rank, mesh.data_size
        sizes = mesh.sizes
        if sizes.pipeline > 1:
            cut(model, mesh.stage, sizes.pipeline)
        model.to(self.device)
        if sizes.tensor > 1:
            split_layers(model, mesh)
        if recomputed:
            recompute_activations(model)
        if compiled:
            compile_blocks(model)
        bfloat16 = precision == "bfloat16"
        run: nn.Module = model
        if sizes.sharded > 1 or (sizes.data > 1 and sizes.tensor > 1):
            shard(model, mesh, bfloat16)
        else:
            run = _Autocast(model, self.device) if bfloat16 else model
            run = copy(run, mesh) if sizes.data > 1 else run
        self._model, self._run = model, run
        self.parts: Sequence[nn.Module] = [model]
        self._pipeline = Pipeline(run, mesh, self.device, settings.schedule) if sizes.pipeline > 1 else None

    def gradients(self, micro_batches: Sequence[Batch], loss: Loss) -> float:
        """Set the gradients of the mean loss over all micro-batches of all processes; return that mean."""
        self._model.train()
        for weight in self._model.parameters():
            weight.grad = None
        began = time.perf_counter()
        if self._pipeline is not None:
            total = self._through_pipeline(self._pipeline, micro_batches, loss)
            self.own_seconds = time.perf_counter() - began
        else:
            total = self._here(micro_batches, loss)
        self.own_loss = total.item()
        distributed.all_reduce(total)
        return total.item() / (self.data_size * self._mesh.sizes.tensor)

    def clip(self, maximum: float | None) -> float:
        """Shorten the whole gradient to `maximum`; return the norm that it had."""
        sizes = self._mesh.sizes
        weights = list(self._model.named_parameters())
        # The first stage counts what the last one has a copy of.
        counted = [weight for name, weight in weights if self._mesh.first_stage or name not in _TIED]
        others = [weight for name, weight in weights if not self._mesh.first_stage and name in _TIED]
        return clip(counted, self._processes.world_size // sizes.pipeline, maximum, also=others)

    def sums(self, batch: Batch, counted: Tensor, measures: Mapping[str, Measure]) -> dict[str, float]:
        """Return each measure times `counted`, summed over the samples of all processes."""
        self._model.eval()
        inputs, targets, weights = (each.to(self.device) for each in (batch.inputs, batch.targets, counted))
        with torch.no_grad():
            outputs = self._pipeline.outputs(inputs) if self._pipeline is not None else self._outputs(inputs)
            found = [
                (measure(outputs, targets) * weights).sum()
                if outputs is not None
                else torch.zeros((), device=self.device)
                for measure in measures.values()
            ]
            totals = torch.stack(found)
        distributed.all_reduce(totals)
        # Processes that share layers have found the same.
        shared = (totals / self._mesh.sizes.tensor).cpu()
        return {name: shared[index].item() for index, name in enumerate(measures)}

    def weights(self) -> dict[str, Tensor]:
        """Return all weights of the model by name, in main memory, on the first process; nothing on the others."""
        first, mesh = self._processes.first, self._mesh
        found: dict[str, Tensor] = {}
        for name, value in cast(Mapping[str, Tensor], self._model.state_dict()).items():
            whole = (value.full_tensor() if isinstance(value, DTensor) else value).detach()
            if first or mesh.sizes.pipeline > 1:
                found[name] = whole.cpu()
        if mesh.sizes.pipeline == 1:
            return found
        stages = self._processes.gather(found if mesh.first_of_stage else {})
        return {name: value for stage in stages for name, value in stage.items()} if first else {}

    def named_parameters(self) -> Iterable[tuple[str, nn.Parameter]]:
        """Return the weights of this process, by the names that they have in the whole model."""
        cut_off = self._mesh.sizes.pipeline > 1
        for name, weight in self._model.named_parameters():
            yield _TIED.get(name, name) if cut_off else name, weight

    def named_buffers(self) -> Iterable[tuple[str, Tensor]]:
        """Return the buffers of this process."""
        return self._model.named_buffers()

    def _here(self, micro_batches: Sequence[Batch], loss: Loss) -> Tensor:
        total = torch.zeros((), device=self.device)
        self.own_seconds = 0.0
        for index, batch in enumerate(micro_batches):
            with self._reduced(index == len(micro_batches) - 1):
                began = time.perf_counter()
                found = loss(self._run(batch.inputs), batch.targets) / len(micro_batches)
                self.own_seconds += time.perf_counter() - began
                cast(Any, found).backward()
            total += found.detach()
        return total

    def _reduced(self, last: bool) -> AbstractContextManager[Any]:
        """Let gradients go to the other processes after the last micro-batch only."""
        if isinstance(self._run, DistributedDataParallel):
            return nullcontext() if last else self._run.no_sync()
        if isinstance(self._run, FSDPModule):
            self._run.set_requires_gradient_sync(last)
            self._run.set_is_last_backward(last)
        return nullcontext()

    def _through_pipeline(self, pipeline: Pipeline, micro_batches: Sequence[Batch], loss: Loss) -> Tensor:
        inputs = [batch.inputs for batch in micro_batches]
        losses = pipeline.learn(inputs, [batch.targets for batch in micro_batches], loss)
        ends = self._mesh.ends
        if ends is not None:
            # Both copies of the tied weight get the whole gradient, and so stay equal.
            for name, weight in self._model.named_parameters():
                if weight.grad is not None and (name in _TIED or name in _TIED.values()):
                    distributed.all_reduce(local(weight.grad), group=ends)
        return torch.stack(losses).mean().detach() if losses else torch.zeros((), device=self.device)

    def _outputs(self, inputs: Tensor) -> Tensor:
        run = cast(Any, self._run)
        if isinstance(self._run, DistributedDataParallel):
            # Its copies are in step without it, and here there are no gradients to be shared.
            run = run.module
        return run(inputs)


class _Autocast(nn.Module):
    """Runs a model with the matrix products in bfloat16."""

    def __init__(self, model: nn.Module, device: torch.device) -> None:
        super().__init__()
        self.model = model
        self._device = device.type

    def forward(self, inputs: Tensor) -> Tensor:
        with torch.autocast(self._device, dtype=torch.bfloat16):
            return self.model(inputs)
