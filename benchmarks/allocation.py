"""The allocator's optima beside those of CBC and SCIP, its speed beside CBC, a genetic algorithm and annealing.

`python benchmarks/allocation.py [--instances 1000] [--types 500] [--zones 20] [--seconds 30] [--gap 0.01] [--json]`

First random problems, each solved to the end by HiGHS, CBC and SCIP: how often they agree, how many cannot be met, and
whether what is named makes them possible. Then one large problem, on one thread: prices at the end of the same time,
and how far each is above the bound that was proved. Times are of this machine; ratios count.
"""

import argparse
import json
import math
import sys
import time
from typing import Any

from allocation_heuristics import annealing, genetic, greedy
from allocation_instances import large_problem, random_problem
from cbc import solve_with_cbc
from scip import solve_with_scip

from aidc.planning.allocation.conflict import find_conflict
from aidc.planning.allocation.limits import AllocationProblem
from aidc.planning.allocation.model import build_model
from aidc.planning.allocation.pools import nodes_of
from aidc.planning.allocation.rows import limit_title
from aidc.planning.allocation.solver import Solution, Status, solve
from aidc.planning.allocation.verification import cost, violations


def agreement(instances: int) -> dict[str, Any]:
    """Both solvers on random problems."""
    names = ("instances", "optimal", "infeasible", "asScip", "asCbc", "violating", "named", "madePossible")
    found = dict.fromkeys(names, 0)
    seconds = {"highs": 0.0, "cbc": 0.0}
    for seed in range(instances):
        problem = random_problem(seed)
        model = build_model(problem)
        ours = solve(model, gap=0.0, time_limit=60)
        second = solve_with_cbc(model, gap=0.0, time_limit=60)
        third, least = solve_with_scip(model)
        seconds["highs"] += ours.seconds
        seconds["cbc"] += second.seconds
        found["instances"] += 1
        found["asScip"] += same(ours, third, least)
        found["asCbc"] += same(ours, second.status, second.cost)
        if not (same(ours, third, least) and same(ours, second.status, second.cost)):
            told = f"HiGHS {ours.cost:g}, SCIP {least:g}, CBC {second.cost:g}"
            print(f"seed {seed}: {told}, violations {violations(problem, nodes_of(problem, ours))}", file=sys.stderr)
        if ours.found:
            found["optimal"] += 1
            found["violating"] += bool(violations(problem, nodes_of(problem, ours)))
        elif ours.status is Status.INFEASIBLE:
            found["infeasible"] += 1
            named, possible = explained(problem)
            found["named"] += named
            found["madePossible"] += possible
    return {**found, "seconds": {name: round(value, 2) for name, value in seconds.items()}}


def same(ours: Solution, status: Status, least: float) -> bool:
    """Whether another solver says the same: nothing, or the same cost."""
    return ours.status is status and (not ours.found or math.isclose(ours.cost, least, rel_tol=1e-6, abs_tol=1e-6))


def explained(problem: AllocationProblem) -> tuple[bool, bool]:
    """Whether something is named that stands in the way, and whether moving it as told makes room."""
    answer = find_conflict(problem)
    if answer.impossible:
        return True, True
    model = build_model(problem, elastic=True)
    moves = {move.limit: move for move in sorted(answer.moves, key=lambda move: abs(move.needed - move.bound))}
    for name, slack in model.slacks.items():
        move = moves.get(limit_title(model.rows[name]))
        model.program.uppers[slack] = 0.0 if move is None else abs(move.needed - move.bound) + 1e-6
    return bool(answer.groups) and answer.is_minimal, solve(model).found


def race(arguments: argparse.Namespace) -> dict[str, Any]:
    """One large problem, by all in turn."""
    problem = large_problem(arguments.seed, types=arguments.types, zones=arguments.zones)
    rows: dict[str, dict[str, Any]] = {}
    began = time.perf_counter()
    model = build_model(problem)
    modelling = time.perf_counter() - began
    quick = solve(model, gap=arguments.gap, time_limit=arguments.seconds)
    rows[f"HiGHS, gap {arguments.gap:g}"] = {
        "price": quick.cost, "seconds": quick.seconds, "modelling": modelling, "bound": quick.bound,
        "met": not violations(problem, nodes_of(problem, quick)) if quick.found else False,
    }  # fmt: skip
    ours = solve(model, gap=1e-6, time_limit=arguments.seconds)
    rows["HiGHS, until the time is up"] = {
        "price": ours.cost, "seconds": ours.seconds, "modelling": modelling, "bound": ours.bound,
        "met": not violations(problem, nodes_of(problem, ours)) if ours.found else False,
    }  # fmt: skip
    other = solve_with_cbc(model, gap=1e-6, time_limit=arguments.seconds)
    nodes = {(problem.demands[column.demand].name, column.offer): int(n) for column, n in other.values.items()}
    rows["CBC through PuLP"] = {
        "price": other.cost, "seconds": other.seconds, "modelling": other.modelling_seconds, "bound": None,
        "met": bool(nodes) and not violations(problem, nodes),
    }  # fmt: skip
    for name, method in (("greedy", greedy), ("annealing", annealing), ("genetic", genetic)):
        began = time.perf_counter()
        result = method(problem, arguments.seed, arguments.seconds)
        rows[name] = {
            "price": result.cost, "seconds": time.perf_counter() - began, "modelling": 0.0, "bound": None,
            "met": bool(result.nodes) and not violations(problem, result.nodes), "evaluations": result.evaluations,
        }  # fmt: skip
        assert not result.nodes or math.isclose(cost(problem, result.nodes), result.cost)
    bound = max(quick.bound, ours.bound)
    for row in rows.values():
        row["aboveBound"] = row["price"] / bound - 1
    return {"offers": len(problem.offers), "columns": len(model.columns), "bound": bound, "rows": rows}


def shown(found: dict[str, Any]) -> None:
    agreed = found["agreement"]
    if agreed:
        print(", ".join(f"{name} {value}" for name, value in agreed.items()))
    raced = found["race"]
    if not raced:
        return
    print(
        f"{raced['offers']:,} offers, {raced['columns']:,} columns, nothing below {raced['bound']:,.3f} dollars an hour"
    )
    print(f"{'':30}{'dollars an hour':>16}{'above bound':>13}{'seconds':>9}{'modelling':>11}  meets all")
    for name, row in raced["rows"].items():
        print(
            f"{name:30}{row['price']:16,.3f}{row['aboveBound']:13.2%}{row['seconds']:9.1f}{row['modelling']:11.2f}"
            f"  {'yes' if row['met'] else 'NO'}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=1000)
    parser.add_argument("--types", type=int, default=500)
    parser.add_argument("--zones", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = {
        "agreement": agreement(arguments.instances) if arguments.instances else {},
        "race": race(arguments) if arguments.seconds else {},
    }
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        shown(found)


if __name__ == "__main__":
    main()
