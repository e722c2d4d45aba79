"""Settings of parallelism."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from ....problems import Problems
from ...settings import Settings, Unit

Size = Annotated[int, Field(ge=1), Unit("processes")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """Processes along each dimension of the mesh; their product is the number of processes."""

    data: int
    sharded: int
    tensor: int
    pipeline: int


class ParallelSettings(Settings):
    """How a model and its data are spread over the processes; the product of the four sizes is their number."""

    data: Annotated[int, Field(ge=-1), Unit("processes")] = -1
    """Copies of the model, each of which learns from a part of the batch (DDP). -1 stands for what the other sizes
    leave. Default: -1."""

    sharded: Size = 1
    """Processes that share the weights, gradients and optimizer state of a copy, and each learn from a part of the
    batch (FSDP2). With `data`, each copy is sharded (hybrid sharding). Default: 1."""

    tensor: Size = 1
    """Processes that share the work of each layer: of attention by heads, of feed-forward networks by neurons. Keep
    them on one node. Default: 1."""

    pipeline: Size = 1
    """Processes that have some of the layers each, and pass on what comes out of them. Default: 1."""

    schedule: Literal["1f1b", "gpipe"] = "1f1b"
    """Order of the micro-batches in a pipeline: `1f1b` keeps the activations of as many as there are stages, `gpipe` of
    all. At least as many micro-batches as stages are needed, and many more keep it busy. Default: `1f1b`."""

    def sizes(self, world_size: int) -> Sizes:
        """Return the sizes for `world_size` processes; raises `InvalidInput` where they do not fit."""
        problems = Problems()
        others = self.sharded * self.tensor * self.pipeline
        product = f"sharded {self.sharded} x tensor {self.tensor} x pipeline {self.pipeline}"
        if self.data == 0:
            problems.add("parallel.data", "0 processes; give 1 or more, or -1 for what is left")
        elif self.data > 0 and self.data * others != world_size:
            problems.add(
                "parallel.data",
                f"{self.data} x {product} is {self.data * others}, and there are {world_size} processes; give -1 for"
                " what is left, or start as many",
            )
        elif self.data == -1 and world_size % others:
            problems.add(
                "parallel",
                f"{product} is {others}, which does not divide {world_size} processes; start a multiple of it",
            )
        problems.raise_if_any("training")
        data = world_size // others if self.data == -1 else self.data
        return Sizes(data=data, sharded=self.sharded, tensor=self.tensor, pipeline=self.pipeline)
