"""A Pulumi project on disk: its program and the configuration of its stacks."""

import json
import os
import re
import runpy
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from ..problems import InvalidInput, Problem, Problems, suggestion
from .documents import read_mapping

_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")
_STACK: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""Pulumi's names of stacks: pulumi.com/docs/iac/concepts/stacks, read 2026-11."""

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str, int, float, bool),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@dataclass(frozen=True, slots=True)
class StackConfig:
    """Configuration as the program sees it."""

    values: Mapping[str, str]
    """By qualified key; structured values as JSON."""

    secret_keys: frozenset[str] = frozenset()
    """Keys whose values are encrypted in the file: their values are not known here."""


@dataclass(frozen=True, slots=True)
class Project:
    """A Python project that Pulumi would run."""

    name: str
    """Project name, and the namespace of its configuration."""

    folder: Path
    """Where Pulumi.yaml is."""

    main: Path
    """The program: a folder with `__main__.py`, or a file."""

    config_folder: Path
    """Where Pulumi.<stack>.yaml are."""

    declared: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The project's own `config:` section."""

    def stacks(self) -> list[str]:
        """Names of the stacks that have a configuration file, sorted."""
        found = self.config_folder.glob("Pulumi.*.y*ml")
        return sorted({path.name.removeprefix("Pulumi.").rpartition(".")[0] for path in found})

    def stack_file(self, stack: str) -> Path:
        """Path of a stack's configuration; raises `InvalidInput` where there is none."""
        for suffix in ("yaml", "yml"):
            path = self.config_folder / f"Pulumi.{stack}.{suffix}"
            # A link that leads nowhere is there, too: reading it says what is wrong.
            if path.exists() or path.is_symlink():
                return path
        known = self.stacks()
        listed = f"; there are {', '.join(known)}" if known else ""
        reason = f"there is no stack '{stack}' in {self.config_folder}{suggestion(stack, known) or listed}"
        raise InvalidInput(self.name, [Problem("stack", reason)])

    def stack_config(self, stack: str, added: Mapping[str, Any]) -> StackConfig:
        """Configuration of a stack: the project's defaults, then the file's, then `added`."""
        needs_file = bool(self.stacks())
        if not needs_file and not _STACK.fullmatch(stack):
            reason = f"'{stack}' is no name of a stack; give 1 to 100 letters, digits, hyphens, underscores and periods"
            raise InvalidInput(self.name, [Problem("stack", reason)])
        path = self.stack_file(stack) if needs_file else self.config_folder / f"Pulumi.{stack}.yaml"
        document = read_mapping(path) if needs_file else {}
        given = _config_section(document, path)
        values = {self._qualified(key): value for key, value in given.items()}
        values |= {self._qualified(key): value for key, value in added.items()}
        problems = Problems()
        for key, declaration in self.declared.items():
            self._apply_declaration(self._qualified(key), declaration, values, problems)
        problems.raise_if_any(str(path))
        secrets = frozenset(key for key, value in values.items() if _has_secret(value))
        return StackConfig({key: _text(value) for key, value in values.items()}, secrets)

    def _apply_declaration(self, key: str, declaration: object, values: dict[str, Any], problems: Problems) -> None:
        if not isinstance(declaration, dict):
            values.setdefault(key, declaration)
            return
        declared = cast(dict[str, Any], declaration)
        default = declared.get("value", declared.get("default"))
        if key not in values and default is not None:
            values[key] = default
        short = key.removeprefix(f"{self.name}:")
        if key not in values:
            if "type" in declared and not declared.get("optional", False) and key.startswith(f"{self.name}:"):
                problems.add(short, f"missing; the project declares it as {declared['type']} without a default")
            return
        if not _has_secret(values[key]) and not _is_of(values[key], str(declared.get("type"))):
            problems.add(short, f"{_text(values[key])!r} is not of type {declared['type']}")

    def run(self) -> None:
        """Run the program as Pulumi does: in its folder, with that folder first on the module path."""
        folder = self.main if self.main.is_dir() else self.main.parent
        with _working_in(folder):
            runpy.run_path(str(self.main), run_name="__main__")

    def _qualified(self, key: str) -> str:
        return key if ":" in key else f"{self.name}:{key}"


def load_project(path: Path) -> Project:
    """Read a project from its folder or its Pulumi.yaml; raises `InvalidInput`."""
    # Absolute: the program runs in its own folder.
    file = (path if path.is_file() else _project_file(path)).absolute()
    document = read_mapping(file)
    problems = Problems()
    name = document.get("name")
    if not isinstance(name, str) or not name:
        problems.add("name", "missing; a project has a name")
    runtime = document.get("runtime")
    runtime_name = cast(dict[str, Any], runtime).get("name") if isinstance(runtime, dict) else runtime
    if runtime_name != "python":
        problems.add("runtime", f"{runtime_name!r} cannot be evaluated here; only python programs can")
    main = file.parent / str(document.get("main") or ".")
    if not (main.is_file() or (main / "__main__.py").is_file()):
        problems.add("main", f"there is no program at {main}")
    problems.raise_if_any(str(file))
    declared = _config_section(document, file)
    config_folder = file.parent / str(document.get("stackConfigDir") or ".")
    return Project(cast(str, name), file.parent, main, config_folder, declared)


def _config_section(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    section: object = document.get("config") or {}
    if not isinstance(section, dict):
        raise InvalidInput(str(path), [Problem("config", "must be a mapping of keys to values")])
    problems = Problems()
    for key in cast(dict[object, Any], section):
        if not isinstance(key, str):
            problems.add("config", f"the key {key!r} is not text; put it in quotes")
    problems.raise_if_any(str(path))
    return cast(dict[str, Any], section)


def _project_file(folder: Path) -> Path:
    for name in _PROJECT_FILES:
        if (folder / name).is_file():
            return folder / name
    reason = "there is no Pulumi.yaml here" if folder.is_dir() else "there is no such folder"
    raise InvalidInput(str(folder), [Problem("", reason)])


@contextmanager
def _working_in(folder: Path) -> Generator[None]:
    before_path, before_folder, before_modules = list(sys.path), Path.cwd(), set(sys.modules)
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before_folder)
        sys.path[:] = before_path
        # Modules of the program's own folder go, so that another project's `settings` is not taken for this one's.
        for name in set(sys.modules) - before_modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).parent == folder:
                del sys.modules[name]


def _is_of(value: object, type: str) -> bool:
    """Tell whether Pulumi takes a value for a declared type; `pulumi config set` writes every scalar as text."""
    wanted = _TYPES.get(type)
    if wanted is None:
        return True
    if isinstance(value, str) and type in ("integer", "boolean"):
        return value in ("true", "false") if type == "boolean" else value.lstrip("-").isdecimal()
    return isinstance(value, wanted) and not (type == "integer" and isinstance(value, bool))


def _has_secret(value: object) -> bool:
    if isinstance(value, dict):
        items = cast(dict[str, Any], value)
        return set(items) == {"secure"} or any(_has_secret(item) for item in items.values())
    if isinstance(value, list):
        return any(_has_secret(item) for item in cast(list[Any], value))
    return False


def _text(value: object) -> str:
    opened = _opened(value)
    return opened if isinstance(opened, str) else json.dumps(opened)


def _opened(value: object) -> Any:
    if isinstance(value, dict):
        items = cast(dict[str, Any], value)
        if set(items) == {"secure"}:
            return "[secret]"
        return {key: _opened(item) for key, item in items.items()}
    if isinstance(value, list):
        return [_opened(item) for item in cast(list[Any], value)]
    return value
