"""Go is judged before it is used, and a build that goes wrong says how."""

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from aidc.tools import ToolError, provide
from aidc.tools.golang import run


def test_without_go_it_says_what_to_install_for_which_tools(go: Any) -> None:
    (go.home / "bin" / "go").unlink()
    go.environment["PATH"] = str(go.home / "bin")

    with pytest.raises(ToolError) as raised:
        provide(["etcd", "jobset"], environment=go.environment)

    assert str(raised.value) == (
        "Go is missing, and needed to make etcd, jobset; install Go 1.26.5 or later (https://go.dev/dl/),"
        " put `go` on PATH, and run this again"
    )


def test_without_go_what_is_there_still_works(go: Any) -> None:
    provide(["jobset"], environment=go.environment)
    (go.home / "bin" / "go").unlink()
    go.environment["PATH"] = str(go.home / "bin")

    assert provide(["jobset"], environment=go.environment)["jobset"].path.is_file()


@pytest.mark.parametrize(
    ("version", "toolchain", "good"),
    [
        ("go1.26.5", "local", True),
        ("go1.27rc1", "local", True),
        ("devel +abcdef", "local", True),
        ("go1.26.4", "local", False),
        ("go1.9.7", "local", False),
        ("go1.24.1", "auto", True),
        ("go1.24.1", "go1.25.0+auto", True),
        ("go1.20.1", "auto", False),
    ],
)
def test_an_old_go_is_refused_unless_it_fetches_a_newer_one(go: Any, version: str, toolchain: str, good: bool) -> None:
    go.install(version=version, toolchain=toolchain)
    if good:
        assert provide(["kwok"], environment=go.environment)["kwok"].path.is_file()
        return
    with pytest.raises(ToolError, match=rf"is {version}, which is too old to make kwok; install Go 1\.26\.5"):
        provide(["kwok"], environment=go.environment)


def test_a_failed_build_shows_the_last_lines_and_leaves_nothing(go: Any) -> None:
    noise = 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo "main.go:$i: wrong" >&2; echo internal/abi >&2; done'
    go.install(before_build=f"{noise}; exit 3")

    with pytest.raises(ToolError) as raised:
        provide(["kwok"], environment=go.environment)

    first, *shown = str(raised.value).splitlines()
    assert first == "building kwok v0.8.0 failed with exit code 3:"
    assert shown == [f"  main.go:{number}: wrong" for number in range(21, 51)]
    assert [path.name for path in (Path(go.environment["AIDC_TOOLS"]) / "kwok").iterdir()] == [".lock"]


def test_a_full_disk_while_building_is_explained(go: Any) -> None:
    go.install(before_build="echo 'compile: no space left on device' >&2; exit 1")

    with pytest.raises(ToolError, match="The disk is full: what Go compiles"):
        provide(["kwok"], environment=go.environment)


def test_a_module_with_another_checksum_is_refused(go: Any) -> None:
    file = go.home / "bin" / "go"
    file.write_text(file.read_text().replace("sum='h1:", "sum='h1:x"))

    with pytest.raises(ToolError, match=r"jobset@v0\.8\.2 has the wrong checksum: h1:x"):
        provide(["jobset"], environment=go.environment)


def test_how_far_a_build_is_comes_from_the_packages_that_it_names(go: Any, told: Any) -> None:
    lines = "internal/abi\ngo: downloading k8s.io/api v0.36.3\nk8s.io/api/core/v1"
    go.install(before_build=f"printf '{lines}\n' >&2")

    provide(["kwok"], told, environment=go.environment)

    assert told.details == ["kwok: built 1 packages", "kwok: downloading k8s.io/api v0.36.3", "kwok: built 2 packages"]


def test_a_command_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ToolError, match=r"a test did not end within 0\.005 min and was stopped"):
        # The child keeps the pipe open: killing the shell alone would wait for it.
        run(["/bin/sh", "-c", "sleep 20 & sleep 20"], tmp_path, {}, 0.3, "a test")
    assert time.monotonic() - started < 3


def test_a_command_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="a test does not start: /nowhere/go: No such file"):
        run(["/nowhere/go"], tmp_path, {}, 1, "a test")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"a test does not start: .*/gone: No such file"):
        run(["/bin/sh"], tmp_path / "gone", {}, 1, "a test")


def test_a_failure_told_on_standard_output_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="exit code 1:\n  not found"):
        run(["/bin/sh", "-c", "echo not found; exit 1"], tmp_path, {}, 5, "a test")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_while_the_command_starts_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    started: list[subprocess.Popen[str]] = []
    really = subprocess.Popen

    def interrupted(*arguments: Any, **options: Any) -> Any:
        process = really(*arguments, **options)
        started.append(process)
        # As when the command already runs, and the call that started it has not come back yet.
        signal.raise_signal(number)
        return process

    class Interrupted(BaseException):
        pass

    def handler(number: int, frame: object) -> None:
        raise Interrupted

    before = signal.signal(number, handler)
    monkeypatch.setattr(subprocess, "Popen", interrupted)
    try:
        with pytest.raises(Interrupted):
            run(["sleep", "30"], tmp_path, {"PATH": "/usr/bin:/bin"}, 20.0, "sleeping")
        assert signal.getsignal(number) is handler
    finally:
        signal.signal(number, before)
    assert started[0].returncode == -signal.SIGKILL
