"""Released programs over HTTP: checked against their pinned checksum, and given up soon where there is no network."""

import hashlib
import os
import shutil
import socket
import tarfile
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..infra.versions import Artifact
from ..problems import InvalidInput, Problem

if TYPE_CHECKING:
    import httpx

_MAXIMUM_BYTES = 1 << 30
_CHUNK_BYTES = 1 << 18


class DownloadFailed(Exception):
    """A released program could not be had; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, in seconds."""

    connect: float = 2.0
    """For a name, a connection and its encryption."""

    silence: float = 5.0
    """Between two pieces of an answer."""

    unreachable: float = 3.0
    """For hosts that cannot be reached, all together; after that nothing more is tried."""

    whole: float = 900.0
    """For one file."""


class Downloads:
    """Downloads of one run; it remembers which hosts cannot be reached."""

    def __init__(self, base: str | None, patience: Patience | None = None) -> None:
        """Download below `base`, an address that holds `<host>/<path>` of every file; None: from their own hosts."""
        self._base = base
        self._patience = patience or Patience()
        self._unreachable: dict[str, str] = {}
        self._lost = 0.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Downloads | None":
        """Return the downloads that AIDC_DOWNLOADS asks for: an address, `off` (None), or nothing.

        Raises:
            InvalidInput: it is neither.
        """
        given = environment.get("AIDC_DOWNLOADS", "").strip()
        if given == "off":
            return None
        if not given:
            return cls(None)
        address = urllib.parse.urlsplit(given)
        if address.scheme not in ("http", "https") or not address.hostname:
            reason = f"'{given}' is no address; give http://... or https://..., or off for no downloads"
            raise InvalidInput("environment", [Problem("AIDC_DOWNLOADS", reason)])
        return cls(given.rstrip("/"))

    def fetch(self, artifact: Artifact, target: Path, detail: Callable[[str], None]) -> None:
        """Download a program to `target` and make it executable.

        Args:
            artifact: What to download.
            target: The program; the downloaded file lies beside it for a while.
            detail: Is told how far it is.

        Raises:
            DownloadFailed: it cannot be had, or is not what its checksum says.
        """
        if hopeless := self.hopeless(artifact):
            raise DownloadFailed(hopeless)
        address = self._address(artifact)
        host = urllib.parse.urlsplit(address).netloc
        file = target.with_name(target.name + ".download")
        digest = self._receive(address, host, file, detail)
        if digest != artifact.sha256:
            raise DownloadFailed(f"{address} has the wrong checksum: sha256 {digest}, not {artifact.sha256}")
        if artifact.member:
            _extract(file, artifact.member, target)
            file.unlink()
        else:
            file.rename(target)
        target.chmod(0o755)

    def read(self, address: str) -> bytes:
        """Download a file that nobody has published a checksum of; raises `DownloadFailed`."""
        artifact = Artifact(address=address, sha256="")
        if hopeless := self.hopeless(artifact):
            raise DownloadFailed(hopeless)
        there = self._address(artifact)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "file"
            self._receive(there, urllib.parse.urlsplit(there).netloc, file, lambda text: None)
            return file.read_bytes()

    def hopeless(self, artifact: Artifact) -> str:
        """Return why a download is not worth a try any more, or nothing."""
        host = urllib.parse.urlsplit(self._address(artifact)).netloc
        if host in self._unreachable:
            return f"{host} {self._unreachable[host]} before"
        if self._lost >= self._patience.unreachable:
            return "no network so far"
        return ""

    def _address(self, artifact: Artifact) -> str:
        if self._base is None:
            return artifact.address
        parts = urllib.parse.urlsplit(artifact.address)
        return f"{self._base}/{parts.netloc}{parts.path}"

    def _receive(self, address: str, host: str, file: Path, detail: Callable[[str], None]) -> str:
        import httpx

        patience = self._patience
        connect = max(0.1, min(patience.connect, patience.unreachable - self._lost))
        started = time.monotonic()
        try:
            _resolve(address, connect)
            timeout = httpx.Timeout(patience.silence, connect=connect)
            with (
                httpx.Client(timeout=timeout, follow_redirects=True) as client,
                client.stream("GET", address, headers={"accept-encoding": "identity"}) as answer,
            ):
                if answer.status_code != 200:
                    raise DownloadFailed(f"{address} answered {answer.status_code}")
                return self._write(answer, address, file, detail)
        except (OSError, httpx.ConnectError, httpx.ConnectTimeout) as error:
            if isinstance(error, OSError) and error.filename:
                raise
            self._lost += time.monotonic() - started
            self._unreachable[host] = "could not be reached"
            raise DownloadFailed(f"{host} could not be reached ({_reason(error)})") from error
        except httpx.TimeoutException as error:
            self._lost += time.monotonic() - started
            self._unreachable[host] = "did not go on answering"
            raise DownloadFailed(f"{host} was silent for {patience.silence:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DownloadFailed(f"{address} broke off ({_reason(error)})") from error

    def _write(self, answer: "httpx.Response", address: str, file: Path, detail: Callable[[str], None]) -> str:
        digest = hashlib.sha256()
        limit = time.monotonic() + self._patience.whole
        total = int(answer.headers.get("content-length", "0"))
        done = 0
        with file.open("wb") as target:
            for chunk in answer.iter_raw(_CHUNK_BYTES):
                _store(target.fileno(), chunk, file)
                digest.update(chunk)
                done += len(chunk)
                detail(f"downloaded {done >> 20}" + (f" of {total >> 20} MiB" if total else " MiB"))
                if done > _MAXIMUM_BYTES:
                    raise DownloadFailed(f"{address} is larger than {_MAXIMUM_BYTES >> 30} GiB")
                if time.monotonic() > limit:
                    raise DownloadFailed(f"{address} took longer than {self._patience.whole / 60:g} min")
        return digest.hexdigest()


def _store(descriptor: int, chunk: bytes, file: Path) -> None:
    """Write all of `chunk`; a failure names the file, which tells a full disk from a broken connection."""
    try:
        while chunk:
            chunk = chunk[os.write(descriptor, chunk) :]
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error


def _resolve(address: str, seconds: float) -> None:
    """Look the host up in time, since the operating system may wait for half a minute where there is no network.

    Raises:
        OSError: there is no such host, or no answer in time.
    """
    parts = urllib.parse.urlsplit(address)
    host = parts.hostname or ""
    proxied = parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(host)
    if proxied or not host:
        return
    failure: list[OSError] = [TimeoutError("no answer from the name service")]

    def look_up() -> None:
        try:
            socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
        except OSError as error:
            failure[0] = error
        else:
            failure.clear()

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _extract(archive: Path, member: str, target: Path) -> None:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            source = tar.extractfile(member)
            if source is None:
                raise DownloadFailed(f"{archive.name} holds {member}, but not as a file")
            with source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
    except (KeyError, tarfile.TarError, EOFError) as error:
        raise DownloadFailed(f"{archive.name} holds no {member} ({_reason(error)})") from error
