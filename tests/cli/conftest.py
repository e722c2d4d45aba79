"""The command line as people run it: whole processes, and `main` in this one where a process adds nothing."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
AIDC = Path(sys.executable).with_name("aidc")
_DROP_FROM_BOUNDING_SET = 24
_OVERRIDE_PERMISSIONS = (1, 2)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a person's shell gives, with compiled modules kept for the next process."""
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "PYTHONDONTWRITEBYTECODE")}
    return kept | {"PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("compiled"))}


@pytest.fixture
def aidc(environment: Mapping[str, str]) -> Callable[..., Ended]:
    """Run the installed script; it is ended after a minute."""

    def run(*arguments: str | Path, cwd: Path = ROOT, **more: Any) -> Ended:
        added = more.pop("env", {})
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
        ended = subprocess.run([AIDC, *arguments], cwd=cwd, env={**environment, **added}, timeout=60, **streams)
        return Ended(ended.returncode, (ended.stdout or b"").decode(), ended.stderr.decode())

    return run


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run what the script runs, in this process."""

    def run(*arguments: str | Path) -> Ended:
        from aidc.cli import main as entry

        monkeypatch.setattr(sys, "argv", ["aidc", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            entry()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        shown = capsys.readouterr()
        return Ended(code, shown.out, shown.err)

    return run


@pytest.fixture
def ours(tmp_path: Path) -> Callable[..., Path]:
    """A copy of our own project whose `local` has one setting changed, by a path such as `a.b.0.c`."""

    def make(path: str = "", value: Any = None) -> Path:
        folder = tmp_path / "ours"
        (folder / "stacks").mkdir(parents=True)
        shutil.copy(ROOT / "Pulumi.yaml", folder)
        shutil.copy(ROOT / "stacks/__main__.py", folder / "stacks")
        document = yaml.safe_load((ROOT / "stacks/Pulumi.local.yaml").read_text())
        if path:
            *above, last = path.split(".")
            above = [f"aidc:{above[0]}", *above[1:]] if above else []
            here = document["config"]
            for key in above:
                here = here[int(key) if isinstance(here, list) else key]
            here[last if above else f"aidc:{last}"] = value
        (folder / "stacks/Pulumi.local.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
        return folder

    return make


@pytest.fixture
def stranger(tmp_path: Path) -> Callable[..., Path]:
    """A project that knows nothing of us."""

    def make(program: str | bytes = "", config: str | bytes | None = None, **files: str) -> Path:
        folder = tmp_path / "shop"
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (folder / "__main__.py").write_bytes(program.encode() if isinstance(program, str) else program)
        if config is not None:
            (folder / "Pulumi.dev.yaml").write_bytes(config.encode() if isinstance(config, str) else config)
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        return folder

    return make


@pytest.fixture
def refused() -> Callable[..., None]:
    """Require an exit code, words on standard error, nothing on standard output, and no traceback."""

    def check(ended: Ended, code: int, *words: str) -> None:
        told = f"exit code {ended.code}\n--- out\n{ended.out}\n--- err\n{ended.err}"
        assert ended.code == code, told
        assert "Traceback" not in ended.err, told
        assert "destroyed but it is pending" not in ended.err, told
        assert ended.out == "", told
        assert ended.err.startswith("error: "), told
        for word in words:
            assert word in ended.err, told

    return check


@pytest.fixture
def files_below() -> Callable[[Path], set[str]]:
    """List everything below a folder but what Python compiles."""
    return lambda folder: {str(p.relative_to(folder)) for p in folder.rglob("*") if "__pycache__" not in p.parts}


@pytest.fixture
def without_privilege() -> Callable[[], None]:
    """Make root subject to permissions like everybody else; for `preexec_fn`."""

    def drop() -> None:
        if os.geteuid() == 0:
            library = ctypes.CDLL(None)
            for capability in _OVERRIDE_PERMISSIONS:
                if library.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0) != 0:
                    os._exit(77)

    return drop
