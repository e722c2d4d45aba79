"""Tokens a second of a training step of GPT-2, beside nanoGPT's, in one run.

`python benchmarks/training_speed.py [--peer FOLDER] [--sizes small larger] [--threads 1 2] [--steps 60] [--runs 3]
[--precision float32] [--compile] [--json]`

Ours is the training program itself, as `aidc train` runs it. Between two of its steps, a listener to its events runs a
step of nanoGPT: the same sizes, batch, context, type and machine, tokens of the same file, clipping, and AdamW with the
same groups; so whatever else the machine does at the time slows both. `--peer` is a checkout of
github.com/karpathy/nanoGPT, whose model.py is imported; its step is what its train.py does between two logs. Its model
has biases here, as GPT-2 has, so that both have the same parameters. Without `--peer` only ours is measured.

The ratio is the median over pairs of steps that follow each other, with its quartiles; above 1, ours is faster.
"""

import argparse
import importlib.util
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

SIZES: dict[str, dict[str, int]] = {
    # What nanoGPT's README trains on a CPU.
    "small": {"layers": 4, "heads": 4, "embedding": 128, "context": 64, "batch": 12},
    # Its config/train_shakespeare_char.py, with a batch for two cores.
    "larger": {"layers": 6, "heads": 6, "embedding": 384, "context": 256, "batch": 4},
    # GPT-2 as published, for accelerators.
    "gpt2": {"layers": 12, "heads": 12, "embedding": 768, "context": 1024, "batch": 16},
}
VOCABULARY = 256
WARM_UP = 5
RATE, BETAS, DECAY, CLIPPING = 1e-3, (0.9, 0.99), 0.1, 1.0


def settings_of(size: dict[str, int], steps: int, folder: Path, arguments: argparse.Namespace) -> Any:
    """A training of that size."""
    from aidc.workloads.settings import read_settings
    from aidc.workloads.training.settings import TrainingSettings

    figures = ("layers", "heads", "embedding", "context")
    values: dict[str, Any] = {
        "model": {"kind": "gpt2", **{key: size[key] for key in figures}},
        "data": {"kind": "text", "maximum_bytes": 1_000_000, "cache": str(folder / "tokens")},
        "optimizer": {
            "kind": "adamw",
            "learning_rate": RATE,
            "beta1": BETAS[0],
            "beta2": BETAS[1],
            "weight_decay": DECAY,
            "gradient_clipping": CLIPPING,
        },
        "batch": {"batch_size": size["batch"], "context": size["context"]},
        "steps": steps,
        "evaluation": {"interval": steps, "batches": 1},
        "precision": arguments.precision,
        "compile": arguments.compile,
        "output": str(folder / "output"),
    }
    return read_settings(TrainingSettings, values, "benchmark")


def peer_step(folder: Path, size: dict[str, int], tokens: Path, arguments: argparse.Namespace) -> Callable[[], int]:
    """A step of nanoGPT; it returns how many parameters its model has."""
    spec = importlib.util.spec_from_file_location("nanogpt", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["nanogpt"] = module
    spec.loader.exec_module(module)
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    context, batch = size["context"], size["batch"]
    config = module.GPTConfig(
        n_layer=size["layers"],
        n_head=size["heads"],
        n_embd=size["embedding"],
        block_size=context,
        vocab_size=VOCABULARY,
        dropout=0.0,
        bias=True,
    )
    model = module.GPT(config).to(kind)
    optimizer = model.configure_optimizers(DECAY, RATE, BETAS, kind)
    count = sum(each.numel() for each in model.parameters())
    run = torch.compile(model) if arguments.compile else model
    half = torch.autocast(kind, dtype=torch.bfloat16) if arguments.precision == "bfloat16" else nullcontext()

    def read() -> tuple[torch.Tensor, torch.Tensor]:
        data = np.memmap(tokens, dtype=np.uint16, mode="r")
        starts = torch.randint(len(data) - context, (batch,))
        found = [
            torch.stack([torch.from_numpy(data[i + shift : i + shift + context].astype(np.int64)) for i in starts])
            for shift in (0, 1)
        ]
        if kind == "cuda":
            return tuple(each.pin_memory().to(kind, non_blocking=True) for each in found)  # type: ignore[return-value]
        return found[0], found[1]

    ahead = [read()]

    def step() -> int:
        for group in optimizer.param_groups:
            group["lr"] = RATE
        inputs, targets = ahead.pop()
        with half:
            _, loss = run(inputs, targets)
        ahead.append(read())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIPPING)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return count

    return step


class Alternation:
    """Hears that our step has ended, takes its time, and runs and times the peer's."""

    def __init__(self, peer: Callable[[], int] | None) -> None:
        self.peer = peer
        self.ours: list[float] = []
        self.theirs: list[float] = []
        self.parameters: dict[str, int] = {}
        self._began = 0.0

    def hear(self, event: str, values: dict[str, Any]) -> None:
        if event == "started":
            self.parameters["ours"] = values["parameters"]
        elif event == "step":
            self.ours.append(self._now() - self._began)
            if self.peer is not None:
                began = self._now()
                self.parameters["theirs"] = self.peer()
                self.theirs.append(self._now() - began)
        self._began = self._now()

    def _now(self) -> float:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter()


def measure(name: str, threads: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One run of a size on so many threads."""
    from aidc.workloads.training.data.text import prepare_text
    from aidc.workloads.training.events import Events
    from aidc.workloads.training.parallel.processes import join
    from aidc.workloads.training.run import train

    torch.set_num_threads(threads)
    size = SIZES[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        settings = settings_of(size, arguments.steps + WARM_UP, folder, arguments)
        text = prepare_text(settings.data)
        assert text.vocabulary == VOCABULARY
        peer = None
        if arguments.peer is not None:
            text.tokens().astype(np.uint16).tofile(folder / "train.bin")
            peer = peer_step(arguments.peer, size, folder / "train.bin", arguments)
        alternation = Alternation(peer)
        with join() as processes:
            code = train(settings, processes, Events([alternation]))
        assert code == 0, f"the training ended with {code}"
    tokens = size["batch"] * size["context"]
    ours, theirs = alternation.ours[WARM_UP:], alternation.theirs[WARM_UP:]
    found: dict[str, Any] = {"size": name, "threads": threads, "parameters": alternation.parameters}
    found["tokens_per_second"] = {"ours": tokens / statistics.median(ours)}
    if theirs:
        assert alternation.parameters["ours"] == alternation.parameters["theirs"]
        found["tokens_per_second"]["nanogpt"] = tokens / statistics.median(theirs)
        ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
        found["ratio"] = statistics.median(ratios)
        found["quartiles"] = statistics.quantiles(ratios, n=4)[::2]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path, metavar="FOLDER", help="checkout of karpathy/nanoGPT")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["small", "larger"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found: list[dict[str, Any]] = []
    for name in arguments.sizes:
        for threads in arguments.threads:
            for _ in range(arguments.runs):
                one = measure(name, threads, arguments)
                found.append(one)
                if not arguments.json:
                    print(line(one), flush=True)
    if arguments.json:
        print(json.dumps(found, indent=2))


def line(one: dict[str, Any]) -> str:
    """One run, in words."""
    speed = one["tokens_per_second"]
    text = f"{one['size']:8} {one['threads']} threads: ours {speed['ours']:10,.0f} tokens/s"
    if "ratio" in one:
        low, high = one["quartiles"]
        text += f", nanoGPT {speed['nanogpt']:10,.0f}, ratio {one['ratio']:.2f} ({low:.2f} to {high:.2f})"
    return text


if __name__ == "__main__":
    main()
