"""Placement along a Hilbert curve: what is near in the data is near on the curve, and so on one node."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...problems import Problems
from .nodes import Coordinates, Integers, StorageNode, check_nodes, first_distinct, hash_text, mix, rendezvous

_SEGMENTS: Final = 4096


class Growth(StrEnum):
    """What happens to the parts of the curve when nodes come or go."""

    RECUT = "recut"
    """The curve is cut anew into one part for each node: neighbours stay together, and much of the data moves."""

    GIVE = "give"
    """Nodes give or take the fewest segments: no more data moves than must, and parts are scattered in time."""


def hilbert_index(items: Coordinates, bits: int) -> Integers:
    """Return int64 [items]: the place of each on the Hilbert curve through the cube of side 2^bits.

    Skilling, "Programming the Hilbert curve", AIP Conference Proceedings 707, 2004, for all items at once.

    Raises:
        InvalidInput: more than 62 bits in all, or a coordinate outside the cube.
    """
    dimensions = items.shape[1]
    problems = Problems()
    problems.between("bits", bits, 1, 62 // max(1, dimensions), unit="bits")
    if items.size and (items.min() < 0 or items.max() >= 1 << bits):
        problems.add("items", f"coordinates go from {items.min()} to {items.max()}; give 0 to {(1 << bits) - 1}")
    problems.raise_if_any("placement")
    axes = [items[:, dimension].copy() for dimension in range(dimensions)]
    for shift in range(bits - 1, 0, -1):
        bit = 1 << shift
        low = bit - 1
        for axis in range(dimensions):
            is_set = (axes[axis] & bit) != 0
            swapped = np.where(is_set, 0, (axes[0] ^ axes[axis]) & low)
            axes[0] = np.where(is_set, axes[0] ^ low, axes[0] ^ swapped)
            axes[axis] = axes[axis] ^ swapped if axis else axes[0]
    for axis in range(1, dimensions):
        axes[axis] = axes[axis] ^ axes[axis - 1]
    turned = np.zeros_like(axes[0])
    for shift in range(bits - 1, 0, -1):
        turned = np.where((axes[-1] & (1 << shift)) != 0, turned ^ ((1 << shift) - 1), turned)
    found = np.zeros(len(items), np.int64)
    for shift in range(bits - 1, -1, -1):
        for axis in axes:
            found = (found << 1) | (((axis ^ turned) >> shift) & 1)
    return found


@dataclass(frozen=True, slots=True)
class CurvePlacement:
    """Segments of the curve, each on a node. Made by `curve_placement`."""

    nodes: tuple[StorageNode, ...]
    """The nodes."""

    bits: int
    """The cube that the data is in has sides of 2^bits."""

    ends: Integers
    """[segments - 1]: where each segment but the last ends on the curve."""

    primaries: Integers
    """[segments]: the node of each, by position."""

    replicas: int
    """Nodes for each item."""

    growth: Growth
    """What happens when nodes come or go."""

    def owners(self, items: Coordinates) -> Integers:
        """Return int64 [items, replicas]: the node of the segment, then others of different fault domains by hash."""
        segments = np.searchsorted(self.ends, hilbert_index(items, self.bits), side="right")
        return self._segment_owners()[segments]

    def with_nodes(self, nodes: Sequence[StorageNode]) -> "CurvePlacement":
        """Return the placement after nodes have joined or left."""
        check_nodes(nodes, self.replicas)
        if self.growth == Growth.RECUT:
            primaries = _cut(nodes, len(self.primaries))
        else:
            primaries = _given(self.nodes, nodes, self.primaries)
        return replace(self, nodes=tuple(nodes), primaries=primaries)

    def _segment_owners(self) -> Integers:
        names = [hash_text(node.name) for node in self.nodes]
        keys = mix(np.arange(len(self.primaries), dtype=np.uint64))
        scores = rendezvous(names, [node.weight for node in self.nodes], keys)
        scores[np.arange(len(keys)), self.primaries] = np.inf
        order = np.argsort(-scores, axis=1, kind="stable")
        return first_distinct(order, [node.domain for node in self.nodes], self.replicas)


def curve_placement(
    nodes: Sequence[StorageNode],
    *,
    bits: int,
    sample: Coordinates | None = None,
    dimensions: int = 2,
    segments: int = _SEGMENTS,
    replicas: int = 1,
    growth: Growth = Growth.GIVE,
) -> CurvePlacement:
    """Return the curve cut into `segments` (default 4096), which nodes get in one piece each by their weights.

    With a `sample` of the items the segments hold equally many of them; else they are equally long, which is the same
    only where the data fills the cube evenly.

    Raises:
        InvalidInput: what `check_nodes` refuses, or fewer segments than nodes.
    """
    check_nodes(nodes, replicas)
    problems = Problems()
    problems.between("segments", segments, len(nodes), unit="segments")
    problems.between("bits", bits, 1, 62 // max(1, dimensions), unit="bits")
    problems.raise_if_any("placement")
    parts = np.arange(1, segments) / segments
    if sample is None:
        ends = (parts * float(1 << bits * dimensions)).astype(np.int64)
    else:
        known = np.sort(hilbert_index(sample, bits))
        ends = known[(parts * len(known)).astype(np.int64)]
    return CurvePlacement(tuple(nodes), bits, ends, _cut(nodes, segments), replicas, growth)


def _cut(nodes: Sequence[StorageNode], segments: int) -> Integers:
    """Return [segments]: nodes in their order, each as often as its weight says."""
    return np.repeat(np.arange(len(nodes)), _shares(nodes, segments))


def _shares(nodes: Sequence[StorageNode], segments: int) -> NDArray[np.int64]:
    """Return [nodes]: segments of each, by largest remainders; they add up."""
    weights = np.array([node.weight for node in nodes])
    exact = segments * weights / weights.sum()
    found = np.floor(exact).astype(np.int64)
    most = np.argsort(-(exact - found), kind="stable")[: segments - int(found.sum())]
    found[most] += 1
    return found


def _given(before: Sequence[StorageNode], after: Sequence[StorageNode], primaries: Integers) -> Integers:
    """Return [segments]: their nodes after those that have too many gave some to those that have too few."""
    position = {node.name: number for number, node in enumerate(after)}
    moved = np.array([position.get(node.name, -1) for node in before], np.int64)
    found = moved[primaries]
    missing = _shares(after, len(found)) - np.bincount(found[found >= 0], minlength=len(after))
    # Nodes with too many give from the end of the curve, so that what they keep stays in one piece.
    for segment in range(len(found) - 1, -1, -1):
        node = int(found[segment])
        if node >= 0 and missing[node] < 0:
            found[segment] = -1
            missing[node] += 1
    for segment in np.flatnonzero(found < 0).tolist():
        near = [int(found[other]) for other in (segment - 1, segment + 1) if 0 <= other < len(found)]
        taker = next((node for node in near if node >= 0 and missing[node] > 0), None)
        found[segment] = int(np.argmax(missing)) if taker is None else taker
        missing[found[segment]] -= 1
    return found
