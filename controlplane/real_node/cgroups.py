"""The control group of a real node's pods, in each hierarchy that the machine has."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..failure import ControlPlaneFailure

_MOUNTS: Final = Path("/proc/self/mounts")
_INHERITED: Final = ("cpuset.cpus", "cpuset.mems")
_SECONDS: Final = 20.0


def make(name: str) -> None:
    """Make the group where it is missing.

    Raises:
        ControlPlaneFailure: the system refuses.
    """
    hierarchies = list(_hierarchies())
    if not hierarchies:
        raise ControlPlaneFailure("this machine has no control groups mounted, and a node runs no pod without them")
    for top in hierarchies:
        group = top / name
        try:
            group.mkdir(exist_ok=True)
            for file in _INHERITED:
                # Of the first version, a new group has no processors and no memory until it is told.
                if (group / file).exists() and not (group / file).read_text().strip():
                    (group / file).write_text((top / file).read_text())
        except OSError as error:
            raise ControlPlaneFailure(f"cannot make the control group {group}: {error.strerror}") from None
        _weigh(group)
        _delegate(top)
        _delegate(group)


def end_all(name: str) -> None:
    """End every process of the group, and remove it.

    Raises:
        ControlPlaneFailure: a process cannot be ended.
    """
    deadline = time.monotonic() + _SECONDS
    for top in _hierarchies():
        while (top / name).is_dir():
            for pid in _members(top / name):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            _remove(top / name)
            if time.monotonic() > deadline:
                left = ", ".join(str(pid) for pid in _members(top / name))
                raise ControlPlaneFailure(f"the control group {top / name} cannot be removed; in it: {left or 'none'}")
            time.sleep(0.02)


def _hierarchies() -> Iterator[Path]:
    for line in _MOUNTS.read_text().splitlines():
        _, folder, kind, options, *_ = line.split()
        if kind in ("cgroup", "cgroup2") and "ro" not in options.split(","):
            yield Path(folder)


def _weigh(group: Path) -> None:
    """Give a group the weight that a kubelet gives all pods of a machine, 1,024 shares a core.

    Beside one of the usual weight, each process of another terminal would count as much as all pods together.
    """
    shares = 1024 * (os.cpu_count() or 1)
    with suppress(OSError):
        if (group / "cpu.shares").exists():
            (group / "cpu.shares").write_text(str(shares))
        elif (group / "cpu.weight").exists():
            # As runc translates shares (2 to 262,144) into weights (1 to 10,000).
            (group / "cpu.weight").write_text(str(1 + (shares - 2) * 9999 // 262142))


def _delegate(group: Path) -> None:
    """Hand the controllers that a group of the second version has on to the groups in it."""
    with suppress(OSError):
        for controller in (group / "cgroup.controllers").read_text().split():
            # One by one: a controller that cannot be handed on must not hold the others back.
            with suppress(OSError):
                (group / "cgroup.subtree_control").write_text(f"+{controller}")


def _members(group: Path) -> list[int]:
    found: list[int] = []
    for file in group.rglob("cgroup.procs"):
        with suppress(OSError):
            found += [int(line) for line in file.read_text().split()]
    return found


def _remove(group: Path) -> None:
    inner = sorted((path for path in group.rglob("*") if path.is_dir()), key=lambda path: len(path.parts))
    for folder in [*reversed(inner), group]:
        with suppress(OSError):
            folder.rmdir()
