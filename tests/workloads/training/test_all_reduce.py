"""The all-reduce before a training: real processes, a real sum, and a figure that agrees with bytes and seconds."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from aidc.workloads.training.all_reduce import Measurement

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def torchrun(processes: int, *words: str) -> subprocess.CompletedProcess[str]:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    # Processes that fail together are seen together, and not the first one ten times a second.
    launcher.append("--monitor-interval=5")
    module = ["-m", "aidc.workloads.training.all_reduce", *words]
    return subprocess.run(
        [*launcher, *module], capture_output=True, text=True, timeout=100, check=False, env=ENVIRONMENT
    )


def measured(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return json.loads(line)


@pytest.mark.parametrize(
    ("world_size", "bytes", "seconds", "algorithm", "bus"),
    [
        # By hand: 10^9 bytes in half a second are 2 GB/s; of two processes each sends and gets half twice.
        (2, 1_000_000_000, 0.5, 2.0, 2.0),
        (4, 1_000_000_000, 0.5, 2.0, 3.0),
        (16, 8_000_000_000, 0.05, 160.0, 300.0),
    ],
)
def test_bus_bandwidth_is_that_of_nccl_tests(
    world_size: int, bytes: int, seconds: float, algorithm: float, bus: float
) -> None:
    found = Measurement(backend="nccl", world_size=world_size, bytes=bytes, seconds=seconds, minimum_gb_per_second=bus)
    assert found.algorithm_gb_per_second == pytest.approx(algorithm)
    assert found.bus_gb_per_second == pytest.approx(bus)
    assert found.reached


def test_two_processes_measure_and_agree_with_bytes_and_seconds() -> None:
    done = torchrun(2, "--mebibytes", "16", "--repetitions", "5", "--warm-up", "1", "--minimum", "0.001")
    assert done.returncode == 0, done.stderr
    found = measured(done)
    assert (found["backend"], found["world_size"], found["bytes"]) == ("gloo", 2, 16 * 2**20)
    assert found["reached"] is True
    by_hand = found["bytes"] / found["seconds"] / 1e9 * 2 * (2 - 1) / 2
    assert found["bus_gb_per_second"] == pytest.approx(by_hand, rel=1e-12)
    # Between a slow network and the memory of one machine.
    assert 0.001 < by_hand < 500


def test_a_floor_that_is_not_reached_fails_every_process() -> None:
    done = torchrun(2, "--mebibytes", "1", "--repetitions", "2", "--warm-up", "1", "--minimum", "1000000")
    assert done.returncode == 1
    assert measured(done)["reached"] is False
    assert done.stderr.count("exitcode  : 1") == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--minimum", "-1"], "is no bandwidth; give GB/s, 0 or more"),
        (["--mebibytes", "0"], "is too little; give 1 or more"),
        ([], "one process has nobody to exchange anything with"),
    ],
)
def test_what_cannot_be_measured_is_said(words: list[str], message: str) -> None:
    program = [sys.executable, "-m", "aidc.workloads.training.all_reduce", *words]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
