"""Trains a small GPT-2 in one layout after the other, in one group of processes, and writes what came of it.

Arguments are the file for it, and layouts such as `data=2,tensor=2,recomputed=1`, or `alone`.
"""

import json
from pathlib import Path
from typing import Any

import torch

from aidc.workloads.models.model import build_model
from aidc.workloads.models.settings import GPT2Settings
from aidc.workloads.training.data.samples import Batch
from aidc.workloads.training.learner import Learner, LoneLearner
from aidc.workloads.training.optimization.losses import cross_entropy, entropy_of_samples
from aidc.workloads.training.optimization.optimizers import add_ridge, make_optimizer
from aidc.workloads.training.optimization.settings import AdamWSettings
from aidc.workloads.training.parallel.learner import SpreadLearner
from aidc.workloads.training.parallel.processes import Processes, join
from aidc.workloads.training.parallel.settings import ParallelSettings

STEPS = 20
BATCH, MICRO, TIME, VOCABULARY = 16, 2, 12, 40
MODEL = GPT2Settings(layers=4, heads=2, embedding=16, context=TIME, vocabulary=VOCABULARY)
# Large steps, and a gradient that is always clipped: a wrong scale of either would show.
OPTIMIZER = AdamWSettings(learning_rate=0.01, weight_decay=0.1, gradient_clipping=0.5, ridge=1e-4)


def batch_of(step: int) -> Batch:
    generator = torch.Generator().manual_seed(step)
    tokens = torch.randint(0, VOCABULARY, (BATCH, TIME + 1), generator=generator)
    # Half of the text repeats itself, so that there is something to be learned.
    tokens[: BATCH // 2] = torch.arange(TIME + 1) % VOCABULARY
    return Batch(tokens[:, :-1], tokens[:, 1:])


def curve(learner: Learner) -> dict[str, Any]:
    optimizer = make_optimizer(OPTIMIZER, learner.parts)
    share = BATCH // learner.data_size
    mine = slice(learner.data_rank * share, (learner.data_rank + 1) * share)
    losses: list[float] = []
    norms: list[float] = []
    for step in range(STEPS):
        whole = batch_of(step)
        batch = Batch(whole.inputs[mine], whole.targets[mine])
        losses.append(learner.gradients(batch.split(MICRO), cross_entropy))
        add_ridge(OPTIMIZER, learner.parts)
        norms.append(learner.clip(OPTIMIZER.gradient_clipping))
        optimizer.step()
    whole = batch_of(STEPS)
    batch = Batch(whole.inputs[mine], whole.targets[mine])
    sums = learner.sums(batch, torch.ones(share), {"loss": entropy_of_samples})
    weights = {name: value.double().sum().item() for name, value in learner.weights().items()}
    return {"losses": losses, "norms": norms, "evaluation": sums["loss"] / BATCH, "weights": weights}


def learner_of(layout: str, processes: Processes) -> Learner:
    torch.manual_seed(0)
    model = build_model(MODEL)
    if layout == "alone":
        return LoneLearner(model, processes.device, precision="float32", compiled=False)
    given = dict(part.split("=") for part in layout.split(","))
    recomputed, compiled = bool(given.pop("recomputed", "")), bool(given.pop("compiled", ""))
    settings = ParallelSettings.model_validate(given)
    return SpreadLearner(model, settings, processes, precision="float32", compiled=compiled, recomputed=recomputed)


def main(arguments: list[str]) -> int:
    output, *layouts = arguments
    found: dict[str, Any] = {}
    with join("cpu") as processes:
        for layout in layouts:
            found[layout] = curve(learner_of(layout, processes))
        if processes.first:
            Path(output).write_text(json.dumps(found))
    return 0
