"""Where an export is: a folder, or an address of object storage."""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

from ...problems import InvalidInput, Problem, Problems
from ..addresses import is_address

CONFIG_FILE: Final = "config.json"
_FILES: Final = (CONFIG_FILE, "model.safetensors", "encoding.json")
_POLL_SECONDS: Final = 1.0


def check_folder(model: str) -> None:
    """Refuse a folder that holds no export.

    Raises:
        InvalidInput: About the folder, with the way out.
    """
    problems = Problems()
    folder = Path(model)
    if not folder.exists():
        problems.add("", "does not exist; give the folder that `aidc train` exported to")
    elif not folder.is_dir():
        problems.add("", "is a file; give the folder of an export")
    elif not (folder / CONFIG_FILE).is_file():
        inside = sorted(found.parent.name for found in folder.glob(f"*/{CONFIG_FILE}"))[:3]
        hint = f"; did you mean {' or '.join(repr(str(folder / each)) for each in inside)}?" if inside else ""
        problems.add("", f"holds no export: {CONFIG_FILE} is missing{hint}")
    problems.raise_if_any(model)


def wait_for_export(
    model: str, seconds: float, report: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
) -> Path:
    """Return the folder of an export, fetched where it is an address; wait until it is there.

    Args:
        model: Folder or address.
        seconds: How long to wait for it.
        report: Told what is waited for, at every look.
        sleep: Waits between looks.

    Raises:
        InvalidInput: It is not there in time, or cannot be reached.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            if is_address(model):
                return _fetched(model, report)
            check_folder(model)
            return Path(model)
        except InvalidInput:
            if time.monotonic() >= end:
                raise
        report(f"waiting for an export at {model}")
        sleep(_POLL_SECONDS)


def _fetched(address: str, report: Callable[[str], None]) -> Path:
    """Copy an export from object storage into a temporary folder."""
    import fsspec  # pyright: ignore[reportMissingTypeStubs]

    folder = Path(tempfile.mkdtemp(prefix="aidc-export-"))
    try:
        system, path = cast(Any, fsspec).core.url_to_fs(address)
        report(f"fetching {address}")
        for name in _FILES:
            remote = f"{path.rstrip('/')}/{name}"
            if system.exists(remote):
                system.get_file(remote, str(folder / name))
    except Exception as error:  # each protocol has its own
        shutil.rmtree(folder, ignore_errors=True)
        raise InvalidInput(address, [Problem("", f"cannot be read: {error}")]) from error
    if not (folder / CONFIG_FILE).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        raise InvalidInput(address, [Problem("", f"holds no export: {CONFIG_FILE} is missing")])
    return folder
