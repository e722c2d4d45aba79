"""Accuracy, size and latency of a model as it was trained, and compressed in each way, in one run.

`python benchmarks/compression.py [--steps 150] [--width 256] [--threads 1] [--json]`

A GPT-2 is trained on the default corpus byte by byte, by the training program, and each other row is made from it by
the command of compression, as people use it. The loss is that on text held out, in nats for each byte, the same for
all rows; the size is that of the folder's weights. Latency is of one token for one text, and of a prompt of 128 tokens
for 8 texts at once: medians, the rows taking turns so that whatever else the machine does slows all.
"""

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

PROMPT, TEXTS = 128, 8


def trained(folder: Path, arguments: argparse.Namespace) -> Path:
    """The folder of a model that was trained as `aidc train` does."""
    from aidc.workloads.training.__main__ import main

    assert main(["--config", "gpt2-tiny", "--progress", "lines", *settings(folder, arguments)]) == 0
    return folder / "model"


def settings(folder: Path, arguments: argparse.Namespace, width: int | None = None) -> list[str]:
    width = width or arguments.width
    given = {
        "model.embedding": width,
        "model.heads": width // 32,
        "data.maximum_bytes": 2_000_000,
        "data.cache": folder / "tokens",
        "steps": arguments.steps,
        "schedule.warmup_steps": arguments.steps // 10,
        "evaluation.interval": arguments.steps,
        "output": folder,
        "export": folder / "model",
    }
    return [part for key, value in given.items() for part in ("--set", f"{key}={value}")]


def rows(folder: Path, arguments: argparse.Namespace) -> dict[str, Path]:
    """A folder for each way of compression."""
    from aidc.workloads.compression.__main__ import main

    whole = trained(folder, arguments)
    found = {"as trained": whole}
    pruned = ["--method", "prune", "--share"]
    distilled = ["--method", "distill", "--config", "gpt2-tiny"]
    half = arguments.width // 2
    ways: dict[str, tuple[str, list[str]]] = {
        "int8": ("as trained", ["--method", "int8"]),
        "half of the weights 0": ("as trained", [*pruned, "0.5", "--weights"]),
        "a quarter of heads and neurons pruned": ("as trained", [*pruned, "0.25"]),
        "the same, distilled": ("as trained", [*distilled, *settings(folder, arguments)]),
        "the same, int8": ("the same, distilled", ["--method", "int8"]),
        "half as wide, distilled": ("as trained", [*distilled, *settings(folder, arguments, half)]),
    }
    for index, (name, (source, options)) in enumerate(ways.items()):
        output = folder / str(index)
        if name == "the same, distilled":
            options += ["--student", str(found["a quarter of heads and neurons pruned"])]
            options += ["--set", f"steps={max(1, arguments.steps // 3)}"]
        assert main(["--model", str(found[source]), "--output", str(output), *options]) == 0
        found[name] = output
    return found


def loss_of(model: Any, folder: Path, arguments: argparse.Namespace) -> float:
    """Mean cross-entropy of text held out."""
    import numpy as np

    from aidc.workloads.training.optimization.losses import cross_entropy
    from aidc.workloads.training.recipes import read_training
    from aidc.workloads.training.subject import read_subject

    given = [each for each in settings(folder, arguments) if each != "--set"]
    held_out = read_subject(read_training("gpt2-tiny", given)).held_out
    with torch.inference_mode():
        batches = [held_out.read(np.arange(start, start + 16)) for start in range(0, 128, 16)]
        return statistics.fmean(cross_entropy(model(each.inputs), each.targets).item() for each in batches)


def stopwatches(model: Any) -> dict[str, Callable[[], None]]:
    """What is timed: one token of one text, and a prompt of several texts."""
    one, cache = torch.zeros(1, 1, dtype=torch.int64), model.cache(1, PROMPT + 8)
    many, caches = torch.zeros(TEXTS, PROMPT, dtype=torch.int64), model.cache(TEXTS, PROMPT)
    with torch.inference_mode():
        model(torch.zeros(1, PROMPT, dtype=torch.int64), cache)

    @torch.inference_mode()
    def token() -> None:
        model(one, cache)
        cache.truncate(torch.tensor([PROMPT]))

    @torch.inference_mode()
    def prompt() -> None:
        model(many, caches)
        caches.truncate(torch.zeros(TEXTS, dtype=torch.int64))

    return {"token": token, "prompt": prompt}


def latencies(models: dict[str, Any], repeat: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of each model."""
    watches = {name: stopwatches(model) for name, model in models.items()}
    found: dict[str, dict[str, list[float]]] = {name: {"token": [], "prompt": []} for name in models}
    for _ in range(repeat + 3):
        for name, each in watches.items():
            for what, run in each.items():
                began = time.perf_counter()
                run()
                found[name][what].append(1000 * (time.perf_counter() - began))
    return {name: {what: statistics.median(times[3:]) for what, times in each.items()} for name, each in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    from aidc.workloads.models.export import load_model
    from aidc.workloads.models.model import parameter_count

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # What the programs tell is no part of the table.
        with contextlib.redirect_stdout(sys.stderr):
            folders = rows(folder, arguments)
        models = {name: load_model(path).model for name, path in folders.items()}
        times = latencies(models, arguments.repeat)
        table = [
            {
                "model": name,
                "loss": loss_of(model, folder, arguments),
                "megabytes": (folders[name] / "model.safetensors").stat().st_size / 1e6,
                "parameters": parameter_count(model),
                "token_ms": times[name]["token"],
                "prompt_ms": times[name]["prompt"],
            }
            for name, model in models.items()
        ]
    if arguments.json:
        print(json.dumps(table, indent=2))
        return
    print(f"{'':38} {'loss':>7} {'MB':>7} {'token ms':>9} {'prompt ms':>10}")
    for row in table:
        figures = f"{row['loss']:7.4f} {row['megabytes']:7.2f} {row['token_ms']:9.2f} {row['prompt_ms']:10.1f}"
        print(f"{row['model']:38} {figures}")


if __name__ == "__main__":
    main()
