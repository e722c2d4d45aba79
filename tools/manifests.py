"""Published manifests, copied from a module's folder, with the kustomization's patches where it has some."""

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from .recipes import Manifests

_KUSTOMIZATION = "kustomization.yaml"


def keep(folders: Iterable[Manifests], module: Path, target: Path) -> None:
    """Copy manifests from the folder of a module to `target`; the copies may be changed and deleted."""
    for folder in folders:
        source, destination = module / folder.source, target / folder.target
        if folder.kustomized:
            destination.mkdir(parents=True, exist_ok=True)
            _kustomize(source, destination)
        else:
            _copy(source, destination)


def _copy(source: Path, destination: Path) -> None:
    # The module cache is read-only, and so would be a copy that takes the modes along.
    for file in sorted(source.rglob("*.yaml")):
        copy = destination / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def _kustomize(source: Path, destination: Path) -> None:
    """Write each resource of the folder's kustomization to `destination`, patched."""
    kustomization = yaml.safe_load((source / _KUSTOMIZATION).read_text(encoding="utf-8"))
    patches = [
        (patch["target"], yaml.safe_load((source / patch["path"]).read_text(encoding="utf-8")))
        for patch in kustomization.get("patches", ())
    ]
    for resource in kustomization["resources"]:
        file = source / resource
        if file.is_dir():
            _kustomize(file, destination)
        elif not patches:
            shutil.copyfile(file, destination / file.name)
        else:
            (destination / file.name).write_text(_patched(file, patches), encoding="utf-8")


def _patched(file: Path, patches: list[tuple[Mapping[str, str], list[dict[str, Any]]]]) -> str:
    # The C parser reads the large definitions of KEDA in a tenth of the time, where PyYAML has it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    documents = [document for document in yaml.load_all(file.read_text(encoding="utf-8"), Loader=loader) if document]
    for document in documents:
        for target, operations in patches:
            if _matches(document, target):
                for operation in operations:
                    _apply(document, operation)
    return yaml.dump_all(documents, Dumper=dumper, sort_keys=False)


def _matches(document: dict[str, Any], target: Mapping[str, str]) -> bool:
    group, _, version = document["apiVersion"].rpartition("/")
    actual = {
        "group": group,
        "version": version,
        "kind": document["kind"],
        "name": document["metadata"]["name"],
    }
    return all(re.fullmatch(pattern, actual.get(key, "")) for key, pattern in target.items())


def _apply(document: dict[str, Any], operation: Mapping[str, Any]) -> None:
    """Apply one operation of a JSON patch (RFC 6902): add, replace or remove."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place: Any = document
    for part in parents:
        place = place[_key(place, part)]
    name = operation["op"]
    if name == "add" and isinstance(place, list):
        entries = cast("list[Any]", place)
        entries.insert(len(entries) if last == "-" else int(last), operation["value"])
    elif name in ("add", "replace"):
        place[_key(place, last)] = operation["value"]
    elif name == "remove":
        del place[_key(place, last)]
    else:
        raise ValueError(f"a JSON patch with the operation {name!r} is not known here")


def _key(place: Any, part: str) -> Any:
    return int(part) if isinstance(place, list) else part
