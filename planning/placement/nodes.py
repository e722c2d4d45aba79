"""Nodes that hold data, and what every way of placing data on them has in common."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ...problems import Problems

Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Coordinates = NDArray[np.int64]
"""Int64 [items, dimensions]: where each item lies in the data, such as row and column of a tile; 0 or more."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageNode:
    """A node that holds data."""

    name: str
    """Name, unique among the nodes; it decides where hashed data goes."""

    weight: float = 1.0
    """Its share of the data beside those of the others; more than 0. Default: 1."""

    fault_domain: str = ""
    """What fails together with it: a zone or a rack. Default: itself."""

    @property
    def domain(self) -> str:
        """The fault domain, with the default applied."""
        return self.fault_domain or f"node {self.name}"


class Placement(Protocol):
    """A way of placing data on nodes."""

    @property
    def nodes(self) -> tuple[StorageNode, ...]:
        """The nodes."""
        ...

    def owners(self, items: Coordinates) -> Integers:
        """Return int64 [items, replicas]: the nodes of each item by position, the primary first."""
        ...

    def with_nodes(self, nodes: Sequence[StorageNode]) -> "Placement":
        """Return the placement after nodes have joined or left."""
        ...


def check_nodes(nodes: Sequence[StorageNode], replicas: int) -> None:
    """Refuse nodes that data cannot be placed on.

    Raises:
        InvalidInput: no node, two of one name, a weight of 0 or less, or fewer fault domains than replicas.
    """
    problems = Problems()
    if not nodes:
        problems.add("nodes", "there are none; give 1 or more")
    seen: set[str] = set()
    for node in nodes:
        if node.name in seen:
            problems.add("nodes", f"several are called '{node.name}'; give each a name of its own")
        seen.add(node.name)
        if not 0 < node.weight < float("inf"):
            problems.add(f"nodes.{node.name}.weight", f"{node.weight} is no weight; give more than 0")
    problems.between("replicas", replicas, 1, unit="replicas")
    domains = len({node.domain for node in nodes})
    if nodes and replicas > domains:
        problems.add(
            "replicas", f"{replicas} do not fit into {domains} fault domains; give more domains or fewer replicas"
        )
    problems.raise_if_any("placement")


def hash_text(text: str) -> int:
    """Return 64 bits of BLAKE2b of a text: the same on every machine and in every run."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def mix(values: Hashes) -> Hashes:
    """Return each of 64 bits mixed: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    values = values + _GOLDEN
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def hash_items(items: Coordinates) -> Hashes:
    """Return uint64 [items]: a hash of all coordinates of each."""
    found = np.zeros(len(items), np.uint64)
    for dimension in range(items.shape[1]):
        found = mix(found ^ items[:, dimension].astype(np.uint64))
    return found


def rendezvous(names: Sequence[int], weights: Sequence[float], keys: Hashes) -> NDArray[np.float64]:
    """Return [keys, nodes]: scores of weighted rendezvous hashing; a node has the highest in its share of the keys.

    The score is weight over minus the logarithm of a uniform hash of node and key (Schindelhauer and Schomaker,
    "Weighted distributed hash tables", SPAA 2005). `names` are hashes of the nodes' names.
    """
    found = np.empty((len(keys), len(names)))
    for position, (name, weight) in enumerate(zip(names, weights, strict=True)):
        hashed = mix(keys ^ np.uint64(name))
        uniform = ((hashed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        found[:, position] = weight / -np.log(uniform)
    return found


def first_distinct(order: Integers, domains: Sequence[str], replicas: int) -> Integers:
    """Return [rows, replicas]: of each row of nodes, best first, the first ones of different fault domains."""
    numbers: Mapping[str, int] = {domain: number for number, domain in enumerate(dict.fromkeys(domains))}
    domain_of = np.array([numbers[domain] for domain in domains], np.int64)
    rows = np.arange(len(order))
    found = np.empty((len(order), replicas), np.int64)
    usable = np.ones(order.shape, bool)
    for replica in range(replicas):
        chosen = order[rows, usable.argmax(axis=1)]
        found[:, replica] = chosen
        usable &= domain_of[order] != domain_of[chosen][:, None]
    return found
