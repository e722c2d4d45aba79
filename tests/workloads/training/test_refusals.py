"""What cannot end well is refused before the first step, and what ended badly is no success."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from fsspec.implementations.memory import MemoryFileSystem  # pyright: ignore[reportMissingTypeStubs]
from torch import nn

from aidc.problems import InvalidInput
from aidc.workloads.training import __main__ as program
from aidc.workloads.training.data.samples import Batch, Indices
from aidc.workloads.training.evaluation import evaluate
from aidc.workloads.training.learner import LoneLearner
from aidc.workloads.training.outcomes import FINISHED, NONFINITE
from aidc.workloads.training.publication import check_destinations
from aidc.workloads.training.recipes import read_training

SMALL = [
    "model={kind: gpt2, layers: 1, heads: 2, embedding: 16, context: 16}",
    "batch={batch_size: 4, context: 16}",
    "evaluation={interval: 5, batches: 2}",
    "schedule={kind: constant}",
    "steps=4",
]


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "text.txt"
    path.write_text("".join(f"line {number} of a text\n" for number in range(300)))
    return f"data={{kind: text, paths: ['{path}'], cache: '{tmp_path}/cache'}}"


def begin(capsys: pytest.CaptureFixture[str], *overrides: str) -> tuple[int, str, list[dict[str, Any]]]:
    """Run the program; return its exit code, what it says on stderr, and its events."""
    sets = [part for each in (*SMALL, *overrides) for part in ("--set", each)]
    code = program.main(["--config", "gpt2-tiny", "--progress", "lines", *sets])
    captured = capsys.readouterr()
    return code, captured.err, [json.loads(line) for line in captured.out.splitlines()]


def test_places_that_cannot_be_written_to_are_named_together(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("not to be lost")
    overrides = [f"output={tmp_path}/file/runs", f"export={tmp_path}/full", f"checkpoint.location={tmp_path}/file"]
    with pytest.raises(InvalidInput) as refused:
        check_destinations(read_training("gpt2-tiny", overrides, {}))
    found = {problem.path: problem.reason for problem in refused.value.problems}
    assert list(found) == ["checkpoint.location", "output", "export"]
    assert found["checkpoint.location"] == f"'{tmp_path}/file' cannot be written to: File exists; give another one"
    assert "Not a directory" in found["output"]
    assert "holds something that is no export" in found["export"]


@pytest.mark.parametrize("path", ["checkpoint.location", "export"])
def test_an_address_that_nobody_knows_is_refused(tmp_path: Path, path: str) -> None:
    settings = read_training("gpt2-tiny", [f"output={tmp_path}", f"{path}=nosuch://bucket/run"], {})
    with pytest.raises(InvalidInput, match=f"{path}: 'nosuch://bucket/run' cannot be written to: Protocol not known"):
        check_destinations(settings)
    check_destinations(read_training("gpt2-tiny", [f"output={tmp_path}", f"{path}=memory://bucket/run"], {}))


def test_storage_that_does_not_answer_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def exists(_: Any, path: str) -> bool:
        asked.append(path)
        raise TimeoutError("no answer")

    monkeypatch.setattr(MemoryFileSystem, "exists", exists)
    with pytest.raises(InvalidInput, match=r"1 problem\n.*checkpoint.location: 'memory://bucket/run' .*: no answer"):
        check_destinations(read_training("gpt2-tiny", ["checkpoint.location=memory://bucket/run"], {}))
    assert asked == ["/bucket/run"]


def test_nothing_is_trained_that_could_not_be_left(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    code, said, events = begin(capsys, text, f"output={tmp_path}/file")
    assert (code, events) == (2, [])
    assert f"output: '{tmp_path}/file' cannot be written to: File exists; give another one" in said


def test_files_and_caches_that_cannot_be_used_are_named(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # Its size is 0, and to read it is an error, for root too.
    code, said, _ = begin(capsys, text, f"output={tmp_path}/one", "data.paths=[/proc/self/mem]")
    assert code == 2
    assert "data.paths: '/proc/self/mem' cannot be read: Input/output error" in said
    code, said, _ = begin(capsys, text, f"output={tmp_path}/two", f"data.cache={tmp_path}/text.txt")
    assert code == 2
    assert f"data.cache: '{tmp_path}/text.txt' cannot be written to" in said


def test_a_model_that_ends_in_no_numbers_is_no_success(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.optim.AdamW.step

    def poison(optimizer: torch.optim.AdamW, *arguments: Any, **keys: Any) -> Any:
        found = before(optimizer, *arguments, **keys)
        for weight in optimizer.param_groups[0]["params"]:
            weight.data.fill_(float("nan"))
        return found

    monkeypatch.setattr(torch.optim.AdamW, "step", poison)
    code, said, events = begin(capsys, text, f"output={tmp_path}/runs", "steps=1")
    assert code == NONFINITE
    assert "after the last step, 1, the loss on the data held out is nan, and nothing is exported" in said
    assert events[-1]["event"] == "failed"
    assert not (tmp_path / "runs" / "model").exists()


def test_another_batch_or_corpus_is_told_when_a_training_goes_on(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    places = [text, f"output={tmp_path}/runs", f"checkpoint.location={tmp_path}/checkpoints"]
    assert begin(capsys, *places)[0] == FINISHED
    _, _, same = begin(capsys, *places, "steps=5")
    assert [each["event"] for each in same[:2]] == ["resumed", "started"]
    _, _, other = begin(capsys, *places, "steps=6", "batch.batch_size=2", "seed=3")
    assert [each["event"] for each in other[:3]] == ["resumed", "changed", "started"]
    changes = {name: value for name, value in other[1].items() if name not in ("time", "event")}
    assert changes == {"step": 5, "batch_size": [4, 2], "seed": [0, 3]}


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("{kind: momentum, learning_rate: 0.1}", "{kind: adam, learning_rate: 0.1}", "momentum_buffer"),
        ("{kind: adamw, learning_rate: 0.1}", "{kind: sgd, learning_rate: 0.1}", "exp_avg, exp_avg_sq, step"),
    ],
)
def test_the_state_of_another_optimizer_is_refused(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str], before: str, after: str, kept: str
) -> None:
    places = [text, f"output={tmp_path}/runs", f"checkpoint.location={tmp_path}/checkpoints"]
    assert begin(capsys, *places, f"optimizer={before}")[0] == FINISHED
    code, said, _ = begin(capsys, *places, f"optimizer={after}", "steps=6")
    assert code == 2
    assert f"optimizer.kind: in the checkpoint the optimizer keeps {kept} for each weight" in said


def test_adam_goes_on_as_adamw(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    places = [text, f"output={tmp_path}/runs", f"checkpoint.location={tmp_path}/checkpoints"]
    assert begin(capsys, *places, "optimizer={kind: adam, learning_rate: 0.1}")[0] == FINISHED
    assert begin(capsys, *places, "optimizer={kind: adamw, learning_rate: 0.1}", "steps=6")[0] == FINISHED


class Sorted:
    """Samples of four classes, one class after the other, as images in folders are."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __len__(self) -> int:
        return 400

    def read(self, indices: Indices) -> Batch:
        targets = torch.from_numpy(indices) // 100
        self.seen += targets.tolist()
        return Batch(nn.functional.one_hot(targets, 4).float(), targets)


def test_an_evaluation_sees_every_class() -> None:
    samples = Sorted()
    learner = LoneLearner(nn.Linear(4, 4), torch.device("cpu"), precision="float32", compiled=False)
    evaluate(learner, samples, loss="cross_entropy", batch_size=8, micro_batch_size=None, batches=5)
    assert [samples.seen.count(each) for each in range(4)] == [10, 10, 10, 10]
