"""Exports: a folder with weights, settings, encoding and a card, which the inference server loads."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

import safetensors.torch
import torch
from pydantic import Field
from torch import Tensor, nn

from ...problems import InvalidInput, Problems
from ..settings import Settings, read_settings
from .card import ModelCard
from .encoding import ENCODING_FILE, Encoding, load_encoding, save_encoding
from .model import Model
from .quantization import INT8
from .settings import ConvolutionalSettings, GPT2Settings, LSTMSettings, ModelSettings
from .weights import check_parts, check_shapes, read_weights, tensors_of

WEIGHTS_FILE: Final = "model.safetensors"
CONFIG_FILE: Final = "config.json"
CARD_FILE: Final = "README.md"

Label = Annotated[str, Field(max_length=1_000)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ExportSettings(Settings):
    """What config.json holds."""

    format: Literal[1] = 1
    """Version of the layout of an export."""

    name: str
    """Name of the model."""

    model: ModelSettings
    """The model."""

    dtype: Literal["float32", "bfloat16", "float16", "float64"] = "float32"
    """Type of its weights, quantised ones aside."""

    quantization: Literal["int8"] | None = None
    """Type of its matrices where it is another one."""

    labels: tuple[Label, ...] | None = None
    """Names of the classes, in the order of the logits."""

    files: dict[str, Digest]
    """SHA-256 of each file."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """An export, ready for use."""

    model: Model
    """The model, in evaluation mode."""

    settings: GPT2Settings | LSTMSettings | ConvolutionalSettings
    """Its settings."""

    encoding: Encoding | None
    """How text becomes tokens; None for a model of images."""

    labels: tuple[str, ...] | None
    """Names of the classes; None for a language model."""

    name: str
    """Name of the model."""


def export_model(
    folder: Path,
    model: nn.Module | Mapping[str, Tensor],
    settings: GPT2Settings | LSTMSettings | ConvolutionalSettings,
    encoding: Encoding | None = None,
    labels: Sequence[str] | None = None,
    card: ModelCard | None = None,
) -> None:
    """Write a model, or its state, to `folder`: all of it or nothing; an export that is there is replaced.

    Raises:
        InvalidInput: The folder holds something that is no export, or cannot be written; or state, encoding or labels
            are not those of a model with such settings.
    """
    folder = folder.absolute()
    check_target(folder)
    tensors = tensors_of(model)
    problems = Problems()
    check_parts(problems, settings, encoding, labels)
    quantization = INT8 if "tokens.scale" in tensors else None
    check_shapes(problems, tensors, settings, quantization)
    problems.raise_if_any("export")
    card = card or ModelCard(name=folder.name)
    building: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        building.chmod(0o755)
        _write(building, tensors, settings, quantization, encoding, labels, card)
        _replace(building, folder)
    except OSError as error:
        problems.add("", f"cannot be written: {error.strerror or error}")
        raise InvalidInput(str(folder), problems) from error
    finally:
        if building is not None:
            shutil.rmtree(building, ignore_errors=True)


def check_target(folder: Path) -> None:
    """Refuse a folder that an export would destroy; raises `InvalidInput`."""
    problems = Problems()
    if folder.exists() and not folder.is_dir():
        problems.add("", "is a file; give a folder for the export")
    elif folder.is_dir() and any(folder.iterdir()) and not (folder / CONFIG_FILE).is_file():
        problems.add("", "holds something that is no export, which would be lost; give a new or an empty folder")
    problems.raise_if_any(str(folder))


def load_model(folder: Path, device: torch.device | str = "cpu") -> LoadedModel:
    """Return the model in a folder that `export_model` wrote.

    Nothing in it is executed: weights are safetensors, all else is JSON.

    Raises:
        InvalidInput: The folder is no export, or its parts do not fit together.
    """
    config = read_export(folder)
    problems = Problems()
    for file, digest in config.files.items():
        if not (folder / file).is_file():
            problems.add(file, "missing; export the model again")
        elif file_digest(folder / file) != digest:
            problems.add(file, "is not the file that was exported: its SHA-256 is another one; export the model again")
    problems.raise_if_any(str(folder))
    encoding = load_encoding(folder / ENCODING_FILE) if ENCODING_FILE in config.files else None
    check_parts(problems, config.model, encoding, config.labels)
    problems.raise_if_any(str(folder))
    model = read_weights(folder / WEIGHTS_FILE, config.model, config.dtype, config.quantization)
    return LoadedModel(model.to(device).eval(), config.model, encoding, config.labels, config.name)


def read_export(folder: Path) -> ExportSettings:
    """Return what an export says of itself; raises `InvalidInput` where there is none."""
    problems = Problems()
    path = folder / CONFIG_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.add("", f"is no export of a model: {CONFIG_FILE} cannot be read: {error.strerror or error}")
        raise InvalidInput(str(folder), problems) from None
    except (ValueError, RecursionError) as error:
        problems.add("", f"is no JSON: {error}")
        raise InvalidInput(str(path), problems) from None
    if not isinstance(found, dict):
        problems.add("", "holds no mapping")
        raise InvalidInput(str(path), problems)
    config = read_settings(ExportSettings, cast(dict[str, Any], found), str(path))
    if WEIGHTS_FILE not in config.files:
        problems.add("files", f"{WEIGHTS_FILE} is missing")
    for name in config.files.keys() - {WEIGHTS_FILE, ENCODING_FILE}:
        problems.add("files", f"'{name[:200]}' is no file of an export")
    problems.raise_if_any(str(path))
    return config


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(
    folder: Path,
    tensors: Mapping[str, Tensor],
    settings: GPT2Settings | LSTMSettings | ConvolutionalSettings,
    quantization: str | None,
    encoding: Encoding | None,
    labels: Sequence[str] | None,
    card: ModelCard,
) -> None:
    cast(Any, safetensors.torch).save_file(dict(tensors), folder / WEIGHTS_FILE, metadata={"format": "pt"})
    (folder / WEIGHTS_FILE).chmod(0o644)
    if encoding is not None:
        save_encoding(encoding, folder / ENCODING_FILE)
    dtype = next(each.dtype for each in tensors.values() if each.is_floating_point())
    config = ExportSettings.model_validate(
        {
            "name": card.name,
            "model": settings.model_dump(),
            "dtype": str(dtype).removeprefix("torch."),
            "quantization": quantization,
            "labels": None if labels is None else tuple(labels),
            "files": {path.name: file_digest(path) for path in sorted(folder.iterdir())},
        }
    )
    text = json.dumps(config.model_dump(mode="json", exclude_none=True), indent=2, ensure_ascii=False)
    (folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")
    parameters = sum(each.numel() for each in tensors.values())
    (folder / CARD_FILE).write_text(card.render(settings, parameters, quantization), encoding="utf-8")
    for path in folder.iterdir():
        _sync(path)
    _sync(folder)


def _replace(building: Path, folder: Path) -> None:
    """Put a finished folder in its place; the one before is there until then, and is removed afterwards."""
    before: Path | None = None
    if folder.exists():
        before = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        folder.rename(before)
    try:
        building.rename(folder)
    except OSError:
        if before is not None:
            before.rename(folder)
        raise
    _sync(folder.parent)
    if before is not None:
        shutil.rmtree(before, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
