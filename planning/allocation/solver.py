"""Solving a model with HiGHS: what was found, and what is proved of it."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import highspy

from .model import Column, Model

TIME_LIMIT: Final = 30.0
"""Seconds for one program."""

GAP: Final = 1e-4
"""Part of the cost by which the answer may be above the least that is possible."""


class Status(StrEnum):
    """How solving ended."""

    OPTIMAL = "optimal"
    """Proved, within the gap that was asked for."""

    FEASIBLE = "feasible"
    """Found in time, and not proved; the gap says how far it may be off."""

    INFEASIBLE = "infeasible"
    """Proved that nothing meets all rows."""

    UNKNOWN = "unknown"
    """Neither found nor excluded in time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Solution:
    """What a solver found."""

    status: Status
    """How it ended."""

    cost: float
    """Objective; infinite where nothing was found."""

    bound: float
    """Proved least objective."""

    gap: float
    """Part of `cost` by which it may be above the least; 0 where it is proved."""

    values: Mapping[Column, float]
    """Nodes by column, those above 0; whole where they had to be."""

    slacks: Mapping[str, float]
    """By how much the bound of a row is moved, those above 0."""

    duals: Mapping[str, float]
    """Change of the cost when a row's bound grows by 1, of a linear program; empty for a mixed-integer one."""

    seconds: float
    """Time for handing over and solving."""

    @property
    def found(self) -> bool:
        """Whether there is anything."""
        return self.status in (Status.OPTIMAL, Status.FEASIBLE)


def solve(model: Model, *, integral: bool = True, time_limit: float = TIME_LIMIT, gap: float = GAP) -> Solution:
    """Solve `model` with HiGHS, on one thread and from one seed, so that the same model has the same answer."""
    started = time.perf_counter()
    options = {"threads": 1, "random_seed": 0, "time_limit": time_limit, "mip_rel_gap": gap, "mip_abs_gap": 1e-9}
    highs = model.program.to_highs(options, integral=integral)
    highs.run()
    seconds = time.perf_counter() - started
    info: Any = highs.getInfo()
    status = _status(model, highs, info)
    found = status in (Status.OPTIMAL, Status.FEASIBLE)
    cost = float(info.objective_function_value) if found else math.inf
    bound = float(info.mip_dual_bound) if integral and status is not Status.INFEASIBLE else cost
    solution: Any = highs.getSolution()
    values: list[float] = list(solution.col_value) if found else []
    duals: list[float] = list(solution.row_dual) if found and not integral else []
    return Solution(
        status=status,
        cost=cost,
        bound=bound,
        gap=_gap(cost, bound) if found else math.inf,
        values=nodes_in(model, values, integral=integral) if found else {},
        slacks={name: values[place] for name, place in model.slacks.items() if values[place] > 1e-6} if found else {},
        duals={name: duals[model.program.row_places[name]] for name in model.rows} if duals else {},
        seconds=seconds,
    )


def nodes_in(model: Model, values: Sequence[float], *, integral: bool = True) -> dict[Column, float]:
    """Return the nodes above 0 by column, of the values of all columns; rounded where they are whole."""
    nodes = {column: round(values[place]) if integral else values[place] for column, place in model.columns.items()}
    return {column: count for column, count in nodes.items() if count > 1e-9}


def _status(model: Model, highs: Any, info: Any) -> Status:
    status = highs.getModelStatus()
    kinds: Any = highspy.HighsModelStatus
    if status == kinds.kModelEmpty:
        # HiGHS does not look at rows where there are no columns.
        ours = model.program
        met = all(low <= 0 <= high for low, high in zip(ours.row_lowers, ours.row_uppers, strict=True))
        return Status.OPTIMAL if met else Status.INFEASIBLE
    if status == kinds.kOptimal:
        return Status.OPTIMAL
    if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        # Costs are 0 or more, so nothing is unbounded.
        return Status.INFEASIBLE
    solved: Any = highspy.SolutionStatus.kSolutionStatusFeasible
    return Status.FEASIBLE if info.primal_solution_status == int(solved) else Status.UNKNOWN


def _gap(cost: float, bound: float) -> float:
    if not math.isfinite(bound):
        return math.inf
    return max(0.0, cost - bound) / cost if cost > 0 else 0.0
