"""Folders and addresses that work is to leave something at: whether it can, said before the work is done."""

import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any


class StorageSilent(ConnectionError):
    """Storage does not answer now; it may do so later."""


def is_silence(error: BaseException) -> bool:
    """Return whether an error of fsspec's says that storage does not answer; botocore's are no `OSError`."""
    botocore = {kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "botocore.exceptions"}
    return isinstance(error, ConnectionError | TimeoutError) or bool(botocore & {"ConnectionError", "HTTPClientError"})


def is_address(location: str) -> bool:
    """Return whether a location is an address for fsspec, such as `s3://bucket/run`, and no folder."""
    return "://" in location


def refusal_to_write(location: str, *, makes: bool = True, tries_again: bool = False) -> str | None:
    """Return why nothing can be written to a folder or an address; None where nothing speaks against it.

    Nothing is written to an address: its protocol is looked up and its storage asked, so that a right that is missing
    there shows only when it is used.

    Args:
        location: The folder or address.
        makes: Whether a folder that is not there is made; else the one is tried that it would be made in.
        tries_again: Whether somebody starts the program again unless its input is wrong.

    Raises:
        StorageSilent: storage does not answer, which is no refusal to one who tries again.
    """
    folder = location.removeprefix("file://")
    return _address_refusal(folder, tries_again) if is_address(folder) else _folder_refusal(folder, makes)


def _folder_refusal(location: str, makes: bool) -> str | None:
    folder = Path(location).absolute()
    try:
        if makes:
            folder.mkdir(parents=True, exist_ok=True)
        there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
        with tempfile.TemporaryFile(dir=there):
            return None
    except OSError as error:
        return error.strerror or str(error)


def _address_refusal(location: str, tries_again: bool) -> str | None:
    fsspec: Any = import_module("fsspec.core")
    try:
        files, root = fsspec.url_to_fs(location)
        files.exists(root)
    except (FileNotFoundError, PermissionError):
        # Who may write need not be allowed to list.
        return None
    except Exception as error:  # each protocol has its own
        reason = " ".join(str(error).split())
        if tries_again and is_silence(error):
            raise StorageSilent(f"'{location}' does not answer: {reason}") from error
        return reason
    return None
