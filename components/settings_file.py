"""The settings of a program, as a file in its pods: a ConfigMap whose name follows from its content."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, Final, cast

import pulumi

from ..infra.arguments import is_known
from ..infra.kubernetes import KubernetesObject
from ..problems import Problems
from ..workloads.programs import SETTINGS_PATH

FOLDER: Final = str(PurePosixPath(SETTINGS_PATH).parent)
_VOLUME: Final = "settings"
_DIGITS: Final = 8
_MAXIMUM_BYTES: Final = 1_000_000
"""Of a ConfigMap, with room for its metadata: kubernetes.io, ConfigMaps, read 2026-11."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A program's settings as YAML. Other settings have another name, so pods that read them are other pods."""

    workload: str
    """Name of the workload whose settings they are."""

    text: str
    """The YAML."""

    @property
    def name(self) -> str:
        """Name of the ConfigMap."""
        return f"{self.workload}-settings-{sha256(self.text.encode()).hexdigest()[:_DIGITS]}"

    def manifest(self, namespace: pulumi.Input[str], labels: Mapping[str, str]) -> dict[str, Any]:
        """The ConfigMap, which never changes."""
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.name, "namespace": namespace, "labels": dict(labels)},
            "immutable": True,
            "data": {PurePosixPath(SETTINGS_PATH).name: self.text},
        }

    def volume(self) -> dict[str, Any]:
        """The pod's volume."""
        return {"name": _VOLUME, "configMap": {"name": self.name}}

    def mount(self) -> dict[str, Any]:
        """The container's mount."""
        return {"name": _VOLUME, "mountPath": FOLDER, "readOnly": True}

    def create(
        self, name: str, namespace: pulumi.Input[str], labels: Mapping[str, str], opts: pulumi.ResourceOptions
    ) -> KubernetesObject:
        """Make the ConfigMap of the component called `name`."""
        return KubernetesObject(f"{name}-settings", self.manifest(namespace, labels), opts)


def settings_file(problems: Problems, path: str, workload: str, settings: Mapping[str, Any]) -> SettingsFile:
    """Return settings as a file; what YAML cannot hold is refused by its path."""
    import yaml

    before = len(problems)
    plain = as_plain(problems, path, settings)
    text = yaml.safe_dump(plain, sort_keys=True, allow_unicode=True) if len(problems) == before else ""
    size = len(text.encode())
    if size > _MAXIMUM_BYTES:
        problems.add(path, f"{size:,} bytes are too much for a ConfigMap; give {_MAXIMUM_BYTES:,} or fewer")
    return SettingsFile(workload, text)


def as_plain(problems: Problems, path: str, value: Any) -> Any:
    """Return settings as a program in any language means them: over Pulumi's wire 2 arrives as 2.0."""
    if not is_known(value):
        problems.add(path, "comes from another resource, and settings are checked before; give it in environment")
        return None
    if isinstance(value, Mapping):
        items = cast(Mapping[Any, Any], value)
        return {str(key): as_plain(problems, f"{path}.{key}", item) for key, item in items.items()}
    if isinstance(value, (list, tuple)):
        listed = cast(list[Any], value)
        return [as_plain(problems, f"{path}[{index}]", item) for index, item in enumerate(listed)]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, (str, bool, int, float)):
        return value
    if value is None:
        problems.add(path, "has no value; give one, or leave the key out")
    else:
        problems.add(path, f"{value!r:.60} is no setting; give text, a number, true or false, a list or a map")
    return None


def override_words(problems: Problems, path: str, overrides: Mapping[str, Any]) -> list[str]:
    """Return overrides as `path=value`, the value as YAML that means just that, sorted by path."""
    import json

    import yaml

    words: list[str] = []
    for key, given in sorted(overrides.items()):
        value = as_plain(problems, f"{path}.{key}", given)
        text = value if isinstance(value, str) else json.dumps(value)
        if isinstance(value, str):
            try:
                means = yaml.safe_load(value)
            except yaml.YAMLError:
                means = None
            text = value if means == value else json.dumps(value)
        words.append(f"{key}={text}")
    return words
