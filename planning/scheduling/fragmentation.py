"""The fragments of every node, kept up to date as pods come and go."""

import numpy as np
from numpy.typing import NDArray

from .occupancy import Booleans, Integers, Occupancy


class Fragments:
    """Milli-GPU of each node that are free and of no use to the mix, as `schedule.fragment` counts them."""

    def __init__(self, occupancy: Occupancy) -> None:
        """Begin with what the nodes are now."""
        mix = occupancy.problem.mix
        nodes = occupancy.problem.nodes
        self._occupancy = occupancy
        self._count: Integers = np.array([count for _, count in mix], np.int64)
        self._cpu: Integers = np.array([shape.cpu_milli for shape, _ in mix], np.int64)
        self._memory: Integers = np.array([shape.memory_mib for shape, _ in mix], np.int64)
        self._gpus: Integers = np.array([shape.gpus for shape, _ in mix], np.int64)
        # Shapes that ask for the same part of a GPU share the work on single GPUs.
        thresholds, threshold_of = np.unique([shape.gpu_milli for shape, _ in mix], return_inverse=True)
        self._thresholds: Integers = thresholds.astype(np.int64)
        self._threshold_of: NDArray[np.intp] = threshold_of
        self._accepts: Booleans = np.array([[node.accepts(shape) for shape, _ in mix] for node in nodes], bool).reshape(
            len(nodes), len(mix)
        )
        self._seen: Integers = np.full(len(nodes), -1, np.int64)
        self._known: Integers = np.zeros(len(nodes), np.int64)

    def by_node(self) -> Integers:
        """Return [nodes]: the fragments as the nodes are now."""
        stale = np.flatnonzero(self._seen != self._occupancy.version)
        if len(stale):
            state = self._occupancy
            self._known[stale] = self.of(stale, state.cpu[stale], state.memory[stale], state.gpus[stale])
            self._seen[stale] = state.version[stale]
        return self._known

    def total(self) -> int:
        """Return the fragments of all nodes."""
        return int(self.by_node().sum())

    def of(self, nodes: NDArray[np.intp], cpu: Integers, memory: Integers, gpus: Integers) -> Integers:
        """Return [nodes]: the fragments those nodes would have with so much free; `gpus` is [nodes, GPUs]."""
        if not len(self._count):
            return np.zeros(len(nodes), np.int64)
        enough = gpus[:, None, :] >= self._thresholds[None, :, None]
        usable = np.where(enough, gpus[:, None, :], 0).sum(axis=2)[:, self._threshold_of]
        counts = enough.sum(axis=2)[:, self._threshold_of]
        fits = (
            self._accepts[nodes]
            & (cpu[:, None] >= self._cpu)
            & (memory[:, None] >= self._memory)
            & (counts >= self._gpus)
        )
        return (gpus.sum(axis=1)[:, None] - np.where(fits, usable, 0)) @ self._count
