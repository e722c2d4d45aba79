"""Spreads a model over the processes of a mesh."""

from collections.abc import Iterable
from functools import partial
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor
from torch.distributed.tensor.parallel import parallelize_module
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint  # pyright: ignore[reportUnknownVariableType]

from ....problems import Problems
from ...models.gpt2 import GPT2
from ...models.model import blocks, tensor_parallel_plan
from .mesh import Mesh

_Each = TypeVar("_Each", bound=Tensor)


def recompute_activations(model: nn.Module) -> None:
    """Let each block compute its activations again on the way back, instead of keeping them."""
    for block in blocks(model).values():
        # In the block's place, so that the names of its weights stay.
        block.forward = partial(cast(Any, checkpoint), block.forward, use_reentrant=False)


def compile_blocks(model: nn.Module) -> None:
    """Compile each block by itself: all are alike, so one compilation serves all."""
    for block in blocks(model).values():
        cast(Any, block).compile()


def split_layers(model: nn.Module, mesh: Mesh) -> None:
    """Share the work of each layer among the processes of `tensor`.

    Raises:
        InvalidInput: The model cannot be split, or not into as many parts.
    """
    parts, problems = mesh.sizes.tensor, Problems()
    if not isinstance(model, GPT2):
        problems.add("parallel.tensor", f"{parts} parts: only gpt2 can be split by tensors; give 1")
    else:
        shape = model.settings.shape
        for count, name in ((shape.heads, "heads"), (shape.inner, "neurons")):
            if count % parts:
                problems.add(
                    "parallel.tensor", f"{parts} parts do not divide {count} {name} of a layer; give a divisor"
                )
    problems.raise_if_any("training")
    parallelize_module(model, mesh["tensor"], tensor_parallel_plan(model))


def shard(model: nn.Module, mesh: Mesh, bfloat16: bool) -> None:
    """Share weights, gradients and optimizer state among `sharded`, and have them on each of `data`."""
    policy = (
        MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
        if bfloat16
        else MixedPrecisionPolicy()
    )
    settings: dict[str, Any] = {"mesh": mesh["data", "sharded"], "mp_policy": policy}
    # Where nothing is shared, there is nothing to be gathered again on the way back.
    settings["reshard_after_forward"] = mesh.sizes.sharded > 1
    for block in blocks(model).values():
        fully_shard(block, **settings)
    fully_shard(model, **settings)


def copy(model: nn.Module, mesh: Mesh) -> DistributedDataParallel:
    """Have the model on each process of `data`."""
    return DistributedDataParallel(model, process_group=mesh.group("data"), gradient_as_bucket_view=True)


def alike(tensors: Iterable[_Each]) -> list[list[_Each]]:
    """Group tensors that one kernel can take together: those that are spread over the same mesh, or not at all."""
    found: dict[Any, list[_Each]] = {}
    for tensor in tensors:
        found.setdefault(tensor.device_mesh if isinstance(tensor, DTensor) else None, []).append(tensor)
    return list(found.values())
