"""Files that are empty, broken, hostile, unreadable or not there."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GIB = 2**30
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
MERGE_BOMB = "config:\n  a0: &a0 {x: 1, y: 2}\n" + "".join(
    f"  a{i}: &a{i} {{b: *a{i - 1}, c: *a{i - 1}, <<: *a{i - 1}}}\n" for i in range(1, 40)
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["the file is empty"]),
        ("   \n# nothing\n", ["the file is empty"]),
        ("- a\n- b\n", ["must be a mapping"]),
        ("just words", ["must be a mapping"]),
        ("config: [a]", ["config: must be a mapping"]),
        ("config:\n  shop:a: [1, 2\n", ["line 3", "not YAML"]),
        ("config:\n\tshop:a: 1\n", ["line 2", "not YAML"]),
        ("config:\n  shop:a: 1\n  shop:a: 2\n", ["line 3", "key 'shop:a' is there twice"]),
        ("config:\n  shop:a: *nowhere\n", ["line 2", "undefined alias"]),
        ("config: &c\n  shop:a: *c\n", ["an alias refers to itself"]),
        ("config: {}\n---\nconfig: {}\n", ["another document"]),
        ("config:\n  shop:a: !!python/object/apply:os.system [id]\n", ["line 2", "the tag"]),
        ("config:\n  shop:a: !!binary aGVsbG8=\n", ["line 2", "the tag !!binary"]),
        ("config:\n  shop:a: .nan\n", ["line 2", ".nan"]),
        ("config:\n  shop:a: " + "9" * 5000, ["a number cannot be read"]),
        ("config:\n  1: a\n", ["config: the key 1 is not text"]),
        ("config:\n  shop:a: " + "[" * 100_000, ["line 2", "nested deeper than 100 levels"]),
        ("config:\n  shop:a:\n    " + "- " * 50_000 + "x", ["line 3", "nested deeper than 100 levels"]),
        ("config:\n  b0: &b0 [1]\n" + "".join(f"  b{i}: &b{i} [*b{i - 1}]\n" for i in range(1, 3000)), ["nested"]),
        ("config:\n" + "  shop:a: 1 # " + "x" * 5_000_000, ["larger than 4,194,304 bytes"]),
        (BOMB, ["once aliases are followed"]),
        (MERGE_BOMB, ["once aliases are followed"]),
        (bytes(range(256)) * 40, ["byte 128 is not UTF-8"]),
        (b"\x00\x01\x02", ["not YAML"]),
        (b"\xff\xfe" + "config: {}".encode("utf-16-le"), ["is not UTF-8"]),
    ],
)
def test_a_broken_stack_file(
    content: str | bytes,
    words: list[str],
    stranger: Callable[..., Path],
    main: Callable[..., Any],
    refused: Callable[..., None],
    files_below: Callable[[Path], set[str]],
) -> None:
    folder = stranger("raise SystemError('the program must not run')", content)
    before = files_below(folder)
    refused(main("plan", "dev", "-C", folder), 2, "Pulumi.dev.yaml", *words)
    assert files_below(folder) == before


@pytest.mark.parametrize(
    "bomb", [BOMB, MERGE_BOMB, "config:\n  a: " + "[" * 1_000_000], ids=["lists", "merges", "depth"]
)
def test_a_bomb_needs_neither_memory_nor_time(
    bomb: str, stranger: Callable[..., Path], aidc: Callable[..., Any], refused: Callable[..., None]
) -> None:
    # The fixture ends a process after a minute, the system one that takes more than these 2 GiB.
    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2 * GIB, 2 * GIB))

    refused(aidc("plan", "dev", "-C", stranger("", bomb), preexec_fn=bounded), 2, "Pulumi.dev.yaml", "line")


def test_dates_stay_text(stranger: Callable[..., Path], main: Callable[..., Any]) -> None:
    program = "import pulumi\nassert pulumi.Config().require('day') == '2026-11-21'\n"
    assert main("plan", "dev", "-C", stranger(program, "config:\n  shop:day: 2026-11-21\n")).code == 0


def test_a_folder_where_a_file_should_be(
    stranger: Callable[..., Path], main: Callable[..., Any], refused: Callable[..., None]
) -> None:
    folder = stranger()
    (folder / "Pulumi.dev.yaml").mkdir()
    refused(main("plan", "dev", "-C", folder), 2, "Pulumi.dev.yaml", "cannot be read: Is a directory")


def test_links_that_lead_nowhere_and_to_themselves(
    stranger: Callable[..., Path], main: Callable[..., Any], refused: Callable[..., None]
) -> None:
    folder = stranger()
    (folder / "Pulumi.dev.yaml").symlink_to("nowhere")
    (folder / "Pulumi.prod.yaml").symlink_to("Pulumi.prod.yaml")
    refused(main("plan", "dev", "-C", folder), 2, "Pulumi.dev.yaml", "No such file")
    refused(main("plan", "prod", "-C", folder), 2, "Pulumi.prod.yaml", "symbolic links")


@pytest.mark.parametrize("name", ["Pulumi.dev.yaml", "Pulumi.yaml"])
def test_a_file_that_must_not_be_read(
    name: str,
    stranger: Callable[..., Path],
    aidc: Callable[..., Any],
    refused: Callable[..., None],
    without_privilege: Callable[[], None],
) -> None:
    folder = stranger("", "config: {}")
    (folder / name).chmod(0)
    refused(aidc("plan", "dev", "-C", folder, preexec_fn=without_privilege), 2, name, "Permission denied")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["the file is empty"]),
        ("name: shop\n", ["runtime", "only python"]),
        ("runtime: python\n", ["name: missing"]),
        ("name: shop\nruntime: nodejs\n", ["'nodejs' cannot be evaluated here"]),
        ("name: shop\nruntime: python\nmain: nowhere\n", ["main: there is no program at", "nowhere"]),
        ("name: [shop]\nruntime: python\n", ["name"]),
        ("name: shop\nruntime: python\nconfig: 3\n", ["config: must be a mapping"]),
        (BOMB, ["once aliases are followed"]),
    ],
)
def test_a_broken_project_file(
    content: str,
    words: list[str],
    stranger: Callable[..., Path],
    main: Callable[..., Any],
    refused: Callable[..., None],
) -> None:
    folder = stranger()
    (folder / "Pulumi.yaml").write_text(content)
    refused(main("plan", "dev", "-C", folder), 2, "Pulumi.yaml", *words)


def test_no_project_at_all(aidc: Callable[..., Any], refused: Callable[..., None], tmp_path: Path) -> None:
    refused(aidc("plan", "dev", cwd=tmp_path), 2, "there is no Pulumi.yaml here or above", "--project")
    refused(aidc("render", "dev", "-o", "out", cwd=tmp_path), 2, "--project")
    refused(aidc("plan", "dev", "-C", tmp_path / "nowhere"), 2, "there is no such folder")
    assert list(tmp_path.iterdir()) == []


def test_a_working_folder_that_is_gone(aidc: Callable[..., Any], refused: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    refused(aidc("plan", "dev", cwd=tmp_path / "gone", preexec_fn=(tmp_path / "gone").rmdir), 2, "is gone")


def test_a_project_is_found_from_below_and_by_a_relative_path(
    stranger: Callable[..., Path], aidc: Callable[..., Any]
) -> None:
    folder = stranger("import inner\n", inner="")
    (folder / "a/b").mkdir(parents=True)
    assert aidc("plan", "dev", cwd=folder / "a/b").code == 0
    assert aidc("plan", "dev", "-C", "shop", cwd=folder.parent).code == 0
