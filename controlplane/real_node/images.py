"""Images of a real node: imported from archives, since no registry is needed."""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ...problems import Problems
from ..failure import ControlPlaneFailure
from ..state import write_atomically
from .layout import Layout
from .namespaces import entered
from .runtime import PAUSE_IMAGE, SOCKET

_SECONDS: Final = 900.0
_OCI: Final = "application/vnd.oci.image"


def find_archives(paths: Iterable[Path]) -> list[Path]:
    """Return the archives of images: files as they are, and every `.tar` of a folder.

    Raises:
        InvalidInput: a path does not exist, or a folder holds none.
    """
    problems, found = Problems(), list[Path]()
    for path in paths:
        inside = sorted(path.glob("*.tar")) if path.is_dir() else [path]
        if not path.exists():
            problems.add("images", f"'{path}' does not exist; give archives of images, or folders of them")
        elif not inside:
            problems.add("images", f"'{path}' holds no archive; save images as .tar files into it")
        found += inside
    problems.raise_if_any("images")
    return found


class Images:
    """The images of one node."""

    def __init__(self, layout: Layout, pid: int, ctr: str) -> None:
        """Use containerd inside the namespaces that process `pid` holds, by its command `ctr`."""
        self._record = layout.home / "images.json"
        self._home = layout.home
        self._command = [*entered(pid, [ctr]), f"--address={SOCKET}", "--namespace=k8s.io"]

    def names(self) -> list[str]:
        """Return the references of the images that are there."""
        return self._run(["images", "list", "--quiet"]).split()

    def take(self, archives: Iterable[Path]) -> list[Path]:
        """Import archives that are new or have changed; return which.

        Raises:
            ControlPlaneFailure: containerd refuses one.
        """
        known, taken = self._known(), list[Path]()
        for path in archives:
            stamp = [path.stat().st_size, path.stat().st_mtime_ns]
            if known.get(str(path)) == stamp:
                continue
            with path.open("rb") as archive:
                # Read here and handed over: the node itself does not see this machine's files.
                self._run(["images", "import", "--local", "--discard-unpacked-layers", "-"], archive, str(path))
            known = {**known, str(path): stamp}
            write_atomically(self._record, json.dumps(known))
            taken.append(path)
        return taken

    def take_pause(self, program: Path) -> None:
        """Import the image of the process that holds a pod's namespaces, made of its program alone."""
        archive = self._home / "pause.tar"
        content = single_program(program, PAUSE_IMAGE)
        if not archive.exists() or archive.read_bytes() != content:
            write_atomically(archive, content)
        self.take([archive])

    def _known(self) -> Mapping[str, Any]:
        try:
            return json.loads(self._record.read_text())
        except (OSError, ValueError):
            return {}

    def _run(self, arguments: Iterable[str], stdin: io.BufferedReader | None = None, what: str = "") -> str:
        answer = subprocess.run(
            [*self._command, *arguments],
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        if answer.returncode:
            full = "; an image takes its size unpacked and once more its archive's while it is imported"
            hint = full if "no space left on device" in answer.stderr else ""
            raise ControlPlaneFailure(f"the real node's images: {what or 'ctr'}: {answer.stderr.strip()}{hint}")
        return answer.stdout


def single_program(program: Path, reference: str) -> bytes:
    """Return an OCI archive of an image that holds one static program; the same program gives the same bytes."""
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[_machine()]
    layer = _archive({program.name: program.read_bytes()}, mode=0o755)
    blobs: dict[str, bytes] = {}

    def stored(content: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {"mediaType": f"{_OCI}.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    described = stored(layer, "layer.v1.tar")
    configuration = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Entrypoint": [f"/{program.name}"], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [described["digest"]]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": stored(_json(configuration), "config.v1+json"),
        "layers": [described],
    }
    named = {
        **stored(_json(manifest), "manifest.v1+json"),
        "annotations": {"io.containerd.image.name": reference, "org.opencontainers.image.ref.name": reference},
    }
    index = {"schemaVersion": 2, "mediaType": f"{_OCI}.index.v1+json", "manifests": [named]}
    return _archive({**blobs, "index.json": _json(index), "oci-layout": _json({"imageLayoutVersion": "1.0.0"})})


def _machine() -> str:
    import platform

    return platform.machine()


def _archive(files: Mapping[str, bytes], mode: int = 0o644) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
