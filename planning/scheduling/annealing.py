"""Simulated annealing: jobs are taken away and put back elsewhere, and worse schedules are borne less and less."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from .cluster import WHOLE, SchedulingProblem, Topology
from .fragmentation import Fragments
from .greedy import ScoreTable, greedy, place_job
from .occupancy import Occupancy
from .rules import RULES
from .schedule import PodPlace, Schedule

_LOST: Final = 4.0
"""What a GPU's worth of waiting weight counts beside a GPU of cost while searching. What is returned is the best by the
problem's own order, where weight comes first whatever it costs."""

_REPAIRS: Final = ("fragmentation-descent", "best-fit", "most-allocated")


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnealingOptions:
    """How long and how hot."""

    moves: int = 4000
    """Changes that are tried; 1 or more."""

    hot: float = 0.5
    """Temperature at the start, in GPUs of cost."""

    cold: float = 0.01
    """Temperature at the end."""

    removed: int = 4
    """Jobs that a move takes away at most."""

    candidates: int = 8
    """Waiting jobs that a move tries to place at most."""

    seed: int = 0
    """The same seed gives the same schedule."""


def anneal(
    problem: SchedulingProblem,
    options: AnnealingOptions | None = None,
    *,
    start: Schedule | None = None,
    progress: Callable[[int], None] | None = None,
) -> Schedule:
    """Return the best schedule found from `start` (default: fragmentation descent's).

    A move takes away some jobs of one node, or some anywhere, and puts waiting ones and those back in a random order
    by a random rule (ruin and recreate: Schrimpf and others, Journal of Computational Physics 159, 2000). `progress`
    is called with the number of each move.
    """
    chosen = options or AnnealingOptions()
    search = _Search(problem, chosen, start or greedy(problem, "fragmentation-descent"))
    for move in range(chosen.moves):
        search.step(chosen.hot * (chosen.cold / chosen.hot) ** (move / max(1, chosen.moves - 1)))
        if progress is not None:
            progress(move + 1)
    return Schedule({job: tuple(places) for job, places in sorted(search.best.items())})


class _Search:
    """The present schedule, and the best so far."""

    def __init__(self, problem: SchedulingProblem, options: AnnealingOptions, start: Schedule) -> None:
        self._jobs = problem.jobs
        self._options = options
        self._state = Occupancy(problem)
        for job, places in start.places.items():
            self._state.restore(job, list(places))
        self._fragments = Fragments(self._state)
        self._tables = [ScoreTable(self._state, RULES[rule](self._state)) for rule in _REPAIRS]
        self._random = np.random.default_rng(options.seed)
        self._running = list(self._state.places)
        self._waiting = [job for job in range(len(self._jobs)) if job not in self._state.places]
        self._mix = max(1, sum(count for _, count in problem.mix))
        self._block_cost = problem.block_cost_milli * self._mix
        gpus = sum(job.pods * job.shape.gpu_demand for job in self._jobs) / WHOLE
        # Weight in GPUs, whatever the unit of the weights is.
        self._gpus_per_weight = max(1.0, gpus) / max(1, problem.offered)
        self._weight = sum(self._jobs[job].value for job in self._running)
        self._blocks = sum(self._extra_blocks(job) for job in self._running)
        self._cost = self._fragments.total() + self._blocks * self._block_cost
        self.best: dict[int, list[PodPlace]] = dict(self._state.places)
        self._best_key = (self._weight, -self._cost)

    def step(self, temperature: float) -> None:
        """Try one change."""
        state, random = self._state, self._random
        removed = self._ruin()
        before = {job: state.places[job] for job in removed}
        blocks = self._blocks
        for job in removed:
            blocks -= self._extra_blocks(job)
            state.remove(job)
        jobs = [*removed, *self._drawn(self._waiting, self._options.candidates)]
        jobs = self._drawn(jobs, len(jobs))
        if random.random() < 0.5:
            jobs.sort(key=lambda job: -self._jobs[job].value)
        table = self._tables[random.integers(len(self._tables))]
        placed = [job for job in jobs if place_job(state, table, job)]
        blocks += sum(self._extra_blocks(job) for job in placed)
        weight = (
            self._weight + sum(self._jobs[job].value for job in placed) - sum(self._jobs[job].value for job in removed)
        )
        cost = self._fragments.total() + blocks * self._block_cost
        worse = (cost - self._cost) / self._mix / WHOLE + _LOST * (self._weight - weight) * self._gpus_per_weight
        if worse > 0 and random.random() >= np.exp(-worse / temperature):
            for job in placed:
                state.remove(job)
            for job, places in before.items():
                state.restore(job, places)
            return
        self._weight, self._blocks, self._cost = weight, blocks, cost
        if set(placed) != set(removed):
            there = set(placed)
            self._running = [job for job in self._running if job not in before] + placed
            self._waiting = [job for job in self._waiting if job not in there] + [
                job for job in removed if job not in there
            ]
        if (weight, -cost) > self._best_key:
            self._best_key = (weight, -cost)
            self.best = dict(state.places)

    def _ruin(self) -> list[int]:
        random = self._random
        if not self._running:
            return []
        count = int(random.integers(0 if self._waiting else 1, self._options.removed + 1))
        if not count:
            return []
        if random.random() < 0.6:
            seed = self._state.places[self._running[random.integers(len(self._running))]]
            near = sorted(self._state.jobs_on[seed[random.integers(len(seed))].node])
        else:
            near = self._running
        return self._drawn(near, count)

    def _drawn(self, jobs: list[int], count: int) -> list[int]:
        """Return so many of the jobs in an order by chance, all where there are no more."""
        order: list[int] = self._random.permutation(len(jobs))[:count].tolist()
        return [jobs[index] for index in order]

    def _extra_blocks(self, job: int) -> int:
        if self._jobs[job].pods == 1 or self._jobs[job].topology == Topology.ANY:
            return 0
        return len({int(self._state.block[place.node]) for place in self._state.places[job]}) - 1
