"""The distribution: what the wheel holds, and a stranger's ten lines in an empty environment."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_PACKAGES = {"tests", "docs", "examples", "benchmarks", "build", "dist"}

PROGRAM = """
import pulumi
import aidc.components as aidc
from aidc.evaluation import evaluate

def program():
    team = aidc.Tenancy("research", {"quota": {"gpus": "8"}})
    pulumi.export("namespace", team.namespace)

graph = evaluate(program)
print(len(graph), graph.outputs["namespace"])
"""


def settings() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def test_every_package_is_listed() -> None:
    folders = {path.parent for path in ROOT.glob("*/**/__init__.py")} | {ROOT}
    inside = {path.relative_to(ROOT) for path in folders}
    packages = {
        ".".join(("aidc", *path.parts))
        for path in inside
        if not (path.parts and (path.parts[0] in NOT_PACKAGES or path.parts[0].startswith(".")))
    }
    assert packages == set(settings()["packages"])  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source") / "aidc"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("dist")
    run([uv(), "build", "--quiet", "--wheel", "--out-dir", str(out), str(source)])
    (found,) = out.glob("aidc-*.whl")
    return found


def uv() -> str:
    found = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    assert Path(found).exists(), "uv is missing; `make install` brings it"
    return found


def run(command: list[str]) -> str:
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, capture_output=True, text=True, env=clean)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_aidc_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"aidc", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}
    inside = {name.removeprefix("aidc/") for name in names if name.startswith("aidc/")}
    assert not [name for name in inside if name.split("/")[0] in NOT_PACKAGES]
    data = {"py.typed", "tools/modules/go.mod", "tools/modules/go.sum"}
    data |= {str(path.relative_to(ROOT)) for path in (ROOT / "planning/catalog/data").glob("*.json")}
    assert data <= inside


def test_a_strangers_ten_lines_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    run([uv(), "venv", "--quiet", "--python", sys.executable, str(environment)])
    python = str(environment / "bin/python")
    run([uv(), "pip", "install", "--quiet", "--python", python, str(wheel)])
    (tmp_path / "program.py").write_text(PROGRAM)
    assert run([python, str(tmp_path / "program.py")]).split() == ["9", "research"]
    assert run([str(environment / "bin/aidc"), "--version"]).startswith("aidc ")
    installed = run([python, "-c", "import importlib.util as u; print(u.find_spec('torch'))"])
    assert installed.strip() == "None"
