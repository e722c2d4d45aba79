"""Folders on a file system or in an object store, where a file is there whole or not at all."""

import json
import os
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder by its path or address, which every worker reaches."""

    address: str

    def below(self, name: str) -> "Folder":
        """Return a folder in it."""
        return Folder(f"{self.address.rstrip('/')}/{name}")

    @contextmanager
    def writing(self, name: str) -> Generator[BinaryIO]:
        """Give a stream for a file that appears under its name when the block has ended without an error."""
        system, path = self._at(name)
        if "file" not in _protocols(system):
            # Object stores show an object when its upload is complete; a block that fails leaves it unfinished.
            stream = system.open(path, "wb")
            try:
                yield cast(BinaryIO, stream)
            except BaseException:
                stream.discard()
                # It would upload what it no longer has when it is collected.
                stream.closed = True
                raise
            stream.close()
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = f"{path}.{uuid.uuid4().hex}.temporary"
        try:
            with open(temporary, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise

    @contextmanager
    def reading(self, name: str) -> Generator[BinaryIO]:
        """Give a stream of a file, in which one can seek."""
        system, path = self._at(name)
        with system.open(path, "rb") as stream:
            yield cast(BinaryIO, stream)

    def write_document(self, name: str, document: Any) -> None:
        """Write a document as JSON."""
        with self.writing(name) as stream:
            stream.write(json.dumps(document, indent=1, sort_keys=True).encode() + b"\n")

    def read_document(self, name: str) -> Any:
        """Return a JSON document; None where there is no such file."""
        try:
            with self.reading(name) as stream:
                return json.load(stream)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """Return the names of the files and folders in it, sorted; nothing where it does not exist."""
        system, path = self._at("")
        system.invalidate_cache()
        try:
            found = cast(list[str], system.ls(path, detail=False))
        except (FileNotFoundError, NotADirectoryError):
            return []
        names = (name.rstrip("/").rsplit("/", 1)[-1] for name in found if name.rstrip("/") != path.rstrip("/"))
        return sorted(names)

    def remove(self, name: str = "") -> None:
        """Remove a file, or a folder with all that is in it; nothing happens where it does not exist."""
        system, path = self._at(name)
        system.invalidate_cache()
        if system.exists(path):
            system.rm(path, recursive=True)

    def _at(self, name: str) -> tuple[Any, str]:
        from fsspec.core import url_to_fs  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

        return cast(tuple[Any, str], url_to_fs(f"{self.address.rstrip('/')}/{name}".rstrip("/") or "/"))


def _protocols(system: Any) -> tuple[str, ...]:
    protocol = system.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
