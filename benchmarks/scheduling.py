"""Jobs on GPU nodes: an exact schedule and every heuristic on the same problems, with gaps and times, in one run.

`python benchmarks/scheduling.py [--problems 12] [--nodes 6] [--seconds 60] [--solvers cp-sat] [--json]`
`python benchmarks/scheduling.py --large default gpuspec33 multigpu50 [--moves 4000] [--json]`
`python benchmarks/scheduling.py --train [--updates 600]`

Small problems are drawn from Alibaba's GPU trace of 2023: nodes with GPUs, and pods from every second line of its list
`gpuspec33`; the policy was trained on the other lines. A fifth of the pods become gangs and nodes form blocks, neither
of which the trace has. The greatest weight is compared first, then the cost: GPUs lost to fragments, and one for each
block beyond a gang's first.

`--large` takes all 1,523 nodes and all pods of a list at once, in the order in which they came for the rules and by
size for the others. The gap is to a linear bound there, so it is more than the gap to the optimum, which nobody knows.

`--train` trains the policy and writes its weights to `planning/scheduling/data/policy.json`.

The trace is read from the folder AIDC_TRACES, else `../shared/traces` beside the repository, in its folder `raw`.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from rich.progress import Progress

from aidc.planning.scheduling.advice import advise
from aidc.planning.scheduling.annealing import AnnealingOptions, anneal
from aidc.planning.scheduling.bounds import weight_bound
from aidc.planning.scheduling.cluster import SchedulingProblem, scheduling_problem
from aidc.planning.scheduling.exact import ExactSchedule, exact_schedule
from aidc.planning.scheduling.genetic import GeneticOptions, evolve
from aidc.planning.scheduling.greedy import greedy
from aidc.planning.scheduling.integer_program import Solver
from aidc.planning.scheduling.policy import learned_schedule, write_weights
from aidc.planning.scheduling.rules import RULES
from aidc.planning.scheduling.schedule import Schedule, Score, score, violations
from aidc.planning.scheduling.trace import read_jobs, read_nodes, sample
from aidc.planning.scheduling.training import TrainingOptions, train_policy

ROOT = Path(__file__).parents[1]
WEIGHTS = ROOT / "planning/scheduling/data/policy.json"
Method = Callable[[SchedulingProblem], Schedule]


def methods(options: argparse.Namespace) -> dict[str, Method]:
    """The methods by their names in the tables."""
    found: dict[str, Method] = {rule: lambda problem, rule=rule: greedy(problem, rule) for rule in RULES}
    found["learned policy"] = learned_schedule
    found["genetic algorithm"] = lambda problem: evolve(
        problem, GeneticOptions(population=options.population, generations=options.generations)
    )
    found["simulated annealing"] = lambda problem: anneal(problem, AnnealingOptions(moves=options.moves))
    return found


def timed(method: Method, problem: SchedulingProblem) -> tuple[Score, float]:
    """What a method reaches, and its seconds; what is not valid ends the benchmark."""
    started = time.perf_counter()
    schedule = method(problem)
    seconds = time.perf_counter() - started
    wrong = violations(problem, schedule)
    if wrong:
        sys.exit(f"error: a schedule is not valid: {wrong[0]}")
    return score(problem, schedule), seconds


def small(traces: Path, options: argparse.Namespace, tick: Callable[[], None]) -> list[dict[str, Any]]:
    """Gaps of every method to the exact schedule."""
    nodes, jobs = read_nodes(traces), read_jobs(traces, "gpuspec33")[1::2]
    every = methods(options)
    found: dict[str, list[dict[str, Any]]] = {}
    for number in range(options.problems):
        problem = sample(nodes, jobs, node_count=options.nodes, load=options.load, seed=number)
        reached = {name: timed(method, problem) for name, method in every.items()}
        exact: dict[str, ExactSchedule] = {}
        for solver in options.solvers:
            exact[solver] = exact_schedule(problem, seconds=options.seconds, solver=Solver(solver))
            reached[f"exact, {solver}"] = (
                timed(lambda _, one=exact[solver]: one.schedule, problem)[0],
                exact[solver].seconds,
            )
        bound = min(one.weight_bound for one in exact.values())
        costs = [one.cost_bound for one in exact.values() if one.cost_bound is not None and one.weight_bound == bound]
        for name, (one, seconds) in reached.items():
            proof = exact.get(name.removeprefix("exact, "))
            found.setdefault(name, []).append(
                {
                    "problem": number,
                    "jobs": len(problem.jobs),
                    "weight": one.weight / bound,
                    "is_heaviest": one.weight == bound,
                    "extra_cost_gpus": (one.cost - max(costs)) / max(1, one.mix_pods) / 1000
                    if costs and one.weight == bound
                    else None,
                    "is_proved": proof.is_optimal if proof else None,
                    "seconds": seconds,
                }
            )
        tick()
    return [{"method": name, **summary(rows), "problems": rows} for name, rows in found.items()]


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the problems."""
    extra = [row["extra_cost_gpus"] for row in rows if row["extra_cost_gpus"] is not None]
    return {
        "weight": statistics.mean(row["weight"] for row in rows),
        "least_weight": min(row["weight"] for row in rows),
        "heaviest": sum(row["is_heaviest"] for row in rows),
        "best": sum(value < 5e-4 for value in extra),
        "extra_cost_gpus": statistics.mean(extra) if extra else None,
        "proved": sum(bool(row["is_proved"]) for row in rows),
        "seconds": statistics.mean(row["seconds"] for row in rows),
    }


def large(traces: Path, name: str, options: argparse.Namespace, tick: Callable[[], None]) -> dict[str, Any]:
    """All of the trace at once, against a bound."""
    problem = scheduling_problem(read_nodes(traces, accelerator_taint=options.tainted), read_jobs(traces, name))
    arrival = range(len(problem.jobs))
    every = methods(options)
    for rule in RULES:
        every[f"{rule}, as they come"] = lambda problem, rule=rule: greedy(problem, rule, arrival)
    # A schedule takes seconds here, so that there is time for a few generations only.
    every["genetic algorithm"] = lambda problem: evolve(problem, GeneticOptions(population=6, generations=2))
    started = time.perf_counter()
    bound = weight_bound(problem)
    bound_seconds = time.perf_counter() - started
    rows: list[dict[str, Any]] = []
    for method, make in every.items():
        reached, seconds = timed(make, problem)
        rows.append(
            {
                "method": method,
                "weight": reached.weight / bound,
                "gpus": reached.gpu_milli / 1000,
                "fragmented_gpus": reached.fragmented_gpus,
                "seconds": seconds,
            }
        )
        tick()
    return {
        "list": name,
        "jobs": len(problem.jobs),
        "nodes": len(problem.nodes),
        "gpus": problem.gpu_milli / 1000,
        "offered_gpus": problem.offered / 1000,
        "bound_gpus": bound / 1000,
        "bound_seconds": bound_seconds,
        "methods": rows,
        "advice": [[one.setting, one.value, one.reason] for one in advise(problem)],
    }


def train(traces: Path, options: argparse.Namespace, tick: Callable[[], None]) -> dict[str, Any]:
    """Train the policy on the other half of the pods, and write its weights."""
    nodes, jobs = read_nodes(traces), read_jobs(traces, "gpuspec33")[::2]

    def problem(update: int) -> SchedulingProblem:
        return sample(nodes, jobs, node_count=4 + update % 7, load=0.9 + 0.1 * (update % 5), seed=1_000_000 + update)

    rewards: list[float] = []

    def progress(update: int, reward: float) -> None:
        rewards.append(reward)
        tick()

    started = time.perf_counter()
    weights = train_policy(problem, TrainingOptions(updates=options.updates), progress=progress)
    content = write_weights(weights)
    content["provenance"] |= {
        "date": date.today().isoformat(),
        "data": "Alibaba cluster-trace-gpu-v2023, list gpuspec33, pods on even lines (from 0), problems of 4 to 10 "
        "nodes at 0.9 to 1.3 times their GPUs, seeds from 1,000,000",
        "made_by": "benchmarks/scheduling.py --train",
    }
    WEIGHTS.parent.mkdir(exist_ok=True)
    WEIGHTS.write_text(json.dumps(content, indent=1) + "\n")
    tenth = max(1, len(rewards) // 10)
    return {
        "seconds": time.perf_counter() - started,
        "reward_of_first_tenth": statistics.mean(rewards[:tenth]),
        "reward_of_last_tenth": statistics.mean(rewards[-tenth:]),
    }


def print_small(rows: list[dict[str, Any]], options: argparse.Namespace) -> None:
    jobs = [row["jobs"] for row in rows[0]["problems"]]
    print(f"{options.problems} problems of {options.nodes} nodes and {min(jobs)} to {max(jobs)} jobs")
    print("| method | weight of the bound | least | heaviest | best | GPUs of cost above it | proved | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        extra = "-" if row["extra_cost_gpus"] is None else f"{row['extra_cost_gpus']:.2f}"
        proved = row["proved"] if row["method"].startswith("exact") else ""
        print(
            f"| {row['method']} | {row['weight']:.2%} | {row['least_weight']:.2%} | {row['heaviest']} | "
            f"{row['best']} | {extra} | {proved} | {row['seconds']:.3f} |"
        )


def print_large(found: dict[str, Any]) -> None:
    print(
        f"\n{found['list']}: {found['jobs']:,} jobs ask for {found['offered_gpus']:,.0f} of {found['gpus']:,.0f} "
        f"GPUs on {found['nodes']:,} nodes; no schedule is worth more than {found['bound_gpus']:,.1f} of them "
        f"({found['bound_seconds']:.1f} s)"
    )
    print("| method | weight of the bound | GPUs in use | fragments, GPUs | seconds |\n|---|---|---|---|---|")
    for row in found["methods"]:
        print(
            f"| {row['method']} | {row['weight']:.2%} | {row['gpus']:,.1f} | {row['fragmented_gpus']:,.1f} | "
            f"{row['seconds']:.1f} |"
        )
    for setting, value, reason in found["advice"]:
        print(f"- {setting}: {value}: {reason}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=12)
    parser.add_argument("--nodes", type=int, default=6)
    parser.add_argument("--load", type=float, default=1.1, help="GPUs asked for over GPUs there are")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each exact schedule")
    parser.add_argument("--solvers", nargs="+", choices=[*Solver], default=[Solver.CP_SAT])
    parser.add_argument("--moves", type=int, default=4000, help="of simulated annealing")
    parser.add_argument("--population", type=int, default=24, help="of the genetic algorithm")
    parser.add_argument("--generations", type=int, default=60)
    parser.add_argument("--large", nargs="+", choices=["default", "gpuspec33", "multigpu50"], default=[])
    parser.add_argument("--tainted", action="store_true", help="with --large: no pod without GPUs beside GPUs")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--updates", type=int, default=600)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    traces = Path(os.environ.get("AIDC_TRACES", ROOT.parent / "shared" / "traces")) / "raw"
    steps = options.updates if options.train else len(options.large) * (2 * len(RULES) + 3) or options.problems
    with Progress(disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("schedules", total=steps)
        tick = lambda: bar.advance(task)  # noqa: E731
        if options.train:
            found: Any = train(traces, options, tick)
        elif options.large:
            found = [large(traces, name, options, tick) for name in options.large]
        else:
            found = small(traces, options, tick)
    if options.json or options.train:
        print(json.dumps(found, indent=1))
    elif options.large:
        for one in found:
            print_large(one)
    else:
        print_small(found, options)


if __name__ == "__main__":
    main()
