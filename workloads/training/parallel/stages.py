"""A pipeline: which layers a process has, and the schedule by which micro-batches go through them."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.distributed.pipelining import PipelineStage, Schedule1F1B, ScheduleGPipe

from ....problems import Problems
from ...models.gpt2 import GPT2
from .mesh import Mesh


def cut(model: nn.Module, stage: int, stages: int) -> None:
    """Leave a model the layers of one stage only; their names stay.

    Raises:
        InvalidInput: The model cannot be cut, or has fewer layers than there are stages.
    """
    problems = Problems()
    if not isinstance(model, GPT2):
        problems.add("parallel.pipeline", f"{stages} stages: only gpt2 can be cut into stages; give 1")
    elif len(model.blocks) < stages:
        problems.add(
            "parallel.pipeline",
            f"{stages} stages are more than the {len(model.blocks)} layers of the model; give as many or less",
        )
    problems.raise_if_any("training")
    assert isinstance(model, GPT2)
    layers = len(model.blocks)
    mine = range(layers * stage // stages, layers * (stage + 1) // stages)
    for name in list(model.blocks):
        if int(name) not in mine:
            del model.blocks[name]
    if stage > 0:
        model.tokens = model.positions = None
    if stage < stages - 1:
        model.norm = model.head = None


class Pipeline:
    """The stage of this process, and its schedules by what goes through them."""

    def __init__(self, module: nn.Module, mesh: Mesh, device: torch.device, kind: str) -> None:
        """`module` is what the stage runs; `kind` is `1f1b` or `gpipe`."""
        self._module, self._mesh, self._device = module, mesh, device
        self._kind = Schedule1F1B if kind == "1f1b" else ScheduleGPipe
        self._schedules: dict[tuple[Any, ...], Any] = {}

    def learn(
        self, inputs: Sequence[Tensor], targets: Sequence[Tensor], loss: Callable[[Tensor, Tensor], Tensor]
    ) -> list[Tensor]:
        """Set the gradients of the mean loss; return the loss of each micro-batch, on the last stage."""
        losses: list[Tensor] = []
        key = ("learn", loss, len(inputs), inputs[0].shape)
        if key not in self._schedules:
            self._schedules[key] = self._kind(self._stage(), len(inputs), loss_fn=loss)
        self._schedules[key].step(
            arg_mbs=[(each,) for each in inputs] if self._mesh.first_stage else None,
            target_mbs=list(targets) if self._mesh.last_stage else None,
            losses=losses if self._mesh.last_stage else None,
            return_outputs=False,
        )
        return losses

    def outputs(self, inputs: Tensor) -> Tensor | None:
        """Return what the model makes of `inputs`, on the last stage."""
        key = ("outputs", inputs.shape)
        if key not in self._schedules:
            self._schedules[key] = ScheduleGPipe(self._stage(), 1)
        schedule = self._schedules[key]
        found = schedule.eval(inputs) if self._mesh.first_stage else schedule.eval()
        return cast(Tensor, found) if self._mesh.last_stage else None

    def _stage(self) -> PipelineStage:
        return PipelineStage(
            self._module,
            self._mesh.stage,
            self._mesh.sizes.pipeline,
            self._device,
            group=self._mesh.group("pipeline"),
        )
