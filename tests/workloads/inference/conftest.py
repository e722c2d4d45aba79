"""Exports, and the real server over real HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
import torch

from aidc.workloads.models.card import ModelCard
from aidc.workloads.models.encoding import BytesEncoding
from aidc.workloads.models.export import export_model
from aidc.workloads.models.model import build_model
from aidc.workloads.models.settings import ConvolutionalSettings, GPT2Settings, LSTMSettings

_START_SECONDS = 240


@dataclass(frozen=True)
class Server:
    """A server that runs as a process of its own."""

    process: "subprocess.Popen[bytes]"
    address: str
    log: Path

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=60, trust_env=False)

    def wait_until_ready(self) -> None:
        end = time.monotonic() + _START_SECONDS
        with self.client() as client:
            while time.monotonic() < end:
                assert self.process.poll() is None, self.log.read_text()
                try:
                    if client.get("/readyz").status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


Start = Callable[..., Server]


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the exports `text`, `lstm` and `digits`, of seeded weights."""
    folder = tmp_path_factory.mktemp("exports")
    torch.manual_seed(7)
    settings = GPT2Settings(layers=2, heads=2, embedding=32, context=64, vocabulary=256)
    model = build_model(settings)
    with torch.no_grad():
        # Larger weights, so that greedy texts are not one letter over and over.
        for parameter in model.parameters():
            parameter.mul_(6)
    export_model(folder / "text", model, settings, BytesEncoding(), card=ModelCard(name="text"))
    lstm = LSTMSettings(layers=1, embedding=16, hidden=16, vocabulary=256)
    export_model(folder / "lstm", build_model(lstm), lstm, BytesEncoding(), card=ModelCard(name="lstm"))
    digits = ConvolutionalSettings(channels=1, height=8, width=8, classes=10)
    labels = [str(digit) for digit in range(10)]
    export_model(folder / "digits", build_model(digits), digits, labels=labels, card=ModelCard(name="digits"))
    return folder


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start servers; what still runs at the end is stopped."""
    with ExitStack() as stack:

        def begin(model: Path | str, *settings: str, ready: bool = True, path: Path | None = None) -> Server:
            port = free_port()
            log = tmp_path_factory.mktemp("server") / "log"
            command = [sys.executable, "-m", "aidc.workloads.inference", "--model", str(model), "--port", str(port)]
            command += ["--host", "127.0.0.1", *(part for each in settings for part in ("--set", each))]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            if path is not None:
                environment["PYTHONPATH"] = os.pathsep.join([str(path), environment.get("PYTHONPATH", "")])
            file = stack.enter_context(log.open("wb"))
            process = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
            stack.callback(_end, process)
            server = Server(process, f"http://127.0.0.1:{port}", log)
            if ready:
                server.wait_until_ready()
            return server

        yield begin


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            for each in [*psutil.Process(process.pid).children(recursive=True), process]:
                each.kill()
            process.wait()


@pytest.fixture(scope="session")
def text_server(exports: Path, start: Start) -> Server:
    """A server of the language model, with small bounds."""
    return start(exports / "text", "batch=4", "queue=8", "body_bytes=65536", "choices=4")


@pytest.fixture(scope="session")
def digits_server(exports: Path, start: Start) -> Server:
    return start(exports / "digits", "batch=4")
