"""One job after the other, each where a rule likes it best, and none of it taken back."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from ...problems import Problems
from .cluster import SchedulingProblem, Topology
from .occupancy import Booleans, Occupancy
from .rules import RULES, Rule, Values
from .schedule import Schedule

_FULL: Final = -np.inf


class ScoreTable:
    """Scores of all nodes by one rule, made anew only for nodes that changed since a shape was last asked for."""

    def __init__(self, occupancy: Occupancy, rule: Rule) -> None:
        """Begin with nothing known."""
        shapes, nodes = occupancy.accepts.shape
        self.rule = rule
        self._state = occupancy
        self._seen = np.full((shapes, nodes), -1, np.int64)
        self._scores = np.full((shapes, nodes), _FULL)

    def scores(self, shape: int) -> Values:
        """Return [nodes]: minus infinity where no pod of that shape fits. The caller must not change it."""
        stale = np.flatnonzero(self._seen[shape] != self._state.version)
        if len(stale):
            self._seen[shape, stale] = self._state.version[stale]
            self._scores[shape, stale] = _FULL
            fitting = stale[self._state.room(shape, stale) > 0]
            if len(fitting):
                self._scores[shape, fitting] = self.rule.scores(shape, fitting)
        return self._scores[shape]


def greedy(problem: SchedulingProblem, rule: str, order: Sequence[int] | None = None) -> Schedule:
    """Schedule job by job with the rule of that name, in `order` (positions of jobs; default: `by_size`).

    Raises:
        InvalidInput: there is no such rule.
    """
    problems = Problems()
    problems.choice("rule", rule, RULES)
    problems.raise_if_any("scheduling")
    occupancy = Occupancy(problem)
    table = ScoreTable(occupancy, RULES[rule](occupancy))
    for job in by_size(problem) if order is None else order:
        place_job(occupancy, table, job)
    return occupancy.schedule()


def by_size(problem: SchedulingProblem) -> list[int]:
    """Return the jobs by weight, the greatest first; at equal weight those with the most GPU, then the most cores."""
    jobs = problem.jobs
    return sorted(
        range(len(jobs)),
        key=lambda job: (
            -jobs[job].value,
            -jobs[job].pods * jobs[job].shape.gpu_demand,
            -jobs[job].pods * jobs[job].shape.cpu_milli,
            job,
        ),
    )


def place_job(occupancy: Occupancy, table: ScoreTable, job: int) -> bool:
    """Place all pods of a job where the rule likes them best, or none; tell which.

    A gang goes into the block with the least room that holds all of it. Where none does and it may use several, it
    takes the blocks with the most room, so that it uses as few as can be, as Kueue's topology-aware scheduling does.
    """
    asked = occupancy.problem.jobs[job]
    shape = occupancy.shape_of[job]
    allowed: Booleans | None = None
    if asked.pods > 1:
        allowed = allowed_nodes(occupancy, shape, asked.pods, asked.topology)
        if allowed is None:
            return False
    for _ in range(asked.pods):
        scores = table.scores(shape)
        node = int(np.argmax(scores if allowed is None else np.where(allowed, scores, _FULL)))
        if scores[node] == _FULL or (allowed is not None and not allowed[node]):
            if job in occupancy.places:
                occupancy.remove(job)
            return False
        occupancy.place(job, node, table.rule.gpus(shape, node))
    return True


def place_all(occupancy: Occupancy, table: ScoreTable, jobs: Iterable[int]) -> list[int]:
    """Place those jobs that can be placed, in that order, and return the others."""
    return [job for job in jobs if not place_job(occupancy, table, job)]


def allowed_nodes(occupancy: Occupancy, shape: int, pods: int, topology: Topology) -> Booleans | None:
    """Return [nodes]: where the pods of a gang may go; None where not all of them can be placed."""
    room = occupancy.room(shape)
    if room.sum() < pods:
        return None
    if topology == Topology.ANY:
        return room > 0
    by_block = np.zeros(occupancy.blocks, np.int64)
    np.add.at(by_block, occupancy.block, room)
    holding = np.flatnonzero(by_block >= pods)
    if len(holding):
        return occupancy.block == holding[np.argmin(by_block[holding])]
    if topology == Topology.REQUIRED:
        return None
    order = np.argsort(-by_block, kind="stable")
    needed = int(np.searchsorted(np.cumsum(by_block[order]), pods)) + 1
    return np.isin(occupancy.block, order[:needed])
