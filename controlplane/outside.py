"""Files that a program insists on outside the cluster's folder: there while it starts, gone afterwards."""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .failure import ControlPlaneFailure
from .state import write_atomically

_RECORD = "outside.json"


@contextmanager
def outside_files(folder: Path, paths: Sequence[Path]) -> Generator[Callable[[], None]]:
    """Keep empty files at `paths` inside the block; what was not there before is removed at its end.

    What is made is recorded first in the cluster's folder, so that `remove_outside` finds it after a kill.
    The block gets a function that makes the files again: another cluster may have removed them.
    """

    def keep() -> None:
        for path in paths:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            except OSError as error:
                message = f"cannot make {path}, which a controller insists on: {error.strerror}"
                raise ControlPlaneFailure(message) from None

    missing = [path for path in paths if not path.exists()]
    if missing:
        write_atomically(folder / _RECORD, json.dumps([str(path) for path in missing]))
    keep()
    try:
        yield keep
    finally:
        remove_outside(folder)


def remove_outside(folder: Path) -> None:
    """Remove the files that were made outside for the cluster in this folder, and the folders left empty."""
    record = folder / _RECORD
    try:
        paths = [Path(path) for path in json.loads(record.read_text())]
    except (OSError, ValueError):
        return
    for path in paths:
        # Only what is still the empty file that was made.
        if path.is_file() and path.stat().st_size == 0:
            path.unlink(missing_ok=True)
        for parent in (path.parent, path.parent.parent):
            try:
                parent.rmdir()
            except OSError:
                break
    record.unlink(missing_ok=True)
