"""The house rules that a machine can check: who imports whom, how long a module is, what is heavy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Higher rooms import lower ones only; `problems` is for everybody.
FLOORS = {
    "cli": 8,
    "stacks": 7,
    "components": 6,
    "preflight": 6,
    "controlplane": 5,
    "tools": 4,
    "infra": 3,
    "planning": 2,
    "evaluation": 1,
    "workloads": 4,
}
MODULES = sorted(path for room in FLOORS for path in (ROOT / room).rglob("*.py"))
WITHOUT_PULUMI = {"planning", "workloads", "tools", "controlplane"}


def imported(path: Path) -> set[str]:
    """Return the dotted modules that a module of ours imports, relative ones made absolute from the root."""
    here = path.relative_to(ROOT).with_suffix("").parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ("aidc", *here)[: len(here) + 1 - node.level] if node.level else ()
            found.add(".".join([*base, *([node.module] if node.module else [])]))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_keeps_to_its_floor(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    for module in imported(path):
        parts = module.split(".")
        if parts[0] == "aidc" and len(parts) > 1 and parts[1] in FLOORS and parts[1] != room:
            assert FLOORS[parts[1]] < FLOORS[room], f"{room} must not import {module}"
        if room in WITHOUT_PULUMI:
            assert parts[0] not in ("pulumi", "pulumi_kubernetes"), f"{room} must not import {module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_names_one_noun(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    assert path.stem not in ("utils", "helpers", "common", "misc")
    assert "from __future__ import annotations" not in text


def test_every_room_is_on_a_floor() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert rooms == set(FLOORS)


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("aidc", {"pulumi", "pydantic", "typer", "yaml", "asyncio"}),
        (
            "aidc.cli",
            {"pulumi", "pulumi_kubernetes", "pydantic", "httpx", "cryptography", "aidc.stacks", "aidc.components"},
        ),
        ("aidc.evaluation", {"pulumi", "pydantic"}),
        ("aidc.evaluation.graph", {"pulumi", "pydantic"}),
        ("aidc.planning.catalog", {"pulumi", "pydantic", "httpx"}),
        ("aidc.tools", {"pulumi", "pydantic", "httpx"}),
        ("aidc.components", {"pydantic", "pulumi_kubernetes", "httpx", "typer"}),
        ("aidc.infra.versions", {"pulumi"}),
    ],
)
def test_an_import_brings_nothing_heavy(module: str, heavy: set[str]) -> None:
    program = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not heavy & set(done.stdout.split())
