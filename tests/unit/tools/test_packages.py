"""Debian packages by the programs that are missing."""

import os
import platform
from pathlib import Path

import pytest

from aidc.tools import packages


def test_the_browser_is_missing_until_its_program_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packages, "_SYSTEM_FOLDERS", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert packages.missing_browser_packages() == ["chromium"]
    (tmp_path / "chromium").write_text("#!/bin/sh\n")
    (tmp_path / "chromium").chmod(0o755)
    assert packages.missing_browser_packages() == []
    assert packages.missing_image_packages() == ["buildah", "debootstrap"]


def test_the_node_and_the_browser_are_both_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/log\n')
    apt.chmod(0o755)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "system_program", lambda name: apt if name == "apt-get" else None)
    monkeypatch.setattr(packages, "plugin_folder", lambda: tmp_path)
    assert packages.main() == 0
    first, second = (tmp_path / "log").read_text().splitlines()
    assert first.split()[-1] == "util-linux"
    assert second == "install -y -qq --no-install-recommends chromium"


def test_without_root_it_is_said_how_the_browser_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    packages.install(told.append, "browser", lambda: ["chromium"])
    assert told == ["browser: chromium missing; to have it, as root: apt-get install --no-install-recommends chromium"]
