"""Rules that say how well a pod would go on each node, by name."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from .cluster import WHOLE
from .fragmentation import Fragments
from .occupancy import Integers, Occupancy

Values = NDArray[np.float64]
_GPU_WEIGHT: Final = 3
"""Weight of GPUs beside 1 for cores and for memory in `most-allocated`, as in the example of Kubernetes' page "Resource
Bin Packing" for extended resources."""


class Rule(Protocol):
    """Prefers nodes, and GPUs on them."""

    def scores(self, shape: int, nodes: NDArray[np.intp]) -> Values:
        """Return how well a pod of that shape, which fits on all of `nodes`, goes there: more is better."""
        ...

    def gpus(self, shape: int, node: int) -> tuple[int, ...]:
        """Return the GPUs that it gets on that node."""
        ...


class _FullestGpus:
    """Takes the fullest GPUs on which a pod fits."""

    def __init__(self, occupancy: Occupancy) -> None:
        self._state = occupancy

    def gpus(self, shape: int, node: int) -> tuple[int, ...]:
        """Return the GPUs that it gets on that node."""
        return self._state.fullest(shape, node)

    def _free_shares(self, shape: int, nodes: NDArray[np.intp]) -> tuple[Values, Values, Values]:
        """Return [nodes] each: shares of cores, memory and GPUs that would be left of what is installed."""
        state, asked = self._state, self._state.shapes[shape]
        cpu = (state.cpu[nodes] - asked.cpu_milli) / np.maximum(1, state.installed_cpu[nodes])
        memory = (state.memory[nodes] - asked.memory_mib) / np.maximum(1, state.installed_memory[nodes])
        gpu = (state.gpus[nodes].sum(axis=1) - asked.gpu_demand) / np.maximum(1, state.installed_gpus[nodes])
        return cpu, memory, gpu


class FirstFit(_FullestGpus):
    """The first node of the list."""

    def scores(self, shape: int, nodes: NDArray[np.intp]) -> Values:
        """Return less for each node further back."""
        return -nodes.astype(np.float64)


class LeastAllocated(_FullestGpus):
    """The node with the greatest share of cores and memory left: what kube-scheduler does by default."""

    def scores(self, shape: int, nodes: NDArray[np.intp]) -> Values:
        """Return the mean share of cores and memory left."""
        cpu, memory, _ = self._free_shares(shape, nodes)
        return (cpu + memory) / 2


class MostAllocated(_FullestGpus):
    """The node with the greatest share in use: kube-scheduler's NodeResourcesFit with `MostAllocated`."""

    def scores(self, shape: int, nodes: NDArray[np.intp]) -> Values:
        """Return the weighted mean of the shares in use; GPUs count where a pod asks for them."""
        cpu, memory, gpu = self._free_shares(shape, nodes)
        if not self._state.shapes[shape].gpus:
            return -(cpu + memory) / 2
        return -(cpu + memory + _GPU_WEIGHT * gpu) / (2 + _GPU_WEIGHT)


class BestFit(_FullestGpus):
    """The node with the least left, each resource as a share of the greatest node."""

    def __init__(self, occupancy: Occupancy) -> None:
        super().__init__(occupancy)
        self._scale = (
            max(1, int(occupancy.installed_cpu.max())),
            max(1, int(occupancy.installed_memory.max())),
            max(WHOLE, int(occupancy.installed_gpus.max())),
        )

    def scores(self, shape: int, nodes: NDArray[np.intp]) -> Values:
        """Return the less, the more would be left."""
        cpu, memory, gpus = self._scale
        state = self._state
        return -(state.cpu[nodes] / cpu + state.memory[nodes] / memory + state.gpus[nodes].sum(axis=1) / gpus)


class DotProduct(BestFit):
    """The node whose free resources have the least dot product with what the pod asks for."""

    def scores(self, shape: int, nodes: NDArray[np.intp]) -> Values:
        """Return the dot product, negated."""
        asked, state = self._state.shapes[shape], self._state
        cpu, memory, gpus = self._scale
        free = state.gpus[nodes].sum(axis=1)
        return -(
            state.cpu[nodes] * (asked.cpu_milli / cpu**2)
            + state.memory[nodes] * (asked.memory_mib / memory**2)
            + free * (asked.gpu_demand / gpus**2)
        )


class FragmentationDescent(_FullestGpus):
    """The node, and the GPU on it, where fragments grow least or shrink most.

    Fragmentation gradient descent of Weng and others, USENIX ATC 2023, from its description. Among equals the node
    with the least left goes first.
    """

    def __init__(self, occupancy: Occupancy) -> None:
        super().__init__(occupancy)
        self._fragments = Fragments(occupancy)
        self._ties = BestFit(occupancy)
        self._scale = float(max(1, sum(count for _, count in occupancy.problem.mix)))

    def scores(self, shape: int, nodes: NDArray[np.intp]) -> Values:
        """Return by how many GPUs the fragments of each node shrink on average over the mix."""
        asked = self._state.shapes[shape]
        now = self._fragments.by_node()[nodes]
        if asked.gpus == 1 and asked.gpu_milli < WHOLE:
            after = self._after_share(shape, nodes).min(axis=1)
        else:
            after = self._after(shape, nodes)
        return (now - after) / (self._scale * WHOLE) + 1e-4 * self._ties.scores(shape, nodes)

    def gpus(self, shape: int, node: int) -> tuple[int, ...]:
        """Return the GPU on which a share makes the least fragments; the fullest ones for other pods."""
        asked = self._state.shapes[shape]
        if asked.gpus != 1 or asked.gpu_milli == WHOLE:
            return super().gpus(shape, node)
        after = self._after_share(shape, np.array([node]))[0]
        least = np.flatnonzero(after == after.min())
        return (int(least[np.argmin(self._state.gpus[node, least])]),)

    def _after_share(self, shape: int, nodes: NDArray[np.intp]) -> Integers:
        """Return [nodes, GPUs]: fragments of the node with a share on that GPU; huge where it does not fit."""
        state, asked = self._state, self._state.shapes[shape]
        free = state.gpus[nodes]
        found = np.full(free.shape, np.iinfo(np.int64).max // 4)
        cpu, memory = state.cpu[nodes] - asked.cpu_milli, state.memory[nodes] - asked.memory_mib
        for gpu in range(free.shape[1]):
            rows = np.flatnonzero(free[:, gpu] >= asked.gpu_milli)
            if len(rows):
                left = free[rows]
                left[:, gpu] -= asked.gpu_milli
                found[rows, gpu] = self._fragments.of(nodes[rows], cpu[rows], memory[rows], left)
        return found

    def _after(self, shape: int, nodes: NDArray[np.intp]) -> Integers:
        """Return [nodes]: fragments of the node with the pod on the fullest GPUs on which it fits."""
        state, asked = self._state, self._state.shapes[shape]
        left = state.gpus[nodes]
        if asked.gpus:
            order = np.argsort(np.where(left >= asked.gpu_milli, left, np.iinfo(np.int64).max), axis=1, kind="stable")
            chosen = order[:, : asked.gpus]
            np.put_along_axis(left, chosen, np.take_along_axis(left, chosen, axis=1) - asked.gpu_milli, axis=1)
        return self._fragments.of(
            nodes, state.cpu[nodes] - asked.cpu_milli, state.memory[nodes] - asked.memory_mib, left
        )


RULES: Final[Mapping[str, Callable[[Occupancy], Rule]]] = {
    "first-fit": FirstFit,
    "least-allocated": LeastAllocated,
    "most-allocated": MostAllocated,
    "best-fit": BestFit,
    "dot-product": DotProduct,
    "fragmentation-descent": FragmentationDescent,
}
"""Every rule by its name in tables."""
