"""The content of a build context is what a build would be given of it."""

from pathlib import Path

import pytest

from aidc.infra.registry.build_context import content_tag
from aidc.infra.registry.ignored_paths import IgnoredPaths

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("rules", "path", "is_ignored"),
    [
        ("", "a", False),
        ("a", "a", True),
        ("a", "a/b/c", True),
        ("a", "ab", False),
        ("a", "b/a", False),
        ("*/a", "b/a", True),
        ("**/a", "a", True),
        ("**/a", "b/c/a/d", True),
        ("*.py", "x.py", True),
        ("*.py", "a/x.py", False),
        ("**/*.py", "a/b/x.py", True),
        ("a/**/z", "a/b/c/z", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab]x", "bx", True),
        ("/a/", "a/b", True),
        ("# a\n\n*\n!a\n**/x", "a/b", False),
        ("# a\n\n*\n!a\n**/x", "a/x", True),
        ("# a\n\n*\n!a\n**/x", "b", True),
        ("*.md\n!README.md", "README.md", False),
    ],
)
def test_the_last_rule_that_matches_decides(rules: str, path: str, is_ignored: bool) -> None:
    assert IgnoredPaths(rules).is_ignored(path) == is_ignored


def test_folders_are_left_alone_where_nothing_in_them_can_be_kept() -> None:
    rules = IgnoredPaths("*\n!a/b\n!planning")
    assert rules.may_keep_below("a")
    assert rules.may_keep_below("planning")
    assert not rules.may_keep_below(".venv")
    assert IgnoredPaths("*\n!**/x").may_keep_below(".venv")


def test_the_tag_follows_what_is_not_ignored(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("one")
    (tmp_path / "other").write_text("one")
    (tmp_path / ".dockerignore").write_text("*\n!kept\n")
    before = content_tag(tmp_path, {})
    (tmp_path / "other").write_text("two")
    assert content_tag(tmp_path, {}) == before
    (tmp_path / "kept/file").write_text("two")
    assert content_tag(tmp_path, {}) != before


def test_the_context_of_the_programs_is_small_and_whole() -> None:
    rules = IgnoredPaths.of(ROOT)
    for path in ("uv.lock", "workloads/install.sh", "workloads/training/__main__.py", "planning/__init__.py"):
        assert not rules.is_ignored(path)
    for path in (".git/HEAD", ".venv/bin/python", "tests/conftest.py", "workloads/__pycache__/x.pyc"):
        assert rules.is_ignored(path)
