"""Where a cluster keeps its files, what is recorded about it, and who works on it now."""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..problems import InvalidInput, Problem, suggestion
from .failure import ClusterBusy

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")
_RECORD = "cluster.json"
_LOCK = "lock"
_GONE = ".gone"


def state_home() -> Path:
    """Return the folder of all clusters: AIDC_STATE, or `aidc` under XDG_STATE_HOME, or ~/.local/state/aidc."""
    if own := os.environ.get("AIDC_STATE"):
        return Path(own).expanduser().absolute() / "clusters"
    base = os.environ.get("XDG_STATE_HOME")
    # The specification has relative paths ignored.
    home = Path(base) if base and os.path.isabs(base) else Path.home() / ".local" / "state"
    return home / "aidc" / "clusters"


def existing_clusters() -> list[str]:
    """Return the names of the clusters that have a state folder, sorted."""
    home = state_home()
    if not home.is_dir():
        return []
    return sorted(entry.name for entry in home.iterdir() if entry.is_dir() and _NAME.fullmatch(entry.name))


def check_name(name: str) -> None:
    """Refuse a name that cannot be part of a file name and of a Kubernetes name."""
    if not _NAME.fullmatch(name):
        reason = f"'{name}' is not a cluster name; use 1 to 40 lower-case letters, digits and inner dashes"
        raise InvalidInput("cluster", [Problem("name", reason)])


def require_existing(name: str) -> None:
    """Refuse a name that has no state folder, with close matches."""
    check_name(name)
    _finish_removals()
    known = existing_clusters()
    if name not in known:
        there = f"; there are: {', '.join(known)}" if known else "; there is none"
        reason = f"no cluster '{name}'" + (suggestion(name, known) or there) + "; `aidc up` starts one"
        raise InvalidInput("cluster", [Problem("name", reason)])


def _finish_removals() -> None:
    """Remove what a removal that was killed left."""
    home = state_home()
    for rest in home.glob(f".*{_GONE}"):
        shutil.rmtree(rest, ignore_errors=True)
    _remove_if_empty(home)


def _remove_if_empty(home: Path) -> None:
    # The folder that AIDC_STATE names is its owner's.
    for folder in [home] if os.environ.get("AIDC_STATE") else [home, home.parent]:
        try:
            folder.rmdir()
        except OSError:
            break


def node_networks(home: Path) -> set[int]:
    """Return the networks of the real nodes of all clusters, whether they run or not."""
    networks = {State(folder.parent.name).read().node_network for folder in home.glob(f"*/{_RECORD}")}
    return {network for network in networks if network is not None}


def write_atomically(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a whole file or nothing, whatever interrupts."""
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)


@dataclass
class Record:
    """What must survive between two runs."""

    ports: dict[str, int] = field(default_factory=dict[str, int])
    """Local port by role."""

    controllers: list[str] = field(default_factory=list[str])
    """Controllers that were asked for, by any run."""

    environment: str = ""
    """The environment that was deployed last."""

    node_network: int | None = None
    """Which network of the machine its real node has; None without a real node."""


class State:
    """The folder of one cluster."""

    def __init__(self, name: str) -> None:
        check_name(name)
        self.name = name
        self.folder = state_home() / name
        self.kubeconfig = self.folder / "kubeconfig.yaml"
        self.certificates = self.folder / "pki"
        self.logs = self.folder / "logs"

    def create(self) -> None:
        """Make the folders, readable by their owner alone.

        Raises:
            InvalidInput: the place cannot be written.
        """
        try:
            for folder in (self.folder, self.certificates, self.logs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            reason = f"cannot write {self.folder}: {error.strerror}; name another place in AIDC_STATE"
            raise InvalidInput("state folder", [Problem("", reason)]) from None

    @contextmanager
    def locked(self) -> Generator[None]:
        """Work alone on this cluster; the lock goes with the process, so nothing is ever left locked.

        Raises:
            ClusterBusy: another process holds the lock.
        """
        descriptor = self._acquire()
        try:
            yield
        finally:
            os.close(descriptor)

    def _acquire(self) -> int:
        path = self.folder / _LOCK
        while True:
            self.create()
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                same = os.path.samestat(os.fstat(descriptor), path.stat())
            except BlockingIOError:
                holder = path.read_text() or "unknown"
                os.close(descriptor)
                message = f"process {holder} works on cluster '{self.name}' now; wait for it or end it"
                raise ClusterBusy(message) from None
            except FileNotFoundError:
                same = False
            if same:
                os.truncate(descriptor, 0)
                os.pwrite(descriptor, str(os.getpid()).encode(), 0)
                return descriptor
            # A `down` removed the file between open and lock: lock the new one.
            os.close(descriptor)

    def read(self) -> Record:
        """Return what was recorded, or an empty record when there is none that can be read."""
        try:
            data: dict[str, Any] = json.loads((self.folder / _RECORD).read_text())
            network = data.get("node_network")
            return Record(
                dict(data["ports"]),
                list(data["controllers"]),
                str(data["environment"]),
                None if network is None else int(network),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return Record()

    def write(self, record: Record) -> None:
        """Record for the next run."""
        write_atomically(self.folder / _RECORD, json.dumps(vars(record), indent=2) + "\n")

    def remove(self) -> None:
        """Remove the folder, and its parents where they are empty."""
        if self.folder.exists():
            # Renamed first: half a folder, of a `down` that was killed, would be taken for a cluster.
            self.folder.rename(self.folder.with_name(f".{self.name}.{os.getpid()}{_GONE}"))
        _finish_removals()
