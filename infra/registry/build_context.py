"""The folder that an image is built from, and the tag that follows from what is in it."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from .ignored_paths import IgnoredPaths

_NO_CONTENT: Final = frozenset({".git", "__pycache__"})
"""Folders that never decide what an image is."""

_DIGITS: Final = 16


def content_tag(folder: Path, inputs: Mapping[str, str]) -> str:
    """Return a tag that changes with the content of a folder, or with other inputs of the build, and only then.

    What `.dockerignore` keeps out of the build is no content.
    """
    digest = sha256()
    for path in _files(folder, folder, IgnoredPaths.of(folder)):
        for part in (path.relative_to(folder).as_posix().encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    for key, value in sorted(inputs.items()):
        digest.update(f"{len(key)}:{key}={len(value)}:{value}".encode())
    return f"content-{digest.hexdigest()[:_DIGITS]}"


def _files(folder: Path, context: Path, ignored: IgnoredPaths) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in _NO_CONTENT:
            continue
        name = path.relative_to(context).as_posix()
        if path.is_dir():
            if not ignored.is_ignored(name) or ignored.may_keep_below(name):
                yield from _files(path, context, ignored)
        elif path.is_file() and not ignored.is_ignored(name):
            yield path
