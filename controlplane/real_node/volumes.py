"""Directories of a real node that volumes stand for: those of this machine, or its own."""

import subprocess
from collections.abc import Iterable
from typing import Final

from ..failure import ControlPlaneFailure
from ..objects import Object, spec, table
from .namespaces import entered

_SECONDS: Final = 30.0
# A directory that this machine has is the node's too, as its owner left it. Any other is the node's own, below its
# root folder, and open to every pod: a kubelet changes neither owner nor mode of a directory of the node.
_PREPARE: Final = """
set -eu
if [ -d "/.host$1" ]; then
    mkdir -p "$1"
    [ "$(stat -c %d:%i "$1")" = "$(stat -c %d:%i "/.host$1")" ] || mount --bind "/.host$1" "$1"
elif [ ! -d "$1" ]; then
    mkdir -p "$1"
    chmod 0777 "$1"
fi
"""


def host_paths(objects: Iterable[Object]) -> list[str]:
    """Return the directories of nodes that volumes among these objects name, sorted."""
    volumes = [thing for thing in objects if thing["kind"] == "PersistentVolume"]
    return sorted({str(path) for each in volumes if (path := table(spec(each).get("hostPath")).get("path"))})


def prepare(pid: int, paths: Iterable[str]) -> None:
    """Have directories in the node whose namespaces a process holds.

    Raises:
        ControlPlaneFailure: one cannot be made.
    """
    for path in paths:
        command = entered(pid, ["/bin/sh", "-c", _PREPARE, "sh", path])
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        if answer.returncode:
            raise ControlPlaneFailure(f"the real node cannot have {path} for a volume: {answer.stderr.strip()}")
