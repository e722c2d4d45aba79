"""How jobs fit on nodes: by what a cluster's scheduler does, and at best, with what is known of better."""

import time
from dataclasses import dataclass
from typing import Final

from .advice import Advice, advise
from .annealing import AnnealingOptions, anneal
from .bounds import weight_bound
from .cluster import SchedulingProblem
from .exact import exact_schedule
from .greedy import by_size, greedy
from .rules import RULES
from .schedule import Schedule, Score, score

EXACT_JOBS: Final = 120
"""Jobs up to which the integer program is asked: for more of them it seldom ends in time."""

SCHEDULER_RULES: Final = ("least-allocated", "most-allocated")
"""What kube-scheduler does by default, and with the setting for bin packing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """What became of a problem."""

    by_rule: dict[str, Score]
    """What a scheduler's rules come to with the jobs in the order in which they came, by the name of the rule."""

    best: Schedule
    """The best schedule that was found."""

    score: Score
    """What it is worth."""

    method: str
    """What found it: `exact` or `annealing`."""

    weight_bound: float
    """No schedule has more weight."""

    is_optimal: bool
    """Whether it is proved that nothing is better, in weight and in cost."""

    waiting: tuple[int, ...]
    """Positions of the jobs that do not run."""

    advice: tuple[Advice, ...]
    """What the jobs say about the settings of the cluster."""

    seconds: float
    """Seconds that it took."""


def study(problem: SchedulingProblem, *, seconds: float = 10.0, moves: int = 1000) -> Study:
    """Return how the jobs fit.

    Args:
        problem: Jobs and nodes.
        seconds: For the integer program that finds the best schedule of up to 120 jobs, and proves it. Default: 10.
        moves: Of simulated annealing, which improves the best rule's schedule of more jobs than that; a linear program
            bounds it. The same moves give the same schedule. Default: 1000.
    """
    begun = time.monotonic()
    arrival = range(len(problem.jobs))
    by_rule = {rule: score(problem, greedy(problem, rule, arrival)) for rule in SCHEDULER_RULES}
    if len(problem.jobs) <= EXACT_JOBS:
        exact = exact_schedule(problem, seconds=seconds)
        best, bound, proved, method = exact.schedule, float(exact.weight_bound), exact.is_optimal, "exact"
    else:
        best, bound, proved, method = _searched(problem, moves), weight_bound(problem), False, "annealing"
    return Study(
        by_rule=by_rule,
        best=best,
        score=score(problem, best),
        method=method,
        weight_bound=bound,
        is_optimal=proved,
        waiting=tuple(index for index in arrival if index not in best.places),
        advice=tuple(advise(problem)),
        seconds=time.monotonic() - begun,
    )


def _searched(problem: SchedulingProblem, moves: int) -> Schedule:
    """Return the best schedule of all rules, improved by annealing."""
    orders = (by_size(problem), list(range(len(problem.jobs))))
    found = (greedy(problem, rule, order) for rule in RULES for order in orders)
    best = max(found, key=lambda schedule: score(problem, schedule).key)
    return anneal(problem, AnnealingOptions(moves=moves), start=best)
