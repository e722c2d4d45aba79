"""Consistent hashing: nodes and items on one ring, an item on the next node, and few move when nodes come or go."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from ...problems import Problems
from .nodes import Coordinates, Hashes, Integers, StorageNode, check_nodes, hash_items, hash_text, mix

_VIRTUAL_NODES: Final = 128


class ConsistentHash:
    """A ring on which every node has many places, so that its share of the ring is near its share of the weights.

    Karger and others, "Consistent hashing and random trees", STOC 1997. With `load_bound`, no node gets more than that
    part above its share of the items that are placed together, and what a full node would get goes on along the ring
    (Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", SODA 2018).
    """

    def __init__(
        self,
        nodes: Sequence[StorageNode],
        *,
        replicas: int = 1,
        virtual_nodes: int = _VIRTUAL_NODES,
        load_bound: float | None = None,
    ) -> None:
        """Place `virtual_nodes` (default 128) places for each node of weight 1 on the ring.

        `load_bound` is a part such as 0.1; default: none, loads are what the ring makes them.

        Raises:
            InvalidInput: what `check_nodes` refuses, no virtual node, or a load bound of 0 or less.
        """
        check_nodes(nodes, replicas)
        problems = Problems()
        problems.between("virtualNodes", virtual_nodes, 1)
        if load_bound is not None and not 0 < load_bound < math.inf:
            problems.add("loadBound", f"{load_bound} leaves no room; give more than 0, such as 0.1")
        problems.raise_if_any("placement")
        self._nodes = tuple(nodes)
        self._replicas = replicas
        self._virtual_nodes = virtual_nodes
        self._load_bound = load_bound
        counts = [max(1, round(virtual_nodes * node.weight)) for node in nodes]
        places: list[Hashes] = [
            mix(np.uint64(hash_text(node.name)) ^ mix(np.arange(count, dtype=np.uint64)))
            for node, count in zip(nodes, counts, strict=True)
        ]
        ring = np.concatenate(places)
        holder = np.repeat(np.arange(len(nodes)), counts)
        order = np.argsort(ring, kind="stable")
        self._ring: Hashes = ring[order]
        self._holder: Integers = holder[order]
        self._successors = self._following()

    @property
    def nodes(self) -> tuple[StorageNode, ...]:
        """The nodes."""
        return self._nodes

    def owners(self, items: Coordinates) -> Integers:
        """Return int64 [items, replicas]: the next nodes along the ring, of different fault domains."""
        hashes = hash_items(items)
        places = np.searchsorted(self._ring, hashes) % len(self._ring)
        if self._load_bound is None:
            return self._successors[places]
        return self._bounded(hashes, places, self._load_bound)

    def with_nodes(self, nodes: Sequence[StorageNode]) -> "ConsistentHash":
        """Return the ring with those nodes; places of nodes that stay are the same."""
        return ConsistentHash(
            nodes, replicas=self._replicas, virtual_nodes=self._virtual_nodes, load_bound=self._load_bound
        )

    def _following(self) -> Integers:
        """Return [places, replicas]: for each place on the ring the nodes that hold what falls before it."""
        domains = [node.domain for node in self._nodes]
        found = np.empty((len(self._ring), self._replicas), np.int64)
        holders: list[int] = self._holder.tolist()
        for place in range(len(holders)):
            chosen: list[int] = []
            used: set[str] = set()
            step = place
            while len(chosen) < self._replicas:
                node = holders[step % len(holders)]
                if domains[node] not in used:
                    chosen.append(node)
                    used.add(domains[node])
                step += 1
            found[place] = chosen
        return found

    def _bounded(self, hashes: Hashes, places: Integers, bound: float) -> Integers:
        weights = np.array([node.weight for node in self._nodes])
        room = np.ceil((1 + bound) * len(hashes) * self._replicas * weights / weights.sum()).astype(int).tolist()
        domains = [node.domain for node in self._nodes]
        holders: list[int] = self._holder.tolist()
        found = np.empty((len(hashes), self._replicas), np.int64)
        # In the order of the hashes, so that the order in which items are given changes nothing.
        for item in np.argsort(hashes, kind="stable").tolist():
            chosen: list[int] = []
            used: set[str] = set()
            start = int(places[item])
            for step in range(start, start + len(holders)):
                node = holders[step % len(holders)]
                if room[node] > 0 and domains[node] not in used:
                    chosen.append(node)
                    used.add(domains[node])
                    if len(chosen) == self._replicas:
                        break
            # Where fault domains leave no other choice, the bound gives way rather than a replica.
            spare = [node for node in self._successors[start].tolist() if domains[node] not in used]
            chosen += spare[: self._replicas - len(chosen)]
            for node in chosen:
                room[node] -= 1
            found[item] = chosen
        return found
