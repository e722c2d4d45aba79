"""Copies of a state in the memory of the host, made while training goes on."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, cast

import torch
from torch import Tensor
from torch.distributed.checkpoint.staging import AsyncStager
from torch.distributed.tensor import DTensor


class Stager(AsyncStager):
    """Copies tensors in a thread, into memory that is kept for the next checkpoint and pinned where there are GPUs.

    torch's DefaultStager copies storages, and holds Python's global lock meanwhile: training would stand still.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint-staging")
        self._copies: dict[str, Tensor] = {}

    def stage(self, state_dict: Mapping[str, Any]) -> Future[dict[str, Any]]:
        """Begin to copy; the tensors must not change until the future is done."""
        stream = None
        if self._device.type == "cuda":
            stream = torch.cuda.Stream(self._device)
            # The weights are what the last step of the optimizer, perhaps still running, makes of them.
            stream.wait_stream(torch.cuda.current_stream(self._device))
        return self._thread.submit(self._copy, dict(state_dict), stream)

    def close(self) -> None:
        """Free the memory."""
        self._thread.shutdown()
        self._copies.clear()

    def _copy(self, tensors: Mapping[str, Tensor], stream: torch.cuda.Stream | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        with torch.no_grad(), torch.cuda.stream(stream) if stream is not None else nullcontext():
            for name, tensor in tensors.items():
                local = tensor.to_local() if isinstance(tensor, DTensor) else tensor
                copy = self._room(name, local)
                copy.copy_(local, non_blocking=True)
                found[name] = _spread_like(tensor, copy) if isinstance(tensor, DTensor) else copy
        if stream is not None:
            stream.synchronize()
        return found

    def _room(self, name: str, local: Tensor) -> Tensor:
        room = self._copies.get(name)
        if room is None or room.shape != local.shape or room.dtype != local.dtype:
            pinned = local.device.type == "cuda"
            room = self._copies[name] = torch.empty(local.shape, dtype=local.dtype, pin_memory=pinned)
        return room


def _spread_like(tensor: DTensor, local: Tensor) -> DTensor:
    """Return a tensor of which this process has `local`, on the host, where it has a part of `tensor` on its device."""
    # By the protocol of tensors that wrap others: DTensor.from_local would move `local` to the device.
    spread: Any = tensor.detach()
    names, context = spread.__tensor_flatten__()
    inner = {**{name: getattr(spread, name) for name in names}, "_local_tensor": local}
    return cast(Any, DTensor).__tensor_unflatten__(inner, context, tensor.shape, tensor.stride())
