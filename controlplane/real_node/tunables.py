"""Settings of the whole machine that a kubelet changes: as they were before, once it is gone."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..state import write_atomically
from .layout import Layout

_SYSTEM: Final = Path("/proc/sys")
# What kubelet 1.36 sets at its start (pkg/kubelet/cm/container_manager_linux.go, setupKernelTunables).
_CHANGED: Final = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def remember(layout: Layout) -> None:
    """Record what the settings are, unless that was done before."""
    record = _record(layout)
    if record.exists():
        return
    for other in layout.folder.parent.glob(f"*/{record.relative_to(layout.folder)}"):
        # Another real node changed them before this one: its record is of the time before both.
        write_atomically(record, other.read_text())
        return
    values: dict[str, str] = {}
    for name in _CHANGED:
        with suppress(OSError):
            values[name] = (_SYSTEM / name).read_text().strip()
    write_atomically(record, json.dumps(values))


def restore(layout: Layout) -> None:
    """Set what was recorded, and forget it."""
    with suppress(OSError, ValueError):
        for name, value in json.loads(_record(layout).read_text()).items():
            with suppress(OSError):
                (_SYSTEM / name).write_text(value)
    _record(layout).unlink(missing_ok=True)


def _record(layout: Layout) -> Path:
    return layout.home / "tunables.json"
