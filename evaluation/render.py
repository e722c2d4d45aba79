"""Manifests written to a folder, in the order in which they must be applied, for GitOps."""

import errno
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from ..problems import InvalidInput, Problem
from .folders import write_folder
from .graph import ResourceGraph
from .manifests import Manifest, is_patch, makes_objects_later, ordered_manifests, unknown_paths

LIST_NAME: Final = "resources.json"
"""The list of everything that the program declares; its presence marks a folder as rendered."""

# YAML 1.2 readers (Kubernetes' own among them) take more strings for numbers and booleans than PyYAML expects.
_AMBIGUOUS: Final = re.compile(r"[-+.]?\d|(y|n|yes|no|on|off|true|false|null|~)$|[-+]?\.(inf|nan)$", re.IGNORECASE)
_NOT_IN_FILES: Final = re.compile(r"[^A-Za-z0-9._-]")
_MAXIMUM_NAME: Final = 200
"""Characters of a file's name: most file systems take 255 bytes."""

_DUMPER: Final[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_DUMPER):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = '"' if _AMBIGUOUS.match(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)  # pyright: ignore[reportUnknownMemberType]


def to_yaml(content: object) -> str:
    """Return a manifest as YAML: keys in their order, no aliases, strings that look like numbers quoted."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=1_000_000, allow_unicode=True)


def render(graph: ResourceGraph, folder: Path) -> list[Path]:
    """Write one file an object, numbered in order, and `resources.json`; return the paths of the manifests.

    Objects with a secret inside are left out, and listed in `resources.json` with the paths of their secrets:
    nothing secret is written in plain text. So are those that only a deployment can tell. The folder appears whole or
    not at all, and is replaced whole when it was rendered before.

    Raises:
        InvalidInput: The folder holds something else, or cannot be written.
    """
    manifests = ordered_manifests(graph, allow_unknowns=True)
    written = [each for each in manifests if not each.resource.secrets and not unknown_paths(each)]
    names = list(_file_names(written))
    listed = _listed(graph, manifests, dict(zip(map(id, written), names, strict=True)))
    files = {name: to_yaml(manifest.content) for name, manifest in zip(names, written, strict=True)}
    files[LIST_NAME] = json.dumps(listed, indent=2) + "\n"
    try:
        _refuse_foreign(folder)
        write_folder(folder, files)
    except (OSError, RuntimeError) as error:
        # A circle of links is a RuntimeError up to Python 3.12.
        reason = getattr(error, "strerror", None) or str(error)
        hint = "; it is a mount point: give a folder inside it" if getattr(error, "errno", 0) == errno.EBUSY else ""
        raise InvalidInput(str(folder), [Problem("", f"cannot be written: {reason}{hint}")]) from error
    return [folder / name for name in names]


def _file_names(manifests: Iterable[Manifest]) -> Iterable[str]:
    for index, manifest in enumerate(manifests, start=1):
        parts = (manifest.kind.lower(), manifest.namespace, manifest.name)
        words = _NOT_IN_FILES.sub("-", "-".join(part for part in parts if part))
        yield f"{index:04d}-{words[:_MAXIMUM_NAME]}.yaml"


def _listed(graph: ResourceGraph, manifests: list[Manifest], files: dict[int, str]) -> dict[str, Any]:
    objects = {
        manifest.resource.urn: {"file": files[id(manifest)]} if id(manifest) in files else _left_out(manifest)
        for manifest in manifests
    }
    patches = {
        resource.urn: {"file": None, "reason": "patches an object of others; `pulumi up` does it"}
        for resource in graph
        if is_patch(resource)
    }
    bundles = {
        resource.urn: {"file": None, "reason": "makes its objects at deployment; `pulumi up` does it"}
        for resource in graph
        if makes_objects_later(graph, resource)
    }
    found = objects | patches | bundles
    resources = [
        {"urn": resource.urn, "type": resource.type, "name": resource.name, **found.get(resource.urn, {})}
        for resource in graph
    ]
    return {"project": graph.project, "stack": graph.stack, "resources": resources}


def _left_out(manifest: Manifest) -> dict[str, Any]:
    if manifest.resource.secrets:
        return {"file": None, "reason": "holds secrets", "secrets": sorted(manifest.resource.secrets)}
    return {"file": None, "reason": "is only known at deployment", "unknown": unknown_paths(manifest)}


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InvalidInput(str(folder), [Problem("", "is a file; give a folder")])
    if any(folder.iterdir()) and not (folder / LIST_NAME).is_file():
        reason = f"is not empty and was not rendered before (it has no {LIST_NAME}); give a new folder"
        raise InvalidInput(str(folder), [Problem("", reason)])
