"""The order of the data: which samples each step learns from, from the seed and the step alone."""

from functools import lru_cache

import numpy as np

from ....problems import Problems
from .samples import Indices


def global_batch(samples: int, batch_size: int, seed: int, step: int) -> Indices:
    """Return the samples of step `step` (0 is the first), int64 [batch_size], over all processes.

    Each epoch is a permutation of all samples, and the next one follows without a gap: each sample comes exactly once
    an epoch, and a batch may hold the end of one epoch and the beginning of the next.
    """
    positions = np.arange(step * batch_size, (step + 1) * batch_size, dtype=np.int64)
    epochs, places = np.divmod(positions, samples)
    found = np.empty(batch_size, dtype=np.int64)
    for epoch in np.unique(epochs):
        chosen = epochs == epoch
        found[chosen] = _permutation(samples, seed, int(epoch))[places[chosen]]
    return found


def part(batch: Indices, rank: int, size: int) -> Indices:
    """Return the slice of a global batch that rank `rank` of `size` learns from."""
    share = len(batch) // size
    return batch[rank * share : (rank + 1) * share]


def check_parts(batch_size: int, micro_batch_size: int | None, size: int) -> None:
    """Refuse a batch that cannot be cut into equal slices; raises `InvalidInput`."""
    problems = Problems()
    if batch_size % size:
        near = max(size, batch_size // size * size)
        problems.add(
            "batch.batch_size",
            f"{batch_size} samples cannot be shared equally by {size} processes; give {near} or {near + size}",
        )
    elif micro_batch_size is not None and (batch_size // size) % min(micro_batch_size, batch_size // size):
        share = batch_size // size
        problems.add(
            "batch.micro_batch_size",
            f"{micro_batch_size} samples do not divide the {share} of each of {size} processes",
        )
    problems.raise_if_any("batch")


@lru_cache(maxsize=2)
def _permutation(samples: int, seed: int, epoch: int) -> Indices:
    # 8 bytes a sample; two are kept, for batches across the end of an epoch.
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(samples)
