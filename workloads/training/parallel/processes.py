"""The processes of a training: how each one joins the others, and leaves them."""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

import torch
import torch.distributed as distributed
from torch._C._distributed_c10d import HashStore

from ....problems import Problems

TIMEOUT: Final = timedelta(minutes=30)
"""How long a process waits for the others in a collective operation; the first one compiles kernels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Processes:
    """This process among those of the training."""

    rank: int
    """Number of this process, from 0."""

    local_rank: int
    """Number of this process on its node."""

    world_size: int
    """Number of processes."""

    device: torch.device
    """Where this process computes."""

    restarts: int = 0
    """How often torchrun has started the processes anew, on failures and on changes of their number."""

    @property
    def backend(self) -> Literal["gloo", "nccl"]:
        """What carries tensors between the devices."""
        return "nccl" if self.device.type == "cuda" else "gloo"

    @property
    def first(self) -> bool:
        """Whether this is the process that reports."""
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Return whether any process says so; every process must ask. It does not wait for the device."""
        if self.world_size == 1:
            return flag
        value = torch.tensor([int(flag)])
        distributed.all_reduce(value, distributed.ReduceOp.MAX)
        return bool(value.item())

    def barrier(self) -> None:
        """Wait for all processes."""
        self.any(False)

    def gather(self, value: Any) -> list[Any]:
        """Return what each process gives, in the order of ranks; every process must take part."""
        found: list[Any] = [None] * self.world_size
        distributed.all_gather_object(found, value, group=None)
        return found


@contextmanager
def join(
    device: Literal["cpu", "cuda"] | None = None,
    timeout: timedelta = TIMEOUT,
    environment: Mapping[str, str] = os.environ,
) -> Generator[Processes]:
    """Join the processes that torchrun started, or be the only one; leave them at the end.

    Tensors of GPUs go by NCCL, those of CPUs by gloo: both are there on GPUs, for what must not wait for them.

    Args:
        device: Where to compute. Default: GPUs where there are any.
        timeout: How long to wait for the other processes. Default: 30 minutes.
        environment: Where torchrun's variables are. Default: this process's environment.

    Raises:
        InvalidInput: There are more processes on this node than GPUs, or no GPU for one that must have it.
    """
    alone = "RANK" not in environment
    rank, world_size = (0, 1) if alone else (int(environment["RANK"]), int(environment["WORLD_SIZE"]))
    local_rank = 0 if alone else int(environment["LOCAL_RANK"])
    local_size = 1 if alone else int(environment.get("LOCAL_WORLD_SIZE", "1"))
    where = _device(device, local_rank, local_size)
    settings: dict[str, Any] = {"rank": rank, "world_size": world_size, "timeout": timeout}
    if alone:
        settings["store"] = HashStore()
    if where.type == "cuda":
        torch.cuda.set_device(where)
        settings["device_id"] = where
    distributed.init_process_group("cpu:gloo,cuda:nccl" if where.type == "cuda" else "cpu:gloo", **settings)
    processes = Processes(
        rank=rank,
        local_rank=local_rank,
        world_size=world_size,
        device=where,
        restarts=int(environment.get("TORCHELASTIC_RESTART_COUNT", "0")),
    )
    try:
        yield processes
    except BaseException:
        # The others may wait for this process where it will never come; torchrun ends them.
        if world_size == 1:
            distributed.destroy_process_group()
        raise
    # The first one keeps the store through which they find each other: it leaves with the others.
    processes.barrier()
    distributed.destroy_process_group()


def _device(device: str | None, local_rank: int, local_size: int) -> torch.device:
    problems = Problems()
    gpus = torch.cuda.device_count() if device != "cpu" else 0
    if device == "cuda" and not gpus:
        problems.add("device", "cuda is wanted, and this machine has no GPU that PyTorch can use")
    elif gpus and local_size > gpus:
        problems.add(
            "device", f"{local_size} processes share {gpus} GPUs; start one for each with --nproc-per-node {gpus}"
        )
    problems.raise_if_any("processes")
    return torch.device("cuda", local_rank) if gpus else torch.device("cpu")
