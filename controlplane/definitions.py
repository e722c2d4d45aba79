"""Custom resource definitions: installing the published ones, and waiting until they are served."""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from .client import Client
from .failure import NotReady
from .manifests import read_manifests
from .objects import Object, is_true

_MARK = "aidc.dev/content"
_KIND = "CustomResourceDefinition"
_VERSION = "apiextensions.k8s.io/v1"


def install_definitions(client: Client, folders: Mapping[str, Path], seconds: float = 30) -> list[str]:
    """Install the definitions in the `crds` folder of each tool; return the names of those that were not yet.

    Files that are already installed, by their content, are not even parsed.
    """
    present = _content_of_present(client)
    installed: list[str] = []
    for tool, folder in sorted(folders.items()):
        crds = folder / "crds"
        if not crds.is_dir():
            continue
        content = _content(tool, crds)
        if content in present:
            continue
        for definition in read_manifests(crds):
            if definition["kind"] != _KIND:
                continue
            annotations = definition["metadata"].setdefault("annotations", {})
            annotations[_MARK] = content
            definition.pop("status", None)
            client.apply(definition, force=True)
            installed.append(definition["metadata"]["name"])
    if installed:
        wait_until_served(client, installed, seconds)
    return installed


def wait_until_served(client: Client, names: Iterable[str], seconds: float = 30) -> None:
    """Wait until these definitions are established and their kinds are in the API server's discovery.

    Raises:
        NotReady: they are not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    waiting = set(names)
    while waiting:
        definitions = client.list(_VERSION, _KIND)
        waiting -= {thing["metadata"]["name"] for thing in definitions if _is_served(client, thing)}
        if waiting and time.monotonic() > deadline:
            raise NotReady(f"not established after {seconds:.0f} s: {', '.join(sorted(waiting))}")
        if waiting:
            time.sleep(0.2)


def _is_served(client: Client, definition: Object) -> bool:
    if not is_true(definition, "Established"):
        return False
    spec = definition["spec"]
    served = [version["name"] for version in spec["versions"] if version["served"]]
    return client.serves(f"{spec['group']}/{served[0]}", spec["names"]["kind"])


def _content(tool: str, folder: Path) -> str:
    digest = hashlib.sha256(tool.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def _content_of_present(client: Client) -> set[str]:
    # Names and annotations only: the schemas are megabytes.
    kind = client.kind(_VERSION, _KIND)
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    answer = client.request("GET", kind.path(), accept=accept)
    found: dict[str, set[str]] = {}
    for item in answer["items"] or ():
        mark = item["metadata"].get("annotations", {}).get(_MARK)
        if mark:
            found.setdefault(mark, set()).add(json.dumps(item["metadata"]["name"]))
    return set(found)
