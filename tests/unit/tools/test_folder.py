"""A version of a tool is there whole or not at all, and a folder that cannot be used says why."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aidc.tools import How, ToolError, provide
from aidc.tools.errors import storage_errors
from aidc.tools.folder import Folder
from aidc.tools.recipes import Recipe, recipes

KWOK = recipes()["kwok"]


def install(folder: Folder, recipe: Recipe, text: str = "x") -> Path:
    def fill(partial: Path) -> None:
        (partial / recipe.name).write_text(text)

    with folder.lock(recipe, lambda holder: None):
        return folder.install(recipe, How.BUILT, fill, time.monotonic()).folder


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[None]:
    """The tests may run as root, who may write anywhere; inside they are nobody."""
    if os.geteuid() != 0:
        yield
        return
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o005 != 0o005 and folder.is_relative_to("/tmp"):
            folder.chmod(0o755)
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.parametrize(
    ("environment", "root"),
    [
        ({"AIDC_TOOLS": "/a/b"}, Path("/a/b")),
        ({"AIDC_TOOLS": "~/b"}, Path.home() / "b"),
        ({"AIDC_TOOLS": "b"}, Path.cwd() / "b"),
        ({"XDG_CACHE_HOME": "/cache"}, Path("/cache/aidc/tools")),
        ({"XDG_CACHE_HOME": "relative"}, Path.home() / ".cache/aidc/tools"),
        ({}, Path.home() / ".cache/aidc/tools"),
    ],
)
def test_where_tools_are_kept(environment: dict[str, str], root: Path) -> None:
    assert Folder.of(environment).root == root


def test_a_new_version_is_made_and_the_old_one_stays(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    old = install(folder, KWOK)
    newer = replace(KWOK, module=replace(KWOK.module, number="9.9.9"))

    assert folder.find(newer) is None
    assert install(folder, newer).name == "v9.9.9"
    assert (folder.find(KWOK), old.is_dir()) != (None, False)


def test_the_same_version_made_otherwise_replaces_the_old_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    install(folder, KWOK, "old")
    other = replace(KWOK, ldflags="-s")

    assert folder.find(other) is None
    place = install(folder, other, "new")

    assert (place / "kwok").read_text() == "new"
    assert folder.find(KWOK) is None
    assert sorted(path.name for path in place.parent.iterdir()) == [".lock", "v0.8.0"]


@pytest.mark.parametrize("remains", ["file", "folder", "link"])
def test_remains_of_a_run_that_died_are_cleared(tmp_path: Path, remains: str) -> None:
    home = tmp_path / "kwok"
    (home / ".partial-dead" / "deep").mkdir(parents=True)
    (home / ".partial-dead" / "deep" / "kwok").write_text("half")
    match remains:
        case "file":
            (home / "v0.8.0").write_text("")
        case "folder":
            (home / "v0.8.0").mkdir()
        case _:
            (home / "v0.8.0").symlink_to("/nowhere")
    folder = Folder(tmp_path)

    assert folder.find(KWOK) is None
    install(folder, KWOK)

    assert folder.find(KWOK) is not None
    assert sorted(path.name for path in home.iterdir()) == [".lock", "v0.8.0"]


def test_what_fails_while_it_is_made_leaves_the_old_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    install(folder, KWOK)

    def fill(partial: Path) -> None:
        (partial / "kwok").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), folder.lock(KWOK, lambda holder: None):
        folder.install(replace(KWOK, ldflags=""), How.BUILT, fill, 0.0)

    assert folder.find(KWOK) is not None
    assert sorted(path.name for path in (tmp_path / "kwok").iterdir()) == [".lock", "v0.8.0"]


def test_no_permission_is_explained(go: Any, tmp_path: Path, nobody: None) -> None:
    go.environment["AIDC_TOOLS"] = "/usr/aidc-tools"

    with pytest.raises(ToolError) as raised:
        provide(["kwok"], environment=go.environment)

    assert str(raised.value) == ("/usr/aidc-tools: no permission to write; set AIDC_TOOLS to another folder")


def test_a_file_where_the_folder_should_be_is_explained(go: Any, tmp_path: Path) -> None:
    (tmp_path / "tools").write_text("")

    with pytest.raises(ToolError, match=r"/tools.*: a file is where a folder should be; move it away"):
        provide(["kwok"], environment=go.environment)


def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")

    def fill(partial: Path) -> None:
        with open("/dev/full", "w", encoding="ascii") as full:
            full.write("x")

    folder = Folder(tmp_path)
    with (
        pytest.raises(ToolError, match=r"no space left .all tools need about 1 GiB"),
        folder.lock(KWOK, lambda holder: None),
    ):
        folder.install(KWOK, How.BUILT, fill, 0.0)


def test_any_other_trouble_names_the_place_and_the_way_out(tmp_path: Path) -> None:
    reason = "No such file or directory; if that cannot be changed, set AIDC_TOOLS"
    with pytest.raises(ToolError, match=reason), storage_errors(tmp_path):
        (tmp_path / "a" / "b").write_text("")


def test_no_home_folder_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(self: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", none)
    with pytest.raises(ToolError, match="no folder for tools: Could not determine home directory"):
        Folder.of({})
