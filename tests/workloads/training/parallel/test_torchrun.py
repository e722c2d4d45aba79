"""torchrun itself: a worker that is killed is started again, and nodes may die and come back."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psutil
import pytest

from aidc.workloads.programs import STORE_OF_EACH_START

STEPS = 60
ARGUMENTS = {
    # Large enough that a step takes some time: one process alone must not be done before another joins it.
    "model": "{kind: gpt2, layers: 2, heads: 2, embedding: 64, context: 128}",
    "batch": "{batch_size: 16, context: 128}",
    "data.maximum_bytes": "20000",
    "evaluation": "{interval: 1000, batches: 1}",
    "log_interval": "1",
    "checkpoint.interval": "10",
}


class Nodes:
    """Agents of torchrun, each a node; whichever of them has process 0 writes events to the same log."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        self.log.touch()
        self.read = self.log.open()
        self.errors = (folder / "errors").open("w")
        self.agents: list[subprocess.Popen[bytes]] = []

    def start(self, *flags: str, steps: int = STEPS) -> subprocess.Popen[bytes]:
        given = {
            **ARGUMENTS,
            "checkpoint.location": str(self.folder / "kept"),
            "output": str(self.folder),
            "steps": str(steps),
        }
        sets = [part for path, value in given.items() for part in ("--set", f"{path}={value}")]
        program = ["-m", "aidc.workloads.training", "--config", "gpt2-tiny", "--progress", "lines", *sets]
        with self.log.open("a") as log:
            agent = subprocess.Popen(
                [sys.executable, "-m", "torch.distributed.run", *flags, *program],
                stdout=log,
                stderr=self.errors,
                env={**os.environ, "OMP_NUM_THREADS": "1", **STORE_OF_EACH_START},
                start_new_session=True,
            )
        self.agents.append(agent)
        return agent

    def workers(self) -> list[psutil.Process]:
        children = [each for agent in self.agents for each in psutil.Process(agent.pid).children()]
        return [each for each in children if "--config" in each.cmdline()]

    def wait_for(self, event: str, step: int = 0) -> dict[str, Any]:
        """Return the next event of a kind, at a step or after it."""
        while True:
            line = self.read.readline()
            if not line:
                assert any(agent.poll() is None for agent in self.agents), (self.folder / "errors").read_text()
                time.sleep(0.05)
            elif line.startswith("{"):
                found = json.loads(line)
                if found["event"] == event and found.get("step", 0) >= step:
                    return found

    def kill(self, agent: subprocess.Popen[bytes]) -> None:
        """Kill an agent and its workers: the node is gone."""
        if agent.poll() is None:
            process = psutil.Process(agent.pid)
            for each in [*process.children(recursive=True), process]:
                each.kill()
        agent.wait()

    def close(self) -> None:
        for agent in self.agents:
            self.kill(agent)
        self.read.close()
        self.errors.close()


@pytest.fixture
def nodes(tmp_path: Path) -> Generator[Nodes]:
    made = Nodes(tmp_path)
    yield made
    made.close()


def test_a_killed_worker_is_started_again(nodes: Nodes) -> None:
    agent = nodes.start("--standalone", "--nproc-per-node", "2", "--max-restarts", "1")
    before = nodes.wait_for("checkpoint", 30)["step"]
    nodes.workers()[-1].send_signal(signal.SIGKILL)
    resumed = nodes.wait_for("resumed")
    assert resumed["step"] >= before - 10
    assert resumed["lost_seconds"] > 0
    assert nodes.wait_for("progress")["step"] == resumed["step"] + 1
    assert nodes.wait_for("finished")["step"] == STEPS
    assert agent.wait(60) == 0


@pytest.mark.timeout(600)
def test_a_node_dies_and_another_comes(nodes: Nodes) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    flags = ["--nnodes", "1:2", "--nproc-per-node", "1", "--max-restarts", "9", "--rdzv-backend", "c10d"]
    flags += ["--rdzv-endpoint", f"localhost:{port}", "--rdzv-id", "test", "--local-addr", "127.0.0.1"]
    # Nodes that are gone are missed after five beats.
    conf = "join_timeout=120,last_call_timeout=8,keep_alive_interval=2,keep_alive_max_attempt=5"
    flags += ["--rdzv-conf", conf]
    first = nodes.start(*flags, steps=400)
    # The node that keeps the rendezvous is the one that stays.
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    second = nodes.start(*flags, steps=400)
    assert nodes.wait_for("started")["processes"] == 2
    nodes.wait_for("checkpoint", 20)
    nodes.kill(second)
    alone = nodes.wait_for("started")
    assert (alone["processes"], alone["step"] >= 10) == (1, True)
    third = nodes.start(*flags, steps=400)
    again = nodes.wait_for("started")
    assert (again["processes"], again["step"] > alone["step"]) == (2, True)
    assert nodes.wait_for("finished")["step"] == 400
    assert [first.wait(60), third.wait(60)] == [0, 0]
