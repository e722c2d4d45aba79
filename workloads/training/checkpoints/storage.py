"""Where checkpoints lie: a folder, or anything that fsspec reaches. Paths are relative to the location."""

import errno
import io
import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final, Protocol, cast

from ....problems import InvalidInput, Problem

_BUFFER: Final = 2**20
_LOCK: Final = ".lock"


class Storage(Protocol):
    """What checkpoints need of a place."""

    location: str
    """Folder or address."""

    def folders(self) -> list[str]:
        """Return the names of the folders directly below the location; none where there is no location yet."""
        ...

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the bytes of each file of a folder."""
        ...

    def make(self, folder: str) -> None:
        """Make a folder, and the location, where they are not there."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a small file, or None where there is none."""
        ...

    def open(self, path: str) -> IO[bytes]:
        """Open a file for reading at any position; raises OSError."""
        ...

    def create(self, path: str) -> IO[bytes]:
        """Open a new file for writing from its beginning to its end; closing it makes it durable."""
        ...

    def publish(self, path: str, data: bytes) -> None:
        """Write a whole small file, durable, and such that a reader finds all of it or nothing (or what was before).

        What was written to its folder before is durable when the file appears.
        """
        ...

    def remove(self, path: str) -> None:
        """Remove a file; no error where there is none."""
        ...

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it; no error where there is none."""
        ...

    def exclusive(self) -> Any:
        """Return a context whose value says whether this process may remove things: no other one does meanwhile."""
        ...


class LocalStorage:
    """A folder of a file system that all processes see; everything is synchronised to the disk."""

    def __init__(self, location: str) -> None:
        self.location = location
        self._root = Path(location)

    def folders(self) -> list[str]:
        """Return the names of the folders directly below the location."""
        if not self._root.exists():
            return []
        return sorted(each.name for each in self._root.iterdir() if each.is_dir())

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the bytes of each file of a folder."""
        with os.scandir(self._root / folder) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}

    def make(self, folder: str) -> None:
        """Make a folder, and the location, where they are not there."""
        (self._root / folder).mkdir(parents=True, exist_ok=True)
        _synchronize(self._root)

    def read(self, path: str) -> bytes | None:
        """Return a small file, or None where there is none."""
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            return None

    def open(self, path: str) -> IO[bytes]:
        """Open a file for reading at any position."""
        return (self._root / path).open("rb")

    def create(self, path: str) -> IO[bytes]:
        """Open a new file for writing; closing it makes it durable."""
        return cast(IO[bytes], _Durable(self._root / path))

    def publish(self, path: str, data: bytes) -> None:
        """Write a whole file beside its place, make it durable, and move it there."""
        target = self._root / path
        beside = target.with_name(f"{target.name}.{os.getpid()}.part")
        _synchronize(target.parent)
        try:
            with _Durable(beside) as stream:
                stream.write(data)
            beside.replace(target)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        _synchronize(target.parent)

    def remove(self, path: str) -> None:
        """Remove a file."""
        with suppress(FileNotFoundError):
            (self._root / path).unlink()
            _synchronize((self._root / path).parent)

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._root / folder)

    @contextmanager
    def exclusive(self) -> Generator[bool]:
        """Hold the lock of the location, which the kernel frees when its process dies."""
        import fcntl

        if not self._root.exists():
            yield False
            return
        descriptor = os.open(self._root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno == errno.EWOULDBLOCK:
                    yield False
                    return
                # Some network file systems have no locks; there, names that are never used twice must do.
            yield True
        finally:
            os.close(descriptor)


class RemoteStorage:
    """Whatever fsspec reaches; a file that is written appears whole, as objects in S3 do."""

    def __init__(self, location: str) -> None:
        fsspec: Any = import_module("fsspec.core")
        self.location = location
        # Listings are not kept: other processes write here too.
        self._files, root = fsspec.url_to_fs(location, use_listings_cache=False)
        self._root: str = root

    def folders(self) -> list[str]:
        """Return the names of the folders directly below the location."""
        try:
            entries: list[dict[str, Any]] = self._files.ls(self._root, detail=True)
        except FileNotFoundError:
            return []
        return sorted(_last(entry["name"]) for entry in entries if entry["type"] == "directory")

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the bytes of each file of a folder."""
        entries: list[dict[str, Any]] = self._files.ls(self._path(folder), detail=True)
        return {_last(entry["name"]): int(entry["size"]) for entry in entries if entry["type"] == "file"}

    def make(self, folder: str) -> None:
        """Make a folder, where the storage has such a thing."""
        self._files.makedirs(self._path(folder), exist_ok=True)

    def read(self, path: str) -> bytes | None:
        """Return a small file, or None where there is none."""
        try:
            return cast(bytes, self._files.cat_file(self._path(path)))
        except FileNotFoundError:
            return None

    def open(self, path: str) -> IO[bytes]:
        """Open a file for reading at any position."""
        return cast(IO[bytes], self._files.open(self._path(path), "rb"))

    def create(self, path: str) -> IO[bytes]:
        """Open a new file for writing; it is there when it is closed."""
        return cast(IO[bytes], self._files.open(self._path(path), "wb"))

    def publish(self, path: str, data: bytes) -> None:
        """Write a whole file."""
        self._files.pipe_file(self._path(path), data)

    def remove(self, path: str) -> None:
        """Remove a file."""
        with suppress(FileNotFoundError):
            self._files.rm_file(self._path(path))

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it."""
        with suppress(FileNotFoundError):
            self._files.rm(self._path(folder), recursive=True)

    @contextmanager
    def exclusive(self) -> Generator[bool]:
        """Object stores have no locks: names are never used twice, and to remove a thing twice does no harm."""
        yield True

    def _path(self, path: str) -> str:
        return f"{self._root}/{path}"


STORAGES: Final[dict[str, Callable[[str], Storage]]] = {"file": LocalStorage}
"""Storage by the protocol of its address; fsspec is asked for those that are not here."""


def open_storage(location: str) -> Storage:
    """Return the storage at a folder or an address; raises `InvalidInput` where fsspec knows none."""
    protocol, separator, rest = location.partition("://")
    if not separator:
        return STORAGES["file"](os.path.abspath(location))
    if protocol in STORAGES:
        return STORAGES[protocol](rest)
    try:
        return RemoteStorage(location)
    except (ValueError, ImportError) as error:
        problem = Problem("checkpoint.location", f"'{location}' cannot be reached: {error}")
        raise InvalidInput("checkpoints", [problem]) from error


class _Durable(io.RawIOBase):
    """A new file that is synchronised to the disk when it is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._stream = path.open("wb", buffering=_BUFFER)

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return self._stream.write(data)

    def tell(self) -> int:
        return self._stream.tell()

    def flush(self) -> None:
        if not self._stream.closed:
            self._stream.flush()

    def close(self) -> None:
        try:
            if not self._stream.closed:
                self._stream.flush()
                os.fsync(self._stream.fileno())
        finally:
            # What a full disk left in the buffer fails once more.
            with suppress(OSError):
                self._stream.close()
            super().close()


def _synchronize(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _last(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]
