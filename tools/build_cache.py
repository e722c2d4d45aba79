"""Go's cache of compiled packages: kept while there are tools to build, and removed once all are there."""

import fcntl
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import storage_errors


@dataclass(frozen=True, slots=True)
class BuildCache:
    """A folder of our own for what Go compiles, which is some 13 GiB for all tools and of no use after them."""

    folder: Path
    """Where it is; what it holds is shared by all who build tools into the folder of tools."""

    @contextmanager
    def used(self, environment: Mapping[str, str]) -> Generator[Mapping[str, str]]:
        """Give the environment for Go, and keep others from removing the cache meanwhile.

        Args:
            environment: Where it names a GOCACHE, that one is used instead.

        Raises:
            ToolError: the folder cannot be written.
        """
        if environment.get("GOCACHE", "").strip():
            yield environment
            return
        with storage_errors(self.folder):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            file = open(self._lock, "a", encoding="ascii")  # noqa: SIM115 - closed below
        with file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield {**environment, "GOCACHE": str(self.folder)}

    def remove(self) -> None:
        """Remove it, unless somebody builds with it."""
        if not self.folder.is_dir():
            return
        with storage_errors(self.folder), open(self._lock, "a", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _lock(self) -> Path:
        return self.folder.with_suffix(".lock")
