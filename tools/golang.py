"""Builds with Go: the command is found and judged, modules are fetched, programs are built."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ..infra import versions
from .errors import ToolError
from .recipes import Recipe

_MODULES = Path(__file__).resolve().parent / "modules"
_BUILD_SECONDS = 3600.0
_FETCH_SECONDS = 1200.0
_SHOWN_LINES = 30
_KEPT_LINES = 10_000
_PACKAGE = re.compile(r"[\w.~/-]+")
# Not in a folder of ours: a go.mod above it would change what Go does.
_NOWHERE = os.path.abspath(os.sep)


@dataclass(frozen=True, slots=True)
class Go:
    """A Go command that is new enough."""

    program: str
    environment: Mapping[str, str]

    @classmethod
    def find(cls, environment: Mapping[str, str], needing: Sequence[Recipe]) -> "Go":
        """Return the Go command on PATH.

        Args:
            environment: With PATH; also what Go runs in.
            needing: The tools that it is to build, for the message.

        Raises:
            ToolError: there is none, or it is too old and may not fetch a newer one; says what to install.
        """
        names = ", ".join(recipe.name for recipe in needing)
        advice = (
            f"install Go {versions.GO.number} or later ({versions.GO.source}), put `go` on PATH, and run this again"
        )
        program = shutil.which("go", path=environment.get("PATH", ""))
        if program is None:
            raise ToolError(f"Go is missing, and needed to make {names}; {advice}")
        # The same build for everybody: no C compiler, no workspace or version control of a folder around,
        # no flags of one's own. go.mod and go.sum are complete and stay as they are.
        settings = {
            "CGO_ENABLED": "0",
            "GO111MODULE": "on",
            "GOWORK": "off",
            "GOFLAGS": "-mod=readonly -buildvcs=false",
        }
        go = cls(program, {**environment, **settings})
        answer = go._run(["env", "-json", "GOVERSION", "GOTOOLCHAIN"], _NOWHERE, 60.0, "go env")
        found = json.loads(answer)
        # Go fetches a newer Go by itself where GOTOOLCHAIN is auto (its default); with local it does not.
        fetches = found.get("GOTOOLCHAIN", "").endswith("auto") and _parse(found["GOVERSION"]) >= (1, 21)
        if not fetches and _parse(found["GOVERSION"]) < _parse(versions.GO.number):
            raise ToolError(
                f"{program} is {found['GOVERSION']}, which is too old to make {names}; {advice}"
                " (or set GOTOOLCHAIN=auto, and it fetches that version itself)"
            )
        return go

    def module(self, recipe: Recipe) -> Path:
        """Return the folder of the tool's module in Go's module cache, fetched if need be and checked.

        Raises:
            ToolError: it cannot be fetched, or is not the module that was pinned.
        """
        name = f"{recipe.module.path}@{recipe.module.tag}"
        answer = self._run(["mod", "download", "-json", name], _NOWHERE, _FETCH_SECONDS, f"fetching {name}")
        found = json.loads(answer)
        if found["Sum"] != recipe.module.checksum:
            raise ToolError(f"{name} has the wrong checksum: {found['Sum']}, not {recipe.module.checksum}")
        return Path(found["Dir"])

    def build(self, recipe: Recipe, module: Path | None, target: Path, detail: Callable[[str], None]) -> None:
        """Build a tool's program.

        Args:
            recipe: What to build.
            module: Folder of its module; None for a tool that `tools/modules/go.mod` builds.
            target: The program.
            detail: Is told how far it is.

        Raises:
            ToolError: the build fails; shows the last lines that Go printed.
        """
        arguments = ["build", "-v", "-trimpath", "-ldflags", recipe.ldflags]
        if recipe.tags:
            arguments += ["-tags", ",".join(recipe.tags)]
        packages = 0

        def line(text: str) -> None:
            nonlocal packages
            if _PACKAGE.fullmatch(text):
                packages += 1
                detail(f"built {packages} packages")
            elif text.startswith("go: downloading "):
                detail(text.removeprefix("go: "))

        self._run(
            [*arguments, "-o", str(target), recipe.package],
            module or _MODULES,
            _BUILD_SECONDS,
            f"building {recipe.name} {recipe.version}",
            line,
        )

    def _run(
        self,
        arguments: Sequence[str],
        folder: Path | str,
        seconds: float,
        what: str,
        line: Callable[[str], None] = lambda text: None,
    ) -> str:
        return run([self.program, *arguments], folder, self.environment, seconds, what, line)


def run(
    command: Sequence[str],
    folder: Path | str,
    environment: Mapping[str, str],
    seconds: float,
    what: str,
    line: Callable[[str], None] = lambda text: None,
) -> str:
    """Run a command to its end and return its standard output.

    Args:
        command: Program and arguments.
        folder: Where it runs.
        environment: Its whole environment.
        seconds: How long it may take; then it and its children are killed.
        what: What it does, for messages.
        line: Is given every line of its error output.

    Raises:
        ToolError: it fails, does not start, or takes too long; shows the last lines of its error output.
    """
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    late = threading.Event()
    # Interrupted between its start and its being known here, the command would go on without us.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output, _Held() as interruptions:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(f"{what} does not start: {error.filename or command[0]}: {error.strerror}") from error

        def end() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        with process:
            try:
                interruptions.release()
                for text in process.stderr or ():
                    line(text.rstrip())
                    last.append(text.rstrip())
                process.wait()
            except BaseException:
                # Before leaving the block, which waits for the process to end.
                _kill(process)
                process.wait()
                raise
            finally:
                timer.cancel()
        output.seek(0)
        printed = output.read()
    if late.is_set():
        raise ToolError(f"{what} did not end within {seconds / 60:g} min and was stopped")
    if process.returncode:
        raise ToolError(_failure(what, process.returncode, list(last) or printed.splitlines()))
    return printed


class _Held:
    """Interruptions that have a handler here, held back until they are released; the last one is not lost."""

    def __init__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._came: list[int] = []

    def __enter__(self) -> "_Held":
        # Only the main thread has handlers. One that is ignored stays ignored, by the command too.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if callable(handler := signal.getsignal(number)):
                    self._handlers[number] = handler
                    signal.signal(number, self._hold)
        return self

    def __exit__(self, *failure: object) -> None:
        self.release()

    def release(self) -> None:
        """Let them come: those that came meanwhile come now."""
        while self._handlers:
            signal.signal(*self._handlers.popitem())
        while self._came:
            signal.raise_signal(self._came.pop())

    def _hold(self, number: int, frame: FrameType | None) -> None:
        self._came.append(number)


def _failure(what: str, code: int, lines: Sequence[str]) -> str:
    # With -v Go names each package that it builds; what went wrong stands between these names.
    lines = [line for line in lines if not _PACKAGE.fullmatch(line)] or lines
    lines = lines[-_SHOWN_LINES:]
    text = f"{what} failed with exit code {code}:\n" + "\n".join(f"  {line}" for line in lines)
    if any("no space left on device" in line for line in lines):
        text += (
            "\nThe disk is full: what Go compiles needs about 13 GiB beside the tools until all are there, its modules"
            " 6 GiB (`go env GOMODCACHE`), the tools 1 GiB; GOCACHE and AIDC_TOOLS name other folders."
        )
    return text


def _kill(process: "subprocess.Popen[str]") -> None:
    """Kill the command and all that it started, which is its own group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()


def _parse(version: str) -> tuple[int, ...]:
    """Return `go1.26.8` as (1, 26, 8); a development version counts as new."""
    match = re.match(r"(?:go)?(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(part or 0) for part in match.groups()) if match else (99,)
