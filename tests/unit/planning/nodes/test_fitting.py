"""Which pods fit which nodes, and what is said where they do not."""

from decimal import Decimal
from typing import Any

import pytest

from aidc.evaluation.demand import Workload
from aidc.planning.nodes.fitting import misfits, number, pool_of, shown
from aidc.planning.nodes.node_pools import NodeKind, NodePool

GIB = 2**30
LARGE = NodeKind(name="large", offers={"cpu": 16.0, "memory": 64.0 * GIB, "nvidia.com/gpu": 4.0})
TALL = NodeKind(name="tall", offers={"cpu": 4.0, "memory": 256.0 * GIB, "nvidia.com/gpu": 4.0})


def pool(name: str = "gpus", nodes: int | None = 2, kinds: Any = (LARGE,), **labels: str) -> NodePool:
    return NodePool(
        name=name,
        instance_types=tuple(kind.name for kind in kinds),
        is_existing=False,
        maximum_nodes=nodes,
        is_bounded=True,
        gpu_resource="nvidia.com/gpu",
        labels={"aidc.dev/node-pool": name, **labels},
        kinds=kinds,
    )


def job(pods: int = 1, most: int | None = None, selector: dict[str, str] | None = None, **requests: float) -> Workload:
    names = {"gpu": "nvidia.com/gpu", "mig": "nvidia.com/mig-1g.10gb", "rdma": "rdma/hca"}
    return Workload(
        kind="Job",
        namespace="n",
        name="j",
        pods=pods,
        maximum_pods=pods if most is None else most,
        requests={names.get(key, key): Decimal(str(amount)) for key, amount in requests.items()},
        node_selector={"aidc.dev/node-pool": "gpus"} if selector is None else selector,
    )


@pytest.mark.parametrize(
    ("workload", "pools", "words"),
    [
        (job(cpu=16, memory=64 * GIB, gpu=4), [pool()], None),
        (job(cpu=16.1), [pool()], "a pod asks for 16.1 cores, and no node of pool gpus offers more than 16 cores"),
        (job(memory=65 * GIB), [pool()], "asks for 65 GiB, and no node of pool gpus offers more than 64 GiB"),
        (job(gpu=5), [pool()], "asks for 5 nvidia.com/gpu, and no node of pool gpus offers more than 4 nvidia.com/gpu"),
        (job(mig=1), [pool()], "asks for 1 nvidia.com/mig-1g.10gb, and no node of pool gpus offers more than 0"),
        (job(cpu=16), [pool(kinds=(LARGE, TALL))], None),
        (job(cpu=8, memory=128 * GIB), [pool(kinds=(LARGE, TALL))], "no node of pool gpus has all that a pod asks"),
        (job(rdma=4), [pool()], None),
        (job(cpu=999), [pool(kinds=())], None),
        (job(cpu=999, selector={}), [pool(), pool("other", kinds=())], None),
        (job(cpu=999, selector={}), [pool(), pool("other")], "no node of any pool offers more than 16 cores"),
        (job(cpu=999, selector={}), [], None),
        (job(pods=0, cpu=999), [pool()], None),
        (job(selector={"aidc.dev/node-pool": "gpu"}), [pool()], "there is no node pool gpu; there are gpus"),
        (job(selector={"karpenter.sh/nodepool": "x"}), [pool()], "there is no node pool x; there are gpus"),
        # 3 GPUs of 4: one pod a node, though 8 GPUs would be enough for two pods and a half.
        (job(pods=3, gpu=3), [pool()], "3 pods, but the 2 nodes of pool gpus hold 2 of them at most; raise"),
        (job(pods=2, most=3, gpu=3), [pool()], "its autoscaler may want 3 pods, but the 2 nodes of pool gpus hold 2"),
        (job(pods=9, gpu=3), [pool(nodes=None)], None),
        # A tenth of a core fits ten times into one: no rounding of binary fractions.
        (job(pods=30, cpu=0.1), [pool(nodes=1, kinds=(NodeKind(name="s", offers={"cpu": 3.0}),))], None),
    ],
)
def test_misfits(workload: Workload, pools: list[NodePool], words: str | None) -> None:
    found = list(misfits([workload], pools))
    if words is None:
        assert found == []
    else:
        (told,) = found
        assert told.startswith("Job n/j: ")
        assert words in told


def test_several_workloads_that_fit_one_by_one_but_not_together() -> None:
    two = [job(pods=1, most=2, gpu=3), job(pods=1, gpu=3)]
    (told,) = misfits(two, [pool()])
    assert told == (
        "node pool gpus: 9 nvidia.com/gpu wanted with every autoscaler at its maximum, 8 nvidia.com/gpu provided at "
        "most; raise its maximum"
    )
    (told,) = misfits([job(pods=2, cpu=10), job(pods=2, cpu=7)], [pool()])
    assert told == "node pool gpus: 34 cores wanted, 32 cores provided at most; raise its maximum"


@pytest.mark.parametrize(
    ("selector", "name"),
    [
        ({"aidc.dev/node-pool": "a"}, "a"),
        ({"team": "vision"}, "b"),
        ({"team": "vision", "kubernetes.io/os": "linux"}, "b"),
        ({"team": "speech"}, None),
        ({"kubernetes.io/os": "linux"}, None),
        ({}, None),
        ({"shared": "yes"}, None),
    ],
)
def test_the_pool_that_a_selector_leaves(selector: dict[str, str], name: str | None) -> None:
    pools = [pool("a", shared="yes"), pool("b", team="vision", shared="yes")]
    found = pool_of(job(selector=selector), pools)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0"),
        (0.004, "0.004"),
        (0.25, "0.25"),
        (1, "1"),
        (9.999, "10"),
        (191.69, "191.7"),
        (7572.4, "7,572"),
        (1e6, "1,000,000"),
    ],
)
def test_numbers(amount: float, text: str) -> None:
    assert number(amount) == text


def test_amounts_have_units() -> None:
    assert shown("cpu", 1) == "1 core"
    assert shown("memory", Decimal(GIB) * 3 / 2) == "1.5 GiB"
    assert shown("ephemeral-storage", 10 * GIB) == "10 GiB of storage"
    assert shown("nvidia.com/gpu", 8) == "8 nvidia.com/gpu"
