"""A folder that is written whole or not at all, even if the process is killed in the middle."""

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_EXCHANGE: Final = 2
"""RENAME_EXCHANGE of Linux' renameat2(2), and RENAME_SWAP of macOS' renamex_np(2)."""

_HERE: Final = -100
"""AT_FDCWD of Linux: paths are taken from the working folder."""


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Put a folder with exactly these files in the place of the one that may be there; raises `OSError`.

    Whoever looks sees the old folder or the new one, never a part and never none. What an earlier run left beside
    it, because it was killed, is removed.
    """
    folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, f"{folder.parent} is not a folder") from error
    prefix = f".{folder.name}-partial-"
    with _alone(folder.parent) as is_alone:
        if is_alone:
            for left in folder.parent.iterdir():
                if left.name.startswith(prefix):
                    shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
        try:
            for name, text in files.items():
                (made / name).write_text(text, encoding="utf-8")
            made.chmod(folder.stat().st_mode & 0o7777 if folder.exists() else 0o755)
            _put(made, folder)
        finally:
            # The new files, if they could not be put in place; else the old ones.
            shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _alone(parent: Path) -> Generator[bool]:
    """Wait for other writers in the same folder; tell whether that can be known here (not on every file system)."""
    import fcntl

    descriptor = os.open(parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            is_alone = True
        except OSError:
            is_alone = False
        yield is_alone
    finally:
        os.close(descriptor)


def _put(made: Path, folder: Path) -> None:
    if not folder.exists():
        made.rename(folder)
    elif not _exchange(made, folder):
        # Where the system cannot exchange two names, there is a moment without the folder.
        old = made.with_name(made.name + "-old")
        folder.rename(old)
        try:
            made.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; return False where the system cannot."""
    import ctypes

    library: Any = ctypes.CDLL(None, use_errno=True)
    try:
        if sys.platform == "darwin":
            done = library.renamex_np(os.fsencode(one), os.fsencode(other), _EXCHANGE)
        else:
            done = library.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
    except AttributeError:
        return False
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))
