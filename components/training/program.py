"""This library's training program: what it is told, checked by the program's own settings before a pod starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import InvalidInput, Problems, suggestion
from ...workloads.programs import METRICS_PORT, SETTINGS_PATH, TRAINING
from ...workloads.training import launch
from ..places import check_written
from ..pods import VolumeMount
from ..settings_file import SettingsFile, as_plain, override_words, settings_file

_LAUNCHER: Final = "torchrun"
_EXPORT: Final = "export"


class TrainingProgram(TypedDict):
    """What the training program of this library is to do: a recipe or settings, and changes to them."""

    recipe: NotRequired[str]
    """Recipe by its name, such as `gpt2-tiny`, or path of a settings file in the image or on a mount. Give this or
    `settings`."""

    settings: NotRequired[dict[str, Any]]
    """Settings of the program, as in the YAML file of a recipe; its workers find them in a ConfigMap. Give these or
    `recipe`."""

    overrides: NotRequired[dict[str, Any]]
    """Settings by their path, such as `optimizer.learning_rate`, in the place of those of the recipe. Default: none."""

    export: NotRequired[pulumi.Input[str]]
    """Folder on a writable mount, or address of a bucket, such as `s3://models/gpt2`, that the trained model is written
    to. What goes to a bucket is put together in the scratch space first: give `ephemeral_storage` for it. Default:
    `output/model` below `checkpoint_path`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgramPlan:
    """What the workers run."""

    command: Sequence[str]
    args: Sequence[pulumi.Input[str]]
    settings: SettingsFile | None
    """What is mounted at SETTINGS_PATH."""


def plan_program(
    problems: Problems, program: TrainingProgram, name: str, mounts: Sequence[VolumeMount] = ()
) -> ProgramPlan:
    """Check the program of the job called `name`, as far as it can be read here."""
    recipe, settings, overrides = program.get("recipe"), program.get("settings"), program.get("overrides", {})
    if (recipe is None) == (settings is None):
        given = "settings are beside it; give one of them" if recipe is not None else "missing; give it, or settings"
        problems.add("recipe", given)
    words = override_words(problems, "overrides", overrides)
    file = None
    if settings is not None:
        file = settings_file(problems, "settings", name, settings)
        if file.text:
            _check(problems, "settings", as_plain(problems, "settings", settings), words)
    elif recipe is not None and _is_name(recipe):
        found = _recipe(problems, recipe)
        if found is not None:
            _check(problems, "overrides", found, words)
    config = SETTINGS_PATH if file is not None else str(recipe)
    args: list[pulumi.Input[str]] = [*launch.arguments(config, words)]
    if "export" in program:
        args += ["--set", _export(problems, program["export"], overrides, mounts)]
    return ProgramPlan(command=[_LAUNCHER], args=args, settings=file)


def metrics_environment(port: int | None) -> dict[str, str]:
    """Return what makes the program serve its metrics on a port."""
    return {METRICS_PORT: str(TRAINING.metrics_port if port is None else port)}


def _export(
    problems: Problems, place: pulumi.Input[str], overrides: Mapping[str, Any], mounts: Sequence[VolumeMount]
) -> pulumi.Input[str]:
    """Return the word that says where the model is written to."""
    check_written(problems, _EXPORT, place, mounts, example="s3://models/gpt2")
    if _EXPORT in overrides:
        problems.add(f"overrides.{_EXPORT}", "export is beside them; give one of them")
    if isinstance(place, str):
        return override_words(problems, "", {_EXPORT: place})[0]
    return pulumi.Output.concat(f"{_EXPORT}=", place)


def _is_name(recipe: str) -> bool:
    """Whether it is the name of a recipe of ours; a path is read where the program runs."""
    return "/" not in recipe and not recipe.endswith((".yaml", ".yml"))


def _recipe(problems: Problems, recipe: str) -> dict[str, Any] | None:
    from ...workloads.settings import read_file
    from ...workloads.training.recipes import recipes

    known = recipes()
    if recipe not in known:
        close = suggestion(recipe, known) or f"; recipes: {', '.join(known)}"
        problems.add("recipe", f"there is no recipe '{recipe}'{close}")
        return None
    return read_file(known[recipe])


def _check(problems: Problems, path: str, values: Mapping[str, Any], words: Sequence[str]) -> None:
    """Hold settings against the program's own model of them."""
    from ...workloads.settings import override, read_settings
    from ...workloads.training.settings import TrainingSettings

    try:
        read_settings(TrainingSettings, override(values, words), path)
    except InvalidInput as invalid:
        with problems.under(path):
            problems.extend(invalid.problems)
