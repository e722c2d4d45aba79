"""The settings of an environment: from Pulumi's configuration, checked, to the inputs of a data center."""

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from ..problems import InvalidInput, Problems

if TYPE_CHECKING:
    from .data_center_args import DataCenterArgs
    from .schema import SettingsModel

PROJECT: Final = "aidc"
"""Pulumi project, and so the namespace of its configuration."""

_TEXTS: Final = frozenset(
    {
        "account",
        "amiFamily",
        "beneath",
        "environment",
        "gpuSoftware",
        "kubeconfig",
        "kubeContext",
        "layer",
        "platform",
        "region",
    }
)
"""Settings that are plain text in Pulumi's configuration; all others are JSON there."""


def load_settings() -> "DataCenterArgs":
    """Return the settings of the stack that runs now; raises `InvalidInput` with everything that is wrong."""
    import pulumi
    from pulumi.runtime import config

    values: Mapping[str, str] = config.CONFIG.get() or config.get_config_env()
    prefix = f"{pulumi.get_project()}:"
    own = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    problems = Problems()
    if "platform" not in own and f"{PROJECT}:platform" in values:
        project = pulumi.get_project()
        problems.add("", f"they begin with {PROJECT}:, but the project is called {project}; begin them with {project}:")
        problems.raise_if_any(f"settings of {pulumi.get_stack()}")
    settings = _checked({key: _parsed(key, value) for key, value in own.items()}, problems)
    problems.raise_if_any(f"settings of {pulumi.get_stack()}")
    if "kubeconfig" in settings and config.is_config_secret(f"{prefix}kubeconfig"):
        settings["kubeconfig"] = pulumi.Output.secret(own["kubeconfig"])
    return settings


def check_settings(values: Mapping[str, Any], subject: str) -> "DataCenterArgs":
    """Return plain settings (camelCase keys) as inputs of a data center; raises `InvalidInput` about `subject`."""
    problems = Problems()
    settings = _checked(values, problems)
    problems.raise_if_any(subject)
    return settings


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file Pulumi.<environment>.yaml."""
    schema = _model().json_schema()
    definitions = schema.pop("$defs")
    _tidy(schema)
    _tidy(definitions)
    keys = {f"{PROJECT}:{key}": value for key, value in schema["properties"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of an AI data center",
        "description": "A stack's configuration file of the Pulumi project `aidc`.",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": keys,
                "required": [f"{PROJECT}:{key}" for key in schema.get("required", [])],
                "patternProperties": {f"^(?!{PROJECT}:)": True},
                "additionalProperties": False,
            },
            "secretsprovider": {"type": "string"},
            "encryptedkey": {"type": "string"},
            "encryptionsalt": {"type": "string"},
            "environment": {"type": "array"},
        },
        "required": ["config"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _checked(values: Mapping[str, Any], problems: Problems) -> "DataCenterArgs":
    from .composition import plan_data_center

    before = len(problems)
    settings = cast("DataCenterArgs", _model().check(values, problems))
    if len(problems) == before:
        try:
            plan_data_center(settings)
        except InvalidInput as invalid:
            problems.extend(invalid.problems)
    return settings


@cache
def _model() -> "SettingsModel":
    from .data_center_args import FILLED_IN, DataCenterArgs
    from .filling import is_filled
    from .schema import SettingsModel

    return SettingsModel(DataCenterArgs, FILLED_IN, is_filled)


def _parsed(key: str, value: str) -> Any:
    if key in _TEXTS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        # Left as text, it is refused below by its type; an unknown key by its name.
        return value


def _tidy(schema: Any) -> None:
    """Take out what pydantic adds and nobody reads: titles, and null as the default of what may be absent."""
    if isinstance(schema, list):
        for item in cast(list[Any], schema):
            _tidy(item)
    elif isinstance(schema, dict):
        found = cast(dict[str, Any], schema)
        if isinstance(found.get("title"), str):
            del found["title"]
        if "default" in found and found["default"] is None:
            del found["default"]
        for value in found.values():
            _tidy(value)
