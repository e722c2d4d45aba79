"""The command of compression: an export in, an export out that loads and generates; and what it refuses."""

from pathlib import Path

import pytest
import torch

from aidc.workloads.compression.__main__ import main
from aidc.workloads.models.encoding import BytesEncoding
from aidc.workloads.models.export import LoadedModel, export_model, load_model
from aidc.workloads.models.generation import generate
from aidc.workloads.models.gpt2 import GPT2
from aidc.workloads.models.lstm import LSTM
from aidc.workloads.models.quantization import quantization_of
from aidc.workloads.models.sampling import Sampling
from aidc.workloads.models.settings import GPT2Settings, LSTMSettings

SETTINGS = GPT2Settings(layers=2, heads=4, embedding=32, context=32, vocabulary=256)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    export_model(tmp_path / "model", GPT2(SETTINGS), SETTINGS, BytesEncoding())
    return tmp_path / "model"


def compressed(model: Path, *arguments: str) -> LoadedModel:
    output = model.parent / "smaller"
    assert main(["--model", str(model), "--output", str(output), *arguments]) == 0
    loaded = load_model(output)
    assert isinstance(loaded.model, GPT2)
    assert loaded.encoding is not None
    assert len(generate(loaded.model, loaded.encoding, "a", Sampling(maximum_tokens=4, ignore_end=True)).tokens) == 4
    return loaded


def test_int8(model: Path) -> None:
    assert quantization_of(compressed(model, "--method", "int8").model) == "int8"
    assert "| weights | int8 |" in (model.parent / "smaller/README.md").read_text()


def test_prune_heads_and_neurons(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loaded = compressed(model, "--method", "prune", "--share", "0.5")
    assert isinstance(loaded.settings, GPT2Settings)
    assert (loaded.settings.shape.heads, loaded.settings.shape.inner) == (2, 64)
    assert "2 heads and 64 neurons a layer" in capsys.readouterr().out


def test_prune_weights(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loaded = compressed(model, "--method", "prune", "--share", "0.4", "--weights")
    assert loaded.settings == SETTINGS
    assert "40.0% of the weights are 0" in capsys.readouterr().out


def training(tmp_path: Path) -> list[str]:
    (tmp_path / "text.txt").write_text("the quick brown fox jumps over the lazy dog. " * 60)
    (tmp_path / "small.yaml").write_text(
        "model: {kind: gpt2, layers: 1, heads: 2, embedding: 16, context: 32}\n"
        f"data: {{kind: text, paths: ['{tmp_path / 'text.txt'}'], held_out: 0.2, cache: '{tmp_path / 'tokens'}'}}\n"
        "batch: {batch_size: 4, micro_batch_size: 2, context: 16}\nsteps: 3\n"
    )
    return ["--method", "distill", "--config", str(tmp_path / "small.yaml")]


def test_distill_into_a_new_model(model: Path, tmp_path: Path) -> None:
    loaded = compressed(model, *training(tmp_path), "--set", "steps=2", "--temperature", "3", "--weight", "0.9")
    assert isinstance(loaded.settings, GPT2Settings)
    assert (loaded.settings.shape.layers, loaded.settings.vocabulary) == (1, 256)
    assert "| steps | 2 |" in (tmp_path / "smaller/README.md").read_text()


def test_distill_into_a_pruned_model(model: Path, tmp_path: Path) -> None:
    assert main(["--model", str(model), "--method", "prune", "--output", str(tmp_path / "pruned")]) == 0
    loaded = compressed(model, *training(tmp_path), "--student", str(tmp_path / "pruned"))
    assert loaded.settings == load_model(tmp_path / "pruned").settings
    assert not torch.equal(
        loaded.model.state_dict()["norm.bias"], load_model(tmp_path / "pruned").model.state_dict()["norm.bias"]
    )


@pytest.mark.parametrize(
    ("arguments", "reasons"),
    [
        (["--method", "prune", "--share", "1.5"], ["--share: 1.5 is no share; give more than 0, 0.95 at most"]),
        (["--method", "distill"], ["--config: missing; give a recipe"]),
        (
            ["--method", "distill", "--config", "x", "--temperature", "0", "--weight", "nan"],
            ["--temperature: 0.0 has no meaning", "--weight: nan is no share"],
        ),
        (["--method", "distill", "--config", "digits"], ["--config: its data has other tokens or classes"]),
    ],
)
def test_what_cannot_be_used_is_refused(
    model: Path, arguments: list[str], reasons: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--model", str(model), "--output", str(model.parent / "smaller"), *arguments]) == 2
    told = capsys.readouterr().err
    assert all(reason in told for reason in reasons)
    assert "Traceback" not in told
    assert not (model.parent / "smaller").exists()


def test_models_that_a_method_is_not_for_are_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lstm = LSTMSettings(layers=1, embedding=8, hidden=8, vocabulary=256)
    export_model(tmp_path / "lstm", LSTM(lstm), lstm, BytesEncoding())
    compressed(model, "--method", "int8")
    for folder, method, reason in (
        ("lstm", "int8", "int8 is for GPT-2 in float32"),
        ("lstm", "prune", "heads are GPT-2's"),
        ("smaller", "prune", "has int8 weights already"),
        ("nowhere", "int8", "is no export of a model"),
    ):
        given = ["--model", str(tmp_path / folder), "--method", method, "--output", str(tmp_path / "never")]
        assert main(given) == 2
        assert reason in capsys.readouterr().err
    assert main(["--model", str(model), "--method", "int8", "--output", str(model)]) == 2


def test_a_place_that_cannot_be_written_to_is_refused_before_the_work(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    for output, reason in (("full", "holds something that is no export"), ("full/mine.txt/x", "cannot be written to")):
        given = ["--model", str(model), *training(tmp_path), "--output", str(tmp_path / output)]
        # Nothing is learned: the data of the training is not there.
        assert main([*given, "--set", "data.paths=[nowhere.txt]"]) == 2
        assert reason in capsys.readouterr().err
