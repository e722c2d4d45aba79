"""Whether a schedule is valid, and what it is worth, by hand."""

import pytest

from aidc.planning.scheduling.cluster import ClusterNode, Job, PodShape, Topology, scheduling_problem
from aidc.planning.scheduling.schedule import PodPlace, Schedule, fragment, score, violations
from aidc.problems import InvalidInput

NODES = (
    ClusterNode(name="a", cpu_milli=8000, memory_mib=1000, gpus=2, gpu_model="T4", block="left"),
    ClusterNode(name="b", cpu_milli=8000, memory_mib=1000, gpus=2, gpu_model="A10", block="right"),
)
SHARE = PodShape(cpu_milli=1000, memory_mib=100, gpus=1, gpu_milli=600)
PAIR = PodShape(cpu_milli=4000, memory_mib=100, gpus=2)
JOBS = (
    Job(name="share", shape=SHARE),
    Job(name="t4", shape=PodShape(cpu_milli=0, memory_mib=0, gpus=1, gpu_models=frozenset({"T4"}))),
    Job(name="gang", shape=PAIR, pods=2),
    Job(name="together", shape=SHARE, pods=2, topology=Topology.REQUIRED),
    Job(name="cpu", shape=PodShape(cpu_milli=8000, memory_mib=901)),
)
PROBLEM = scheduling_problem(NODES, JOBS, mix=[(PAIR, 3), (SHARE, 1)])


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ({}, None),
        ({0: (PodPlace(0, (1,)),), 1: (PodPlace(0, (0,)),)}, None),
        ({2: (PodPlace(0, (0, 1)), PodPlace(1, (1, 0)))}, None),
        ({3: (PodPlace(1, (0,)), PodPlace(1, (1,)))}, None),
        ({9: (PodPlace(0),)}, "there is no job 9"),
        ({0: (PodPlace(2, (0,)),)}, "there is no node 2"),
        ({0: ()}, "0 of its 1 pods have a place"),
        ({2: (PodPlace(0, (0, 1)),)}, "1 of its 2 pods have a place"),
        ({0: (PodPlace(0, ()),)}, "asks for 1 GPUs"),
        ({2: (PodPlace(0, (0, 0)), PodPlace(1, (0, 1)))}, "asks for 2 GPUs"),
        ({0: (PodPlace(0, (2,)),)}, "node a has no such GPUs"),
        ({1: (PodPlace(1, (0,)),)}, "the GPUs of node b are A10"),
        ({0: (PodPlace(0, (0,)),), 1: (PodPlace(0, (0,)),)}, "600 thousandths of GPU 0 too many"),
        ({3: (PodPlace(0, (0,)), PodPlace(0, (0,)))}, "200 thousandths of GPU 0 too many"),
        ({3: (PodPlace(0, (0,)), PodPlace(1, (0,)))}, "needs one block and uses 2"),
        ({0: (PodPlace(0, (0,)),), 4: (PodPlace(0),)}, "1000 thousandths of a core too many"),
        ({0: (PodPlace(0, (0,)),), 4: (PodPlace(0),)}, "1 MiB too many"),
    ],
)
def test_every_rule_is_checked(places: dict[int, tuple[PodPlace, ...]], words: str | None) -> None:
    found = violations(PROBLEM, Schedule(places))
    assert (found == []) if words is None else any(words in one for one in found)


def test_a_taint_keeps_pods_without_gpus_off() -> None:
    tainted = ClusterNode(name="a", cpu_milli=8000, memory_mib=1000, gpus=2, accelerator_taint=True)
    problem = scheduling_problem([tainted], [JOBS[0], JOBS[4]])
    assert violations(problem, Schedule({0: (PodPlace(0, (0,)),)})) == []
    assert violations(problem, Schedule({1: (PodPlace(0),)})) == ["job cpu: node a is tainted"]


def test_fragments_are_what_a_pod_cannot_use() -> None:
    node = NODES[0]
    assert fragment(node, 8000, 1000, [1000, 1000], PAIR) == 0
    assert fragment(node, 8000, 1000, [1000, 400], PAIR) == 1400
    assert fragment(node, 8000, 1000, [1000, 400], SHARE) == 400
    assert fragment(node, 999, 1000, [1000, 400], SHARE) == 1400
    assert fragment(node, 1000, 99, [1000, 400], SHARE) == 1400
    assert fragment(node, 8000, 1000, [599, 599], SHARE) == 1198
    assert (
        fragment(node, 8000, 1000, [1000, 1000], PodShape(cpu_milli=1, memory_mib=1, gpus=1, gpu_models=frozenset("X")))
        == 2000
    )


def test_a_score_by_hand() -> None:
    # Node a keeps 400 and 1000, node b is empty. Pairs lose 1400 on a, shares 400 there.
    one = score(PROBLEM, Schedule({0: (PodPlace(0, (0,)),)}))
    assert (one.weight, one.fragments, one.extra_blocks, one.gpu_milli) == (600, 3 * 1400 + 400, 0, 600)
    assert one.cost == one.fragments
    assert one.cost_gpus == pytest.approx(1.15)
    gang = score(PROBLEM, Schedule({2: (PodPlace(0, (0, 1)), PodPlace(1, (0, 1)))}))
    assert (gang.weight, gang.fragments, gang.extra_blocks) == (4000, 0, 1)
    assert gang.cost == 1000 * 4
    assert gang.key > one.key
    assert score(PROBLEM, Schedule({})).weight == 0


def test_weight_comes_before_cost() -> None:
    heavy = Job(name="heavy", shape=SHARE, weight=10_000)
    problem = scheduling_problem(NODES, [heavy, *JOBS], mix=[(PAIR, 1)])
    assert score(problem, Schedule({0: (PodPlace(0, (0,)),)})).key > score(problem, Schedule({})).key


def test_the_mix_is_that_of_the_jobs() -> None:
    problem = scheduling_problem(NODES, JOBS)
    assert dict(problem.mix) == {SHARE: 3, JOBS[1].shape: 1, PAIR: 2}


def test_bad_problems_are_refused_at_once() -> None:
    bad = PodShape(cpu_milli=-1, memory_mib=0, gpus=1, gpu_milli=1001, gpu_models=frozenset({"t4"}))
    with pytest.raises(InvalidInput) as caught:
        scheduling_problem([NODES[0], NODES[0]], [Job(name="j", shape=bad, pods=0, weight=0)], block_cost_milli=-1)
    told = str(caught.value)
    for words in (
        "nodes: 2 are called 'a'",
        "jobs.j.cpuMilli: -1 thousandths is too little",
        "jobs.j.gpuMilli: 1,001 thousandths is too much",
        "jobs.j.gpuModels: no node has t4; there are T4; did you mean 'T4'?",
        "jobs.j.pods: 0 pods is too little",
        "jobs.j.weight",
        "blockCostMilli",
    ):
        assert words in told
    with pytest.raises(InvalidInput, match="nodes: there are none"):
        scheduling_problem([], [])
