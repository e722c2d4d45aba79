"""How many nodes services keep busy at least, and what a pool then costs at least."""

from decimal import Decimal
from typing import Any

import pytest

from aidc.evaluation.demand import Workload
from aidc.planning.nodes.machines import MachineDemand
from aidc.planning.nodes.node_needs import with_needs
from aidc.planning.nodes.node_pools import NodeKind, NodePool


def workload(pods: int, kind: str = "Deployment", **requests: float) -> Workload:
    return Workload(
        kind=kind,
        namespace="n",
        name="w",
        pods=pods,
        maximum_pods=pods,
        requests={name: Decimal(str(amount)) for name, amount in requests.items()},
        node_selector={},
    )


def pool(*kinds: tuple[str, dict[str, float]]) -> NodePool:
    return NodePool(
        name="a",
        instance_types=tuple(name for name, _ in kinds),
        is_existing=False,
        maximum_nodes=10,
        is_bounded=True,
        gpu_resource="",
        labels={},
        kinds=tuple(NodeKind(name=name, offers=offers) for name, offers in kinds),
    )


def needed(chosen: NodePool, *found: Workload, least: int = 0) -> MachineDemand:
    machine = MachineDemand(
        pool="a", instance_types=chosen.instance_types, zones=[], capacity_types=[], least=least, most=10
    )
    (after,) = with_needs([machine], [(chosen, found)])
    return after


@pytest.mark.parametrize(
    ("found", "nodes"),
    [
        ([], 0),
        ([workload(3, cpu=1)], 1),
        ([workload(9, cpu=1)], 3),
        ([workload(8, cpu=1), workload(1, memory=100.5)], 2),
        ([workload(1, memory=101)], 2),
        ([workload(8, kind="JobSet", cpu=4)], 0),
        ([workload(999, cpu=4)], 10),
    ],
)
def test_nodes_for_what_is_asked_for_together(found: list[Workload], nodes: int) -> None:
    assert needed(pool(("m", {"cpu": 4, "memory": 100})), *found).count.least == nodes


def test_with_several_types_the_fewest_nodes_count_and_a_minimum_holds() -> None:
    kinds = pool(("small", {"cpu": 2}), ("large", {"cpu": 8}))
    after = needed(kinds, workload(8, cpu=1))
    assert (after.least_of("small"), after.least_of("large"), after.count.least) == (4, 1, 1)
    assert needed(kinds, workload(8, cpu=1), least=3).count.least == 3


def test_a_pool_of_nodes_that_are_not_known_needs_none() -> None:
    unnamed: Any = pool(("", {"nvidia.com/gpu": 8}))
    assert needed(unnamed, workload(8, **{"nvidia.com/gpu": 8})).count.least == 0
