"""Everything that is wrong with an input, collected first and reported at once."""

import difflib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one field."""

    path: str
    """Where: a camelCase path such as `gpuNodePools.h100.limits.gpus`; empty for the input as a whole."""

    reason: str
    """The value, the bound with its unit, and the way out, as one sentence without a full stop."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class InvalidInput(ValueError):
    """What a person gave cannot be used. Command lines print it and exit with code 2, without a traceback."""

    def __init__(self, subject: str, problems: Iterable[Problem]) -> None:
        """Name the input (`subject`: a file, a component, an environment) and list its problems."""
        self.subject = subject
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{subject}: {count}", *(f"  - {problem}" for problem in self.problems)]))


class Problems:
    """A collector: add what is wrong while checking, raise once at the end."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._prefix = ""

    def __iter__(self) -> Iterator[Problem]:
        """Yield each problem once, however often it was found."""
        return iter(dict.fromkeys(self._problems))

    def __len__(self) -> int:
        """Return how often something was found, so that whoever compares it sees what was found before, too."""
        return len(self._problems)

    @contextmanager
    def under(self, path: str) -> Generator[None]:
        """Put `path` before the path of every problem added inside the block."""
        before = self._prefix
        self._prefix = _join(before, path)
        try:
            yield
        finally:
            self._prefix = before

    def add(self, path: str, reason: str) -> None:
        """Add one problem; one that was found before is shown once."""
        self._problems.append(Problem(_join(self._prefix, path), reason))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add problems found elsewhere, below the present path."""
        for problem in problems:
            self.add(problem.path, problem.reason)

    def known_keys(self, given: Iterable[str], known: Iterable[str]) -> None:
        """Refuse every key in `given` that is not in `known`, with close matches."""
        known = list(known)
        written = {camel_case(name): name for name in known}
        for key in given:
            path = camel_case(key)
            if key in known:
                continue
            # Python programs write keys with underscores, and settings and other languages without.
            spelt = written.get(path)
            way_out = f" '{key}'; it is written '{spelt}' here" if spelt else suggestion(path, written)
            self.add(path, f"unknown key{way_out}")

    def between(self, path: str, value: float, low: float, high: float | None = None, unit: str = "") -> None:
        """Require `low <= value <= high`, in `unit`."""
        if value < low:
            self.add(path, f"{_counted(value, unit)} is too little; give {_counted(low, unit)} or more")
        elif high is not None and value > high:
            self.add(path, f"{_counted(value, unit)} is too much; give {_counted(high, unit)} or less")

    def choice(self, path: str, value: str, choices: Iterable[str]) -> None:
        """Require `value` to be one of `choices`."""
        choices = list(choices)
        if value not in choices:
            listed = f"'{value}' is not one of {', '.join(choices)}"
            self.add(path, listed + suggestion(value, choices))

    def raise_if_any(self, subject: str) -> None:
        """Raise `InvalidInput` when something was added."""
        if self._problems:
            raise InvalidInput(subject, self)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x' or 'y'?` for the known words close to `word`, or nothing."""
    by_lower = {other.lower(): other for other in known}
    lower = word.lower()
    close = difflib.get_close_matches(lower, by_lower, n=3, cutoff=0.6)
    # Half a name is a frequent mistake, and far from the whole one by the count of letters.
    close = close or [other for other in by_lower if len(word) > 2 and (lower in other or other in lower)][:3]
    return f"; did you mean {' or '.join(repr(by_lower[match]) for match in close)}?" if close else ""


def camel_case(name: str) -> str:
    """Return `gpu_node_pools` as `gpuNodePools`."""
    head, *tail = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in tail)


def singular(unit: str) -> str:
    """Return `pods` as `pod`, and `processes` as `process`."""
    return unit.removesuffix("es" if unit.endswith(("sses", "ches")) else "s")


def _counted(value: float, unit: str) -> str:
    """Return `1 pod`, `2 pods`, or the bare number where there is no unit."""
    return f"{value:,} {singular(unit) if value == 1 else unit}".rstrip()


def _join(prefix: str, path: str) -> str:
    if not prefix or not path:
        return prefix or path
    return f"{prefix}{path}" if path.startswith("[") else f"{prefix}.{path}"
