"""A sparse linear program, built row by row and solved by HiGHS on one thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray

from .mathematical_program import Program

Values = NDArray[np.float64]
_UNBOUNDED: Final = float("inf")


@dataclass(frozen=True, slots=True)
class LinearSolution:
    """The optimum of a linear program."""

    objective: float
    """Its value."""

    columns: Values
    """Float64 [columns]."""

    duals: Values
    """Float64 [rows]: by how much the optimum changes when the bound that a row is at is raised by 1."""

    reduced: Values
    """Float64 [columns]: the same for the bounds of columns."""


class LinearProgram:
    """Columns with a cost, rows of sums between two bounds."""

    def __init__(self) -> None:
        """Begin empty."""
        self._program = Program()

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return len(self._program.costs)

    def column(self, cost: float = 0.0, upper: float = _UNBOUNDED) -> int:
        """Add a column from 0 to `upper`, and return its number."""
        return self._program.add_column(cost, upper)

    def bound(self, column: int, lower: float, upper: float) -> None:
        """Bound a column anew."""
        self._program.lowers[column] = lower
        self._program.uppers[column] = upper

    def row(self, terms: Mapping[int, float], *, low: float = -_UNBOUNDED, high: float = _UNBOUNDED) -> int:
        """Add `low <= sum of factor times column <= high`, and return its number."""
        number = len(self._program.row_lowers)
        self._program.add_row(str(number), terms.items(), lower=low, upper=high)
        return number

    def minimise(self, costs: Mapping[int, float] | None = None) -> LinearSolution | None:
        """Return the least cost, or of `costs` alone where they are given; None where the rows contradict each other.

        Raises:
            RuntimeError: HiGHS ended without an answer, which a bounded program does not make it do.
        """
        return self._solve(costs, 1.0)

    def maximise(self, costs: Mapping[int, float] | None = None) -> LinearSolution | None:
        """Return the greatest value, else as `minimise`."""
        return self._solve(costs, -1.0)

    def _solve(self, costs: Mapping[int, float] | None, sign: float) -> LinearSolution | None:
        cost = np.array(self._program.costs)
        if costs is not None:
            cost = np.zeros(self.columns)
            cost[list(costs.keys())] = list(costs.values())
        solver = self._program.to_highs({"threads": 1}, integral=False, costs=(sign * cost).tolist())
        solver.run()
        status = solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty):
            raise RuntimeError(f"HiGHS ended with: {solver.modelStatusToString(status)}")
        solution = solver.getSolution()
        columns = np.array(solution.col_value)
        duals, reduced = sign * np.array(solution.row_dual), sign * np.array(solution.col_dual)
        return LinearSolution(float(cost @ columns), columns, duals, reduced)
