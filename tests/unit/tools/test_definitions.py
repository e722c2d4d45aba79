"""The definitions of operators: downloaded where they are published, said where they are not."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from aidc.infra.versions import DEFINITIONS
from aidc.tools.definitions import main


def published(releases: Any) -> None:
    for each in DEFINITIONS:
        for address, groups in zip(each.addresses, [each.groups] * len(each.addresses), strict=True):
            text = "\n---\n".join(f"kind: CustomResourceDefinition\nspec: {{group: {group}}}" for group in groups)
            parts = urlsplit(address)
            releases.serve(f"/{parts.netloc}{parts.path}", text.encode())


@pytest.fixture(autouse=True)
def _base(releases: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIDC_DOWNLOADS", releases.address)


def test_every_file_is_downloaded_once(releases: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published(releases)
    assert main([str(tmp_path / "crds")]) == 0
    printed = capsys.readouterr().out
    files = sorted(path.name for path in (tmp_path / "crds").iterdir())
    assert files == sorted(each.file for each in DEFINITIONS)
    for each in DEFINITIONS:
        assert f"{each.file}: downloaded ({each.operator} {each.number}, {each.source})" in printed
        text = (tmp_path / "crds" / each.file).read_text()
        assert text.count("kind: CustomResourceDefinition") == len(each.addresses) * len(each.groups)
    asked = len(releases.asked)
    assert main([str(tmp_path / "crds")]) == 0
    assert len(releases.asked) == asked


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>", "no custom resource definitions"),
        (b"a: [", "no YAML"),
        (b"kind: CustomResourceDefinition\nspec: {group: other}", "has nothing of"),
    ],
)
def test_something_else_is_not_kept(
    releases: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, reason: str
) -> None:
    published(releases)
    first = DEFINITIONS[0]
    parts = urlsplit(first.addresses[0])
    releases.serve(f"/{parts.netloc}{parts.path}", content)
    assert main([str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert reason in printed.out
    assert f"get {first.file} by hand" in printed.err
    assert first.addresses[0] in printed.err
    assert not (tmp_path / first.file).exists()
    assert (tmp_path / DEFINITIONS[1].file).exists()


def test_without_downloads_it_says_where_each_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIDC_DOWNLOADS", "off")
    assert main([str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out.count("downloads are off") == len(DEFINITIONS)
    assert all(address in printed.err for each in DEFINITIONS for address in each.addresses)
    monkeypatch.setenv("AIDC_DOWNLOADS", "nowhere")
    assert main([str(tmp_path)]) == 2
