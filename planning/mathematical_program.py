"""A linear or mixed-integer program as plain arrays, handed over to HiGHS in one piece.

Libraries for modelling make an object for each column and row: PuLP took 4 seconds to write down what this holds after
a fraction of one, and 12 more to hand it over; see docs/decisions/2026-11-allocation-solver.md.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import highspy
import numpy as np


class Program:
    """Columns from 0 up, of which a weighted sum is to be as small as possible, and rows that bound other sums."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.lowers: list[float] = []
        self.uppers: list[float] = []
        self.integral: list[bool] = []
        self.row_places: dict[str, int] = {}
        self.row_lowers: list[float] = []
        self.row_uppers: list[float] = []
        self.starts: list[int] = [0]
        self.indices: list[int] = []
        self.weights: list[float] = []

    def add_column(self, cost: float, upper: float = math.inf, *, integral: bool = False) -> int:
        """Add a column between 0 and `upper`; return its place."""
        self.costs.append(cost)
        self.lowers.append(0.0)
        self.uppers.append(upper)
        self.integral.append(integral)
        return len(self.costs) - 1

    def add_row(
        self, name: str, terms: Iterable[tuple[int, float]], *, lower: float = -math.inf, upper: float = math.inf
    ) -> None:
        """Add a row: `lower` <= sum of weight * column <= `upper`, with each column once at most."""
        self.row_places[name] = len(self.row_lowers)
        self.row_lowers.append(lower)
        self.row_uppers.append(upper)
        for column, weight in terms:
            if weight:
                self.indices.append(column)
                self.weights.append(weight)
        self.starts.append(len(self.indices))

    def to_highs(self, options: dict[str, Any], *, integral: bool = True, costs: Sequence[float] | None = None) -> Any:
        """Return a `highspy.Highs` with the program in it.

        Args:
            options: Options of HiGHS by name; it prints nothing unless `output_flag` says so.
            integral: Whether columns are whole where they say so; else it is the linear relaxation.
            costs: Costs in the place of the program's own, one a column.
        """
        model: Any = highspy.HighsLp()
        columns, rows = len(self.costs), len(self.row_lowers)
        model.num_col_, model.num_row_ = columns, rows
        model.col_cost_ = np.array(self.costs if costs is None else costs, dtype=float)
        model.col_lower_ = np.array(self.lowers, dtype=float)
        model.col_upper_ = np.array(self.uppers, dtype=float)
        model.row_lower_ = np.array(self.row_lowers, dtype=float)
        model.row_upper_ = np.array(self.row_uppers, dtype=float)
        kinds: Any = highspy.MatrixFormat
        model.a_matrix_.format_ = kinds.kRowwise
        model.a_matrix_.start_ = np.array(self.starts, dtype=np.int32)
        model.a_matrix_.index_ = np.array(self.indices, dtype=np.int32)
        model.a_matrix_.value_ = np.array(self.weights, dtype=float)
        if integral:
            types: Any = highspy.HighsVarType
            model.integrality_ = [types.kInteger if each else types.kContinuous for each in self.integral]
        highs: Any = _QuietHighs()
        for name, value in {"output_flag": False, **options}.items():
            highs.setOptionValue(name, value)
        highs.passModel(model)
        return highs


class _QuietHighs(highspy.Highs):
    """HiGHS without callbacks: setting those up prints a banner, whatever the options say."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
