"""SCIP, through OR-Tools, on our programs: a third opinion on optima."""

import math

from ortools.linear_solver import pywraplp

from aidc.planning.allocation.model import Model
from aidc.planning.allocation.solver import Status


def solve_with_scip(model: Model, *, time_limit: float = 60.0) -> tuple[Status, float]:
    """How SCIP ended, and the cost that it found."""
    ours = model.program
    solver = pywraplp.Solver.CreateSolver("SCIP")
    solver.SetTimeLimit(int(time_limit * 1000))
    columns = [
        (solver.IntVar if whole else solver.NumVar)(0, upper if math.isfinite(upper) else solver.infinity(), "")
        for upper, whole in zip(ours.uppers, ours.integral, strict=True)
    ]
    for place in ours.row_places.values():
        first, last = ours.starts[place], ours.starts[place + 1]
        row = solver.Constraint(_or(ours.row_lowers[place], solver), _or(ours.row_uppers[place], solver))
        for column, weight in zip(ours.indices[first:last], ours.weights[first:last], strict=True):
            row.SetCoefficient(columns[column], weight)
    for column, cost in zip(columns, ours.costs, strict=True):
        solver.Objective().SetCoefficient(column, cost)
    solver.Objective().SetMinimization()
    ended = solver.Solve()
    if ended == pywraplp.Solver.OPTIMAL:
        return Status.OPTIMAL, solver.Objective().Value()
    return (Status.INFEASIBLE if ended == pywraplp.Solver.INFEASIBLE else Status.UNKNOWN), math.inf


def _or(bound: float, solver: pywraplp.Solver) -> float:
    return bound if math.isfinite(bound) else math.copysign(solver.infinity(), bound)
