"""Recipes: settings that are known to work, by name; and settings in files."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from ...problems import Problems, suggestion
from ..programs import CHECKPOINT_PATH, METRICS_PORT
from ..settings import override, read_file, read_settings
from .settings import TrainingSettings

FOLDER: Final = Path(__file__).parent / "recipes"

_VARIABLES: Final = ((CHECKPOINT_PATH, "checkpoint", "location"), (METRICS_PORT, "metrics", "port"))


def recipes() -> dict[str, Path]:
    """Return the file of each recipe by its name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def read_training(
    config: str, overrides: Iterable[str] = (), environment: Mapping[str, str] = os.environ
) -> TrainingSettings:
    """Return the settings of the recipe called `config`, or of the file at that path, with overrides `path=value`.

    What settings leave open, CHECKPOINT_PATH and METRICS_PORT in `environment` say.

    Raises:
        InvalidInput: There is neither; or the settings are wrong.
    """
    path = find_config(config)
    values: dict[str, Any] = read_file(path)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:63] or "training"
    values = override({"name": name, **values}, overrides)
    for variable, section, key in _VARIABLES:
        below = values.setdefault(section, {})
        if isinstance(below, dict) and environment.get(variable):
            cast(dict[str, Any], below).setdefault(key, environment[variable])
    return read_settings(TrainingSettings, values, config)


def find_config(config: str) -> Path:
    """Return the file of a recipe or the file at a path; a recipe is meant where both exist."""
    known = recipes()
    path = known.get(config, Path(config))
    problems = Problems()
    if not path.is_file():
        close = suggestion(config, known) or f"; recipes: {', '.join(known)}"
        problems.add("", f"is neither a recipe nor a file{close}")
    problems.raise_if_any(config)
    return path
