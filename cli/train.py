"""`aidc train`: a training on this machine."""

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from .failures import FAILED

if TYPE_CHECKING:
    from ..workloads.training.settings import TrainingSettings


def train(
    config: Annotated[
        str,
        typer.Argument(metavar="RECIPE_OR_FILE", help="Recipe, such as gpt2-tiny or digits, or a YAML file."),
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Replace one setting, such as steps=100. Repeatable."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder for what is left. Default: runs/NAME.")
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option("--processes", min=1, max=256, help="Processes. Default: one for each GPU, or one."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Show JSON lines instead of a bar.")] = False,
) -> None:
    """Train a model on this machine, with what a TrainingJob's pods run: torchrun and the same arguments.

    Without a recipe of your own, `aidc train gpt2-tiny` learns from the source text of Python's standard library in
    about a minute on two cores. It ends with a folder that `aidc serve` serves.
    """
    from ..workloads.training.launch import arguments
    from ..workloads.training.recipes import read_training

    given = list(overrides or ())
    if output is not None:
        given.append(f"output={json.dumps(str(output.absolute()))}")
    settings = read_training(config, given)
    command = [*arguments(config, given), *(["--progress", "lines"] if as_json else [])]
    code = _run(command, settings, processes)
    if code:
        raise typer.Exit(code)
    if not as_json:
        _show(settings)


def _run(command: list[str], settings: "TrainingSettings", processes: int | None) -> int:
    """Run torchrun in this process; return the exit code of the first process that failed, or 0."""
    try:
        import torch
        from torch.distributed import run as torchrun
        from torch.distributed.elastic.multiprocessing.api import SignalException
        from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("torch"):
            raise
        typer.echo("error: PyTorch is not installed; `pip install 'aidc[training]'` installs it", err=True)
        return FAILED
    from ..workloads.training.launch import environment

    _silence()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = processes or max(1, torch.cuda.device_count())
    restarts = 3 if settings.checkpoint.location is not None else 0
    for variable, value in environment(count, cores, restarts).items():
        os.environ.setdefault(variable, value)
    os.environ["PET_NPROC_PER_NODE"] = str(count)
    try:
        cast(Any, torchrun).main(command)
    except ChildFailedError as error:
        codes = [failure.exitcode for failure in error.failures.values()]
        # A process that a signal killed has its number, below 0.
        return next((code if code > 0 else 128 - code for code in codes if code), FAILED)
    except SignalException as error:
        return 130 if error.sigval == signal.SIGINT else 143
    return 0


def _silence() -> None:
    """Leave it to the processes to say why they failed: torchrun would add its own traceback."""
    import logging

    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)


def _show(settings: "TrainingSettings") -> None:
    from ..workloads.training.publication import RESULT, output_folder

    result = json.loads((output_folder(settings) / RESULT).read_text(encoding="utf-8"))
    measured = [f"loss {result['loss']:.4f}"]
    measured += [f"held-out {name} {value:.4g}" for name, value in result["evaluation"].items()]
    for unit in ("tokens", "samples"):
        if result.get(f"{unit}_per_second") is not None:
            measured.append(f"{result[f'{unit}_per_second']:,.0f} {unit} a second")
            break
    typer.echo(f"trained {result['step']:,} steps in {result['seconds']:.0f} s: {', '.join(measured)}")
    typer.echo(f"the model is in {result['export']}; to serve it:")
    typer.echo(f"  aidc serve {result['export']}")
