"""A whole training, from settings to the exported model."""

import signal
import time
from typing import Any

import torch
from torch import nn

from ..models.model import build_model, parameter_count
from .events import Events
from .learner import Learner, LoneLearner
from .loop import Ending, Loop
from .optimization.optimizers import make_optimizer
from .outcomes import FINISHED, INTERRUPTED, TERMINATED
from .parallel.learner import SpreadLearner
from .parallel.processes import Processes
from .parallel.spreading import recompute_activations
from .publication import export, output_folder, write_result
from .settings import TrainingSettings
from .speed import Speed
from .subject import Subject, read_subject
from .utilization import peak_flops


def train(settings: TrainingSettings, processes: Processes, events: Events) -> int:
    """Train, evaluate and export; return the exit code. Every process calls it.

    Raises:
        InvalidInput: Settings or data cannot be used.
        CheckpointFailed: Too many checkpoints in a row could not be written, or the last one.
        NonfiniteLoss: The loss was no finite number for too many steps in a row.
    """
    began = time.perf_counter()
    subject = read_subject(settings)
    torch.manual_seed(settings.seed)  # pyright: ignore[reportUnknownMemberType]
    if settings.precision == "bfloat16":
        torch.set_float32_matmul_precision("high")
    model = build_model(subject.model)
    parameters = parameter_count(model)
    learner = _learner(settings, model, processes)
    optimizer = make_optimizer(settings.optimizer, learner.parts)
    peak = peak_flops(processes.device)
    speed = Speed(subject, settings.batch.batch_size, processes.world_size, peak)
    facts = _facts(settings, subject, processes, parameters, peak)
    ending = Loop(settings, subject, learner, optimizer, processes, events, speed).run(facts)
    result = {**facts, **_result(ending), "seconds": time.perf_counter() - began, **speed.overall()}
    if ending.signal is None:
        weights = learner.weights()
        if processes.first:
            result["export"] = export(settings, subject, weights, result)
            events.tell("exported", location=result["export"])
    if processes.first:
        path = write_result(output_folder(settings), result)
        shown = ("step", "loss", "evaluation", "tokens_per_second", "samples_per_second", "seconds", "export")
        events.tell("finished", **{key: result.get(key) for key in shown}, result=str(path))
    return _code(ending)


def _learner(settings: TrainingSettings, model: nn.Module, processes: Processes) -> Learner:
    if processes.world_size > 1:
        return SpreadLearner(
            model,
            settings.parallel,
            processes,
            precision=settings.precision,
            compiled=settings.compile,
            recomputed=settings.activation_checkpointing,
        )
    settings.parallel.sizes(1)
    if settings.activation_checkpointing:
        recompute_activations(model)
    return LoneLearner(model, processes.device, precision=settings.precision, compiled=settings.compile)


def _facts(
    settings: TrainingSettings, subject: Subject, processes: Processes, parameters: int, peak: float | None
) -> dict[str, Any]:
    device = processes.device
    return {
        "name": settings.name,
        "model": subject.model.model_dump(mode="json", exclude_none=True),
        "parameters": parameters,
        "data": dict(subject.facts),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        "peak_flops": peak,
        "processes": processes.world_size,
        "batch_size": settings.batch.batch_size,
        "precision": settings.precision,
        "seed": settings.seed,
    }


def _result(ending: Ending) -> dict[str, Any]:
    ended = "finished" if ending.signal is None else "stopped"
    return {"outcome": ended, "step": ending.step, "loss": ending.loss, "evaluation": ending.evaluation}


def _code(ending: Ending) -> int:
    if ending.signal is None:
        return FINISHED
    return INTERRUPTED if ending.signal == signal.SIGINT else TERMINATED
