"""What `.dockerignore` keeps out of a build context."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

IGNORE_FILE: Final = ".dockerignore"


@dataclass(frozen=True, slots=True)
class _Rule:
    text: str
    pattern: re.Pattern[str]
    keeps: bool

    def may_keep_below(self, folder: str) -> bool:
        """Whether something in a folder may match, as far as the beginning of the pattern tells."""
        beginning = re.split(r"[*?\[\\]", self.text, maxsplit=1)[0]
        return beginning.startswith(f"{folder}/") or f"{folder}/".startswith(beginning)


class IgnoredPaths:
    """The rules of a build context: Docker's documentation, "Build context", ".dockerignore files".

    The last rule that matches a path, or a folder above it, decides; `!` before a rule keeps.
    """

    def __init__(self, text: str) -> None:
        """Read the rules of a file."""
        self._rules = [_rule(line.strip()) for line in text.splitlines() if line.strip() and line[0] != "#"]

    @classmethod
    def of(cls, folder: Path) -> "IgnoredPaths":
        """Return the rules of a build context; none where it has no file of them."""
        file = folder / IGNORE_FILE
        return cls(file.read_text(encoding="utf-8") if file.is_file() else "")

    def is_ignored(self, path: str) -> bool:
        """Return whether a path below the context, with `/` between its parts, is kept out."""
        ignored = False
        for rule in self._rules:
            if rule.keeps == ignored and rule.pattern.match(path):
                ignored = not rule.keeps
        return ignored

    def may_keep_below(self, folder: str) -> bool:
        """Return whether anything in a folder that is kept out may be kept after all."""
        return any(rule.keeps and rule.may_keep_below(folder) for rule in self._rules)


def _rule(line: str) -> _Rule:
    keeps = line.startswith("!")
    text = line.removeprefix("!").strip().strip("/").removeprefix("./")
    return _Rule(text, re.compile(f"{_expression(text)}(?:/|$)"), keeps)


def _expression(text: str) -> str:
    """Return a pattern of Go's `filepath.Match`, with Docker's `**`, as a regular expression."""
    found = ""
    for part in re.findall(r"\*\*/|\*\*|\*|\?|\[\^?[^\]]+\]|\\.|.", text):
        if part == "**/":
            found += "(?:.*/)?"
        elif part == "**":
            found += ".*"
        elif part == "*":
            found += "[^/]*"
        elif part == "?":
            found += "[^/]"
        elif part[0] == "[" and len(part) > 1:
            found += part
        else:
            found += re.escape(part[-1])
    return found
