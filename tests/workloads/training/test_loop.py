import json
import math
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import torch

from aidc.problems import InvalidInput
from aidc.workloads.models.export import load_model
from aidc.workloads.training.events import Events
from aidc.workloads.training.listeners import listening
from aidc.workloads.training.outcomes import FINISHED, TERMINATED, NonfiniteLoss
from aidc.workloads.training.parallel.processes import join
from aidc.workloads.training.recipes import read_training
from aidc.workloads.training.run import train

SMALL = [
    "model={kind: gpt2, layers: 1, heads: 2, embedding: 16, context: 32, dropout: 0.1}",
    "batch={batch_size: 4, context: 16}",
    "evaluation={interval: 5, batches: 2}",
    "schedule={kind: constant}",
    "log_interval=5",
    "steps=10",
]


class Recorder:
    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []

    def hear(self, event: str, values: dict[str, Any]) -> None:
        self.heard.append((event, values))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [values for name, values in self.heard if name == event]


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "text.txt"
    path.write_text("".join(f"line {number} of a text\n" for number in range(300)))
    return f"data={{kind: text, paths: ['{path}'], cache: '{tmp_path}/cache'}}"


def run(output: Path, config: str, *overrides: str) -> tuple[int, Recorder]:
    recorder = Recorder()
    settings = read_training(config, [*overrides, f"output={output}"], {})
    with join(device="cpu") as processes, listening(settings, processes, "lines") as events:
        events.add(recorder)
        return train(settings, processes, events), recorder


def test_digits_are_learned_and_exported(tmp_path: Path) -> None:
    code, heard = run(tmp_path, "digits")
    assert code == FINISHED
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["evaluation"]["accuracy"] > 0.97
    assert result["samples_per_second"] > 0
    assert result["step"] == 300
    loaded = load_model(tmp_path / "model")
    assert loaded.labels == tuple("0123456789")
    card = (tmp_path / "model" / "README.md").read_text()
    assert "scikit-learn's digits" in card
    assert "held-out accuracy" in card
    assert {event for event, _ in heard.heard} == {"started", "step", "progress", "evaluation", "exported", "finished"}


def test_a_training_is_determined_by_its_seed(tmp_path: Path, text: str) -> None:
    def losses(seed: int, folder: str) -> list[float]:
        _, heard = run(tmp_path / folder, "gpt2-tiny", *SMALL, text, f"seed={seed}")
        return [values["loss"] for values in heard.of("step")]

    first = losses(1, "first")
    assert losses(1, "again") == first
    assert losses(2, "other") != first
    one, two = (load_model(tmp_path / folder / "model").model.state_dict() for folder in ("first", "again"))
    assert all(one[name].equal(two[name]) for name in one)


def test_accumulated_gradients_are_those_of_the_whole_batch(tmp_path: Path, text: str) -> None:
    plain = [each.replace(", dropout: 0.1", "") for each in SMALL]
    _, whole = run(tmp_path / "whole", "gpt2-tiny", *plain, text)
    _, parts = run(tmp_path / "parts", "gpt2-tiny", *plain, text, "batch.micro_batch_size=1")
    for one, other in zip(whole.of("step"), parts.of("step"), strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-5)
        assert one["gradient_norm"] == pytest.approx(other["gradient_norm"], rel=1e-3)


@pytest.mark.parametrize("more", [["precision=bfloat16"], ["activation_checkpointing=true"]])
def test_other_ways_of_computing_come_to_about_the_same(tmp_path: Path, text: str, more: list[str]) -> None:
    plain = [each.replace(", dropout: 0.1", "") for each in SMALL]
    _, one = run(tmp_path / "one", "gpt2-tiny", *plain, text)
    _, other = run(tmp_path / "other", "gpt2-tiny", *plain, text, *more)
    tolerance = 0.05 if "bfloat16" in more[0] else 1e-5
    for mine, theirs in zip(one.of("step"), other.of("step"), strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=tolerance)


def test_an_lstm_learns_text(tmp_path: Path, text: str) -> None:
    few = ["model={kind: lstm, layers: 1, embedding: 16, hidden: 32}", "steps=40", "batch={batch_size: 8, context: 32}"]
    _, heard = run(tmp_path, "lstm-text", *few, text, "optimizer.learning_rate=0.02")
    losses = [values["loss"] for values in heard.of("step")]
    assert losses[0] == pytest.approx(math.log(256), abs=0.3)
    assert losses[-1] < losses[0] - 2


def test_steps_that_are_no_numbers_are_left_out_then_end_the_training(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    settings = read_training("gpt2-tiny", [*SMALL, text, f"output={tmp_path}", "faults.nonfinite_steps=2"], {})
    before = torch.optim.AdamW.step
    updates: list[int] = []

    def poison(optimizer: torch.optim.AdamW, *arguments: Any, **keys: Any) -> Any:
        found = before(optimizer, *arguments, **keys)
        updates.append(1)
        if len(updates) == 3:
            with torch.no_grad():
                optimizer.param_groups[0]["params"][0].fill_(float("nan"))
        return found

    monkeypatch.setattr(torch.optim.AdamW, "step", poison)
    said = "step 6: the loss is nan on rank 0, samples"
    with join(device="cpu") as processes, pytest.raises(NonfiniteLoss, match=said):
        train(settings, processes, Events([recorder]))
    assert len(updates) == 3
    assert [values["step"] for values in recorder.of("nonfinite")] == [4, 5, 6]
    assert recorder.of("nonfinite")[0]["ranks"] == [0]
    assert len(recorder.of("nonfinite")[0]["samples"][0]) == 4
    assert not (tmp_path / "model").exists()


def test_metrics_are_served_and_trackers_written(tmp_path: Path, text: str) -> None:
    settings = read_training(
        "gpt2-tiny",
        [*SMALL, text, f"output={tmp_path}", "metrics={port: 0, address: 127.0.0.1}", "tracking.kind=tensorboard"],
        {},
    )
    with join(device="cpu") as processes, listening(settings, processes, "lines") as events:
        assert train(settings, processes, events) == FINISHED
        with urllib.request.urlopen(f"http://127.0.0.1:{events.metrics_port}/metrics") as answer:
            metrics = answer.read().decode()
    assert "aidc_training_step 10.0" in metrics
    assert "aidc_training_step_seconds_count 10.0" in metrics
    for name in ("loss", "gradient_norm", "tokens_per_second", "goodput", "lost_seconds", "evaluation_loss"):
        assert f"\naidc_training_{name} " in metrics
    # The catalog knows no peak of a CPU.
    assert "\naidc_training_flops_utilization " not in metrics
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    assert [event.step for event in found.Scalars("training/loss")] == [5, 10]
    result = json.loads((tmp_path / "result.json").read_text())
    assert found.Scalars("evaluation/loss")[-1].value == pytest.approx(result["evaluation"]["loss"])


def test_a_signal_ends_it_after_a_step_with_its_code(tmp_path: Path, text: str) -> None:
    arguments = ["-m", "aidc.workloads.training", "--config", "gpt2-tiny", "--set", text, "--set", f"output={tmp_path}"]
    for override in [*SMALL, "steps=1000000", "evaluation.interval=1000000"]:
        arguments += ["--set", override]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "progress":
                break
        process.send_signal(signal.SIGTERM)
        events = [json.loads(line) for line in process.stdout]
        assert process.wait(60) == TERMINATED
    assert [each["event"] for each in events if each["event"] != "progress"] == ["terminating", "finished"]
    assert json.loads((tmp_path / "result.json").read_text())["outcome"] == "stopped"
    assert not (tmp_path / "model").exists()


def test_what_is_wrong_is_said_before_torch_starts(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "aidc"), "train", "gpt2-tiny", "--set", "stepps=3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: gpt2-tiny: 1 problem\n  - stepps: unknown key; did you mean 'steps'?\n"
    assert list(tmp_path.iterdir()) == []


def test_a_tracker_that_cannot_start_is_a_problem(tmp_path: Path, text: str) -> None:
    (tmp_path / "tensorboard").write_text("in the way")
    with pytest.raises(InvalidInput, match="tensorboard cannot be started"):
        run(tmp_path, "gpt2-tiny", *SMALL, text, "tracking.kind=tensorboard")
