"""Flows over several paths beside equal-cost routing, on a leaf-spine fabric with slow and lost links, in one run.

`python benchmarks/routing.py [--leaves 8] [--spines 4] [--demands 16] [--slow 4] [--lost 2] [--repeat 5] [--json]`

Demands are drawn between leaves (seeded) and together ask for about a quarter of what the uplinks carry. Some links
run at a quarter (`--slow`), some are gone (`--lost`). The factor says by what all demands can be multiplied until the
first link is full.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from random import Random
from typing import Any

from aidc.planning.routing.flows import Demand, Link, Routing
from aidc.planning.routing.routing import cheapest_routing, equal_cost_routing, fairest_routing

CAPACITY = 400.0
WAYS: dict[str, Callable[[list[Link], list[Demand]], Routing]] = {
    "equal-cost multi-path": equal_cost_routing,
    "fairest (max concurrent flow)": fairest_routing,
    "cheapest (min-cost flow)": cheapest_routing,
}


def fabric(options: argparse.Namespace, random: Random) -> list[Link]:
    uplinks = [(leaf, spine) for leaf in range(options.leaves) for spine in range(options.spines)]
    changed = random.sample(uplinks, options.slow + options.lost)
    slow, lost = set(changed[: options.slow]), set(changed[options.slow :])
    links: list[Link] = []
    for leaf, spine in uplinks:
        if (leaf, spine) in lost:
            continue
        capacity = CAPACITY / 4 if (leaf, spine) in slow else CAPACITY
        for source, target in ((f"leaf{leaf}", f"spine{spine}"), (f"spine{spine}", f"leaf{leaf}")):
            links.append(Link(source=source, target=target, capacity=capacity))
    return links


def demands(options: argparse.Namespace, random: Random) -> list[Demand]:
    rate = 0.25 * options.leaves * options.spines * CAPACITY / options.demands
    found: list[Demand] = []
    for number in range(options.demands):
        source, target = random.sample(range(options.leaves), 2)
        asked = rate * random.uniform(0.5, 1.5)
        found.append(Demand(name=f"d{number}", source=f"leaf{source}", target=f"leaf{target}", rate=asked))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leaves", type=int, default=8)
    parser.add_argument("--spines", type=int, default=4)
    parser.add_argument("--demands", type=int, default=16)
    parser.add_argument("--slow", type=int, default=4)
    parser.add_argument("--lost", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=5, help="fabrics, each with its seed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in WAYS}
    for seed in range(options.repeat):
        random = Random(seed)
        links, wanted = fabric(options, random), demands(options, random)
        asked = sum(demand.rate for demand in wanted)
        for name, way in WAYS.items():
            started = time.perf_counter()
            found = way(links, wanted)
            rows[name].append(
                {
                    "seed": seed,
                    "factor": found.factor,
                    "most_utilised": found.most_utilised,
                    "served": 1 - sum(short.asked - short.served for short in found.shortfalls) / asked,
                    "cost": found.cost,
                    "paths": len(found.paths),
                    "seconds": time.perf_counter() - started,
                }
            )
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    print("| routing | factor, median (least) | fullest link | served | paths | seconds |\n|---|---|---|---|---|---|")
    for name, found in rows.items():
        factors = [row["factor"] for row in found if row["factor"] is not None]
        factor = f"{statistics.median(factors):.2f} ({min(factors):.2f})" if factors else "-"
        print(
            f"| {name} | {factor} | {statistics.median(row['most_utilised'] for row in found):.0%} | "
            f"{statistics.median(row['served'] for row in found):.1%} | "
            f"{statistics.median(row['paths'] for row in found):.0f} | "
            f"{statistics.median(row['seconds'] for row in found):.3f} |"
        )


if __name__ == "__main__":
    main()
