"""Preprocessing of at least 1 GB with known defects: speed, memory of all processes, exact counts, killed workers.

`python benchmarks/preprocessing.py [--bytes 1000000000] [--processors 2] [--kill] [--json]`

The program runs as a process of its own, with a Ray of its own. Memory is the sum of the proportional set sizes of all
of its processes (what several share is counted once), sampled twice a second; the peak counts. `rays_mb` is what they
take before there is a task. With --kill a second run has one of its workers killed every five seconds while it works,
and its result is compared byte for byte.
"""

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import yaml
from corpus import Corpus, make_corpus


def measure(corpus: Corpus, output: Path, processors: int, killing: bool) -> dict[str, Any]:
    """Run the program once."""
    resources = {"processors": processors, "object_store_bytes": 100 << 20}
    config = output.with_suffix(".yaml")
    config.write_text(yaml.safe_dump(corpus.settings(output, resources=resources)))
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    command = [sys.executable, "-m", "aidc.workloads.preprocessing", "--config", str(config)]
    started = time.monotonic()
    peak = before = killed = 0
    kill_at: float | None = None
    draw = random.Random(0)
    with output.with_suffix(".log").open("wb") as log:
        process = psutil.Popen(command, env=environment, stdout=log)
        while process.poll() is None:
            family = _family(process)
            peak = max(peak, sum(size for _, size in family))
            workers = [one for one, _ in family if _is_worker(one)]
            if workers and kill_at is None:
                kill_at = time.monotonic() + 3
            if kill_at is None:
                before = peak
            elif killing and workers and time.monotonic() >= kill_at:
                draw.choice(workers).kill()
                killed += 1
                kill_at = time.monotonic() + 5
            time.sleep(0.5)
    if process.returncode:
        raise SystemExit(f"the program ended with {process.returncode}")
    seconds = time.monotonic() - started
    manifest = json.loads((output / "manifest.json").read_text())
    assert manifest["records"] == corpus.records(), (manifest["records"], corpus.records())
    assert manifest["changed"] == dict(sorted(corpus.changed.items())), (manifest["changed"], corpus.changed)
    return {
        "seconds": round(seconds, 1),
        "mb_per_second": round(corpus.bytes / 1e6 / seconds, 2),
        "peak_mb": round(peak / 1e6),
        "rays_mb": round(before / 1e6),
        "killed": killed,
        "records": manifest["records"],
        "shards": len(manifest["shards"]),
    }


def digest(folder: Path) -> dict[str, str]:
    """Hashes of all files but the manifest, which names the folder itself."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def _family(process: psutil.Process) -> list[tuple[psutil.Process, int]]:
    found: list[tuple[psutil.Process, int]] = []
    for one in [process, *process.children(recursive=True)]:
        try:
            found.append((one, one.memory_full_info().pss))
        except psutil.Error:
            continue
    return found


def _is_worker(process: psutil.Process) -> bool:
    try:
        return process.cmdline()[0].startswith("ray::Map(")
    except (psutil.Error, IndexError):
        return False


def main() -> None:
    """Make the corpus, run, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--processors", type=int, default=2)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aidc-preprocessing-") as place:
        corpus = make_corpus(Path(place, "raw"), options.bytes, files=8)
        found: dict[str, Any] = {"bytes": corpus.bytes}
        found["run"] = measure(corpus, Path(place, "clean"), options.processors, killing=False)
        if options.kill:
            found["killed"] = measure(corpus, Path(place, "killed"), options.processors, killing=True)
            assert found["killed"]["killed"], "it was too fast to be killed: give more --bytes"
            found["same"] = digest(Path(place, "clean")) == digest(Path(place, "killed"))
    if options.json:
        print(json.dumps(found))
        return
    for name in ("run", "killed"):
        if name in found:
            one = found[name]
            print(
                f"{name}: {found['bytes'] / 1e9:.2f} GB in {one['seconds']} s, {one['mb_per_second']} MB/s, "
                f"peak {one['peak_mb']} MB ({one['rays_mb']} MB before a task), {one['killed']} workers killed; "
                f"counts exact: {one['records']}"
            )
    if "same" in found:
        print(f"the same bytes with workers killed: {found['same']}")
    if not found.get("same", True):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
