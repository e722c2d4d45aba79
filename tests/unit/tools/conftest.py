"""A `go` that records what it is asked, a folder for tools, and a server of released programs."""

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aidc.infra import versions
from aidc.infra.versions import Artifact
from aidc.tools.recipes import Recipe, recipes


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def program(recipe: Recipe) -> str:
    """A program that says the recipe's version, as a script."""
    return f"#!/bin/sh\necho '{recipe.prints}'\n"


@dataclass
class FakeGo:
    """A `go` command on a PATH of its own: quick, and it writes down every call."""

    home: Path
    environment: dict[str, str]

    @property
    def modules(self) -> Path:
        return self.home / "modules"

    def module(self, recipe: Recipe) -> Path:
        """The module's folder in the module cache."""
        return self.modules / recipe.module.path.replace("/", "_")

    def install(self, *, version: str = "go1.26.8", toolchain: str = "local", before_build: str = "") -> None:
        """Put it on PATH; `before_build` is what its `build` does first."""
        downloads = "\n".join(
            f"  {recipe.module.path}@{recipe.module.tag}) dir={self.module(recipe)}; sum='{recipe.module.checksum}';;"
            for recipe in recipes().values()
            if not recipe.pinned
        )
        says = "\n".join(
            f"    */{recipe.name}) echo \"#!/bin/sh\necho '{recipe.prints}'\" > $4;;" for recipe in recipes().values()
        )
        script(
            self.home / "bin" / "go",
            f"""echo "$PWD|$CGO_ENABLED $GOWORK $GOFLAGS|$*" >> {self.home}/calls
case $1 in
env) echo '{{"GOVERSION": "{version}", "GOTOOLCHAIN": "{toolchain}"}}';;
mod) case $4 in
{downloads}
  esac
  echo "{{\\"Dir\\": \\"$dir\\", \\"Sum\\": \\"$sum\\"}}";;
build)
  [ -n "$GOCACHE" ] && mkdir -p "$GOCACHE" && echo "$GOCACHE" >> {self.home}/caches
  {before_build}
  while [ "$1" != -o ]; do shift; done
  set -- x x x $2
  case $4 in
{says}
  esac
  chmod +x $4;;
esac""",
        )

    def put_on_path(self, name: str, text: str) -> Path:
        """Put another program on the same PATH."""
        return script(self.home / "bin" / name, text)

    def calls(self) -> list[list[str]]:
        """What it was asked: folder, settings, arguments."""
        file = self.home / "calls"
        return [line.split("|") for line in file.read_text().splitlines()] if file.exists() else []

    def builds(self) -> list[list[str]]:
        return [call for call in self.calls() if call[2].startswith("build")]


@pytest.fixture
def go(tmp_path: Path) -> FakeGo:
    home = tmp_path / "go"
    environment = {
        "PATH": f"{home / 'bin'}:/usr/bin:/bin",
        "AIDC_TOOLS": str(tmp_path / "tools"),
        "AIDC_DOWNLOADS": "off",
    }
    fake = FakeGo(home, environment)
    for recipe in recipes().values():
        fake.module(recipe).mkdir(parents=True, exist_ok=True)
        for folder in recipe.manifests:
            source = fake.module(recipe) / folder.source
            source.mkdir(parents=True)
            (source / "a.yaml").write_text("kind: A\n")
            (source / "kustomization.yaml").write_text("resources: [a.yaml]\n")
            (source / "a.yaml").chmod(stat.S_IRUSR)
    fake.install()
    return fake


@dataclass
class Releases:
    """A server of released programs, with what it answers by path."""

    address: str
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def serve(self, path: str, content: bytes, *, cut: int = 0) -> None:
        """Answer with `content`, less its last `cut` bytes."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.send_header("content-length", str(len(content)))
            request.end_headers()
            request.wfile.write(content[: len(content) - cut])

        self.answers[path] = answer

    def hang(self, path: str) -> None:
        """Take the question and never answer."""
        self.answers[path] = lambda request: (self.closing.wait(10), None)[1]

    def artifact(self, path: str, content: bytes, member: str = "") -> Artifact:
        return Artifact(address=self.address + path, sha256=hashlib.sha256(content).hexdigest(), member=member)


@pytest.fixture
def releases() -> Iterator[Releases]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            answer = served.answers.get(self.path)
            if answer is None:
                self.send_error(404)
            else:
                answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Releases(f"http://127.0.0.1:{server.server_port}")
    # The default half a second between two looks for the end would be most of these tests' time.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield served
    served.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def released_kwok(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> tuple[Releases, str]:
    """The server has a release of kwok; its checksum is pinned for every platform that tests run on."""
    content = program(recipes()["kwok"]).encode()
    path = "/releases/kwok"
    releases.serve(path, content)
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    pinned = {f"{os.uname().sysname.lower()}/{machine}": releases.artifact(path, content)}
    monkeypatch.setitem(versions.ARTIFACTS, "kwok", pinned)  # type: ignore[reportArgumentType] - a dict
    return releases, path


class Told:
    """A report that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.details: list[str] = []

    def begin(self, tool: str, text: str) -> None:
        self.lines.append(f"{tool}: {text}")

    def detail(self, tool: str, text: str) -> None:
        self.details.append(f"{tool}: {text}")

    def line(self, tool: str, text: str) -> None:
        self.lines.append(f"{tool}: {text}")


@pytest.fixture
def told() -> Told:
    return Told()
