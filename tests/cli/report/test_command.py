"""`aidc plan --html`: the file, what stands beside it, and what is said where it cannot be written."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import pulumi_kubernetes as k
k.core.v1.Namespace("n", metadata={"name": "n"})
"""


def test_one_file_and_nothing_else(
    main: Callable[..., Any], stranger: Callable[..., Path], tmp_path: Path, files_below: Callable[[Path], set[str]]
) -> None:
    folder = stranger(PROGRAM)
    page = tmp_path / "out" / "plan.html"
    page.parent.mkdir()
    ended = main("plan", "dev", "--project", folder, "--html", page)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    first = page.read_bytes()
    assert b"<h1>shop/dev</h1>" in first
    assert main("plan", "dev", "--project", folder, "--html", page).code == 0
    assert page.read_bytes() == first
    assert files_below(page.parent) == {"plan.html"}


def test_page_data_and_difference_at_once(
    main: Callable[..., Any], stranger: Callable[..., Path], tmp_path: Path
) -> None:
    folder = stranger(PROGRAM)
    before, page = tmp_path / "before.json", tmp_path / "plan.html"
    assert main("plan", "dev", "--project", folder, "--json", before).code == 0
    (folder / "__main__.py").write_text(PROGRAM + 'k.core.v1.Namespace("m", metadata={"name": "m"})\n')
    arguments = ("--against", before, "--html", page, "--json", "-", "--date", "2026-11-30")
    ended = main("plan", "dev", "--project", folder, *arguments)
    assert json.loads(ended.out)["difference"]["resources"]["added"]
    text = page.read_text()
    assert "as of <time>2026-11-30</time>" in text
    assert re.search(r"Resources: 1 added, 0 removed, 0 changed", text)


def test_today_is_what_the_clock_says(main: Callable[..., Any], stranger: Callable[..., Path], tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    assert main("plan", "dev", "--project", stranger(PROGRAM), "--html", page, "--date", "today").code == 0
    assert re.search(r"as of <time>20\d\d-\d\d-\d\d</time>", page.read_text())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--html", "page.html", "--date", "30.11.2026"], ["--date", "'30.11.2026' is no date", "YYYY-MM-DD"]),
        (["--date", "2026-11-30"], ["--date", "give --html FILE too"]),
        (["--html", "page.html", "--preview"], ["--html", "--preview"]),
        (["--html", "nowhere/page.html"], ["nowhere/page.html", "No such file"]),
        (["--html", "."], ["is a folder"]),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: list[str],
    words: list[str],
    main: Callable[..., Any],
    stranger: Callable[..., Path],
    refused: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = stranger(PROGRAM)
    monkeypatch.chdir(tmp_path)
    refused(main("plan", "dev", "--project", folder, *arguments), 2, *words)
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.parametrize("missing", ["jinja2", "altair"])
def test_a_missing_library_is_named_with_the_way_out(
    missing: str,
    main: Callable[..., Any],
    stranger: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    program = """
import pulumi_kubernetes as k
k.apiextensions.CustomResource("p", api_version="karpenter.sh/v1", kind="NodePool", metadata={"name": "p"}, spec={
    "template": {"spec": {"requirements": [
        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["p5.48xlarge"]}]}},
    "limits": {"nvidia.com/gpu": "8"}})
"""
    page = tmp_path / "plan.html"
    ended = main("plan", "dev", "--project", stranger(program), "--html", page)
    assert ended.code == 1
    assert ended.err == f"error: {missing} is not installed; `pip install 'aidc[planning]'` installs it\n"
    assert not page.exists()
