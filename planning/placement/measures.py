"""How well a placement does: balance, locality, and what moves when nodes come or go."""

import numpy as np

from .nodes import Coordinates, Placement


def balance(placement: Placement, items: Coordinates) -> float:
    """Return the load of the fullest node over its share by weight, copies counted; 1 is perfect."""
    owners = placement.owners(items)
    loads = np.bincount(owners.ravel(), minlength=len(placement.nodes))
    weights = np.array([node.weight for node in placement.nodes])
    return float((loads / (owners.size * weights / weights.sum())).max())


def locality(placement: Placement, items: Coordinates, side: int) -> float:
    """Return the share of pairs of neighbours, one step apart in one dimension, whose primaries are on one node.

    `side` is the number of coordinates in each dimension: neighbours beyond it do not count.
    """
    primary = placement.owners(items)[:, 0]
    same = pairs = 0
    for dimension in range(items.shape[1]):
        inside = items[:, dimension] < side - 1
        neighbours = items[inside].copy()
        neighbours[:, dimension] += 1
        same += int((placement.owners(neighbours)[:, 0] == primary[inside]).sum())
        pairs += int(inside.sum())
    return same / pairs if pairs else 1.0


def moved(before: Placement, after: Placement, items: Coordinates) -> float:
    """Return the share of copies that come to lie on a node which had no copy of their item before."""
    position = {node.name: number for number, node in enumerate(after.nodes)}
    number_after = np.array([position.get(node.name, -1) for node in before.nodes], np.int64)
    held = number_after[before.owners(items)]
    owners = after.owners(items)
    return float((owners[:, :, None] != held[:, None, :]).all(axis=2).mean())


def least_moved(before: Placement, after: Placement) -> float:
    """Return the share of copies that must move for every node to have its share by weight before and after."""
    old = {node.name: node.weight for node in before.nodes}
    new = {node.name: node.weight for node in after.nodes}
    held, wanted = sum(old.values()), sum(new.values())
    return sum(max(0.0, weight / wanted - old.get(name, 0.0) / held) for name, weight in new.items())
