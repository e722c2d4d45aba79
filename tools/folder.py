"""The folder where tools are kept: one folder a version, complete or absent, safe for several processes."""

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .errors import ToolError, storage_errors
from .recipes import Recipe

_STAMP = "stamp.json"
_PARTIAL = ".partial-"


class How(StrEnum):
    """How a tool came to be there."""

    THERE = "there"
    DOWNLOADED = "downloaded"
    BUILT = "built"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that is ready to run."""

    name: str
    """Name, such as `kube-apiserver`."""

    version: str
    """Tag, such as `v1.36.3`."""

    folder: Path
    """Where it is kept."""

    program: Path | None
    """The program; None for manifests alone."""

    how: How
    """How it came to be there."""

    seconds: float
    """How long that took, in seconds."""

    @property
    def path(self) -> Path:
        """The program.

        Raises:
            ValueError: the tool is manifests alone (gateway-api).
        """
        if self.program is None:
            raise ValueError(f"{self.name} has no program, only manifests")
        return self.program

    @property
    def manifests(self) -> Path:
        """The folder of the manifests published with it: `crds`, `webhook`, `runtimes`, `base` below it.

        Raises:
            ValueError: the tool comes without manifests.
        """
        folder = self.folder / "manifests"
        if not folder.is_dir():
            raise ValueError(f"{self.name} comes without manifests")
        return folder


class Folder:
    """The tools of one user: `<root>/<name>/<version>`, each with a stamp that says what is in it."""

    def __init__(self, root: Path) -> None:
        """Use `root`, which is made when something is first put into it."""
        self.root = root

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Folder":
        """Return the folder that `environment` asks for.

        AIDC_TOOLS, or else `aidc/tools` in XDG_CACHE_HOME, or else `~/.cache/aidc/tools`.

        Raises:
            ToolError: there is no home folder.
        """
        given = environment.get("AIDC_TOOLS", "").strip()
        # A relative XDG folder is invalid and to be ignored, says its specification.
        cache = Path(environment.get("XDG_CACHE_HOME", "").strip())
        try:
            if given:
                return cls(Path(given).expanduser().absolute())
            return cls((cache if cache.is_absolute() else Path("~/.cache").expanduser()) / "aidc" / "tools")
        except RuntimeError as error:
            raise ToolError(f"no folder for tools: {error}; set AIDC_TOOLS to a folder") from error

    def place(self, recipe: Recipe) -> Path:
        """Return where this version of the tool is, or would be."""
        return self.root / recipe.name / recipe.version

    def find(self, recipe: Recipe) -> Tool | None:
        """Return the tool if it is there, complete and made by this very recipe."""
        place = self.place(recipe)
        try:
            stamp = json.loads((place / _STAMP).read_text(encoding="utf-8"))
            complete = stamp["identity"] == recipe.identity and stamp["files"] == _sizes(place)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return _tool(recipe, place, How.THERE, 0.0) if complete else None

    def install(self, recipe: Recipe, how: How, fill: Callable[[Path], None], started: float) -> Tool:
        """Put a tool in its place, at once and whole. Call it under `lock`.

        Args:
            recipe: What is made.
            how: How it is made.
            fill: Puts the program and the manifests into the folder that it is given.
            started: When the work on it began, in seconds of the monotonic clock.

        Raises:
            ToolError: the folder cannot be written.
        """
        place = self.place(recipe)
        with storage_errors(self.root), self._partial(recipe) as partial:
            fill(partial)
            stamp = {"identity": recipe.identity, "how": how.value, "files": _sizes(partial)}
            (partial / _STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
            partial.chmod(0o755)
            if place.is_symlink() or place.is_file():
                place.unlink()
            elif place.exists():
                place.rename(Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=place.parent)) / "old")
            partial.rename(place)
        return _tool(recipe, place, how, time.monotonic() - started)

    @contextmanager
    def lock(self, recipe: Recipe, waiting: Callable[[str], None]) -> Generator[None]:
        """Hold the tool for this process alone; the operating system lets go when the process ends.

        Raises:
            ToolError: the folder cannot be written.
        """
        with held(self.root / recipe.name / ".lock", waiting):
            yield

    @contextmanager
    def _partial(self, recipe: Recipe) -> Generator[Path]:
        """Give a new folder beside the tool's place, and leave none behind, not even of a process that died."""
        home = self.root / recipe.name
        for rest in home.glob(f"{_PARTIAL}*"):
            shutil.rmtree(rest, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=home))
        try:
            yield partial
        finally:
            for rest in home.glob(f"{_PARTIAL}*"):
                shutil.rmtree(rest, ignore_errors=True)


@contextmanager
def held(lock: Path, waiting: Callable[[str], None]) -> Generator[None]:
    """Hold a lock for this process alone; the operating system lets go when the process ends.

    Args:
        lock: A file, made where it is not there.
        waiting: Is told who holds it, where one has to wait.

    Raises:
        ToolError: its folder cannot be written.
    """
    with storage_errors(lock.parent):
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = open(lock, "a+", encoding="ascii")  # noqa: SIM115 - closed below
    with file:
        with storage_errors(lock.parent):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting(_holder(file.name))
                fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _tool(recipe: Recipe, place: Path, how: How, seconds: float) -> Tool:
    return Tool(
        name=recipe.name,
        version=recipe.version,
        folder=place,
        program=place / recipe.name if recipe.has_program else None,
        how=how,
        seconds=seconds,
    )


def _sizes(place: Path) -> dict[str, int]:
    """Return the size in bytes of every file below `place` but the stamp."""
    return {
        file.relative_to(place).as_posix(): file.stat().st_size
        for file in sorted(place.rglob("*"))
        if file.is_file() and file.name != _STAMP
    }


def _holder(lock: str) -> str:
    pid = Path(lock).read_text(encoding="ascii").strip()
    return f"process {pid}" if pid else "another process"
