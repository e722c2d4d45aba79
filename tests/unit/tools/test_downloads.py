"""A download is exactly what was pinned, or it fails soon and says why."""

import io
import os
import socket
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from aidc.infra.versions import Artifact
from aidc.tools.downloads import DownloadFailed, Downloads, Patience

CONTENT = os.urandom(3 << 20)[: (2 << 20) + 7]
QUICK = Patience(connect=0.2, silence=0.2, unreachable=0.3)


def fetch(artifact: Artifact, folder: Path, downloads: Downloads | None = None) -> Path:
    target = folder / "program"
    (downloads or Downloads(None, QUICK)).fetch(artifact, target, lambda text: None)
    return target


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port whose connections are never taken up, as behind a firewall that drops everything."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        yield port


def test_a_released_program_is_fetched_and_executable(releases: Any, tmp_path: Path) -> None:
    releases.serve("/kwok", CONTENT)
    told: list[str] = []
    target = tmp_path / "program"

    Downloads(None).fetch(releases.artifact("/kwok", CONTENT), target, told.append)

    assert target.read_bytes() == CONTENT
    assert os.access(target, os.X_OK)
    assert told[-1] == "downloaded 2 of 2 MiB"
    assert [path.name for path in tmp_path.iterdir()] == ["program"]


def test_a_redirect_is_followed(releases: Any, tmp_path: Path) -> None:
    def move(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("location", "/real")
        request.end_headers()

    releases.answers["/kwok"] = move
    releases.serve("/real", CONTENT)

    assert fetch(releases.artifact("/kwok", CONTENT), tmp_path).read_bytes() == CONTENT


def test_a_member_is_taken_out_of_an_archive(releases: Any, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        entry = tarfile.TarInfo("etcd-v1/etcd")
        entry.size = len(CONTENT)
        tar.addfile(entry, io.BytesIO(CONTENT))
        tar.addfile(tarfile.TarInfo("../outside"))
    releases.serve("/etcd.tar.gz", archive.getvalue())
    artifact = releases.artifact("/etcd.tar.gz", archive.getvalue(), "etcd-v1/etcd")

    assert fetch(artifact, tmp_path).read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["program"]
    with pytest.raises(DownloadFailed, match="holds no etcd-v1/other"):
        fetch(replace(artifact, member="etcd-v1/other"), tmp_path)


def test_a_wrong_checksum_is_refused(releases: Any, tmp_path: Path) -> None:
    releases.serve("/kwok", CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))

    with pytest.raises(DownloadFailed, match="has the wrong checksum: sha256 "):
        fetch(releases.artifact("/kwok", CONTENT), tmp_path)
    assert not (tmp_path / "program").exists()


def test_a_body_that_is_cut_off_is_refused(releases: Any, tmp_path: Path) -> None:
    releases.serve("/kwok", CONTENT, cut=1)

    with pytest.raises(DownloadFailed, match="broke off"):
        fetch(releases.artifact("/kwok", CONTENT), tmp_path)


def test_a_server_that_stops_in_the_middle_is_left(releases: Any, tmp_path: Path) -> None:
    def stop(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("content-length", "1000")
        request.end_headers()
        request.wfile.write(b"x")
        request.wfile.flush()
        releases.closing.wait(10)

    releases.answers["/kwok"] = stop

    with pytest.raises(DownloadFailed, match=r"was silent for 0\.2 s"):
        fetch(releases.artifact("/kwok", CONTENT), tmp_path)


def test_a_host_that_is_silent_is_asked_once(releases: Any, tmp_path: Path) -> None:
    releases.hang("/kwok")
    downloads = Downloads(None, QUICK)
    artifact = releases.artifact("/kwok", CONTENT)

    with pytest.raises(DownloadFailed, match=r"was silent for 0\.2 s"):
        fetch(artifact, tmp_path, downloads)
    assert downloads.hopeless(artifact).endswith("did not go on answering before")
    with pytest.raises(DownloadFailed, match="did not go on answering before"):
        fetch(artifact, tmp_path, downloads)
    assert releases.asked == ["/kwok"]


def test_a_refused_connection_fails_at_once_and_its_host_is_not_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/kwok"
    artifact = Artifact(address=address, sha256="0" * 64)
    downloads = Downloads(None)
    started = time.monotonic()

    with pytest.raises(DownloadFailed, match="could not be reached"):
        fetch(artifact, tmp_path, downloads)

    assert time.monotonic() - started < 1
    assert downloads.hopeless(artifact).endswith("could not be reached before")


def test_without_a_network_all_hosts_together_cost_a_few_seconds(tmp_path: Path, deaf: int) -> None:
    downloads = Downloads(None, QUICK)
    started = time.monotonic()
    reasons: list[str] = []
    for number in range(5):
        # Another name for the same deaf port: a host of its own to the memory.
        artifact = Artifact(address=f"http://user{number}@127.0.0.1:{deaf}/kwok", sha256="0" * 64)
        with pytest.raises(DownloadFailed) as raised:
            fetch(artifact, tmp_path, downloads)
        reasons.append(str(raised.value))

    assert "could not be reached" in reasons[0]
    assert reasons[-1] == "no network so far"
    assert time.monotonic() - started < QUICK.unreachable + 0.5


def test_a_name_service_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The operating system's look-up cannot be given a time limit, and waits 30 s where packets are lost.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **named: time.sleep(1))
    started = time.monotonic()

    with pytest.raises(DownloadFailed, match="no answer from the name service"):
        fetch(Artifact(address="http://kwok.invalid/kwok", sha256="0" * 64), tmp_path)

    assert time.monotonic() - started < 0.8


def test_a_download_that_takes_too_long_is_left(releases: Any, tmp_path: Path) -> None:
    releases.serve("/kwok", CONTENT)

    with pytest.raises(DownloadFailed, match="took longer than 0 min"):
        fetch(releases.artifact("/kwok", CONTENT), tmp_path, Downloads(None, replace(QUICK, whole=0.0)))


def test_a_full_disk_is_not_taken_for_a_broken_connection(releases: Any, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    releases.serve("/kwok", CONTENT)
    (tmp_path / "program.download").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left") as raised:
        fetch(releases.artifact("/kwok", CONTENT), tmp_path)
    assert raised.value.filename == str(tmp_path / "program.download")
