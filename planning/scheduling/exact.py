"""The best schedule, with a proof, as an integer program; or the best that was found in the time, with a bound."""

import time
from dataclasses import dataclass

from .cluster import SchedulingProblem
from .greedy import greedy
from .integer_program import SchedulingProgram, Solver
from .rules import RULES
from .schedule import Schedule, score


@dataclass(frozen=True, kw_only=True, slots=True)
class ExactSchedule:
    """A schedule, and what is known of better ones."""

    schedule: Schedule
    """The best that was found."""

    weight_bound: int
    """No schedule has more weight."""

    cost_bound: float | None
    """No schedule of the weight `weight_bound` has less cost; None where the weight itself is not proved."""

    is_optimal: bool
    """Whether both bounds are reached: a proof that nothing is better."""

    seconds: float
    """Seconds that it took."""


def exact_schedule(
    problem: SchedulingProblem, *, seconds: float = 60.0, solver: Solver = Solver.CP_SAT, threads: int = 1
) -> ExactSchedule:
    """Return the schedule of the greatest weight, and among those the one of the least cost.

    Two integer programs, one after the other, in `seconds` together: the greatest weight; then, with that weight, the
    least cost. Where time ends before a proof, the best that was found is returned with the bound that was reached. The
    programs are linear. Equal jobs are counted rather than told apart, and so are the GPUs of a node that carry the
    same, so that few equal solutions are left. There is a column for every way to fill a GPU with shares of the sizes
    that are asked for: made for dozens of jobs, not for thousands.
    """
    started = time.monotonic()
    program = SchedulingProgram(problem)
    best = max((greedy(problem, rule) for rule in RULES), key=lambda schedule: score(problem, schedule).key)
    weight = program.weight()
    first = program.solve(weight, True, seconds - (time.monotonic() - started), solver, threads, best)
    bound = problem.offered
    if first is not None:
        bound = int(min(bound, first.bound + 1e-6))
        best = max(best, first.schedule, key=lambda schedule: score(problem, schedule).key)
    reached = score(problem, best).weight
    cost_bound: float | None = None
    if reached == bound:
        program.require(weight == reached)
        cost = program.cost()
        second = program.solve(cost, False, seconds - (time.monotonic() - started), solver, threads, best)
        cost_bound = 0.0
        if second is not None:
            cost_bound = max(0.0, second.bound)
            best = max(best, second.schedule, key=lambda schedule: score(problem, schedule).key)
    return ExactSchedule(
        schedule=best,
        weight_bound=bound,
        cost_bound=cost_bound,
        # Costs are whole numbers.
        is_optimal=cost_bound is not None and score(problem, best).cost < cost_bound + 1 - 1e-6,
        seconds=time.monotonic() - started,
    )
