"""CBC, the solver that PuLP brings, on our programs: a second opinion on optima, and a measure of speed."""

import time
import warnings
from dataclasses import dataclass
from typing import Any

import pulp

from aidc.planning.allocation.model import Column, Model
from aidc.planning.allocation.solver import Status, nodes_in


@dataclass(frozen=True)
class Answer:
    """What CBC found."""

    status: Status
    cost: float
    values: dict[Column, float]
    modelling_seconds: float
    seconds: float


def to_pulp(model: Model) -> Any:
    """Our program as PuLP's."""
    ours = model.program
    program: Any = pulp.LpProblem("allocation", pulp.LpMinimize)
    columns = [
        program.add_variable(
            f"x{place}", 0, None if upper == float("inf") else upper, cat=pulp.LpInteger if whole else pulp.LpContinuous
        )
        for place, (upper, whole) in enumerate(zip(ours.uppers, ours.integral, strict=True))
    ]
    program.setObjective(pulp.lpSum(cost * each for cost, each in zip(ours.costs, columns, strict=True) if cost))
    for name, place in ours.row_places.items():
        first, last = ours.starts[place], ours.starts[place + 1]
        terms = zip(ours.indices[first:last], ours.weights[first:last], strict=True)
        total = pulp.lpSum(weight * columns[column] for column, weight in terms)
        lower, upper = ours.row_lowers[place], ours.row_uppers[place]
        if lower == upper:
            program += (total == lower, name)
        elif lower > -float("inf"):
            program += (total >= lower, name)
        else:
            program += (total <= upper, name)
    return program


def solve_with_cbc(model: Model, *, time_limit: float = 30.0, gap: float = 1e-4) -> Answer:
    """Solve `model` with CBC on one thread."""
    began = time.perf_counter()
    program = to_pulp(model)
    modelled = time.perf_counter()
    with warnings.catch_warnings():
        # PuLP 4 will bring CBC as an extra; what is used here is what PuLP 3 solves with by default.
        warnings.simplefilter("ignore", DeprecationWarning)
        code = program.solve(pulp.PULP_CBC_CMD(msg=False, threads=1, timeLimit=time_limit, gapRel=gap))
    ended = time.perf_counter()
    found = code == pulp.LpStatusOptimal
    proved = found and program.sol_status == pulp.LpSolutionOptimal
    missed = Status.INFEASIBLE if code == pulp.LpStatusInfeasible else Status.UNKNOWN
    values = [0.0] * len(model.program.costs)
    for variable in program.variables() if found else []:
        values[int(variable.name[1:])] = float(variable.varValue or 0.0)
    return Answer(
        status=(Status.OPTIMAL if proved else Status.FEASIBLE) if found else missed,
        cost=sum(cost * value for cost, value in zip(model.program.costs, values, strict=True))
        if found
        else float("inf"),
        values=nodes_in(model, values) if found else {},
        modelling_seconds=modelled - began,
        seconds=ended - modelled,
    )
