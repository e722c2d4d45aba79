"""The inference server under open-loop load: batched beside unbatched and LitServe, overload, drain, memory.

`python benchmarks/serving.py [--runs 3] [--seconds 20] [--minutes 0] [--model FOLDER] [--json]`, from the root.

Arrivals are Poisson; latency counts from the scheduled time of sending; the first fifth of a run is left out. Every
request asks for 8 to 64 tokens after a prompt of 8 to 64. Server and client have one core each where there are two.
Each comparison alternates between its servers, so that a busy machine is busy for all of them. A rate is sustained
where the 95th percentile is at most `--bound` seconds and nothing is refused; the throughput of a server is the
highest sustained rate, found by doubling and then halving the step. `--minutes` adds sustained load and the slope of
memory.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import psutil

TOKENS = (8, 64)
# Before this process binds itself to one of them.
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


@dataclass
class Result:
    rate: float
    seconds: float
    latencies: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def throughput(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def core(position: int) -> list[int]:
    cores = CORES
    return [cores[position % len(cores)]]


async def load(
    address: str, rate: float, seconds: float, seed: int, stop_at: float | None = None, pid: int = 0
) -> Result:
    """Send Poisson arrivals at `rate`; with `stop_at`, SIGTERM goes to `pid` then, and sending stops there."""
    chance = random.Random(seed)
    warm = seconds / 5
    result = Result(rate, (stop_at or seconds) - warm)
    # Not httpx: its pool looks at all its connections for each request, and with hundreds the client is the slower one.
    connector, timeout = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(address, connector=connector, timeout=timeout) as client:

        async def one(due: float, kept: bool) -> None:
            prompt = "".join(chance.choices("abcdefgh ", k=chance.randint(*TOKENS)))
            body = {"prompt": prompt, "max_tokens": chance.randint(*TOKENS), "temperature": 0, "ignore_eos": True}
            try:
                async with client.post("/v1/completions", json=body) as answer:
                    await answer.read()
                    outcome = str(answer.status)
            except aiohttp.ClientConnectorError:
                outcome = "not connected"
            except (aiohttp.ClientError, TimeoutError) as error:
                outcome = type(error).__name__
            if not kept:
                return
            result.outcomes[outcome] += 1
            taken = time.perf_counter() - due
            if outcome == "200":
                result.latencies.append(taken)
            elif outcome == "429":
                result.refusals.append(taken)

        start = due = time.perf_counter()
        tasks: list[asyncio.Task[None]] = []
        stopped = False
        while due - start < seconds:
            due += chance.expovariate(rate)
            if stop_at is not None and not stopped and due - start >= stop_at:
                os.kill(pid, signal.SIGTERM)
                stopped = True
            await asyncio.sleep(max(0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(one(due, due - start > warm)))
        await asyncio.gather(*tasks)
    return result


def measure(address: str, rate: float, seconds: float, seed: int, **more: Any) -> Result:
    os.sched_setaffinity(0, core(1))
    return asyncio.run(load(address, rate, seconds, seed, **more))


@contextmanager
def serving(command: list[str], port: int) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, preexec_fn=lambda: os.sched_setaffinity(0, core(0))
        )
        try:
            body = {"prompt": "a", "max_tokens": 1}
            for _ in range(600):
                if process.poll() is not None:
                    log.seek(0)
                    raise RuntimeError(log.read().decode())
                try:
                    if (
                        httpx.post(f"http://127.0.0.1:{port}/v1/completions", json=body, trust_env=False).status_code
                        == 200
                    ):
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.1)
            else:
                log.seek(0)
                raise RuntimeError(f"{command} does not answer: {log.read().decode()}")
            yield process
        finally:
            tree = [*psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=60)
                except subprocess.TimeoutExpired:
                    process.kill()
            for each in tree:
                if each.is_running():
                    each.kill()


def ours(model: Path, port: int, *settings: str) -> list[str]:
    command = [sys.executable, "-m", "aidc.workloads.inference", "--model", str(model), "--port", str(port)]
    chosen = ("threads=1", "log=warning", "queue=100000", "queue_seconds=86400", *settings)
    return [*command, "--host", "127.0.0.1", *(part for each in chosen for part in ("--set", each))]


def peer(model: Path, port: int) -> list[str]:
    return [sys.executable, str(Path(__file__).with_name("serving_peer.py")), str(model), str(port)]


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def capacity(address: str, seconds: float, bound: float, seed: int) -> Result:
    """Return the run at the highest rate that is sustained."""
    best, rate, step = measure(address, 1, seconds, seed), 4.0, 2.0
    while step > 1.1:
        found = measure(address, rate, seconds, seed)
        if found.percentile(0.95) <= bound and set(found.outcomes) <= {"200"}:
            best, rate = found, rate * step
        else:
            rate, step = rate / step, step**0.5
            rate *= step
    return best


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def compared(model: Path, runs: int, seconds: float, bound: float) -> dict[str, Any]:
    """Throughput of each server; and latency, batched, at three times what it sustains unbatched, beside that."""
    found: dict[str, list[Result]] = {"unbatched": [], "batched": [], "litserve": [], "batched at three times": []}
    commands = {"unbatched": ("batch=1",), "batched": ("batch=16",)}
    for run in range(runs):
        for name in ("unbatched", "batched", "litserve"):
            port = free_port()
            command = ours(model, port, *commands[name]) if name in commands else peer(model, port)
            with serving(command, port):
                address = f"http://127.0.0.1:{port}"
                found[name].append(capacity(address, seconds, bound, run))
                if name == "batched":
                    rate = 3 * found["unbatched"][-1].throughput
                    found["batched at three times"].append(measure(address, rate, seconds, run))
    return {
        name: {
            "requests_per_second": spread([each.throughput for each in results]),
            "p95_seconds": spread([each.percentile(0.95) for each in results]),
            "n": sum(len(each.latencies) for each in results),
            "not_answered": sum(sum(each.outcomes.values()) - len(each.latencies) for each in results),
        }
        for name, results in found.items()
    }


def overloaded(model: Path, rate: float, runs: int, seconds: float) -> dict[str, Any]:
    results: list[tuple[Result, Result]] = []
    for run in range(runs):
        port = free_port()
        with serving(ours(model, port, "queue=32"), port):
            address = f"http://127.0.0.1:{port}"
            results.append((measure(address, rate, seconds, run), measure(address, 2 * rate, seconds, run)))
    refusals = sorted(each for _, twice in results for each in twice.refusals)
    return {
        "at_capacity_per_second": spread([once.throughput for once, _ in results]),
        "at_twice_per_second": spread([twice.throughput for _, twice in results]),
        "refused": len(refusals),
        "refusal_p95_seconds": refusals[int(0.95 * len(refusals))] if refusals else None,
        "other": sum((twice.outcomes for _, twice in results), Counter[str]()),
    }


def drained(model: Path, rate: float, runs: int) -> dict[str, Any]:
    outcomes: Counter[str] = Counter()
    codes: list[int] = []
    for run in range(runs):
        port = free_port()
        with serving(ours(model, port, "drain_seconds=2"), port) as process:
            found = measure(f"http://127.0.0.1:{port}", rate, 10, run, stop_at=6, pid=process.pid)
            outcomes += found.outcomes
            codes.append(process.wait(timeout=60))
    lost = sum(count for outcome, count in outcomes.items() if outcome not in ("200", "not connected"))
    return {"outcomes": outcomes, "lost": lost, "exit_codes": codes}


def memory(model: Path, rate: float, minutes: float) -> dict[str, Any]:
    port = free_port()
    samples: list[tuple[float, float]] = []
    with serving(ours(model, port), port) as process:
        address = f"http://127.0.0.1:{port}"
        started = time.monotonic()
        while time.monotonic() - started < minutes * 60:
            measure(address, rate, 15, len(samples))
            family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
            size = sum(psutil.Process(pid).memory_info().rss for pid in family) / 2**20
            samples.append(((time.monotonic() - started) / 60, size))
    # The first quarter fills caches of the allocator.
    kept = samples[len(samples) // 4 :]
    slope = statistics.linear_regression([at for at, _ in kept], [size for _, size in kept]).slope
    return {"minutes": minutes, "first_mib": samples[0][1], "last_mib": samples[-1][1], "mib_per_minute": slope}


def seeded(folder: Path) -> Path:
    import torch

    from aidc.workloads.models.encoding import BytesEncoding
    from aidc.workloads.models.export import export_model
    from aidc.workloads.models.model import build_model
    from aidc.workloads.models.settings import GPT2Settings

    torch.manual_seed(0)
    settings = GPT2Settings(vocabulary=256)
    export_model(folder / "model", build_model(settings), settings, BytesEncoding())
    return folder / "model"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--bound", type=float, default=1.0)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = given.model or seeded(Path(folder))
        found: dict[str, Any] = {"throughput": compared(model, given.runs, given.seconds, given.bound)}
        rate = found["throughput"]["batched"]["requests_per_second"]["median"]
        found["overload"] = overloaded(model, rate, given.runs, given.seconds)
        found["drain"] = drained(model, rate / 2, given.runs)
        if given.minutes:
            found["memory"] = memory(model, rate / 2, given.minutes)
    if given.json:
        print(json.dumps(found, indent=2))
        return
    for title, part in found.items():
        print(title)
        for name, value in part.items():
            print(f"  {name}: {json.dumps(value, default=str)}")


if __name__ == "__main__":
    main()
