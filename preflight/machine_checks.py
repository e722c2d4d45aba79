"""Checks of this machine, for environments that are simulated on it."""

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ..controlplane.ports import choose_ports
from ..controlplane.state import state_home
from ..tools.errors import ToolError
from ..tools.folder import Folder
from ..tools.golang import Go
from ..tools.provision import find
from ..tools.recipes import Recipe, recipes
from .check import Check, CheckResult, Finding, Severity, Status, passed, skipped

_GIB: Final = 2**30
_DISK_TO_BUILD: Final = 8
"""GiB, an assumption on the safe side: Go's caches while all programs are built, and the programs."""

_DISK_TO_RUN: Final = 1
_MEMORY: Final = 2
"""GiB, an assumption on the safe side: API server, etcd, scheduler, controllers and a few hundred simulated nodes."""

_PORTS: Final = 12


def check_programs(machine: None, demands: Any) -> Iterator[Finding]:
    """Whether the control plane's programs are there, or can be had."""
    missing = _missing()
    if not missing:
        yield passed("programs", found=f"all {len(recipes())} are there")
        return
    names = ", ".join(recipe.name for recipe in missing)
    try:
        Go.find(os.environ, missing)
    except ToolError as error:
        yield Finding(
            status=Status.WARNING,
            subject="programs",
            wanted="programs of the control plane, or Go to build them",
            found=f"not there: {names}; {str(error).splitlines()[0]}",
            way_out="install Go, or let `aidc up` download those that are released",
        )
        return
    minutes = max(1, round(sum(recipe.cold_seconds for recipe in missing) / 60))
    yield Finding(
        status=Status.NOTE,
        subject="programs",
        wanted="programs of the control plane",
        found=f"not there yet: {names}",
        way_out=f"`aidc up` downloads or builds them, {minutes} minutes at most on two cores; Go is there",
    )


def check_disk(machine: None, demands: Any) -> Iterator[Finding]:
    """Whether there is room for programs and for the cluster's data."""
    places = {"programs": Folder.of(os.environ).root, "data of clusters": state_home()}
    for what, place in places.items():
        there = _existing(place)
        free = shutil.disk_usage(there).free / _GIB
        wanted = _DISK_TO_BUILD if what == "programs" and _missing() else _DISK_TO_RUN
        subject = f"disk for {what}"
        if not os.access(there, os.W_OK):
            way_out = "give another folder (AIDC_TOOLS, AIDC_STATE), or make this one yours"
            yield Finding(
                status=Status.ERROR, subject=subject, wanted=str(place), found=f"{there} is read-only", way_out=way_out
            )
        elif free < wanted:
            way_out = f"make room on the disk of {there}, or give another folder (AIDC_TOOLS, AIDC_STATE)"
            yield Finding(
                status=Status.WARNING,
                subject=subject,
                wanted=f"{wanted} GiB",
                found=f"{free:.1f} GiB are free",
                way_out=way_out,
            )
        else:
            yield passed(subject, found=f"{free:.0f} GiB are free", wanted=f"{wanted} GiB")


def check_memory(machine: None, demands: Any) -> Iterator[Finding]:
    """Whether there is memory for a control plane."""
    import psutil

    free = psutil.virtual_memory().available / _GIB
    if free < _MEMORY:
        yield Finding(
            status=Status.WARNING,
            subject="memory",
            wanted=f"{_MEMORY} GiB",
            found=f"{free:.1f} GiB are available",
            way_out="end other programs, or `aidc down` clusters that nobody needs",
        )
    else:
        yield passed("memory", found=f"{free:.0f} GiB are available", wanted=f"{_MEMORY} GiB")


def check_ports(machine: None, demands: Any) -> Iterator[Finding]:
    """Whether programs may listen on this machine's own address."""
    try:
        choose_ports(map(str, range(_PORTS)), [])
    except OSError as error:
        way_out = "end programs that listen, or let this one listen on 127.0.0.1"
        yield Finding(
            status=Status.ERROR, subject="ports", wanted=f"{_PORTS} free ports", found=str(error), way_out=way_out
        )
    else:
        yield passed("ports", found=f"{_PORTS} are free on 127.0.0.1")


MACHINE_CHECKS: Final[Sequence[Check[None]]] = (
    Check(
        name="programs",
        asks="Are the control plane's programs there, or Go to build them?",
        severity=Severity.WARNING,
        run=check_programs,
        needs_account=False,
    ),
    Check(
        name="disk",
        asks="Is there room for programs and data, in folders that can be written?",
        severity=Severity.ERROR,
        run=check_disk,
        needs_account=False,
    ),
    Check(
        name="memory",
        asks="Is there memory for a control plane?",
        severity=Severity.WARNING,
        run=check_memory,
        needs_account=False,
    ),
    Check(
        name="ports",
        asks="Are there free ports on this machine's own address?",
        severity=Severity.ERROR,
        run=check_ports,
        needs_account=False,
    ),
)


def run_machine_checks(skip: Collection[str] = ()) -> list[CheckResult]:
    """Run all checks but those in `skip`, and return what each found, in their order."""
    return [
        CheckResult(
            check=check.name,
            findings=[skipped(check.name, "left out, as asked")] if check.name in skip else list(check.run(None, None)),
        )
        for check in MACHINE_CHECKS
    ]


def _missing() -> list[Recipe]:
    folder = Folder.of(os.environ)
    return [recipe for recipe in recipes().values() if find(recipe, folder, os.environ) is None]


def _existing(place: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(each for each in (place, *place.parents) if each.exists())
