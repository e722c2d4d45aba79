"""Exports: bit for bit there and back, all or nothing, and refused where their parts do not fit."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from aidc.problems import InvalidInput
from aidc.workloads.models import export
from aidc.workloads.models.card import ModelCard
from aidc.workloads.models.encoding import BytesEncoding, Encoding
from aidc.workloads.models.export import export_model, file_digest, load_model
from aidc.workloads.models.gpt2 import GPT2
from aidc.workloads.models.model import build_model
from aidc.workloads.models.settings import ConvolutionalSettings, GPT2Settings, LSTMSettings

TEXT = GPT2Settings(layers=2, heads=2, embedding=8, context=12, vocabulary=256)
IMAGES = ConvolutionalSettings(channels=1, height=4, width=4, classes=3, widths=(4,))
LABELS = ("cat", "dog", "other")

MODELS: list[tuple[GPT2Settings | LSTMSettings | ConvolutionalSettings, Encoding | None, tuple[str, ...] | None]] = [
    (TEXT, BytesEncoding(), None),
    (LSTMSettings(layers=1, embedding=4, hidden=6, vocabulary=300), BytesEncoding(), None),
    (IMAGES, None, LABELS),
]


def exported(folder: Path) -> GPT2:
    torch.manual_seed(0)
    model = GPT2(TEXT)
    export_model(folder, model, TEXT, BytesEncoding(), card=ModelCard(name="test"))
    return model


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change config.json."""
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))


def reweigh(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    """Change the weights, and the digest that vouches for them: an export of a stranger, not a damaged one."""
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    vouch(folder)


def vouch(folder: Path) -> None:
    rewrite(
        folder, lambda config: config["files"].update({"model.safetensors": file_digest(folder / "model.safetensors")})
    )


def refusals(folder: Path) -> list[str]:
    with pytest.raises(InvalidInput) as error:
        load_model(folder)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("settings", "encoding", "labels"), MODELS, ids=["gpt2", "lstm", "convolutional"])
def test_a_model_comes_back_bit_for_bit(
    settings: GPT2Settings | LSTMSettings | ConvolutionalSettings,
    encoding: Encoding | None,
    labels: tuple[str, ...] | None,
    dtype: torch.dtype,
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    model = build_model(settings).to(dtype)
    export_model(tmp_path / "export", model, settings, encoding, labels)
    loaded = load_model(tmp_path / "export")
    assert loaded.settings == settings
    assert loaded.labels == labels
    assert (loaded.encoding is None) == (encoding is None)
    assert not loaded.model.training
    assert loaded.name == "export"
    found, expected = loaded.model.state_dict(), model.state_dict()
    assert found.keys() == expected.keys()
    for name in expected:
        assert torch.equal(found[name], expected[name])
        assert found[name].dtype == dtype
    inputs = torch.rand(2, 1, 4, 4) if isinstance(settings, ConvolutionalSettings) else torch.zeros(2, 5).long()
    inputs = inputs.to(dtype) if inputs.is_floating_point() else inputs
    assert torch.equal(loaded.model(inputs), model.eval()(inputs))


def test_the_heads_weights_stay_those_of_the_tokens(tmp_path: Path) -> None:
    exported(tmp_path / "export")
    loaded = load_model(tmp_path / "export").model
    assert isinstance(loaded, GPT2)
    assert loaded.head is not None
    assert loaded.tokens is not None
    assert loaded.head.weight is loaded.tokens.weight


def test_a_state_is_exported_like_its_model(tmp_path: Path) -> None:
    model = exported(tmp_path / "model")
    export_model(tmp_path / "state", model.state_dict(), TEXT, BytesEncoding(), card=ModelCard(name="test"))
    for file in ("model.safetensors", "config.json", "encoding.json", "README.md"):
        assert (tmp_path / "model" / file).read_bytes() == (tmp_path / "state" / file).read_bytes()


def test_the_card_says_what_is_known(tmp_path: Path) -> None:
    card = ModelCard(
        name="digits",
        description="Tells digits.",
        data="scikit-learn's digits",
        metrics={"accuracy": 0.9712345678},
        procedure={"optimizer": "a|b\nc"},
    )
    export_model(tmp_path / "export", build_model(IMAGES), IMAGES, labels=LABELS, card=card)
    text = (tmp_path / "export/README.md").read_text()
    header, _, body = text.removeprefix("---\n").partition("---\n")
    assert "pipeline_tag: image-classification" in header
    for line in ("# digits", "Tells digits.", "| accuracy | 0.971235 |", "| optimizer | a\\|b c |", "| classes | 3 |"):
        assert line in body.splitlines()


def test_an_export_replaces_the_one_before(tmp_path: Path) -> None:
    exported(tmp_path / "export")
    (tmp_path / "export/old").write_text("of the export before")
    torch.manual_seed(1)
    model = GPT2(TEXT)
    export_model(tmp_path / "export", model, TEXT, BytesEncoding())
    assert torch.equal(
        load_model(tmp_path / "export").model.state_dict()["tokens.weight"], model.state_dict()["tokens.weight"]
    )
    assert sorted(os.listdir(tmp_path)) == ["export"]
    assert sorted(os.listdir(tmp_path / "export")) == ["README.md", "config.json", "encoding.json", "model.safetensors"]


@pytest.mark.parametrize("failing", ["save_encoding", "file_digest", "_replace"])
def test_an_export_that_fails_leaves_what_was_there(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = exported(tmp_path / "export")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, failing, full)
    with pytest.raises(InvalidInput, match="cannot be written: No space left on device"):
        export_model(tmp_path / "export", GPT2(TEXT), TEXT, BytesEncoding())
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["export"]
    assert torch.equal(
        load_model(tmp_path / "export").model.state_dict()["norm.bias"], before.state_dict()["norm.bias"]
    )


def test_what_is_no_export_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years")
    with pytest.raises(InvalidInput, match="holds something that is no export"):
        exported(tmp_path)
    with pytest.raises(InvalidInput, match="is a file"):
        exported(tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "three years"


def test_parts_that_do_not_fit_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    state = {**GPT2(TEXT).state_dict(), "surplus": torch.zeros(1)}
    del state["norm.bias"]
    state["norm.weight"] = torch.ones(3)
    small = TEXT.model_copy(update={"vocabulary": 100})
    with pytest.raises(InvalidInput) as error:
        export_model(tmp_path / "export", state, small, BytesEncoding(), labels=("a",))
    assert [problem.path for problem in error.value.problems] == [
        "labels",
        "encoding",
        "tokens.weight",
        "norm.weight",
        "norm.bias",
        "surplus",
    ]
    assert not (tmp_path / "export").exists()


def test_a_folder_that_is_no_export_is_refused(tmp_path: Path) -> None:
    assert refusals(tmp_path / "nowhere") == [
        "is no export of a model: config.json cannot be read: No such file or directory"
    ]


@pytest.mark.parametrize("file", ["model.safetensors", "encoding.json"])
@pytest.mark.parametrize("damage", ["truncated", "changed", "missing", "empty"])
def test_a_damaged_file_is_refused(file: str, damage: str, tmp_path: Path) -> None:
    exported(tmp_path)
    path = tmp_path / file
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
        assert refusals(tmp_path) == [f"{file}: missing; export the model again"]
        return
    damaged = {"truncated": content[:-1], "changed": content[:-1] + bytes([content[-1] ^ 1]), "empty": b""}
    path.write_bytes(damaged[damage])
    assert refusals(tmp_path) == [
        f"{file}: is not the file that was exported: its SHA-256 is another one; export the model again"
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04K\x01.",
        (10**15).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"{}",
        (60).to_bytes(8, "little") + b'{"norm.bias":{"dtype":"F32","shape":[8],"data_offsets":[0,9]}}'.ljust(60),
        (72).to_bytes(8, "little")
        + b'{"norm.bias":{"dtype":"F32","shape":[99999999],"data_offsets":[0,32]}}'.ljust(72)
        + bytes(32),
    ],
)
def test_a_strangers_weights_are_refused_whatever_they_are(content: bytes, tmp_path: Path) -> None:
    exported(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(content)
    vouch(tmp_path)
    assert refusals(tmp_path)


def test_weights_of_another_model_are_refused_by_name(tmp_path: Path) -> None:
    exported(tmp_path)

    def change(tensors: dict[str, torch.Tensor]) -> None:
        del tensors["norm.bias"]
        tensors["norm.weight"] = torch.ones(9)
        tensors["backdoor"] = torch.ones(1)

    reweigh(tmp_path, change)
    assert refusals(tmp_path) == [
        "norm.weight: has shape 9, and the settings ask for 8",
        "norm.bias: missing",
        "backdoor: is no weight of this model",
    ]


def test_weights_of_another_type_or_without_value_are_refused(tmp_path: Path) -> None:
    exported(tmp_path)
    reweigh(tmp_path, lambda tensors: tensors.update({"norm.bias": torch.zeros(8, dtype=torch.int32)}))
    assert refusals(tmp_path) == ["norm.bias: is int32, and the settings say float32"]
    reweigh(tmp_path, lambda tensors: tensors.update({"norm.bias": torch.full((8,), torch.nan)}))
    assert refusals(tmp_path) == ["norm.bias: holds values that are no finite numbers"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda config: config.update(format=2), "format: 2 is not one of 1"),
        (lambda config: config.pop("files"), "files: missing; it has no default"),
        (lambda config: config["files"].pop("model.safetensors"), "files: model.safetensors is missing"),
        (lambda config: config["model"].update(kind="lstn"), "model: kind 'lstn' is not one of"),
        (lambda config: config["model"].update(layers=1_000_000), "model.layers: 1000000 layers, and there are"),
        (lambda config: config["model"].update(embedding=1_048_576), "tokens.weight: has shape 256 x 8"),
        (lambda config: config["model"].update(vocabulary=None), "model.vocabulary: missing"),
        (lambda config: config["model"].update(vocabulary=100), "encoding: has 256 tokens, and the model 100"),
        (lambda config: config.update(labels=["a"]), "labels: are for classes, and the model has none"),
        (lambda config: config["files"].update({"../../etc/passwd": "0" * 64}), "files"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    change: Callable[[dict[str, Any]], object], reason: str, tmp_path: Path
) -> None:
    exported(tmp_path)
    rewrite(tmp_path, change)
    assert any(reason in each for each in refusals(tmp_path)), refusals(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '"x"'])
def test_a_configuration_that_is_no_mapping_is_refused(text: str, tmp_path: Path) -> None:
    exported(tmp_path)
    (tmp_path / "config.json").write_text(text)
    assert refusals(tmp_path)
