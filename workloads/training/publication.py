"""What is left of a training: the exported model with its card, and result.json."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from torch import Tensor

from ...problems import InvalidInput, Problems
from ..addresses import is_address, refusal_to_write
from ..models.card import ModelCard
from ..models.export import CONFIG_FILE, check_target, export_model
from .outcomes import ExportFailed
from .progress import plain
from .settings import TrainingSettings
from .subject import Subject

RESULT = "result.json"
"""File with what a training came to, in its output folder."""


def output_folder(settings: TrainingSettings) -> Path:
    """Return the folder for what a training leaves on this machine."""
    if settings.output is not None:
        return settings.output
    location = settings.checkpoint.location
    if location is None:
        return Path("runs") / settings.name
    if is_address(location):
        return Path(tempfile.gettempdir()) / "aidc" / settings.name
    return Path(location) / "output"


def export_location(settings: TrainingSettings) -> str:
    """Return the folder or address that the trained model is written to."""
    if settings.export is not None:
        return settings.export
    location = settings.checkpoint.location
    if settings.output is None and location is not None and is_address(location):
        return f"{location.rstrip('/')}/output/model"
    return str(output_folder(settings) / "model")


def check_destinations(settings: TrainingSettings) -> None:
    """Refuse places that nothing can be written to, before hours of training depend on them.

    Raises:
        InvalidInput: About the checkpoints, the output folder and the export.
    """
    problems = Problems()
    exported = export_location(settings)
    # Beside an export, its parts are written first.
    parent = exported if is_address(exported) else str(Path(exported).absolute().parent)
    places = {
        "checkpoint.location": settings.checkpoint.location,
        "output": str(output_folder(settings)),
        "export": parent,
    }
    refused: set[str] = set()
    for path, location in places.items():
        place = location if location is None or is_address(location) else os.path.abspath(location)
        if location is None or place in refused:
            continue
        if is_address(location) and any(location.startswith(f"{each.rstrip('/')}/") for each in refused):
            # Storage that does not answer is waited for once.
            continue
        if (reason := refusal_to_write(location)) is not None:
            refused.add(str(place))
            problems.add(path, f"'{location}' cannot be written to: {reason}; give another one")
    if not is_address(exported):
        try:
            check_target(Path(exported))
        except InvalidInput as invalid:
            for problem in invalid.problems:
                problems.add("export", f"'{exported}' {problem.reason}")
    problems.raise_if_any("training")


def export(settings: TrainingSettings, subject: Subject, weights: dict[str, Tensor], result: dict[str, Any]) -> str:
    """Write the model with its card; return where it is.

    An object store gets the file that says what the others are last.

    Raises:
        ExportFailed: It could not be written.
    """
    location = export_location(settings)
    if not is_address(location):
        try:
            _export(Path(location), settings, subject, weights, result)
        except InvalidInput as error:
            raise ExportFailed(f"the model is trained and could not be exported: {error}") from error
        return location
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "model"
        _export(built, settings, subject, weights, result)
        _upload(built, location)
    return location


def write_result(folder: Path, result: dict[str, Any]) -> Path:
    """Write result.json, whole or not at all; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / RESULT
    beside = path.with_name(f".{RESULT}.{os.getpid()}")
    beside.write_text(json.dumps(plain(result), indent=2) + "\n", encoding="utf-8")
    beside.replace(path)
    return path


def _export(
    folder: Path, settings: TrainingSettings, subject: Subject, weights: dict[str, Tensor], result: dict[str, Any]
) -> None:
    evaluation: dict[str, float] = result["evaluation"]
    card = ModelCard(
        name=settings.name,
        description=f"Trained by `aidc train` for {result['step']:,} steps; a demonstration, not for decisions.",
        data=str(subject.facts["title"]) + (f", SHA-256 {digest}" if (digest := subject.facts.get("sha256")) else ""),
        metrics={f"held-out {name}": value for name, value in evaluation.items()} | {"training loss": result["loss"]},
        procedure={
            "steps": result["step"],
            "batch size": settings.batch.batch_size,
            "optimizer": settings.optimizer.kind,
            "learning rate": settings.optimizer.learning_rate,
            "schedule": settings.schedule.kind,
            "precision": settings.precision,
            "loss": settings.loss,
            "seed": settings.seed,
        },
    )
    export_model(folder, weights, subject.model, subject.encoding, subject.labels, card)


def _upload(folder: Path, location: str) -> None:
    import fsspec  # pyright: ignore[reportMissingTypeStubs]

    try:
        files, root = fsspec.core.url_to_fs(location)  # pyright: ignore
        for path in sorted(folder.iterdir(), key=lambda path: path.name == CONFIG_FILE):
            files.put_file(str(path), f"{root}/{path.name}")  # pyright: ignore
    except Exception as error:  # each protocol has its own
        raise ExportFailed(f"the model is trained and could not be exported to '{location}': {error}") from error
