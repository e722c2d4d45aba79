"""The integer program of a scheduling problem, linear throughout."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from ortools.math_opt.python import mathopt  # pyright: ignore[reportMissingTypeStubs]

from .bounds import pods_per_node
from .cluster import WHOLE, Job, PodShape, SchedulingProblem, Topology
from .schedule import PodPlace, Schedule


class Solver(StrEnum):
    """What solves the integer program."""

    CP_SAT = "cp-sat"
    SCIP = "scip"


@dataclass(frozen=True, slots=True)
class _Group:
    """Jobs that can be swapped for each other: single pods of one shape and weight; a gang is alone in its group."""

    jobs: tuple[int, ...]
    job: Job


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver found."""

    schedule: Schedule
    """The best schedule."""

    bound: float
    """No schedule has a better objective."""


class Item(NamedTuple):
    """What one GPU carries of one pod."""

    milli: int
    """Thousandths."""

    group: int | None
    """The group of pods that take shares of several GPUs, which must be different ones; None for all others."""


Filling = tuple[Item, ...]
"""What one GPU carries, the smallest first."""


class SchedulingProgram:
    """The integer program of one problem.

    A column for each group of equal pods and node counts its pods there; one for each node and filling counts the GPUs
    that carry just that. What is left of a GPU then follows from its filling, so the linear relaxation knows fragments
    of single GPUs exactly, and no two columns mean the same GPUs in another order.
    """

    def __init__(self, problem: SchedulingProblem) -> None:
        self.model = mathopt.Model(name="scheduling")
        self._problem = problem
        self._groups = _groups(problem)
        self._pods: dict[tuple[int, int], mathopt.Variable] = {}
        self._fillings: dict[tuple[int, Filling], mathopt.Variable] = {}
        self._runs: list[mathopt.LinearSum | mathopt.Variable] = []
        self._extra_blocks: list[mathopt.LinearBase] = []
        for group in range(len(self._groups)):
            self._add_group(group)
        for node in range(len(problem.nodes)):
            self._add_node(node)

    def require(self, relation: Any) -> None:
        """Add a linear equation or inequality."""
        self.model.add_linear_constraint(relation)  # pyright: ignore[reportUnknownMemberType]

    def weight(self) -> mathopt.LinearSum:
        """Return the weight of the jobs that run."""
        return mathopt.LinearSum(runs * group.job.value for runs, group in zip(self._runs, self._groups, strict=True))

    def cost(self) -> mathopt.LinearSum:
        """Return the cost, with the variables that it needs beside those of the schedule."""
        problem = self._problem
        scale = problem.block_cost_milli * max(1, sum(count for _, count in problem.mix))
        terms: list[mathopt.LinearBase] = [extra * scale for extra in self._extra_blocks]
        for node, known in enumerate(problem.nodes):
            if known.gpus and problem.mix:
                terms += self._node_fragments(node)
        return mathopt.LinearSum(terms)

    def solve(
        self,
        objective: mathopt.LinearSum,
        maximise: bool,
        seconds: float,
        solver: Solver,
        threads: int,
        known: Schedule,
    ) -> Solution | None:
        """Return the best solution in that time and the bound on all; None where none was found. Begins at `known`."""
        self.model.set_linear_objective(objective, is_maximize=maximise)
        parameters = mathopt.SolveParameters(
            time_limit=timedelta(seconds=max(0.01, seconds)),
            threads=threads,
            random_seed=1,
            relative_gap_tolerance=0.0,
            absolute_gap_tolerance=0.0,
        )
        model_parameters = mathopt.ModelSolveParameters()
        model_parameters.solution_hints.append(mathopt.SolutionHint(variable_values=self._values(known)))
        kind = mathopt.SolverType.CP_SAT if solver == Solver.CP_SAT else mathopt.SolverType.GSCIP
        found = mathopt.solve(self.model, kind, params=parameters, model_params=model_parameters)
        if not found.has_primal_feasible_solution():
            return None
        return Solution(self._schedule(found), found.best_objective_bound())

    def _add_group(self, group: int) -> None:
        problem, model, job = self._problem, self.model, self._groups[group].job
        size = len(self._groups[group].jobs)
        by_block: defaultdict[str, list[mathopt.Variable]] = defaultdict(list)
        for node, known in enumerate(problem.nodes):
            most = min(size * job.pods, pods_per_node(known, job.shape))
            if most:
                pods = model.add_integer_variable(lb=0, ub=most)
                self._pods[group, node] = pods
                by_block[known.block].append(pods)
        total = mathopt.LinearSum(pods for one in by_block.values() for pods in one)
        if job.pods == 1:
            self._runs.append(total)
            self.require(total <= size)
            return
        runs = model.add_binary_variable()
        self._runs.append(runs)
        self.require(total == job.pods * runs)
        if job.topology == Topology.ANY or len(by_block) < 2:
            return
        used = {block: model.add_binary_variable() for block in by_block}
        for block, here in by_block.items():
            self.require(mathopt.LinearSum(here) <= job.pods * used[block])
            self.require(used[block] <= runs)
        blocks = mathopt.LinearSum(used.values())
        if job.topology == Topology.REQUIRED:
            self.require(blocks <= 1)
        self.require(blocks >= runs)
        self._extra_blocks.append(blocks - runs)

    def _on(self, node: int) -> list[tuple[int, PodShape, mathopt.Variable]]:
        """Return the groups that may run on a node: what a pod asks for, and how many there are."""
        return [
            (number, group.job.shape, pods)
            for number, group in enumerate(self._groups)
            if (pods := self._pods.get((number, node))) is not None
        ]

    def _add_node(self, node: int) -> None:
        known = self._problem.nodes[node]
        here = self._on(node)
        self.require(mathopt.LinearSum(pods * shape.cpu_milli for _, shape, pods in here) <= known.cpu_milli)
        self.require(mathopt.LinearSum(pods * shape.memory_mib for _, shape, pods in here) <= known.memory_mib)
        if not known.gpus:
            return
        most: Counter[Item] = Counter()
        wanted: defaultdict[Item, list[mathopt.LinearBase]] = defaultdict(list)
        for number, shape, pods in here:
            if shape.gpus:
                item = self._item(number)
                most[item] += round(pods.upper_bound) * shape.gpus
                wanted[item].append(shape.gpus * pods)
        fillings = {filling: self.model.add_integer_variable(lb=0, ub=known.gpus) for filling in _fillings(most)}
        self._fillings |= {(node, filling): variable for filling, variable in fillings.items()}
        self.require(mathopt.LinearSum(fillings.values()) == known.gpus)
        for item, terms in wanted.items():
            carried = mathopt.LinearSum(variable * filling.count(item) for filling, variable in fillings.items())
            self.require(carried == mathopt.LinearSum(terms))
            if item.group is not None:
                self._keep_apart(item, fillings, self._pods[item.group, node], known.gpus)

    def _keep_apart(
        self, item: Item, fillings: Mapping[Filling, mathopt.Variable], pods: mathopt.Variable, gpus: int
    ) -> None:
        # Pods that need several GPUs can be laid over them if and only if no GPU has more shares than there are pods.
        for times in range(2, WHOLE // item.milli + 1):
            crowded = [variable for filling, variable in fillings.items() if filling.count(item) == times]
            if crowded:
                is_used = self.model.add_binary_variable()
                self.require(mathopt.LinearSum(crowded) <= gpus * is_used)
                self.require(pods >= times * is_used)

    def _node_fragments(self, node: int) -> list[mathopt.LinearBase]:
        """Return the fragments of a node, each shape times how often it is in the mix.

        What is used is driven up by the objective, so it needs its upper bounds alone.
        """
        problem, model = self._problem, self.model
        known = problem.nodes[node]
        left = [
            (WHOLE - sum(item.milli for item in filling), variable)
            for (where, filling), variable in self._fillings.items()
            if where == node
        ]
        free = mathopt.LinearSum(variable * milli for milli, variable in left)
        here = self._on(node)
        cpu = known.cpu_milli - mathopt.LinearSum(pods * shape.cpu_milli for _, shape, pods in here)
        memory = known.memory_mib - mathopt.LinearSum(pods * shape.memory_mib for _, shape, pods in here)
        terms: list[mathopt.LinearBase] = []
        for shape, count in problem.mix:
            terms.append(count * free)
            if not pods_per_node(known, shape):
                continue
            enough = [(milli, variable) for milli, variable in left if milli >= shape.gpu_milli]
            fits = model.add_binary_variable()
            self.require(cpu >= shape.cpu_milli * fits)
            self.require(memory >= shape.memory_mib * fits)
            self.require(mathopt.LinearSum(variable for _, variable in enough) >= shape.gpus * fits)
            used = model.add_integer_variable(lb=0, ub=WHOLE * known.gpus)
            self.require(used <= WHOLE * known.gpus * fits)
            self.require(used <= mathopt.LinearSum(variable * milli for milli, variable in enough))
            terms.append(-count * used)
        return terms

    def _item(self, group: int) -> Item:
        """Return what a GPU carries of a pod of that group."""
        shape = self._groups[group].job.shape
        is_apart = shape.gpus > 1 and shape.gpu_milli < WHOLE
        return Item(shape.gpu_milli, group if is_apart else None)

    def _values(self, known: Schedule) -> dict[mathopt.Variable, float]:
        """Return the variables of a schedule."""
        group_of = {job: number for number, group in enumerate(self._groups) for job in group.jobs}
        carried: list[list[list[Item]]] = [[[] for _ in range(node.gpus)] for node in self._problem.nodes]
        values = dict.fromkeys([*self._pods.values(), *self._fillings.values()], 0.0)
        for job, places in known.places.items():
            for place in places:
                values[self._pods[group_of[job], place.node]] += 1
                for gpu in place.gpus:
                    carried[place.node][gpu].append(self._item(group_of[job]))
        for node, gpus in enumerate(carried):
            for items in gpus:
                values[self._fillings[node, _filling(items)]] += 1
        return values

    def _schedule(self, found: mathopt.SolveResult) -> Schedule:
        values = {variable: round(value) for variable, value in found.variable_values().items()}
        carrying: defaultdict[tuple[int, Item], list[int]] = defaultdict(list)
        next_gpu: Counter[int] = Counter()
        for (node, filling), variable in self._fillings.items():
            for _ in range(values[variable]):
                for item in filling:
                    carrying[node, item].append(next_gpu[node])
                next_gpu[node] += 1
        places: defaultdict[int, list[PodPlace]] = defaultdict(list)
        waiting = {number: list(group.jobs) for number, group in enumerate(self._groups)}
        for (number, node), variable in self._pods.items():
            job, shares = self._groups[number].job, carrying[node, self._item(number)]
            pods = values[variable]
            taken = shares[: pods * job.shape.gpus]
            del shares[: pods * job.shape.gpus]
            for pod in range(pods):
                # A GPU's shares follow each other and are no more than the pods, so every pod gets different ones.
                first = waiting[number][0]
                places[first].append(PodPlace(node, tuple(taken[pod::pods])))
                if len(places[first]) == job.pods:
                    waiting[number].pop(0)
        return Schedule({job: tuple(there) for job, there in sorted(places.items())})


def _groups(problem: SchedulingProblem) -> list[_Group]:
    singles: dict[tuple[PodShape, int], list[int]] = {}
    gangs: list[_Group] = []
    for index, job in enumerate(problem.jobs):
        if job.pods == 1:
            singles.setdefault((job.shape, job.value), []).append(index)
        else:
            gangs.append(_Group((index,), job))
    return gangs + [_Group(tuple(jobs), problem.jobs[jobs[0]]) for jobs in singles.values()]


def _filling(items: Iterable[Item]) -> Filling:
    return tuple(sorted(items, key=lambda item: (item.milli, -1 if item.group is None else item.group)))


def _fillings(most: Mapping[Item, int]) -> list[Filling]:
    """Return every way to fill one GPU, the empty one too, with no more of an item than there can be."""
    items = _filling(most)
    found: list[Filling] = []

    def fill(start: int, chosen: Filling, left: int) -> None:
        found.append(chosen)
        for index in range(start, len(items)):
            item = items[index]
            if item.milli <= left and chosen.count(item) < most[item]:
                fill(index, (*chosen, item), left - item.milli)

    fill(0, (), WHOLE)
    return found
