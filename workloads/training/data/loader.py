"""The loader: the slice of each step's batch that one process learns from, read one step ahead."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import torch

from .order import check_parts, global_batch, part
from .samples import Batch, Indices, Samples


class Loader:
    """Batches by step, for one of the processes that share the data. Close it, or use it as a context."""

    def __init__(
        self,
        samples: Samples,
        *,
        batch_size: int,
        micro_batch_size: int | None,
        seed: int,
        rank: int = 0,
        size: int = 1,
        device: torch.device | None = None,
    ) -> None:
        """Cut batches of `batch_size` samples into `size` slices, of which this one is `rank`.

        Raises:
            InvalidInput: The batch cannot be cut into equal slices.
        """
        check_parts(batch_size, micro_batch_size, size)
        self._samples, self._batch_size, self._seed = samples, batch_size, seed
        self._rank, self._size = rank, size
        self._device = device or torch.device("cpu")
        self._micro = min(micro_batch_size or batch_size, batch_size // size)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._ahead: tuple[int, Future[Batch]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading ahead."""
        self._thread.shutdown(cancel_futures=True)

    def indices(self, step: int) -> Indices:
        """Return which samples this process learns from at `step`."""
        whole = global_batch(len(self._samples), self._batch_size, self._seed, step)
        return part(whole, self._rank, self._size)

    def micro_batches(self, step: int) -> list[Batch]:
        """Return the micro-batches of `step` on the device, and begin to read those of the next step."""
        ahead = self._ahead
        batch = ahead[1].result() if ahead is not None and ahead[0] == step else self._read(step)
        self._ahead = (step + 1, self._thread.submit(self._read, step + 1))
        if self._device.type != "cpu":
            inputs = batch.inputs.to(self._device, non_blocking=True)
            batch = Batch(inputs, batch.targets.to(self._device, non_blocking=True))
        return batch.split(self._micro)

    def _read(self, step: int) -> Batch:
        batch = self._samples.read(self.indices(step))
        # Copies from pinned memory run beside computation.
        pinned = self._device.type == "cuda"
        return Batch(batch.inputs.pin_memory(), batch.targets.pin_memory()) if pinned else batch
