"""moto's server in a process of its own: an AWS that is empty when it starts."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SETTINGS: Mapping[str, str] = {
    "MOTO_ACCOUNT_ID": "123456789012",
    # Without these, policies of AWS's own cannot be attached.
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
}


@dataclass(frozen=True)
class Moto:
    """A running server."""

    address: str

    def settings(self, services: Sequence[str]) -> dict[str, Any]:
        """What a provider of Terraform's needs to talk to nobody else."""
        return {
            "access_key": "test",
            "secret_key": "test",
            "endpoints": [dict.fromkeys(services, self.address)],
            "s3_use_path_style": True,
            "skip_credentials_validation": True,
            "skip_metadata_api_check": "true",
            "skip_region_validation": True,
            # Attempts, not repetitions. A connection that goes while its answer is read is asked again, as with AWS;
            # what the server does not know is answered 4xx or 501, which is never asked again.
            "max_retries": 5,
        }


@contextmanager
def moto() -> Iterator[Moto]:
    """Run a server on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(Path(__file__).with_name("moto_process.py")), str(port)]
    environment = {**os.environ, **_SETTINGS, "MOTO_PORT": str(port)}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        server = Moto(f"http://127.0.0.1:{port}")
        _await(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(server: Moto, process: "subprocess.Popen[bytes]", seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"{server.address}/moto-api/", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            assert process.poll() is None, "moto's server has ended"
            assert time.monotonic() < deadline, f"moto's server does not answer after {seconds:.0f} s"
            time.sleep(0.1)
