"""Where data goes: balance, locality and what moves, for hashing, the Hilbert curve and balanced placement, in one run.

`python benchmarks/placement.py [--nodes 16] [--bits 9] [--replicas 1] [--skewed] [--json]`

Items are the tiles of a square of 2^bits by 2^bits, all of them or, with `--skewed`, as many drawn near one corner.
Balance is the fullest node over its share. Locality is the share of neighbours on one node. Moved is the share of
copies that come to another node when one joins or leaves; `least` is what must move for shares to be right. Seconds are
for a million look-ups, in this run.
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from aidc.planning.placement.balanced import BalancedPlacement
from aidc.planning.placement.consistent_hash import ConsistentHash
from aidc.planning.placement.measures import balance, least_moved, locality, moved
from aidc.planning.placement.nodes import Coordinates, Placement, StorageNode
from aidc.planning.placement.space_filling_curve import Growth, curve_placement


def nodes(count: int) -> list[StorageNode]:
    return [StorageNode(name=f"node-{n:03d}", fault_domain=f"zone-{n % 4}") for n in range(count)]


def makers(items: Coordinates, options: argparse.Namespace) -> dict[str, Callable[[list[StorageNode]], Placement]]:
    replicas, bits = options.replicas, options.bits
    sample = items[:: max(1, len(items) // 20_000)]
    return {
        "consistent hash, 1 place a node": lambda known: ConsistentHash(known, replicas=replicas, virtual_nodes=1),
        "consistent hash, 128 places": lambda known: ConsistentHash(known, replicas=replicas),
        "consistent hash, 128, bounded 1.05": lambda known: ConsistentHash(known, replicas=replicas, load_bound=0.05),
        "Hilbert curve, cut anew": lambda known: curve_placement(
            known, bits=bits, replicas=replicas, growth=Growth.RECUT
        ),
        "Hilbert curve, segments given": lambda known: curve_placement(known, bits=bits, replicas=replicas),
        "Hilbert curve, segments of a sample": lambda known: curve_placement(
            known, bits=bits, replicas=replicas, sample=sample
        ),
        "balanced, slack 0": lambda known: BalancedPlacement(known, replicas=replicas, slack=0.0),
        "balanced, slack 0.05": lambda known: BalancedPlacement(known, replicas=replicas, slack=0.05),
    }


def measured(items: Coordinates, options: argparse.Namespace) -> list[dict[str, Any]]:
    known = nodes(options.nodes)
    more, fewer = nodes(options.nodes + 1), known[: options.nodes // 2] + known[options.nodes // 2 + 1 :]
    rows: list[dict[str, Any]] = []
    for name, make in makers(items, options).items():
        placement = make(known)
        grown, shrunk = placement.with_nodes(more), placement.with_nodes(fewer)
        started = time.perf_counter()
        placement.owners(items)
        seconds = (time.perf_counter() - started) / len(items) * 1e6
        rows.append(
            {
                "placement": name,
                "balance": balance(placement, items),
                "locality": locality(placement, items, 1 << options.bits),
                "moved_on_growth": moved(placement, grown, items),
                "least_on_growth": least_moved(placement, grown),
                "balance_after_growth": balance(grown, items),
                "locality_after_growth": locality(grown, items, 1 << options.bits),
                "moved_on_loss": moved(placement, shrunk, items),
                "least_on_loss": least_moved(placement, shrunk),
                "seconds_a_million": seconds,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=16)
    parser.add_argument("--bits", type=int, default=9)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--skewed", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    side = 1 << options.bits
    if options.skewed:
        drawn = np.random.default_rng(1).exponential(side / 8, (side * side, 2))
        items = np.minimum(side - 1, drawn).astype(np.int64)
    else:
        items = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), axis=-1).reshape(-1, 2)
    rows = measured(items, options)
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    least = f"least {rows[0]['least_on_growth']:.2%}", f"least {rows[0]['least_on_loss']:.2%}"
    print(f"{len(items):,} items on {options.nodes} nodes, {options.replicas} for each")
    print(
        f"| placement | balance | locality | moved, one more ({least[0]}) | balance then | locality then | "
        f"moved, one less ({least[1]}) | s a million |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['placement']} | {row['balance']:.3f} | {row['locality']:.1%} | {row['moved_on_growth']:.2%} | "
            f"{row['balance_after_growth']:.3f} | {row['locality_after_growth']:.1%} | {row['moved_on_loss']:.2%} | "
            f"{row['seconds_a_million']:.2f} |"
        )


if __name__ == "__main__":
    main()
