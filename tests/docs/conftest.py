"""The pages of the documentation, and the blocks in them."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PULUMI_PROGRAM = re.compile(r"^(import pulumi|from aidc\.(components|stacks)\b)", re.MULTILINE)
EVALUATES = re.compile(r"\bevaluate\(")
FILE_NAME = re.compile(r"# ((?:examples|stacks)/\S+)\n")


@dataclass(frozen=True)
class Block:
    """What stands between two fences."""

    page: str
    line: int
    language: str
    text: str

    @property
    def file(self) -> str:
        """Path of the file that it shows, which is its first line; empty where it shows none."""
        named = FILE_NAME.match(self.text)
        return named[1] if named else ""

    @property
    def is_program(self) -> bool:
        """Whether Pulumi could run it as it is."""
        return bool(PULUMI_PROGRAM.search(self.text)) and not EVALUATES.search(self.text)

    @property
    def code(self) -> str:
        return self.text.removeprefix(f"# {self.file}\n") if self.file else self.text

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(str(page.relative_to(ROOT)), text.count("\n", 0, found.start()) + 1, found[1], found[2])
        for found in FENCE.finditer(text)
    ]


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def pytest_generate_tests(metafunc):
    """Run a test once for each block, or page, that its argument names."""
    values = {
        "python_block": [each for each in BLOCKS if each.language == "python" and not each.file],
        "file_block": [each for each in BLOCKS if each.file and (ROOT / each.file).exists()],
        "settings_block": [each for each in BLOCKS if each.file and not (ROOT / each.file).exists()],
        "program_block": [each for each in BLOCKS if each.language == "python" and each.is_program and not each.file],
        "shell_block": [each for each in BLOCKS if each.language == "sh"],
        "page": PAGES,
    }
    for argument, cases in values.items():
        if argument in metafunc.fixturenames:
            names = [str(case.relative_to(ROOT) if isinstance(case, Path) else case) for case in cases]
            metafunc.parametrize(argument, cases, ids=names)


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def pages():
    return PAGES
