"""Every method makes valid schedules; small ones are compared with all schedules there are."""

import itertools
from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.planning.scheduling.annealing import AnnealingOptions, anneal
from aidc.planning.scheduling.bounds import weight_bound
from aidc.planning.scheduling.cluster import (
    ClusterNode,
    Job,
    PodShape,
    SchedulingProblem,
    Topology,
    scheduling_problem,
)
from aidc.planning.scheduling.exact import exact_schedule
from aidc.planning.scheduling.fragmentation import Fragments
from aidc.planning.scheduling.genetic import GeneticOptions, evolve
from aidc.planning.scheduling.greedy import greedy
from aidc.planning.scheduling.integer_program import Solver
from aidc.planning.scheduling.occupancy import Occupancy
from aidc.planning.scheduling.policy import learned_schedule
from aidc.planning.scheduling.rules import RULES
from aidc.planning.scheduling.schedule import PodPlace, Schedule, score, violations
from aidc.problems import InvalidInput


def random_problem(seed: int, nodes: int = 2, gpus: int = 2, jobs: int = 4, pods: int = 2) -> SchedulingProblem:
    random = Random(seed)
    made = [
        ClusterNode(
            name=f"n{number}",
            cpu_milli=random.choice([2000, 4000, 8000]),
            memory_mib=random.choice([200, 400]),
            gpus=random.randint(1, gpus),
            gpu_model=random.choice(["T4", "A10"]),
            block=f"b{random.randint(0, 1)}",
            accelerator_taint=random.random() < 0.3,
        )
        for number in range(nodes)
    ]
    models = sorted({node.gpu_model for node in made})
    offered = [
        Job(
            name=f"j{number}",
            shape=PodShape(
                cpu_milli=random.choice([500, 1000, 2000]),
                memory_mib=random.choice([50, 100, 150]),
                gpus=random.choice([0, 1, 1, 1, 2]),
                gpu_milli=random.choice([300, 400, 600, 1000]),
                gpu_models=frozenset({random.choice(models)}) if random.random() < 0.3 else frozenset(),
            ),
            pods=random.choice([1, 1, pods]),
            topology=random.choice(list(Topology)),
            weight=random.choice([None, None, 700]),
        )
        for number in range(jobs)
    ]
    return scheduling_problem(made, offered, block_cost_milli=random.choice([0, 300, 1000]))


def every_place(problem: SchedulingProblem, job: Job) -> list[PodPlace]:
    return [
        PodPlace(number, gpus)
        for number, node in enumerate(problem.nodes)
        for gpus in itertools.combinations(range(node.gpus), job.shape.gpus)
    ]


def every_schedule(problem: SchedulingProblem) -> Iterator[Schedule]:
    choices = [
        [None, *itertools.combinations_with_replacement(every_place(problem, job), job.pods)] for job in problem.jobs
    ]
    for chosen in itertools.product(*choices):
        yield Schedule({job: places for job, places in enumerate(chosen) if places is not None})


def best_key(problem: SchedulingProblem) -> tuple[int, int]:
    return max(score(problem, one).key for one in every_schedule(problem) if not violations(problem, one))


@pytest.mark.parametrize("seed", range(12))
def test_the_exact_schedule_is_the_best_of_all(seed: int) -> None:
    problem = random_problem(seed, jobs=3)
    best = best_key(problem)
    for solver in Solver:
        found = exact_schedule(problem, seconds=30, solver=solver)
        assert violations(problem, found.schedule) == []
        assert found.is_optimal
        assert score(problem, found.schedule).key == best
        assert found.weight_bound == best[0]
        assert found.cost_bound == pytest.approx(-best[1])


def test_solvers_agree_on_larger_problems() -> None:
    for seed in range(3):
        problem = random_problem(100 + seed, nodes=4, gpus=3, jobs=10, pods=3)
        keys = set()
        for solver in Solver:
            found = exact_schedule(problem, seconds=60, solver=solver)
            assert found.is_optimal
            assert violations(problem, found.schedule) == []
            keys.add(score(problem, found.schedule).key)
        assert len(keys) == 1


def test_without_time_the_best_rule_is_returned_with_a_bound() -> None:
    problem = random_problem(7, nodes=6, gpus=4, jobs=30)
    found = exact_schedule(problem, seconds=0.0)
    reached = score(problem, found.schedule)
    assert reached.key >= max(score(problem, greedy(problem, rule)).key for rule in RULES)
    assert found.weight_bound >= reached.weight


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_every_method_is_valid_and_within_the_bound(seed: int) -> None:
    problem = random_problem(seed, nodes=5, gpus=4, jobs=14, pods=4)
    bound = weight_bound(problem)
    schedules = {rule: greedy(problem, rule) for rule in RULES}
    schedules["annealing"] = anneal(problem, AnnealingOptions(moves=40, seed=seed))
    schedules["genetic"] = evolve(problem, GeneticOptions(population=6, generations=2, seed=seed))
    schedules["learned"] = learned_schedule(problem)
    for name, schedule in schedules.items():
        assert violations(problem, schedule) == [], name
        assert score(problem, schedule).weight <= bound + 1e-6, name
    assert score(problem, schedules["annealing"]).key >= score(problem, schedules["fragmentation-descent"]).key
    assert score(problem, schedules["genetic"]).key >= score(problem, schedules["fragmentation-descent"]).key


@pytest.mark.parametrize("seed", range(6))
def test_searches_find_the_best_of_small_problems(seed: int) -> None:
    problem = random_problem(seed, jobs=3)
    best = best_key(problem)[0]
    assert score(problem, anneal(problem, AnnealingOptions(moves=300))).weight == best
    assert score(problem, evolve(problem, GeneticOptions(population=12, generations=10))).weight == best


def test_the_same_seed_gives_the_same_schedule() -> None:
    problem = random_problem(3, nodes=5, gpus=4, jobs=20)
    for seed in (0, 1):
        annealing = AnnealingOptions(moves=60, seed=seed)
        assert anneal(problem, annealing) == anneal(problem, annealing)
        genetic = GeneticOptions(population=6, generations=3, seed=seed)
        assert evolve(problem, genetic) == evolve(problem, genetic)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_fragments_kept_up_to_date_are_those_counted_afresh(seed: int) -> None:
    problem = random_problem(seed, nodes=4, gpus=4, jobs=12)
    random = Random(seed)
    state = Occupancy(problem)
    fragments = Fragments(state)
    for _ in range(15):
        job = random.randrange(len(problem.jobs))
        if job in state.places:
            state.remove(job)
            continue
        shape = state.shape_of[job]
        for _ in range(problem.jobs[job].pods):
            room = np.flatnonzero(state.room(shape))
            if not len(room):
                break
            node = int(random.choice(room.tolist()))
            state.place(job, node, state.fullest(shape, node))
        assert fragments.total() == score(problem, state.schedule()).fragments


@pytest.mark.parametrize("milli", [250, 300, 600, 1000])
@pytest.mark.parametrize("gpus", [1, 2, 3])
def test_room_is_what_can_be_placed_one_by_one(milli: int, gpus: int) -> None:
    node = ClusterNode(name="n", cpu_milli=9000, memory_mib=1000, gpus=4)
    shape = PodShape(cpu_milli=1000, memory_mib=10, gpus=gpus, gpu_milli=milli)
    problem = scheduling_problem([node], [Job(name="j", shape=shape, pods=20, topology=Topology.ANY)])
    state = Occupancy(problem)
    state.gpus[0] = [1000, 700, 600, 1000]
    room = int(state.room(0)[0])
    most = 0
    # The emptiest GPUs first is a best order for equal pods.
    free = [1000, 700, 600, 1000]
    while most < 9:
        order = sorted(range(4), key=lambda gpu: -free[gpu])[:gpus]
        if free[order[-1]] < milli:
            break
        for gpu in order:
            free[gpu] -= milli
        most += 1
    assert room == most


def test_a_gang_takes_the_block_that_it_fits_best() -> None:
    nodes = [
        ClusterNode(name=f"{block}{number}", cpu_milli=8000, memory_mib=800, gpus=2, block=block)
        for block, count in (("large", 4), ("small", 2))
        for number in range(count)
    ]
    shape = PodShape(cpu_milli=100, memory_mib=10, gpus=2)
    gang = Job(name="gang", shape=shape, pods=2)
    for rule in RULES:
        places = greedy(scheduling_problem(nodes, [gang]), rule).places[0]
        assert {nodes[place.node].block for place in places} == {"small"}
    five = Job(name="five", shape=shape, pods=5)
    assert {nodes[place.node].block for place in greedy(scheduling_problem(nodes, [five]), "best-fit").places[0]} == {
        "large",
        "small",
    }
    required = Job(name="five", shape=shape, pods=5, topology=Topology.REQUIRED)
    assert greedy(scheduling_problem(nodes, [required]), "best-fit").places == {}
    seven = Job(name="seven", shape=shape, pods=7, topology=Topology.ANY)
    assert greedy(scheduling_problem(nodes, [seven]), "best-fit").places == {}


def test_fragmentation_descent_leaves_whole_nodes_for_pairs() -> None:
    nodes = [ClusterNode(name=name, cpu_milli=8000, memory_mib=800, gpus=2) for name in "ab"]
    share = PodShape(cpu_milli=100, memory_mib=10, gpus=1, gpu_milli=500)
    pair = PodShape(cpu_milli=100, memory_mib=10, gpus=2)
    problem = scheduling_problem(
        nodes, [Job(name=f"s{number}", shape=share) for number in range(4)], mix=[(pair, 1), (share, 1)]
    )
    packed = greedy(problem, "fragmentation-descent")
    assert {place.node for places in packed.places.values() for place in places} == {0}
    spread = greedy(problem, "least-allocated")
    assert {place.node for places in spread.places.values() for place in places} == {0, 1}


def test_shares_above_half_do_not_go_on_one_gpu() -> None:
    node = ClusterNode(name="n", cpu_milli=80000, memory_mib=8000, gpus=2)
    shape = PodShape(cpu_milli=100, memory_mib=10, gpus=1, gpu_milli=510)
    jobs = [Job(name=f"j{number}", shape=shape) for number in range(3)]
    assert weight_bound(scheduling_problem([node], jobs)) == pytest.approx(2 * 510)
    third = PodShape(cpu_milli=100, memory_mib=10, gpus=1, gpu_milli=340)
    jobs = [Job(name=f"j{number}", shape=third) for number in range(6)]
    assert weight_bound(scheduling_problem([node], jobs)) == pytest.approx(4 * 340)


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(InvalidInput, match="did you mean 'best-fit'"):
        greedy(random_problem(1), "bestfit")


def test_nothing_to_schedule_is_scheduled() -> None:
    problem = scheduling_problem([ClusterNode(name="n", cpu_milli=1, memory_mib=1, gpus=1)], [])
    for schedule in (
        greedy(problem, "fragmentation-descent"),
        anneal(problem, AnnealingOptions(moves=3)),
        evolve(problem, GeneticOptions(population=4, generations=1)),
        learned_schedule(problem),
        exact_schedule(problem, seconds=5).schedule,
    ):
        assert schedule.places == {}
    assert weight_bound(problem) == 0
