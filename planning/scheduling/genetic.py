"""A genetic algorithm over the order of the jobs and the rule that places each of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .cluster import SchedulingProblem, Topology
from .fragmentation import Fragments
from .greedy import ScoreTable, by_size, place_job
from .occupancy import Integers, Occupancy
from .rules import RULES, Values
from .schedule import Schedule

_RULES: Final = ("fragmentation-descent", "best-fit", "most-allocated", "first-fit")


@dataclass(frozen=True, kw_only=True, slots=True)
class GeneticOptions:
    """How many, and how often."""

    population: int = 24
    """Individuals of a generation; 4 or more."""

    generations: int = 40
    """Generations after the first; 0 or more."""

    elite: int = 2
    """Individuals that go on unchanged."""

    tournament: int = 3
    """Individuals of which the best becomes a parent."""

    mutation: float = 0.05
    """Share of the genes that change by chance."""

    seed: int = 0
    """The same seed gives the same schedule."""


@dataclass(frozen=True, slots=True)
class _Individual:
    keys: Values
    """[jobs]: they are placed in ascending order."""

    rules: NDArray[np.intp]
    """[jobs]: by which rule."""


def evolve(
    problem: SchedulingProblem,
    options: GeneticOptions | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> Schedule:
    """Return the best schedule found.

    Genes are a key for each job, which make an order (random keys: Bean, ORSA Journal on Computing 6, 1994), and a rule
    for each job. Every individual is a valid schedule: what cannot be placed waits. The first generation has the
    order by size with every rule. `progress` is called with the number of schedules made so far.
    """
    chosen = options or GeneticOptions()
    random = np.random.default_rng(chosen.seed)
    decoder = _Decoder(problem)
    jobs = len(problem.jobs)
    population = _first(problem, chosen.population, random)
    made = 0

    def judged(individual: _Individual) -> tuple[int, int]:
        nonlocal made
        made += 1
        if progress is not None:
            progress(made)
        return decoder.key(individual)

    keys = [judged(individual) for individual in population]

    def rank(index: int) -> tuple[int, int]:
        return keys[index]

    def parent() -> _Individual:
        drawn: list[int] = random.integers(len(population), size=chosen.tournament).tolist()
        return population[max(drawn, key=rank)]

    for _ in range(chosen.generations):
        ranked = sorted(range(len(population)), key=rank, reverse=True)
        children = [population[index] for index in ranked[: chosen.elite]]
        kept = [keys[index] for index in ranked[: chosen.elite]]
        while len(children) < chosen.population:
            one, other = parent(), parent()
            from_one = random.random(jobs) < 0.6
            order = np.where(from_one, one.keys, other.keys)
            rules = np.where(from_one, one.rules, other.rules)
            changed = random.random(jobs) < chosen.mutation
            order = np.where(changed, random.random(jobs), order)
            rules = np.where(random.random(jobs) < chosen.mutation, random.integers(len(_RULES), size=jobs), rules)
            children.append(_Individual(order, rules))
        keys = kept + [judged(individual) for individual in children[chosen.elite :]]
        population = children
    return decoder.schedule(population[max(range(len(population)), key=rank)])


def _first(problem: SchedulingProblem, size: int, random: np.random.Generator) -> list[_Individual]:
    jobs = len(problem.jobs)
    rank = np.empty(jobs)
    rank[by_size(problem)] = np.arange(jobs) / max(1, jobs)
    found = [_Individual(rank, np.full(jobs, rule)) for rule in range(len(_RULES))]
    while len(found) < size:
        # Half begin near the order by size, half anywhere.
        spread = 0.3 if len(found) % 2 else 10.0
        found.append(_Individual(rank + spread * random.random(jobs), random.integers(len(_RULES), size=jobs)))
    return found[:size]


class _Decoder:
    """Makes schedules of genes, one after the other on the same nodes."""

    def __init__(self, problem: SchedulingProblem) -> None:
        self._problem = problem
        self._state = Occupancy(problem)
        self._tables = [ScoreTable(self._state, RULES[rule](self._state)) for rule in _RULES]
        self._fragments = Fragments(self._state)
        self._block_cost = problem.block_cost_milli * max(1, sum(count for _, count in problem.mix))

    def key(self, individual: _Individual) -> tuple[int, int]:
        """Return weight and negated cost."""
        self._decode(individual)
        jobs, block = self._problem.jobs, self._state.block
        weight = extra = 0
        for job, places in self._state.places.items():
            weight += jobs[job].value
            if jobs[job].pods > 1 and jobs[job].topology != Topology.ANY:
                extra += len({int(block[place.node]) for place in places}) - 1
        return weight, -(self._fragments.total() + extra * self._block_cost)

    def schedule(self, individual: _Individual) -> Schedule:
        """Return the schedule that the genes make."""
        self._decode(individual)
        return self._state.schedule()

    def _decode(self, individual: _Individual) -> None:
        self._state.clear()
        order: Integers = np.argsort(individual.keys, kind="stable")
        for job in order:
            place_job(self._state, self._tables[individual.rules[job]], int(job))
