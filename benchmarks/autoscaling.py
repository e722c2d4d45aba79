"""Policies that scale, over all traces: what the predictive one saves beside a tuned HPA, and what deciding takes.

`python benchmarks/autoscaling.py [--traces nasa,twitter] [--delays 60,300] [--days 3] [--policies predictive]
                                  [--seed 0] [--json]`
`python benchmarks/autoscaling.py --decide [--services 1000]`
`python benchmarks/autoscaling.py --fit FILE`

Each trace is scaled so that its mean load keeps 15 replicas busy; a replica serves 4 requests at a time, 1 second each;
late is what takes longer than 2 seconds. Rates between the middles of bins are read off a line, and arrivals drawn from
Poisson distributions (`--seed`). All policies see the same, every 15 seconds, and begin with the same replicas. The
HPA is tuned on each trace: 3 metrics, 16 targets, 4 windows on the way down. `--decide` measures one decision for each
of many services with histories of their own, on one core. `--fit` writes what the predictive policy begins with anew,
from the traces it may be tuned on.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from aidc.planning.autoscaling.arrivals import Arrivals, arrivals_of
from aidc.planning.autoscaling.comparison import compare
from aidc.planning.autoscaling.policy import Observation
from aidc.planning.autoscaling.predictive import PredictivePolicy
from aidc.planning.autoscaling.predictive_settings import PredictiveSettings
from aidc.planning.autoscaling.service import Service
from aidc.planning.forecasting.known_traces import known_trace, known_traces
from aidc.planning.forecasting.series import Series

MEAN_REPLICAS = 15.0
CHOSEN_ON = ("azure", "mooncake")
# The same requests in longer bins say nothing new.
LEFT_OUT = ("azure-code", "azure-conversation", "mooncake-conversation")


def names() -> list[str]:
    return [trace.name for trace in known_traces() if trace.load and trace.name not in LEFT_OUT]


def arrivals(name: str, days: float, service: Service, seed: int = 0) -> Arrivals:
    series = known_trace(name).read().series
    series = series.until(int(days * 86_400 / series.step))
    return arrivals_of(series, mean_rate=MEAN_REPLICAS * service.replica_rate, seed=seed)


def measured(name: str, delay: float, days: float, policies: list[str], seed: int) -> dict:
    service = Service(startup_delay=delay)
    load = arrivals(name, days, service, seed)
    begun = time.perf_counter()
    comparison = compare(load, service, ["horizontal", *policies])
    row = {"trace": name, "delaySeconds": delay, "seed": seed, "hours": load.seconds / 3600, "policies": {}}
    for result in comparison.results:
        late = [result.front.hours_at(share) for share in (0.05, 0.01)]
        row["policies"][result.policy] = {
            "replicasAt5Percent": late[0] and late[0] * 3600 / load.seconds,
            "replicasAt1Percent": late[1] and late[1] * 3600 / load.seconds,
            "fewerLate": result.saving and result.saving.fewer_late,
            "fewerHours": result.saving and result.saving.fewer_hours,
            "points": result.saving and result.saving.points,
            "front": [
                {"replicas": hours * 3600 / load.seconds, "late": share}
                for hours, share in zip(result.front.hours.tolist(), result.front.late.tolist(), strict=True)
            ],
        }
    row["seconds"] = time.perf_counter() - begun
    return row


def percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def reached(found: dict) -> bool:
    return (found["fewerLate"] or -9) >= 0.36 or (found["fewerHours"] or -9) >= 0.25


def show(row: dict) -> None:
    for policy, found in row["policies"].items():
        if policy != "horizontal":
            print(
                f"{row['trace']:28s} {row['delaySeconds']:4.0f} s  {policy:14s} "
                f"late {percent(found['fewerLate']):>8s} fewer  hours {percent(found['fewerHours']):>6s} fewer  "
                f"{found['points']:3d} points  {'reached' if reached(found) else ''}",
                flush=True,
            )


def decide(services: int) -> dict:
    """Return the seconds that one decision for each of many services takes, after an hour of history each."""
    settings = PredictiveSettings(service=Service(startup_delay=300, max_replicas=200))
    draw = np.random.default_rng(0)
    policies = []
    for _ in range(services):
        policy = PredictivePolicy(settings)
        policy.restore(Series(0.0, 15.0, 60 * draw.lognormal(0, 0.3, 40)))
        policies.append(policy)
    rates = (60 * draw.lognormal(0, 0.3, (5, services))).tolist()
    taken = []
    for turn, each in enumerate(rates):
        begun = time.process_time()
        for policy, rate in zip(policies, each, strict=True):
            policy.decide(Observation(time=(41 + turn) * 15.0, rate=rate, waiting=0.0, ready=20, wanted=20))
        taken.append(time.process_time() - begun)
    return {"services": services, "secondsOfOneCore": float(np.median(taken)), "rounds": len(taken)}


def fit(path: Path, days: float) -> None:
    from aidc.planning.autoscaling.fitting import fitted

    loads = {}
    for trace in known_traces():
        if trace.family not in CHOSEN_ON and trace.load and trace.name not in LEFT_OUT:
            service = Service()
            load = arrivals(trace.name, days, service)
            count = len(load) // 15
            loads[trace.name] = load.counts[: count * 15].reshape(count, 15).mean(1) / service.replica_rate
    path.write_text(json.dumps(fitted(loads, delays=(60.0, 300.0))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", default="")
    parser.add_argument("--delays", default="60,300")
    parser.add_argument("--days", type=float, default=3.0)
    parser.add_argument("--policies", default="predictive")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--decide", action="store_true")
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--fit", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.fit is not None:
        fit(given.fit, given.days)
        return
    if given.decide:
        found = decide(given.services)
        print(
            json.dumps(found)
            if given.json
            else f"{found['services']:,} services: {found['secondsOfOneCore']:.2f} s of one core a decision"
        )
        return
    rows = []
    for delay in map(float, given.delays.split(",")):
        for name in given.traces.split(",") if given.traces else names():
            rows.append(measured(name, delay, given.days, given.policies.split(","), given.seed))
            if not given.json:
                show(rows[-1])
    if given.json:
        print(json.dumps(rows, indent=1))
        return
    for delay in sorted({row["delaySeconds"] for row in rows}):
        found = [
            row["policies"]["predictive"]
            for row in rows
            if row["delaySeconds"] == delay and "predictive" in row["policies"]
        ]
        print(f"{delay:.0f} s: reached on {sum(map(reached, found))} of {len(found)} traces")


if __name__ == "__main__":
    main()
