"""A production of any size: time for each resource, memory, and the same resources registered by hand, in one run.

`python benchmarks/scale.py [--pools 200] [--jobs 50] [--services 200] [--repeat 3] [--json] [--profile]`

The environment is `prod` in one stack with that many node pools, training jobs and inference services; a quarter of
each is measured beside it, so that what grows faster than the number of resources shows as a `growth` above 1. By
hand means: the resources of the very same graph, with the same inputs, parents and dependencies, registered one by one
in plain Pulumi under Pulumi's own mocks, without anything that decides what they are. Each measurement is a process of
its own, the sides alternate, and the median counts. Only the evaluation is timed, not the imports,
and by the processor's time, which other programs on the machine hardly change.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def settings(pools: int, jobs: int, services: int) -> dict[str, Any]:
    """The settings of a production with so many of each, with camelCase keys."""
    import yaml

    found: dict[str, Any] = {}
    for stack in ("prod-foundation", "prod-platform", "prod"):
        document = yaml.safe_load((ROOT / f"stacks/Pulumi.{stack}.yaml").read_text())
        found |= {key.removeprefix("aidc:"): value for key, value in document["config"].items()}
    for key in ("layer", "beneath"):
        del found[key]
    kinds = ("l40s-serving", "a100-shared")
    own = {key: found["gpuNodePools"][key] for key in kinds}
    for index in range(pools):
        if index % 2:
            found["cpuNodePools"][f"cpu-{index:03d}"] = found["cpuNodePools"]["general"]
        else:
            found["gpuNodePools"][f"gpu-{index:03d}"] = own["l40s-serving"]
    job = found["trainingJobs"]["gpt2"]
    for index in range(jobs):
        found["trainingJobs"][f"job-{index:03d}"] = {**job, "checkpointPath": f"/scratch/checkpoints/{index}"}
    service = found["inferenceServices"]["chat"]
    for index in range(services):
        pool = f"gpu-{index % pools // 2 * 2:03d}" if pools else "l40s-serving"
        one = {**service, "service": {**service["service"], "nodePool": pool}}
        found["inferenceServices"][f"model-{index:03d}"] = one
    return found


def evaluated(pools: int, jobs: int, services: int) -> Any:
    """The graph of that production."""
    from aidc.evaluation import evaluate
    from aidc.stacks import DataCenter, check_settings

    given = settings(pools, jobs, services)
    return evaluate(lambda: DataCenter("data-center", check_settings(given, "prod")), "prod", project="aidc")


def ours(pools: int, jobs: int, services: int) -> tuple[float, int]:
    evaluated(0, 0, 0)
    started = time.process_time()
    graph = evaluated(pools, jobs, services)
    return time.process_time() - started, len(graph) - 1


def by_hand(pools: int, jobs: int, services: int) -> tuple[float, int]:
    import asyncio

    import pulumi
    from pulumi.runtime import mocks
    from pulumi.runtime.stack import run_pulumi_func

    graph = evaluated(pools, jobs, services)

    class Answers(mocks.Mocks):
        def call(self, args: Any) -> Any:
            return {}

        def new_resource(self, args: Any) -> Any:
            return f"{args.name}-id", args.inputs

    def program() -> None:
        made: dict[str, Any] = {}
        for one in graph:
            if one.type == "pulumi:pulumi:Stack":
                continue
            opts = pulumi.ResourceOptions(
                parent=made.get(one.parent),
                depends_on=[made[urn] for urn in one.dependencies if urn in made],
                provider=made.get(one.provider) if one.custom and not one.is_provider else None,
            )
            if one.is_provider:
                made[one.urn] = pulumi.ProviderResource(one.package, one.name, dict(one.inputs), opts)
            elif one.custom:
                made[one.urn] = pulumi.CustomResource(one.type, one.name, dict(one.inputs), opts)
            else:
                made[one.urn] = pulumi.ComponentResource(one.type, one.name, dict(one.inputs), opts)

    asyncio.set_event_loop(asyncio.new_event_loop())
    monitor = mocks.MockMonitor(Answers())
    started = time.process_time()
    mocks.set_mocks(Answers(), monitor=monitor)
    asyncio.get_event_loop().run_until_complete(run_pulumi_func(program))
    return time.process_time() - started, len(monitor.get_registered_resources())


SIDES = {"ours": ours, "by hand": by_hand}


def measure(side: str, sizes: list[int]) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", side, *map(str, sizes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def profile(sizes: list[int]) -> None:
    """Print where the time goes on the thread that evaluates."""
    import cProfile
    import pstats
    import threading

    evaluated(0, 0, 0)
    profiler = cProfile.Profile()
    run = threading.Thread.run

    def profiled(thread: threading.Thread) -> None:
        profiler.enable()
        try:
            run(thread)
        finally:
            profiler.disable()

    threading.Thread.run = profiled  # type: ignore[method-assign]
    evaluated(*sizes)
    statistics_of = pstats.Stats(profiler)
    statistics_of.sort_stats("cumulative").print_stats(60)
    statistics_of.sort_stats("tottime").print_stats(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--profile", action="store_true", help="show where the time of one evaluation goes")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    full = [arguments.pools, arguments.jobs, arguments.services]
    if arguments.profile:
        profile(full)
        return
    if arguments.one:
        seconds, made = SIDES[arguments.one[0]](*map(int, arguments.one[1:]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "resources": made, "peakMebibytes": peak}))
        return
    rows = []
    for sizes in ([size // 4 for size in full], full):
        runs: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
        for _ in range(arguments.repeat):
            for side, found in runs.items():
                found.append(measure(side, sizes))
        row: dict[str, Any] = {"resources": runs["ours"][0]["resources"]}
        for side, found in runs.items():
            row[side] = {key: statistics.median(run[key] for run in found) for key in ("seconds", "peakMebibytes")}
            row[side]["each"] = row[side]["seconds"] / found[0]["resources"]
        row["ratio"] = row["ours"]["seconds"] / row["by hand"]["seconds"]
        rows.append(row)
    growth = {side: rows[1][side]["each"] / rows[0][side]["each"] for side in SIDES}
    if arguments.json:
        print(json.dumps({"sizes": rows, "growth": growth}, indent=2))
        return
    for row in rows:
        shown = ", ".join(
            f"{side} {row[side]['seconds']:.2f} s ({1000 * row[side]['each']:.2f} ms each, "
            f"{row[side]['peakMebibytes']:.0f} MiB)"
            for side in SIDES
        )
        print(f"{row['resources']:>6} resources: {shown}, ratio {row['ratio']:.2f}")
    print("growth of the time for each: " + ", ".join(f"{side} {growth[side]:.2f}" for side in SIDES))


if __name__ == "__main__":
    main()
