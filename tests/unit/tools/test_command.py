"""`python -m aidc.tools` as a person runs it: exit codes, output, interruption."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from aidc.tools.__main__ import main
from aidc.tools.recipes import recipes


@pytest.fixture(autouse=True)
def _environment(go: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in go.environment.items():
        monkeypatch.setenv(name, value)


def start() -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "aidc.tools", "kwok"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


def await_build(go: Any) -> int:
    """Wait until the build has begun and return the process of `go build`."""
    deadline = time.monotonic() + 10
    file = go.home / "pid"
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return int(file.read_text())


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that ended is there until somebody asks for its exit code.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_it_makes_tools_and_gives_them_as_json(go: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "kwok", "jobset"]) == 0

    printed = capsys.readouterr()
    tools = json.loads(printed.out)
    root = go.environment["AIDC_TOOLS"]
    assert tools["jobset"] == {
        "version": "v0.8.2",
        "how": "built",
        "seconds": tools["jobset"]["seconds"],
        "program": f"{root}/jobset/v0.8.2/jobset",
        "manifests": f"{root}/jobset/v0.8.2/manifests",
    }
    assert tools["kwok"]["manifests"] is None
    assert "kwok: v0.8.0 built in 0." in printed.err


def test_the_list_makes_nothing(go: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kwok"]) == 0
    calls = len(go.calls())
    capsys.readouterr()

    assert main(["--list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(recipes())
    assert lines[0].split() == ["etcd", "v3.6.8", "not", "there"]
    assert lines[4].split() == ["kwok", "v0.8.0", f"{go.environment['AIDC_TOOLS']}/kwok/v0.8.0/kwok"]
    assert main(["--list", "--json", "etcd", "kwok"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert (listed["etcd"]["how"], listed["kwok"]["how"]) == (None, "there")
    assert len(go.calls()) == calls


def test_an_unknown_name_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kwokc"]) == 2
    assert main(["--list", "kwokc"]) == 2
    assert capsys.readouterr().err.count("'kwokc' is no tool; did you mean 'kwok' or 'kwokctl'?") == 2


def test_a_failure_exits_with_1_and_without_a_traceback(go: Any, capsys: pytest.CaptureFixture[str]) -> None:
    go.install(before_build="echo broken >&2; exit 1")

    assert main(["kwok"]) == 1

    assert capsys.readouterr().err.endswith("error: building kwok v0.8.0 failed with exit code 1:\n  broken\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_interrupted_and_run_again_it_ends_well(go: Any, number: signal.Signals, code: int) -> None:
    go.install(before_build=f"echo half > {go.home}/half; echo $$ > {go.home}/pid; sleep 30")
    home = Path(go.environment["AIDC_TOOLS"]) / "kwok"
    process = start()
    build = await_build(go)

    process.send_signal(number)
    _, errors = process.communicate(timeout=10)

    assert (process.returncode, "Traceback" in errors) == (code, False)
    assert not (home / "v0.8.0").exists()
    if number is signal.SIGKILL:
        # Nobody can clean up after this one but the next run.
        os.killpg(build, signal.SIGKILL)
    else:
        assert not runs(build)
        assert [path.name for path in home.iterdir()] == [".lock"]
    go.install()
    assert main(["kwok"]) == 0
    assert sorted(path.name for path in home.iterdir()) == [".lock", "v0.8.0"]
