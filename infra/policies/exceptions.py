"""Findings that stay, each with its reason, as data."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, cast

from ...evaluation.documents import read_mapping
from ...problems import InvalidInput, Problems

FILE_NAME: Final = "policies.yaml"
"""Name of the file of exceptions, beside the settings of the stacks."""

EXCEPTIONS_VARIABLE: Final = "AIDC_POLICY_EXCEPTIONS"
"""Environment variable with the path of another file of exceptions. Default: the one beside the settings."""

_FIELDS: Final = ("rule", "resources", "reason", "stacks")


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyException:
    """A finding that stays, and why."""

    rule: str
    """Name of the rule."""

    resources: tuple[str, ...]
    """Names of the resources; `*` stands for any text."""

    reason: str
    """Why it stays, for whoever reads the report."""

    stacks: tuple[str, ...] = ("*",)
    """Names of the stacks. Default: all."""

    def covers(self, rule: str, stack: str, resource: str) -> bool:
        """Whether it is about a finding of a rule, by the names of its stack and its resource."""
        return rule == self.rule and self.is_for(stack) and any(fnmatchcase(resource, each) for each in self.resources)

    def is_for(self, stack: str) -> bool:
        """Whether it is about a stack."""
        return any(fnmatchcase(stack, each) for each in self.stacks)


def exceptions_file(folder: Path) -> Path:
    """Return the file that `AIDC_POLICY_EXCEPTIONS` names, or else the one in the folder of the stacks' settings.

    Raises:
        InvalidInput: the variable names a file that does not exist.
    """
    named = os.environ.get(EXCEPTIONS_VARIABLE)
    if not named:
        return folder / FILE_NAME
    if not Path(named).is_file():
        problems = Problems()
        problems.add("", f"{Path(named).absolute()} is no file; give the full path of one, or unset it")
        problems.raise_if_any(EXCEPTIONS_VARIABLE)
    return Path(named)


def read_exceptions(path: Path, rules: Iterable[str]) -> tuple[PolicyException, ...]:
    """Read a file of exceptions: a list under `exceptions`, with the fields of `PolicyException`.

    Args:
        path: the file. One that does not exist holds none.
        rules: names of the rules that there are.

    Raises:
        InvalidInput: it is no such list, an entry has no reason, or names no rule.
    """
    if not path.is_file():
        return ()
    document, problems, known = read_mapping(path), Problems(), list(rules)
    problems.known_keys(document, ["exceptions"])
    entries = _list(document.get("exceptions"))
    if not isinstance(document.get("exceptions"), list):
        problems.add("exceptions", "not a list; give entries with rule, resources and reason")
        raise InvalidInput(str(path), problems)
    found = [_read(problems, f"exceptions[{index}]", entry, known) for index, entry in enumerate(entries)]
    problems.raise_if_any(str(path))
    return tuple(each for each in found if each is not None)


def _read(problems: Problems, path: str, entry: object, rules: list[str]) -> PolicyException | None:
    with problems.under(path):
        if not isinstance(entry, Mapping):
            problems.add("", "not a map of keys to values")
            return None
        given, before = cast(Mapping[str, Any], entry), len(problems)
        problems.known_keys(given, _FIELDS)
        problems.choice("rule", str(given.get("rule", "")), rules)
        if not str(given.get("reason") or "").strip():
            problems.add("reason", "missing; say why the finding stays")
        for key in ("resources", "stacks"):
            if key in given or key == "resources":
                _check_names(problems, key, given.get(key))
        if len(problems) > before:
            return None
        stacks = tuple(map(str, _list(given["stacks"]))) if "stacks" in given else ("*",)
        names = tuple(map(str, _list(given["resources"])))
        return PolicyException(rule=str(given["rule"]), resources=names, reason=str(given["reason"]), stacks=stacks)


def _check_names(problems: Problems, key: str, value: object) -> None:
    names = _list(value)
    if not names or not all(isinstance(name, str) and name for name in names):
        problems.add(key, "not a list of names; give one or more, with * for any text")


def _list(value: object) -> list[object]:
    return cast(list[object], value) if isinstance(value, list) else []
