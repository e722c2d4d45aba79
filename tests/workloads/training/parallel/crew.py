"""Forks workers from one process that has imported everything, and starts all again when one dies, as torchrun does.

Reads orders as lines of JSON, and answers each with a line: `{"starts": 2, "codes": [0, 0]}`. Importing PyTorch is what
takes long in a worker; otherwise these are processes like any others, and are killed like them.
"""

import importlib.util
import json
import os
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import torch
import torch.distributed.tensor.parallel

from aidc.workloads.training import __main__ as program
from aidc.workloads.training import run as _run
from aidc.workloads.training.checkpoints import storage
from aidc.workloads.training.checkpoints.manifest import MANIFEST
from aidc.workloads.training.events import Events

IMPORTED = (torch, _run)
FOLDER = Path(__file__).parent


class Fault:
    """What befalls a worker at one phase of the checkpoint of one step."""

    def __init__(self, phase: str, step: int, signal_name: str, workers: Path | None) -> None:
        self.phase, self.folder, self.workers = phase, f"step-{step:010d}", workers
        self.signal = signal.Signals[signal_name]

    def strike(self, phase: str, path: str) -> None:
        if phase != self.phase or not path.startswith(self.folder):
            return
        victims = [os.getpid()] if self.workers is None else [int(each) for each in self.workers.read_text().split()]
        for victim in sorted(victims, key=lambda pid: pid == os.getpid()):
            os.kill(victim, self.signal)


class FaultyStorage(storage.LocalStorage):
    fault: Fault

    def create(self, path: str) -> Any:
        if path.endswith(".distcp"):
            self.fault.strike("before data", path)
            return FaultyStream(super().create(path), self.fault, path)
        return super().create(path)

    def publish(self, path: str, data: bytes) -> None:
        self.fault.strike("before manifest", path)
        super().publish(path, data)
        self.fault.strike("after manifest", path)

    def remove(self, path: str) -> None:
        super().remove(path)
        if path.endswith(MANIFEST):
            self.fault.strike("during cleanup", path)


class FaultyStream:
    def __init__(self, stream: Any, fault: Fault, path: str) -> None:
        self.stream, self.fault, self.path, self.writes = stream, fault, path, 0

    def write(self, data: Any) -> int:
        self.writes += 1
        if self.writes == 4:
            self.stream.flush()
            self.fault.strike("in data", self.path)
        return self.stream.write(data)

    def flush(self) -> None:
        self.stream.flush()

    def close(self) -> None:
        self.stream.close()

    def __enter__(self) -> "FaultyStream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def work(order: dict[str, Any], rank: int, start: int, port: int, workers: Path) -> int:
    size = order["sizes"][min(start, len(order["sizes"]) - 1)]
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(size),
        LOCAL_WORLD_SIZE=str(size),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        TORCHELASTIC_RESTART_COUNT=str(start),
    )
    os.environ.update(order.get("environment", {}))
    if "remove_at" in order:
        remove_at(**order["remove_at"])
    fault = order.get("fault")
    if fault is not None and fault.get("rank", rank) == rank and start == 0:
        FaultyStorage.fault = Fault(
            fault["phase"], fault["step"], fault.get("signal", "SIGKILL"), workers if fault.get("all") else None
        )
        storage.STORAGES["file"] = FaultyStorage
    if "script" in order:
        spec = importlib.util.spec_from_file_location("script", FOLDER / order["script"])
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.main(order["arguments"])
    return program.main(order["arguments"])


def remove_at(step: int, path: str) -> None:
    """Let a file be removed when a step ends."""
    tell = Events.tell

    def watched(events: Events, event: str, **values: Any) -> None:
        tell(events, event, **values)
        if event == "step" and values["step"] == step:
            os.unlink(path)

    Events.tell = watched  # type: ignore[method-assign]


def fork(order: dict[str, Any], rank: int, start: int, port: int, workers: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        # A line at a time, so that the lines of several workers do not mix.
        sys.stdout = os.fdopen(1, "w", buffering=1)
        torch.set_num_threads(1)
        code = work(order, rank, start, port, workers)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def together(order: dict[str, Any], start: int) -> list[int]:
    """Start all workers; once one has died, end the others. Return their exit codes."""
    workers, port = Path(f"{order['log']}.workers"), free_port()
    size = order["sizes"][min(start, len(order["sizes"]) - 1)]
    pids = [fork(order, rank, start, port, workers) for rank in range(size)]
    workers.write_text(" ".join(map(str, pids)))
    codes: dict[int, int] = {}
    ended = 0.0
    while len(codes) < len(pids):
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            codes[pid] = os.waitstatus_to_exitcode(status)
            if codes[pid] and not ended:
                ended = time.monotonic()
                end(pids, codes, signal.SIGTERM)
            continue
        if ended and time.monotonic() - ended > 10:
            end(pids, codes, signal.SIGKILL)
        time.sleep(0.02)
    return [codes[pid] for pid in pids]


def end(pids: list[int], codes: dict[int, int], number: signal.Signals) -> None:
    for pid in pids:
        if pid not in codes:
            os.kill(pid, number)


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        codes: list[int] = []
        for start in range(order.get("restarts", 0) + 1):
            codes = together(order, start)
            if not any(codes):
                break
        print(json.dumps({"starts": start + 1, "codes": codes}), flush=True)


if __name__ == "__main__":
    main()
