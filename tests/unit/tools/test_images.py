"""Images: which base they are built on, and archives that are written again only where an image has changed."""

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aidc.tools import image_archives
from aidc.tools.errors import ToolError
from aidc.tools.images import STAND_IN, Images, images_folder

BUILDAH = """#!/bin/sh
cd {home}
shift 3
echo "$@" >> calls
[ "$1" = add ] && (cd "$4" && find . -type f | sort) > {home}/base
case "$1" in
    images) [ -e stand-in ] && echo 0123 || true ;;
    pull) [ -e registry ] || {{ echo "dial tcp: no such host" >&2; exit 125; }} ;;
    from) echo working-container ;;
    commit) touch stand-in ;;
    inspect) cat image.json ;;
    bud) mkdir -p "$TMPDIR/buildah-cache" && printf x > "$TMPDIR/buildah-cache/wheel" ;;
    push) [ -e full ] && exit 1; for last in "$@"; do :; done; printf x > "$(echo "$last" | cut -d: -f2)" ;;
esac
"""


DEBOOTSTRAP = """#!/bin/sh
echo debootstrap >> {home}/calls
for last in "$@"; do :; done
mkdir -p "$last/var/lib/dpkg" "$last/var/cache/apt/archives" "$last/var/lib/apt/lists/partial"
cd "$last/var"
touch lib/dpkg/status cache/apt/archives/python3.deb lib/apt/lists/debian_main_Packages
"""


def image(identity: str) -> str:
    layers = [{"size": 250_000_000}, {"size": 5_600_000_000}]
    return json.dumps({"FromImageID": identity, "Manifest": json.dumps({"layers": layers})})


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A `buildah` and a `debootstrap` that write down every call; returns what was called since the last time."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (
        ("buildah", BUILDAH.format(home=tmp_path)),
        (
            "debootstrap",
            DEBOOTSTRAP.format(home=tmp_path),
        ),
    ):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (tmp_path / "image.json").write_text(image("first"))
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def called() -> list[str]:
        log = tmp_path / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("")
        return lines

    return called


def test_the_base_of_the_dockerfile_is_used_where_its_registry_is_reached(
    calls: Callable[[], list[str]], tmp_path: Path
) -> None:
    (tmp_path / "registry").touch()
    Images(tmp_path / "images").provide("training")
    (build,) = [line for line in calls() if line.startswith("bud ")]
    assert "--build-arg=BASE=docker.io/library/python:3.11" in build
    assert "--tag=localhost/aidc-training:local" in build


def test_a_base_of_debian_stands_in_and_is_made_once(calls: Callable[[], list[str]], tmp_path: Path) -> None:
    images = Images(tmp_path / "images")
    images.provide("training")
    called = calls()
    assert called.count("debootstrap") == 1
    # Nothing that was downloaded for it stays in it.
    assert (tmp_path / "base").read_text() == "./var/lib/dpkg/status\n"
    assert [line for line in called if line.startswith("bud ") and f"--build-arg=BASE={STAND_IN}" in line]
    images.provide("inference")
    assert not {"debootstrap"} & set(calls())


def test_an_archive_is_written_again_only_where_the_image_changed(
    calls: Callable[[], list[str]], tmp_path: Path
) -> None:
    images = Images(tmp_path / "images")
    first = images.provide("training")
    assert first.path.read_text() == "x"
    assert (first.identity, first.bytes) == ("first", 5_850_000_000)
    assert sum(line.startswith("push ") for line in calls()) == 1
    assert images.provide("training") == first
    assert sum(line.startswith("push ") for line in calls()) == 0
    (tmp_path / "image.json").write_text(image("second"))
    assert images.provide("training").identity == "second"
    assert sum(line.startswith("push ") for line in calls()) == 1


def test_an_archive_that_could_not_be_written_is_written_the_next_time(
    calls: Callable[[], list[str]], tmp_path: Path
) -> None:
    images = Images(tmp_path / "images")
    (tmp_path / "full").touch()
    with pytest.raises(ToolError, match="writing "):
        images.provide("training")
    assert not (tmp_path / "images/archives/training.tar").exists()
    (tmp_path / "full").unlink()
    assert images.provide("training").path.is_file()


def test_what_was_downloaded_for_builds_does_not_stay(calls: Callable[[], list[str]], tmp_path: Path) -> None:
    images = Images(tmp_path / "images")
    with images.alone():
        images.provide("training")
        assert (tmp_path / "images/temporary/buildah-cache/wheel").is_file()
    assert sorted(path.name for path in (tmp_path / "images").iterdir() if path.is_dir()) == [
        "archives",
        "base",
        "layers",
        "state",
    ]


def test_two_that_build_wait_for_each_other(calls: Callable[[], list[str]], tmp_path: Path, told: Any) -> None:
    first, second = Images(tmp_path / "images"), Images(tmp_path / "images", told)
    order: list[str] = []

    def later() -> None:
        with second.alone():
            order.append("second")

    with first.alone():
        waiting = threading.Thread(target=later)
        waiting.start()
        deadline = time.monotonic() + 10
        while not told.lines and time.monotonic() < deadline:
            time.sleep(0.01)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]
    assert told.lines == [f"images: waiting for process {os.getpid()}"]


def test_the_folder_is_beside_the_tools_unless_it_is_named(tmp_path: Path) -> None:
    assert images_folder({"AIDC_TOOLS": "/cache/aidc/tools"}) == Path("/cache/aidc/images")
    assert images_folder({"AIDC_IMAGES": str(tmp_path)}) == tmp_path


@pytest.mark.parametrize("arguments", [("inferense",), ("training", "web")])
def test_an_unknown_program_is_refused_by_name(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        image_archives.main(arguments)
    assert ended.value.code == 2
    assert f"'{arguments[-1]}' has no image" in capsys.readouterr().err


def test_where_images_cannot_be_built_it_is_said_and_nothing_fails(
    calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert image_archives.main([]) == 0
    assert capsys.readouterr().err == "images: only root can build them\n"
    assert calls() == []
