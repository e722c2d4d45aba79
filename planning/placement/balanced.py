"""Balanced placement: data in equal partitions, and partitions on nodes by rendezvous hashing within their capacity."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from ...problems import Problems
from .nodes import Coordinates, Integers, StorageNode, check_nodes, hash_items, hash_text, mix, rendezvous

_PARTITIONS: Final = 4096


class BalancedPlacement:
    """Partitions that go to the nodes that their hashes like best, as long as those have room.

    A node's room is its share of all copies by weight, and `slack` above it. The more slack, the fewer partitions move
    for balance alone when nodes come or go. The table of partitions is all the state there is, as with the placement
    groups of Ceph; it depends on the nodes alone and not on their history.
    """

    def __init__(
        self,
        nodes: Sequence[StorageNode],
        *,
        replicas: int = 1,
        partitions: int = _PARTITIONS,
        slack: float = 0.01,
    ) -> None:
        """Place `partitions` (default 4096), with `slack` (default 0.01, a hundredth).

        Raises:
            InvalidInput: what `check_nodes` refuses, fewer partitions than nodes, or a negative slack.
        """
        check_nodes(nodes, replicas)
        problems = Problems()
        problems.between("partitions", partitions, len(nodes), unit="partitions")
        problems.between("slack", slack, 0.0)
        problems.raise_if_any("placement")
        self._nodes = tuple(nodes)
        self._replicas = replicas
        self._partitions = partitions
        self._slack = slack
        self._table = self._placed()

    @property
    def nodes(self) -> tuple[StorageNode, ...]:
        """The nodes."""
        return self._nodes

    @property
    def table(self) -> Integers:
        """Int64 [partitions, replicas]: the nodes of each partition."""
        return self._table

    def owners(self, items: Coordinates) -> Integers:
        """Return int64 [items, replicas]: the nodes of the partition that an item falls into by its hash."""
        return self._table[(hash_items(items) % np.uint64(self._partitions)).astype(np.int64)]

    def with_nodes(self, nodes: Sequence[StorageNode]) -> "BalancedPlacement":
        """Return the placement on those nodes."""
        return BalancedPlacement(nodes, replicas=self._replicas, partitions=self._partitions, slack=self._slack)

    def _placed(self) -> Integers:
        weights = [node.weight for node in self._nodes]
        domains = [node.domain for node in self._nodes]
        copies = self._partitions * self._replicas
        room = [math.ceil(copies * weight / sum(weights) * (1 + self._slack)) for weight in weights]
        keys = mix(np.arange(self._partitions, dtype=np.uint64))
        scores = rendezvous([hash_text(node.name) for node in self._nodes], weights, keys)
        preferred: list[list[int]] = np.argsort(-scores, axis=1, kind="stable").tolist()
        found = np.empty((self._partitions, self._replicas), np.int64)
        for partition, order in enumerate(preferred):
            chosen: list[int] = []
            used: set[str] = set()
            for node in order:
                if room[node] > 0 and domains[node] not in used:
                    chosen.append(node)
                    used.add(domains[node])
                    if len(chosen) == self._replicas:
                        break
            # Where fault domains leave no other choice, the room gives way rather than a replica.
            for node in order:
                if len(chosen) == self._replicas:
                    break
                if domains[node] not in used:
                    chosen.append(node)
                    used.add(domains[node])
            for node in chosen:
                room[node] -= 1
            found[partition] = chosen
        return found
