"""Files that appear whole or not at all."""

import os
import tempfile
from pathlib import Path

import typer

from ..problems import InvalidInput, Problem


def write_whole(path: Path, text: str) -> None:
    """Write a file, in place of the one that may be there; raises `InvalidInput` where that cannot be done.

    What is there and is no plain file (a device, a pipe) is written to, not replaced.
    """
    try:
        target = path.resolve()
        if target.is_dir():
            raise InvalidInput(str(path), [Problem("", "is a folder; give a file")])
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")
        else:
            _replace(target, text)
    except (OSError, RuntimeError) as error:
        # A circle of links is a RuntimeError up to Python 3.12.
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(str(path), [Problem("", f"cannot be written: {reason}")]) from error


def write_json(path: Path, document: object) -> None:
    """Write a document as JSON to a file, as `write_whole` does, or to standard output where the path is `-`."""
    import json

    text = json.dumps(document, indent=2)
    if str(path) == "-":
        typer.echo(text)
    else:
        write_whole(path, text + "\n")


def _replace(target: Path, text: str) -> None:
    descriptor, made = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), target.stat().st_mode if target.exists() else 0o666 & ~_mask())
        os.replace(made, target)
    except BaseException:
        os.unlink(made)
        raise


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
