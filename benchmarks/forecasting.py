"""Forecasts beside what came: every forecaster on every trace, at the start-up delays of replicas.

`python benchmarks/forecasting.py [--traces NAME ...] [--origins 300] [--steps 3000] [--rows 10000000] [--json]`

Each trace is replayed over its last steps, at most two thirds of it; what is forecast at an origin comes from the
values before it alone. Origins are spread evenly. Exponential smoothing and ARIMA are fitted anew at each origin, so
they are tried at a tenth of the origins, and compared with the last value at the same ones. Errors are WAPE of the
median and pinball losses of higher quantiles, both over the sum of the load. Then: seconds that 1,000 services take for
one value and one forecast each, and, with --rows, memory used to read a trace of that many rows, in its own process.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from aidc.planning.forecasting.backtest import Backtest, backtest, replay, rolling_origins
from aidc.planning.forecasting.known_traces import KnownTrace, known_trace, known_traces
from aidc.planning.forecasting.methods import DEFAULT, forecaster, forecasters
from aidc.planning.forecasting.online import OnlineForecaster
from aidc.planning.forecasting.season import seasons
from aidc.planning.forecasting.series import Series

AHEAD = {10: (6, 30), 60: (1, 5), 300: (1,), 600: (1,), 1800: (1,)}
"""Steps ahead by the seconds of a step: a start within 60 and 300 seconds where steps are that short."""
SLOW = ("exponential-smoothing", "arima")
QUANTILES = (0.5, 0.9, 0.95)
CHILD = """
import sys, time
from aidc.planning.forecasting.traces import read_trace

def most():
    # What getrusage says includes the parent's memory from before exec.
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

before, began = most(), time.perf_counter()
trace = read_trace(sys.argv[1], combine="count", step=60)
after = most()
print(trace.rows, before / 1024, after / 1024, time.perf_counter() - began)
"""


def figures(found: Backtest, step: int) -> dict[str, float]:
    return {
        "wape": found.error(step),
        "pinball_90": found.loss(0.9, step),
        "pinball_95": found.loss(0.95, step),
        "coverage_90": found.coverage(0.9, step),
        "coverage_95": found.coverage(0.95, step),
    }


def first_origin(count: int, horizon: int, steps: int) -> int:
    return max(count // 3, count - horizon - steps)


def measure_trace(trace: KnownTrace, arguments: argparse.Namespace, progress: Progress) -> list[dict[str, Any]]:
    series = trace.read().series
    known = int((~np.isnan(series.values)).argmax())
    series = Series(series.start + known * series.step, series.step, series.values[known:])
    ahead = AHEAD[int(trace.step)]
    horizon = max(ahead)
    first = first_origin(len(series), horizon, arguments.steps)
    many = rolling_origins(len(series), first=first, horizon=horizon, most=arguments.origins)
    few = many[:: max(1, len(many) // max(1, arguments.origins // 10))]
    task = progress.add_task(trace.name, total=len(series) - first + 1 + len(many) * 4 + len(few) * 2)

    def step() -> None:
        progress.advance(task)

    began = time.perf_counter()
    played = replay(series, first=first, horizon=horizon, quantiles=QUANTILES, learn=2000, progress=step).of(many)
    found = {DEFAULT: played}
    seconds = {DEFAULT: (time.perf_counter() - began) / (len(series) - first + 1)}
    for name in forecasters():
        if name != DEFAULT:
            origins = few if name in SLOW else many
            began = time.perf_counter()
            found[name] = backtest(
                forecaster(name), series, origins=origins, horizon=horizon, quantiles=QUANTILES, progress=step
            )
            seconds[name] = (time.perf_counter() - began) / len(origins)
    progress.remove_task(task)
    rows: list[dict[str, Any]] = []
    for steps in ahead:
        methods = {name: figures(result, steps) for name, result in found.items()}
        # Over the few origins of the slow methods, so that they are compared with the same facts.
        for name in SLOW:
            methods[name]["wape_of_last_value"] = found["last-value"].of(few).error(steps)
            methods[name]["wape_of_ensemble"] = played.of(few).error(steps)
        rows.append(
            {
                "trace": trace.name,
                "family": trace.family,
                "seconds_ahead": steps * trace.step,
                "origins": len(many),
                "seasons": [round(length * trace.step / 3600) for length in seasons(series.until(first))],
                "methods": methods,
                "seconds_per_forecast": seconds,
            }
        )
    return rows


def ratio(row: dict[str, Any], measure: str, other: str) -> float:
    methods = row["methods"]
    return methods[DEFAULT][measure] / methods[other][measure]


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How often the default is ahead, and the geometric mean of its losses over those of the baselines."""
    found: dict[str, Any] = {}
    for other in ("last-value", "seasonal-naive"):
        against = [row for row in rows if other == "last-value" or row["seasons"]]
        for measure in ("wape", "pinball_90", "pinball_95"):
            ratios = [ratio(row, measure, other) for row in against]
            ratios = [value for value in ratios if math.isfinite(value) and value > 0]
            if ratios:
                found[f"{measure} against {other}"] = {
                    "ahead": sum(value < 1 for value in ratios),
                    "of": len(ratios),
                    "ratio": math.exp(statistics.fmean(map(math.log, ratios))),
                    "behind": [
                        f"{row['trace']} {row['seconds_ahead']:g} s ({ratio(row, measure, other):.3f})"
                        for row in against
                        if ratio(row, measure, other) >= 1
                    ],
                }
    for name in SLOW:
        pairs = [row["methods"][name] for row in rows]
        ratios = [pair["wape"] / pair["wape_of_last_value"] for pair in pairs]
        found[f"wape of {name} over last-value"] = math.exp(statistics.fmean(map(math.log, ratios)))
        ratios = [pair["wape_of_ensemble"] / pair["wape"] for pair in pairs]
        found[f"wape of ensemble over {name}"] = math.exp(statistics.fmean(map(math.log, ratios)))
    for name in ("seasonal-level", "linear-trend"):
        ratios = [row["methods"][name]["wape"] / row["methods"]["last-value"]["wape"] for row in rows]
        found[f"wape of {name} over last-value"] = math.exp(statistics.fmean(map(math.log, ratios)))
    found["seconds per forecast"] = {
        name: statistics.median(row["seconds_per_forecast"][name] for row in rows) for name in forecasters()
    }
    return found


def services(count: int) -> dict[str, float]:
    """Seconds for one value and one forecast of each of many services, five minutes ahead."""
    random = np.random.default_rng(0)
    made = [OnlineForecaster(60, 5) for _ in range(count)]
    for each in made:
        for value in random.poisson(100, 12):
            each.update(float(value))
    began, worked = time.perf_counter(), time.process_time()
    for each in made:
        each.update(float(random.poisson(100)))
        each.forecast(5, (0.5, 0.95))
    return {
        "services": count,
        "seconds": time.perf_counter() - began,
        "processor_seconds": time.process_time() - worked,
    }


def memory(rows: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requests.csv"
        with path.open("w") as file:
            file.write("timestamp_s,input_tokens\n")
            for first in range(0, rows, 100_000):
                file.writelines(f"{at * 0.06:.2f},{at % 997}\n" for at in range(first, min(rows, first + 100_000)))
        megabytes = path.stat().st_size / 1e6
        done = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=True)
    read, before, after, seconds = map(float, done.stdout.split())
    return {
        "rows": read,
        "file_megabytes": megabytes,
        "mebibytes_before": before,
        "mebibytes": after,
        "seconds": seconds,
    }


def tell(rows: Sequence[dict[str, Any]], found: dict[str, Any]) -> None:
    print("| trace | ahead | WAPE: last | season | ensemble | pinball 0.9: last | season | ensemble | below 0.9 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        methods = row["methods"]
        cells = [row["trace"], f"{row['seconds_ahead']:g} s"]
        for measure in ("wape", "pinball_90"):
            for name in ("last-value", "seasonal-naive", DEFAULT):
                value = methods[name][measure]
                best = value <= min(methods[each][measure] for each in ("last-value", "seasonal-naive", DEFAULT))
                said = "-" if name == "seasonal-naive" and not row["seasons"] else f"{value:.3f}"
                cells.append(f"**{said}**" if best and said != "-" else said)
        cells.append(f"{methods[DEFAULT]['coverage_90']:.2f}")
        print(f"| {' | '.join(cells)} |")
    print()
    for name, value in found.items():
        if isinstance(value, float):
            print(f"{name}: {value:.3f}")
        elif name == "seconds per forecast":
            print("; ".join(f"{key} {1000 * each:.2f} ms" for key, each in value.items()))
        else:
            behind = f"; behind on {', '.join(value['behind'])}" if value["behind"] else ""
            print(f"{name}: ahead on {value['ahead']} of {value['of']}, ratio {value['ratio']:.3f}{behind}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", nargs="*", help="names or families of traces; default: all")
    parser.add_argument("--origins", type=int, default=300, help="forecasts compared on each trace, at most")
    parser.add_argument("--steps", type=int, default=3000, help="last steps of each trace that are replayed")
    parser.add_argument("--services", type=int, default=1000, help="services of the measurement of speed; 0: none")
    parser.add_argument("--rows", type=int, default=0, help="rows of the measurement of memory; 0: none")
    parser.add_argument("--json", action="store_true", help="write JSON")
    arguments = parser.parse_args()
    chosen = known_traces()
    if arguments.traces:
        families = {trace.family for trace in chosen}
        chosen = tuple(
            trace
            for name in arguments.traces
            for trace in (
                [each for each in known_traces() if each.family == name] if name in families else [known_trace(name)]
            )
        )
    rows: list[dict[str, Any]] = []
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        everything = progress.add_task("traces", total=len(chosen))
        for trace in chosen:
            rows += measure_trace(trace, arguments, progress)
            progress.advance(everything)
    found = summary(rows)
    speed = services(arguments.services) if arguments.services else None
    used = memory(arguments.rows) if arguments.rows else None
    if arguments.json:
        print(json.dumps({"rows": rows, "summary": found, "services": speed, "memory": used}))
        return
    tell(rows, found)
    if speed:
        print(
            f"{speed['services']:,} services, one value and one forecast each: {speed['seconds']:.2f} s, "
            f"{speed['processor_seconds']:.2f} s of a processor"
        )
    if used:
        growth = used["mebibytes"] - used["mebibytes_before"]
        print(
            f"{used['rows']:,.0f} rows ({used['file_megabytes']:,.0f} MB) read in {used['seconds']:.1f} s; "
            f"{growth:,.0f} MiB more than before, {used['mebibytes']:,.0f} MiB in all"
        )


if __name__ == "__main__":
    main()
