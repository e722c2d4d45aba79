"""What a mix of jobs says about the settings."""

import pytest

from aidc.planning.scheduling.advice import advise, slices_for
from aidc.planning.scheduling.cluster import ClusterNode, Job, PodShape, Topology, scheduling_problem


def nodes(count: int, model: str = "a100-40gb", gpus: int = 2) -> list[ClusterNode]:
    return [
        ClusterNode(name=f"n{n}", cpu_milli=32000, memory_mib=64000, gpus=gpus, gpu_model=model, block=f"b{n // 2}")
        for n in range(count)
    ]


def shares(count: int, milli: int) -> list[Job]:
    return [
        Job(name=f"s{milli}-{n}", shape=PodShape(cpu_milli=100, memory_mib=100, gpus=1, gpu_milli=milli))
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], (1, 0, 0)),
        ([600, 700], (1, 0, 2)),
        ([500, 500], (2, 2, 1)),
        ([250] * 8, (4, 8, 2)),
        ([250] * 8 + [500] * 2, (4, 8, 4)),
        ([250] * 2 + [500] * 8, (2, 10, 5)),
        ([20] * 48, (48, 48, 1)),
    ],
)
def test_slices_are_those_that_need_the_fewest_gpus(given: list[int], expected: tuple[int, int, int]) -> None:
    assert slices_for(given) == expected


def test_nothing_to_say_is_nothing_said() -> None:
    whole = Job(name="j", shape=PodShape(cpu_milli=100, memory_mib=100, gpus=1))
    assert advise(scheduling_problem(nodes(2), [whole])) == []


def test_shares_ask_for_slices_and_instances() -> None:
    found = {one.setting: one for one in advise(scheduling_problem(nodes(8), shares(14, 140)))}
    assert found["gpuNodePools.*.timeSlicingReplicas"].value == "7"
    assert "all need 2 GPUs instead of 14" in found["gpuNodePools.*.timeSlicingReplicas"].reason
    assert found["gpuNodePools.*.migProfile, on a100-40gb"].value == "1g.10gb"
    assert "with 4 isolated instances" in found["gpuNodePools.*.migProfile, on a100-40gb"].reason
    small = {one.setting: one for one in advise(scheduling_problem(nodes(8), shares(14, 120)))}
    assert small["gpuNodePools.*.migProfile, on a100-40gb"].value == "1g.5gb"
    unknown = {one.setting for one in advise(scheduling_problem(nodes(8, model="G2"), shares(14, 120)))}
    assert not any("migProfile" in setting for setting in unknown)


def test_gangs_beyond_the_cluster_ask_for_a_queue() -> None:
    pair = PodShape(cpu_milli=100, memory_mib=100, gpus=2)
    gangs = [Job(name=f"g{n}", shape=pair, pods=2) for n in range(3)]
    wide = Job(name="wide", shape=pair, pods=3, topology=Topology.PREFERRED)
    found = {one.setting: one for one in advise(scheduling_problem(nodes(4), [*gangs, wide]))}
    assert (
        "4 jobs need several pods at once, and all jobs ask for 18 GPUs of 8"
        in found["trainingJobs.*.queueName"].reason
    )
    assert "3 of 4 gangs fit into one of 2 blocks" in found["trainingJobs.*.topologyKey"].reason
    assert found["Kueue ClusterQueue nominalQuota, and the sum of tenants.*.quota.gpus"].value == "8"


def test_packing_is_advised_where_it_runs_more() -> None:
    # Spread over both nodes, the shares leave no room for the pair.
    jobs = [*shares(2, 500), Job(name="pair", shape=PodShape(cpu_milli=100, memory_mib=100, gpus=2))]
    found = [one for one in advise(scheduling_problem(nodes(2), jobs)) if "NodeResourcesFit" in one.setting]
    assert [one.value for one in found] == ["MostAllocated"]
    assert "100.0% of the weight" in found[0].reason
    assert "33.3%" in found[0].reason


def test_a_taint_is_advised_where_cores_beside_gpus_are_taken() -> None:
    plain = ClusterNode(name="plain", cpu_milli=32000, memory_mib=64000, block="b")
    cores = Job(name="cores", shape=PodShape(cpu_milli=32000, memory_mib=100), weight=1)
    whole = Job(name="gpu", shape=PodShape(cpu_milli=1000, memory_mib=100, gpus=1))
    problem = scheduling_problem([*nodes(1), plain], [cores, whole])
    found = [one for one in advise(problem) if "acceleratorTaint" in one.setting]
    assert [one.value for one in found] == ["true"]
    assert "100.0% of the weight run with it and of 0.1% without" in found[0].reason
