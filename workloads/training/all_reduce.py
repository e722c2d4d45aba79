"""Bus bandwidth of an all-reduce over all processes, held against a floor, before a training begins.

`torchrun -m aidc.workloads.training.all_reduce --minimum 270` ends with 0 where the floor is reached, with 1 where it
is not, and with 2 where there is nothing to measure. Process 0 writes one line of JSON.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

_GIGABYTE: Final = 1e9
_MEBIBYTE: Final = 2**20
_NUMBER_BYTES: Final = 4
"""A number of float32."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """What an all-reduce took."""

    backend: str
    """`nccl` on GPUs, `gloo` on CPUs."""

    world_size: int
    """Processes that took part."""

    bytes: int
    """Bytes that each process contributed."""

    seconds: float
    """Seconds of one all-reduce: the mean over the repetitions of the slowest process."""

    minimum_gb_per_second: float
    """The floor, in GB/s of bus bandwidth; 0 where there is none."""

    @property
    def algorithm_gb_per_second(self) -> float:
        """Bytes over seconds, in 10^9 bytes a second."""
        return self.bytes / self.seconds / _GIGABYTE

    @property
    def bus_gb_per_second(self) -> float:
        """What every link carried, comparable over numbers of processes: NVIDIA nccl-tests, doc/PERFORMANCE.md."""
        return self.algorithm_gb_per_second * 2 * (self.world_size - 1) / self.world_size

    @property
    def reached(self) -> bool:
        """Whether the floor was reached."""
        return self.bus_gb_per_second >= self.minimum_gb_per_second

    def line(self) -> str:
        """The measurement as one line of JSON."""
        figures = {
            "event": "all_reduce",
            **asdict(self),
            "algorithm_gb_per_second": self.algorithm_gb_per_second,
            "bus_gb_per_second": self.bus_gb_per_second,
            "reached": self.reached,
        }
        return json.dumps(figures)


def measure(*, mebibytes: int, repetitions: int, warm_up: int, minimum: float) -> Measurement:
    """Measure an all-reduce of float32 in the process group that has been joined.

    Raises:
        ArithmeticError: the sum was wrong: the fabric, or a device, changes data.
    """
    import torch
    import torch.distributed as dist

    world_size = dist.get_world_size()
    device = _device()
    values = torch.empty(mebibytes * _MEBIBYTE // _NUMBER_BYTES, dtype=torch.float32, device=device)
    values.fill_(dist.get_rank() + 1)
    dist.all_reduce(values)
    wanted = world_size * (world_size + 1) / 2
    if bool((values != wanted).any()):
        raise ArithmeticError(f"the sum over {world_size} processes is not {wanted:g} everywhere")
    # The sums of what follows grow by the number of processes each time; zeros stay what they are.
    values.zero_()
    _timed(lambda: dist.all_reduce(values), warm_up, device)
    own = torch.tensor([_timed(lambda: dist.all_reduce(values), repetitions, device) / repetitions], device=device)
    dist.all_reduce(own, op=dist.ReduceOp.MAX)
    return Measurement(
        backend=dist.get_backend(),
        world_size=world_size,
        bytes=values.numel() * _NUMBER_BYTES,
        seconds=float(own.item()),
        minimum_gb_per_second=minimum,
    )


def main(words: Sequence[str] | None = None) -> int:
    """Join the process group of torchrun's environment, measure, report, and return the exit code."""
    options = _options(words)
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        print("one process has nobody to exchange anything with; start two or more by torchrun", file=sys.stderr)
        return 2
    import torch
    import torch.distributed as dist

    backend = "gloo"
    if torch.cuda.is_available():
        backend = "nccl"
        torch.cuda.set_device(_device())
    dist.init_process_group(backend, timeout=timedelta(seconds=options.timeout))
    try:
        found = measure(
            mebibytes=options.mebibytes,
            repetitions=options.repetitions,
            warm_up=options.warm_up,
            minimum=options.minimum,
        )
        if dist.get_rank() == 0:
            print(found.line(), flush=True)
    except ArithmeticError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        dist.destroy_process_group()
    return 0 if found.reached else 1


def _device() -> "torch.device":
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def _timed(step: Callable[[], Any], times: int, device: "torch.device") -> float:
    """Return the seconds that some steps took, begun by all processes together."""
    import torch
    import torch.distributed as dist

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    dist.barrier()
    wait()
    start = time.perf_counter()
    for _ in range(times):
        step()
    wait()
    return time.perf_counter() - start


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m aidc.workloads.training.all_reduce", description=__doc__)
    parser.add_argument("--minimum", type=_floor, default=0.0, help="GB/s of bus bandwidth. Default: no floor")
    parser.add_argument("--mebibytes", type=_count, default=1024, help="MiB of each process. Default: 1024")
    parser.add_argument("--repetitions", type=_count, default=20, help="all-reduces that count. Default: 20")
    parser.add_argument("--warm-up", type=_count, default=5, help="all-reduces before those. Default: 5")
    parser.add_argument("--timeout", type=_count, default=600, help="seconds that one may take. Default: 600")
    return parser.parse_args(words)


def _floor(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is no bandwidth; give GB/s, 0 or more")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is too little; give 1 or more")
    return value


if __name__ == "__main__":
    sys.exit(main())
