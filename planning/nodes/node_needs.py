"""How many nodes the services of a plan keep busy at least: what an autoscaler of nodes cannot go below."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from ...evaluation.demand import Workload, sum_amounts
from .machines import MachineDemand
from .node_pools import NodePool

_ENDS: Final = frozenset({"Job", "CronJob", "JobSet", "TrainJob", "RayJob"})
"""Kinds that end: between two of them no node is needed."""


def with_needs(
    machines: Iterable[MachineDemand], selecting: Iterable[tuple[NodePool, Iterable[Workload]]]
) -> list[MachineDemand]:
    """Return the machines with what the workloads of their pools need, each at its minimum.

    What a pool's workloads ask for together, divided by what one node offers, is a lower bound: pods cannot be cut.

    Args:
        machines: Machines of all pools.
        selecting: Each pool, with the workloads that select it.
    """
    needed = {pool.name: dict(_needed(pool, list(found))) for pool, found in selecting}
    return [replace(each, needed_by_type=needed.get(each.pool, {})) for each in machines]


def _needed(pool: NodePool, found: list[Workload]) -> Iterable[tuple[str, int]]:
    wanted = sum_amounts(each.total() for each in found if each.kind not in _ENDS)
    for kind in pool.kinds:
        if kind.name:
            yield kind.name, _nodes(wanted, kind.offers)


def _nodes(wanted: Mapping[str, Decimal], offers: Mapping[str, float]) -> int:
    shares = [float(amount) / offers[resource] for resource, amount in wanted.items() if offers.get(resource)]
    # Sums of floating point may be a hair above a whole number of nodes.
    return math.ceil(max(shares, default=0.0) - 1e-9)
