"""What can go wrong on a machine while tools are made."""

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class ToolError(RuntimeError):
    """A tool cannot be had on this machine. Command lines print it and exit with code 1, without a traceback."""


@contextmanager
def storage_errors(folder: Path) -> Generator[None]:
    """Turn an `OSError` inside the block into a `ToolError` that says what to do about `folder`."""
    try:
        yield
    except OSError as error:
        raise ToolError(_explain(error, folder)) from error


def _explain(error: OSError, folder: Path) -> str:
    place = error.filename or folder
    elsewhere = "set AIDC_TOOLS to another folder"
    match error.errno:
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"{place}: no permission to write; {elsewhere}"
        case errno.ENOSPC | errno.EDQUOT:
            return f"{folder}: no space left (all tools need about 1 GiB); free some, or {elsewhere}"
        case errno.ENOTDIR | errno.EEXIST | errno.EISDIR:
            return f"{place}: a file is where a folder should be; move it away, or {elsewhere}"
        case _:
            return f"{place}: {error.strerror or error}; if that cannot be changed, {elsewhere}"
