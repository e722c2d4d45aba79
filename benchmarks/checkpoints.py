"""How long a checkpoint keeps training waiting, written at once and in the background, in one run.

`python benchmarks/checkpoints.py [--megabytes 600] [--repetitions 5] [--folder FOLDER] [--json]`

Both save the same state of a model that learns, by the same code, turn by turn. The pause is the time that training
stands still: in the call that saves, and before the optimizer until the state has been copied. A copy beside the next
pass through the model slows it; so the whole step after a save is compared with a step without one as well.
"""

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from aidc.workloads.training.checkpoints.checkpoints import Checkpoints
from aidc.workloads.training.checkpoints.settings import CheckpointSettings
from aidc.workloads.training.checkpoints.state import TrainingState
from aidc.workloads.training.parallel.processes import Processes, join

WIDTH = 2048
COPIES = 3
"""Weights, and two averages of AdamW."""


@dataclass
class Way:
    checkpoints: Checkpoints
    pauses: list[float]
    steps: list[float]
    whole: list[float]


class Training:
    def __init__(self, megabytes: int, device: torch.device) -> None:
        layers = max(1, round(megabytes * 1e6 / (COPIES * 4 * WIDTH * WIDTH)))
        self.model = nn.Sequential(*(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(layers))).to(device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), fused=True)
        self.inputs = torch.randn(256, WIDTH, device=device)
        self.bytes = COPIES * 4 * sum(weight.numel() for weight in self.model.parameters())

    def step(self, checkpoints: Checkpoints | None = None) -> float:
        """One step; returns the seconds that it waited for a copy."""
        self.model(self.inputs).square().mean().backward()
        began = time.perf_counter()
        if checkpoints is not None:
            checkpoints.staged()
        waited = time.perf_counter() - began
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.inputs.is_cuda:
            torch.cuda.synchronize()
        return waited


def measure(arguments: argparse.Namespace, processes: Processes) -> dict[str, float]:
    training = Training(arguments.megabytes, processes.device)
    state = TrainingState(model=training.model, optimizer=training.optimizer)
    bare: list[float] = []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        ways = {
            name: Way(
                Checkpoints(
                    CheckpointSettings(location=str(Path(folder) / name), keep=1, asynchronous=name == "asynchronous"),
                    processes,
                ),
                [],
                [],
                [],
            )
            for name in ("synchronous", "asynchronous")
        }
        # The first round warms up: memory for the copy is found, kernels are chosen.
        for repetition in range(arguments.repetitions + 1):
            training.step()
            began = time.perf_counter()
            training.step()
            bare.append(time.perf_counter() - began)
            for way in ways.values():
                began = time.perf_counter()
                way.checkpoints.save(repetition + 1, state)
                saved = time.perf_counter()
                waited = training.step(way.checkpoints)
                stepped = time.perf_counter()
                way.checkpoints.wait()
                way.pauses.append(saved - began + waited)
                way.steps.append(stepped - saved)
                way.whole.append(time.perf_counter() - began)
        for way in ways.values():
            way.checkpoints.close()
    found = {"state_megabytes": training.bytes / 1e6, "step_seconds": statistics.median(bare[1:])}
    for name, way in ways.items():
        found[f"{name}_pause_seconds"] = statistics.median(way.pauses[1:])
        found[f"{name}_first_pause_seconds"] = way.pauses[0]
        found[f"{name}_step_seconds"] = statistics.median(way.steps[1:])
        found[f"{name}_complete_seconds"] = statistics.median(way.whole[1:])
    found["pause_ratio"] = found["asynchronous_pause_seconds"] / found["synchronous_pause_seconds"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=600, help="size of the state")
    parser.add_argument("--repetitions", type=int, default=5, help="saves of each kind; medians are told")
    parser.add_argument("--folder", help="where to write; default: the system's folder for temporary files")
    parser.add_argument("--json", action="store_true", help="write JSON")
    arguments = parser.parse_args()
    with join() as processes:
        found = measure(arguments, processes)
    if arguments.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name.replace('_', ' '):34} {value:10.4f}")
    bound = "under" if found["pause_ratio"] < 0.05 else "NOT under"
    print(f"an asynchronous save pauses training for {found['pause_ratio']:.2%} of a synchronous one: {bound} 5 %")


if __name__ == "__main__":
    main()
