"""Every version is in one place, and agrees with what is built."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from aidc.infra import versions
from aidc.infra.versions import Artifact, GoModule, Version
from aidc.tools.recipes import recipes

ROOT = Path(versions.__file__).resolve().parents[2]
ROOMS = [
    "cli",
    "components",
    "controlplane",
    "evaluation",
    "infra",
    "planning",
    "preflight",
    "stacks",
    "tools",
    "workloads",
]
MODULES = {name: value for name, value in vars(versions).items() if isinstance(value, GoModule)}
ARTIFACTS = [
    (name, platform, artifact)
    for name, platforms in versions.ARTIFACTS.items()
    for platform, artifact in platforms.items()
]


def required() -> dict[str, str]:
    text = (ROOT / "tools" / "modules" / "go.mod").read_text()
    return dict(re.findall(r"^\s+(\S+) (v\S+)(?: // indirect)?$", text, re.MULTILINE))


def test_the_pinned_modules_are_those_of_go_mod() -> None:
    pinned = {recipe.module for recipe in recipes().values() if recipe.pinned}

    assert {module.path: module.tag for module in pinned} == {module.path: required()[module.path] for module in pinned}
    sums = (ROOT / "tools" / "modules" / "go.sum").read_text()
    assert all(f"{module.path} {module.tag} h1:" in sums for module in pinned)


def test_go_mod_offers_every_pinned_program_as_a_tool() -> None:
    text = (ROOT / "tools" / "modules" / "go.mod").read_text()
    offered = re.search(r"tool \((.*?)\)", text, re.DOTALL)
    assert offered is not None
    pinned = [recipe.package for recipe in recipes().values() if recipe.pinned]
    # Folders of that module are programs of our own.
    assert set(offered[1].split()) == {package for package in pinned if not package.startswith("./")}


def test_the_other_modules_have_a_checksum() -> None:
    for recipe in recipes().values():
        assert recipe.pinned or re.fullmatch(r"h1:[A-Za-z0-9+/]{43}=", recipe.module.checksum)


def test_kubernetes_parts_follow_the_same_release() -> None:
    minor = versions.KUBERNETES.number.partition(".")[2]
    text = (ROOT / "tools" / "modules" / "go.mod").read_text()
    replaced = re.findall(r"^\s+(k8s\.io/\S+)(?: v0\.0\.0)? => (\S+) (\S+)$", text, re.MULTILINE)
    assert len(replaced) > 30
    assert all((name, tag) == (other, f"v0.{minor}") for name, other, tag in replaced)


@pytest.mark.parametrize(("name", "platform", "artifact"), ARTIFACTS)
def test_a_released_program_is_of_the_version_and_platform(name: str, platform: str, artifact: Artifact) -> None:
    system, architecture = platform.split("/")
    assert re.fullmatch(r"[0-9a-f]{64}", artifact.sha256)
    assert recipes()[name].version in artifact.address
    assert f"{system}/{architecture}" in artifact.address or f"{system}-{architecture}" in artifact.address
    assert artifact.member.endswith(f"/{name}") or artifact.address.endswith(
        (f"/{name}", f"{name}-{system}-{architecture}")
    )


def test_no_two_released_programs_have_one_checksum() -> None:
    assert len({artifact.sha256 for _, _, artifact in ARTIFACTS}) == len(ARTIFACTS)


def test_every_version_says_where_and_when() -> None:
    listed = list(_versions(vars(versions).values()))
    assert len(listed) > len(MODULES)
    for value in listed:
        # Kubernetes minors, days of images and AWS's own builds of a program are numbers too.
        assert re.fullmatch(r"\d+\.\d+(\.\d+)?(-eksbuild\.\d+)?|20\d{6}", value.number)
        assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", value.released)
        assert value.source.startswith("https://")


def _versions(values: Iterable[object]) -> Iterator[Version]:
    for value in values:
        if isinstance(value, Version):
            yield value
        elif isinstance(value, Mapping):
            yield from _versions(value.values())


def test_no_version_is_written_anywhere_else() -> None:
    numbers = "|".join(re.escape(module.number) for module in MODULES.values())
    literal = re.compile(rf"(?<![\d.])v?({numbers})(?![\d.])")
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for room in ROOMS
        for file in sorted((ROOT / room).rglob("*.py"))
        if file.parent != ROOT / "infra" / "versions"
        for node in _strings(file)
        if literal.search(node.value)
    ]
    assert found == []


def _strings(file: Path) -> list[ast.Constant]:
    """Return the string literals of a module that are not documentation."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]


def test_versions_can_be_read_without_pulumi() -> None:
    heavy = "('pulumi', 'httpx', 'rich', 'yaml')"
    code = f"import sys, aidc.infra.versions; print([name for name in {heavy} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8")
    assert printed.stdout == "[]\n"
