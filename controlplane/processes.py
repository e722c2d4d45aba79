"""Programs that run beside a cluster: detached, logged, recorded, and ended without harm to any other process."""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from .failure import ProgramFailed
from .logs import telling_lines
from .state import write_atomically

_MARK = "AIDC_CLUSTER_FOLDER"
_PROGRAM = "AIDC_PROGRAM"
_LAST_LINES = 80


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program to run."""

    name: str
    """Unique within the cluster; names its log."""

    command: Sequence[str]
    """The binary and its arguments."""

    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Beside PATH, HOME and TMPDIR, which every program gets."""

    inputs: Sequence[Path] = ()
    """Files that it reads only at start: it is started anew when their content changes."""

    def fingerprint(self) -> str:
        """Return what changes when the program must be started anew."""
        binary = Path(self.command[0]).stat()
        identity = [list(self.command), sorted(self.environment.items()), binary.st_size, binary.st_mtime_ns]
        digest = hashlib.sha256(json.dumps(identity).encode())
        for path in self.inputs:
            digest.update(path.read_bytes() if path.is_file() else b"")
        return digest.hexdigest()


class ProcessTable:
    """The processes of one cluster.

    A process is known by its id together with the marks in its environment (cluster and program; where they
    cannot be read, the start time), so an id that the system gave to another process in the meantime is never
    touched. One that was started but not recorded, by a run killed in between, is found by its marks.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records = folder / "processes"
        self._logs = folder / "logs"

    def log(self, name: str) -> Path:
        """Return the log file of a program."""
        return self._logs / f"{name}.log"

    def names(self) -> list[str]:
        """Return the recorded programs in the order of their start."""
        records = sorted(self._records.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [path.stem for path in records]

    def running(self, name: str) -> psutil.Process | None:
        """Return the process of a program, or None when it does not run."""
        record = self._read(name)
        try:
            process = psutil.Process(int(record["pid"]))
            if process.status() == psutil.STATUS_ZOMBIE or not self._is_ours(process, name, record["started"]):
                return None
        except (KeyError, psutil.Error):
            return None
        return process

    def ensure(self, program: Program, anew: bool = False) -> bool:
        """Run `program`, unless exactly it runs already and shall not begin `anew`; return whether it was started."""
        record = self._read(program.name)
        process = self.running(program.name)
        if process is not None:
            if not anew and record["fingerprint"] == program.fingerprint():
                return False
            end([process])
        self._start(program)
        return True

    def stop(self, name: str) -> None:
        """End one program and forget it."""
        process = self.running(name)
        if process is not None:
            end([process])
        (self._records / f"{name}.json").unlink(missing_ok=True)

    def stop_all(self) -> int:
        """End every process of the cluster at once, recorded or not; return how many there were."""
        processes = {process.pid: process for name in self.names() if (process := self.running(name))}
        processes.update((process.pid, process) for process in self.marked())
        end(list(processes.values()))
        return len(processes)

    def end_strays(self) -> None:
        """End processes of this cluster that a killed run started and could not record."""
        known = {process.pid for name in self.names() if (process := self.running(name))}
        end([process for process in self.marked() if process.pid not in known and _was_started_here(process)])

    def end_children(self, name: str) -> None:
        """End what a program started and left behind, but not the program itself."""
        end([process for process in self.marked() if _program(process) == name and not _was_started_here(process)])

    def marked(self) -> Iterator[psutil.Process]:
        """Find this user's processes that carry this cluster's folder in their environment."""
        for process in psutil.process_iter():
            try:
                if process.uids().real == os.getuid() and process.environ().get(_MARK) == str(self._folder):
                    yield process
            except (psutil.Error, OSError):
                continue

    def last_words(self, name: str) -> str:
        """Return what a program's log says went wrong, in a line or two."""
        try:
            lines = self.log(name).read_text(errors="replace").splitlines()[-_LAST_LINES:]
        except OSError:
            return ""
        return "\n".join(telling_lines(lines))

    def listening(self) -> set[int]:
        """Return the local ports on which programs of the cluster listen."""
        ports: set[int] = set()
        for name in self.names():
            process = self.running(name)
            if process is not None:
                with suppress(psutil.Error):
                    ports |= {at.laddr.port for at in process.net_connections("tcp") if at.status == "LISTEN"}
        return ports

    def temporary_folder(self, name: str) -> Path:
        """Return the folder that is a program's TMPDIR."""
        folder = self._folder / "home" / name / "tmp"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _is_ours(self, process: psutil.Process, name: str, started: float) -> bool:
        environment = _environment(process)
        if environment is None:
            return process.create_time() == started
        # The start time moves with the system's clock when that is set; the marks do not.
        return environment.get(_MARK) == str(self._folder) and environment.get(_PROGRAM) == name

    def _start(self, program: Program) -> None:
        temporary = self.temporary_folder(program.name)
        for folder in (self._records, self._logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            # Whatever a program writes for itself stays in the cluster's folder, and goes with it.
            "HOME": str(temporary.parent),
            "TMPDIR": str(temporary),
            **program.environment,
            _MARK: str(self._folder),
            _PROGRAM: program.name,
        }
        log = self.log(program.name)
        if log.exists():
            # What the last run of it said is kept, and not taken for what this one says.
            log.replace(log.with_suffix(".previous.log"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        pid = os.posix_spawn(
            program.command[0],
            list(program.command),
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            # Its own session: neither Ctrl-C nor a closed terminal reaches it.
            setsid=True,
        )
        try:
            started = psutil.Process(pid).create_time()
        except psutil.Error:
            started = 0.0
        record = {"pid": pid, "started": started, "fingerprint": program.fingerprint()}
        write_atomically(self._records / f"{program.name}.json", json.dumps(record))

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return json.loads((self._records / f"{name}.json").read_text())
        except (OSError, ValueError):
            return {}


def _was_started_here(process: psutil.Process) -> bool:
    """Tell whether a process leads a session, as all that are started here do, and no children of theirs."""
    try:
        return os.getsid(process.pid) == process.pid
    except ProcessLookupError:
        return False


def _program(process: psutil.Process) -> str:
    return (_environment(process) or {}).get(_PROGRAM, "")


def _environment(process: psutil.Process) -> dict[str, str] | None:
    """Return the environment of a process, or None where the system does not let it be read."""
    for _ in range(20):
        try:
            environment = process.environ()
        except (psutil.AccessDenied, OSError):
            return None
        if environment:
            return environment
        # While a program is being loaded, there is nothing to read yet.
        time.sleep(0.005)
    return None


def end(processes: Sequence[psutil.Process], seconds: float = 10) -> None:
    """End processes at once, and wait until they are gone.

    By SIGKILL: none of the programs has anything to save that etcd has not written, and some take many seconds to
    end gently.

    Raises:
        ProgramFailed: one is still there after `seconds`.
    """
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + seconds
    while alive := [str(process.pid) for process in processes if not _has_ended(process)]:
        if time.monotonic() > deadline:
            raise ProgramFailed(f"processes {', '.join(alive)} cannot be ended")
        time.sleep(0.01)


def _has_ended(process: psutil.Process) -> bool:
    """Tell whether a process holds nothing any more.

    A zombie does not, once its last thread is gone: until then its sockets stay open. Whoever should collect it may
    take seconds, as the first process of some containers does.
    """
    with suppress(ChildProcessError):
        # A child of ours is collected here.
        return os.waitpid(process.pid, os.WNOHANG)[0] == process.pid
    try:
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
    except psutil.NoSuchProcess:
        return True
