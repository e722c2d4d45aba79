"""This library's preprocessing program: what it is told, checked by the program's own settings before a pod starts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import pulumi

from ...infra.arguments import is_known
from ...problems import InvalidInput, Problems
from ...workloads.preprocessing import launch
from ...workloads.programs import PREPROCESSING, SETTINGS_PATH
from ..settings_file import SettingsFile, as_plain, override_words, settings_file
from .inputs import PreprocessingForm, PreprocessingJobArgs

_COMMAND: Final = ("python",)
_OF_THE_JOB: Final = {
    "input": {"paths": "give inputs in its place"},
    "output": {"folder": "give output in its place"},
    "resources": {"processors": "it follows from resources.cpu; leave it out"},
}
"""What the component says itself, by section and key of the settings."""

_LATER: Final = "s3://known-later"
"""Stands for places that are not known yet, while the rest is checked."""

_MIB: Final = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgramPlan:
    """What a pod runs."""

    command: Sequence[str]
    args: Sequence[pulumi.Input[str]]
    settings: SettingsFile
    """What is mounted at SETTINGS_PATH."""

    metrics_port: int | None
    """None where it serves no metrics."""

    object_store: int
    """Bytes of the object store of Ray in each pod."""


def plan_program(
    problems: Problems, args: PreprocessingJobArgs, name: str, *, form: PreprocessingForm, processors: int
) -> ProgramPlan:
    """Check the settings of the job called `name`; in form `job` Ray counts `processors` of them in its pod."""
    given = args["settings"]
    for section, keys in _OF_THE_JOB.items():
        inside: object = given.get(section)
        for key, reason in keys.items():
            if isinstance(inside, Mapping) and key in inside:
                problems.add(f"settings.{section}.{key}", reason)
    if not args["inputs"]:
        problems.add("inputs", "is empty; give what is to be read")
    file = settings_file(problems, "settings", name, given)
    checked = _checked(problems, as_plain(Problems(), "settings", given), args) if file.text else None
    words = [_override("input.paths", args["inputs"]), _override("output.folder", args["output"])]
    if form is PreprocessingForm.JOB:
        words += override_words(problems, "", {"resources.processors": processors})
    return ProgramPlan(
        command=_COMMAND,
        args=launch.arguments(SETTINGS_PATH, words),
        settings=file,
        metrics_port=PREPROCESSING.metrics_port if checked is None else checked.metrics_port or None,
        object_store=128 * _MIB if checked is None else checked.resources.object_store_bytes,
    )


def _checked(problems: Problems, plain: dict[str, Any], args: PreprocessingJobArgs) -> Any:
    """Return the settings as the program's own model has them; None where they are wrong."""
    from ...workloads.preprocessing.settings import PreprocessingSettings
    from ...workloads.settings import read_settings

    values = dict(plain)
    places = {"input": ("paths", [_known(each) for each in args["inputs"]] or [_LATER]), "output": ("folder", _LATER)}
    for section, (key, value) in places.items():
        inside = values.get(section, {})
        if isinstance(inside, Mapping):
            values[section] = {**cast(Mapping[str, Any], inside), key: value}
    try:
        return read_settings(PreprocessingSettings, values, "settings")
    except InvalidInput as invalid:
        with problems.under("settings"):
            problems.extend(invalid.problems)
        return None


def _known(place: pulumi.Input[str]) -> str:
    return place if isinstance(place, str) else _LATER


def _override(path: str, value: pulumi.Input[str] | Sequence[pulumi.Input[str]]) -> pulumi.Input[str]:
    """Return `path=value` with the value as YAML, once all of it is known."""
    items = [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
    if all(is_known(item) for item in items):
        return f"{path}={json.dumps(value, ensure_ascii=False)}"
    return pulumi.Output.json_dumps(value, ensure_ascii=False).apply(lambda text: f"{path}={text}")
