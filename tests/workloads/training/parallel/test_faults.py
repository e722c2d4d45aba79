"""Workers that are killed, at each phase of a save: training goes on, and comes to the same weights bit for bit."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from aidc.workloads.training.data.held_out import split_classes
from aidc.workloads.training.data.order import global_batch

INTERVAL = 4
STEPS = 20
SETTINGS = {
    # Dropout, so that a wrong random state would show.
    "model": "{kind: gpt2, layers: 2, heads: 2, embedding: 16, context: 16, dropout: 0.1}",
    "batch": "{batch_size: 8, micro_batch_size: 2, context: 16}",
    "data.maximum_bytes": "20000",
    "schedule.warmup_steps": "2",
    "evaluation": "{interval: 100, batches: 1}",
    "log_interval": "1",
    "steps": str(STEPS),
    "checkpoint.interval": str(INTERVAL),
    "checkpoint.keep": "2",
}
PHASES = ["before data", "in data", "before manifest", "after manifest", "during cleanup"]


def arguments(folder: Path, **more: str) -> list[str]:
    settings = {**SETTINGS, "checkpoint.location": str(folder / "kept"), "output": str(folder), **more}
    sets = [part for path, value in settings.items() for part in ("--set", f"{path}={value}")]
    return ["--config", "gpt2-tiny", "--progress", "lines", *sets]


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "model" / "model.safetensors").read_bytes()).hexdigest()


def events(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def checkpoints(folder: Path) -> list[int]:
    """Return the steps of complete checkpoints, and see that there is nothing else."""
    folders = sorted((folder / "kept").glob("step-*"))
    assert all((each / "manifest.json").exists() for each in folders), "half-written remains"
    return [int(each.name.split("-")[1]) for each in folders]


@pytest.fixture(scope="module")
def undisturbed(crew: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("undisturbed")
    ended = crew.run(folder / "log", arguments(folder), (2,))
    assert ended == {"starts": 1, "codes": [0, 0]}, (folder / "log").read_text()
    assert checkpoints(folder) == [STEPS - INTERVAL, STEPS]
    return digest(folder)


@pytest.mark.parametrize("everyone", [False, True], ids=["one", "all"])
@pytest.mark.parametrize("phase", PHASES)
def test_kill_at_a_phase_of_a_save(crew: Any, undisturbed: str, tmp_path: Path, phase: str, everyone: bool) -> None:
    # The third save removes the first checkpoint; what is removed is of step 4, what is saved of step 12.
    step = INTERVAL if phase == "during cleanup" else 3 * INTERVAL
    # Process 0 writes the manifest and cleans up; data are written by each.
    rank = 1 if phase in ("before data", "in data") else 0
    fault = {"phase": phase, "step": step, "rank": rank, "all": everyone}
    ended = crew.run(tmp_path / "log", arguments(tmp_path), (2,), restarts=1, fault=fault)
    log = (tmp_path / "log").read_text()
    assert ended == {"starts": 2, "codes": [0, 0]}, log
    resumed = [event["step"] for event in events(tmp_path / "log") if event["event"] == "resumed"]
    assert resumed == [3 * INTERVAL if phase in ("after manifest", "during cleanup") else 2 * INTERVAL], log
    assert digest(tmp_path) == undisturbed
    assert checkpoints(tmp_path) == [STEPS - INTERVAL, STEPS]


def test_two_workers_then_one_then_two(crew: Any, undisturbed: str, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    crew.run(tmp_path / "first", arguments(tmp_path, steps="8", schedule="{kind: constant}"), (2,))
    crew.run(tmp_path / "second", arguments(tmp_path, steps="12", schedule="{kind: constant}"), (1,))
    last = crew.run(tmp_path / "third", arguments(tmp_path, schedule="{kind: constant}"), (2,))
    assert last["codes"] == [0, 0], (tmp_path / "third").read_text()
    crew.run(tmp_path / "log", arguments(whole, schedule="{kind: constant}"), (2,))
    resumed = [
        event["step"]
        for name in ("second", "third")
        for event in events(tmp_path / name)
        if event["event"] == "resumed"
    ]
    assert resumed == [8, 12]
    losses = [
        {event["step"]: event["loss"] for event in events(log) if event["event"] == "progress"}
        for log in (tmp_path / "third", tmp_path / "log")
    ]
    # Dropout draws anew with another number of workers: the same curve, not the same bits.
    assert losses[0][STEPS] == pytest.approx(losses[1][STEPS], abs=0.05)


def test_another_layout_goes_on(crew: Any, tmp_path: Path) -> None:
    plain = "{kind: gpt2, layers: 2, heads: 2, embedding: 16, context: 16}"
    logs = []
    for name, layouts in {"alone": ["", "", ""], "spread": ["tensor", "pipeline", "sharded"]}.items():
        folder, log = tmp_path / name, tmp_path / f"{name}.log"
        for steps, layout in zip((8, 12, STEPS), layouts, strict=True):
            more = {f"parallel.{layout}": "2"} if layout else {}
            given = arguments(folder, model=plain, steps=str(steps), schedule="{kind: constant}", **more)
            ended = crew.run(log, given, (2 if layout else 1,))
            assert not any(ended["codes"]), log.read_text()
        logs.append({event["step"]: event["loss"] for event in events(log) if event["event"] == "progress"})
    assert logs[0] == pytest.approx(logs[1], abs=1e-4)


def test_sigterm_to_one_worker_saves_at_once(crew: Any, undisturbed: str, tmp_path: Path) -> None:
    fault = {"phase": "before data", "step": INTERVAL, "rank": 1, "signal": "SIGTERM"}
    ended = crew.run(tmp_path / "log", arguments(tmp_path), (2,), fault=fault)
    assert ended["codes"] == [143, 143]
    stopped = checkpoints(tmp_path)[-1]
    assert INTERVAL <= stopped < STEPS
    ended = crew.run(tmp_path / "again", arguments(tmp_path), (2,))
    assert ended["codes"] == [0, 0]
    assert [event["step"] for event in events(tmp_path / "again") if event["event"] == "resumed"] == [stopped]
    assert digest(tmp_path) == undisturbed


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "manifest"])
def test_damaged_checkpoint_is_left_aside(crew: Any, undisturbed: str, tmp_path: Path, damage: str) -> None:
    fault = {"phase": "after manifest", "step": 3 * INTERVAL, "rank": 0, "all": True}
    crew.run(tmp_path / "first", arguments(tmp_path), (2,), fault=fault)
    [newest] = (tmp_path / "kept").glob(f"step-{3 * INTERVAL:010d}-*")
    data, manifest = newest / "__1_0.distcp", newest / "manifest.json"
    content = data.read_bytes()
    if damage == "truncated":
        data.write_bytes(content[:-1])
    elif damage == "flipped":
        data.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
    elif damage == "missing":
        data.unlink()
    else:
        manifest.write_text(manifest.read_text().replace(f'"step": {3 * INTERVAL}', '"step": 13'))
    ended = crew.run(tmp_path / "log", arguments(tmp_path), (2,))
    log = (tmp_path / "log").read_text()
    assert ended["codes"] == [0, 0], log
    assert f"checkpoint {newest.name} is damaged" in log
    assert [event["step"] for event in events(tmp_path / "log") if event["event"] == "resumed"] == [2 * INTERVAL]
    assert digest(tmp_path) == undisturbed
    assert checkpoints(tmp_path) == [STEPS - INTERVAL, STEPS]


def test_when_none_is_whole_nothing_begins_anew(crew: Any, tmp_path: Path) -> None:
    crew.run(tmp_path / "first", arguments(tmp_path, steps="8"), (1,))
    for data in (tmp_path / "kept").glob("step-*/*.distcp"):
        data.write_bytes(data.read_bytes()[:-1])
    ended = crew.run(tmp_path / "log", arguments(tmp_path), (1,))
    assert ended["codes"] == [2]
    assert "is whole" in (tmp_path / "log").read_text()


def test_checkpoint_of_another_model(crew: Any, tmp_path: Path) -> None:
    crew.run(tmp_path / "first", arguments(tmp_path, steps="8"), (1,))
    model = "{kind: gpt2, layers: 2, heads: 2, embedding: 32, context: 16}"
    ended = crew.run(tmp_path / "log", arguments(tmp_path, model=model), (1,))
    assert ended["codes"] == [2]
    assert "tokens.weight: it is 256x16 in the checkpoint and 256x32 here" in (tmp_path / "log").read_text()


def test_an_image_that_is_none_is_named_by_the_process_that_reads_it(crew: Any, tmp_path: Path) -> None:
    files = [tmp_path / "images" / label / f"{number}.png" for label in "ab" for number in range(10)]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(file)
    learned, _ = split_classes(np.repeat(np.arange(2), 10), 0.1)
    # The second half of the first batch is read by process 1.
    broken = files[learned[global_batch(len(learned), 4, 0, 0)[3]]]
    broken.write_bytes(b"no image")
    settings = {"data": f"{{kind: images, folder: '{tmp_path}/images'}}", "batch": "{batch_size: 4}", "steps": "20"}
    sets = [part for path, value in settings.items() for part in ("--set", f"{path}={value}")]
    more = ["--config", "digits", "--progress", "lines", "--set", f"output={tmp_path}/runs"]
    crew.run(tmp_path / "log", [*more, *sets], (2,))
    said = (tmp_path / "log").read_text()
    assert f"error: process 1: {tmp_path}/images: 1 problem" in said
    assert f"{broken.parent.name}/{broken.name}: cannot be read as an image" in said
