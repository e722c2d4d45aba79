"""The namespaces of a real node: held by one process, entered by the others, gone with the last of them."""

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from ...tools.packages import system_program
from ..failure import ProgramFailed
from ..processes import ProcessTable, Program
from .layout import Layout

HOLDER: Final = "node"
_SECONDS: Final = 20.0
_READ_ONLY: Final = ("/bin", "/sbin", "/lib", "/lib64", "/usr", "/etc", "/opt")


def holder(layout: Layout, binaries: Iterable[Path]) -> Program:
    """Return the process that holds the network and the mounts of the node.

    Args:
        layout: where the node is.
        binaries: programs that it runs, whose folders it must see.
    """
    folders = {str(path.resolve().parent) for path in binaries}
    shared = [folder for folder in sorted(folders) if not folder.startswith(_READ_ONLY)]
    script = Path(__file__).with_name("data") / "isolate.sh"
    command = [
        str(system_program("unshare")),
        "--net",
        "--mount",
        # What this machine mounts or unmounts later is seen under /.host; nothing of the node's is seen outside.
        "--propagation=slave",
        "--",
        "/bin/sh",
        str(script),
        str(layout.root),
        str(_ready(layout)),
        str(layout.folder),
        *shared,
    ]
    return Program(name=HOLDER, command=command, inputs=[script])


def hold(layout: Layout, processes: ProcessTable, program: Program) -> int:
    """Start the holder where it does not run, and return its process id once the node has its own root.

    Raises:
        ProgramFailed: it ended, or is not ready in time.
    """
    layout.root.mkdir(mode=0o755, parents=True, exist_ok=True)
    running = processes.running(HOLDER)
    if running is None:
        _ready(layout).unlink(missing_ok=True)
        processes.ensure(program)
    deadline = time.monotonic() + _SECONDS
    while True:
        running = processes.running(HOLDER)
        if running is None:
            raise ProgramFailed(f"the real node's namespaces cannot be made: {processes.last_words(HOLDER)}")
        if _ready(layout).exists():
            return running.pid
        if time.monotonic() > deadline:
            raise ProgramFailed(f"the real node has no namespaces after {_SECONDS:.0f} s: {processes.log(HOLDER)}")
        time.sleep(0.02)


def entered(pid: int, command: Iterable[str | Path], *, mounts: bool = True) -> list[str]:
    """Return a command that runs in the namespaces that a process holds: its network, and its mounts too."""
    flags = ["--net", *(["--mount"] if mounts else [])]
    return [str(system_program("nsenter")), f"--target={pid}", *flags, "--", *map(str, command)]


def inside(pid: int, program: Program) -> Program:
    """Return a program as it runs in the namespaces of a process; a new holder is a new start."""
    return replace(program, command=entered(pid, program.command))


def _ready(layout: Layout) -> Path:
    return layout.home / "ready"
