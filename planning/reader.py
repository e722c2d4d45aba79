"""Values taken out of a mapping that people write, each of the form that is expected."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..problems import Problems
from .catalog import find_instance_type
from .quantities import count


class Reader:
    """Takes values of expected forms out of a mapping, and says where one is of another."""

    def __init__(self, given: Mapping[str, Any], problems: Problems) -> None:
        self.given = given
        self.problems = problems

    def mapping(self, key: str) -> dict[str, Any]:
        """Return the mapping at `key`; an empty one where there is none."""
        value = self.given.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.problems.add(key, f"{value!r} is no mapping; give names with values")
            return {}
        return {str(name): each for name, each in cast(Mapping[Any, Any], value).items()}

    def listed(self, key: str) -> list[Any]:
        """Return the list at `key`; an empty one where there is none."""
        value = self.given.get(key)
        if value is None:
            return []
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.problems.add(key, f"{value!r} is no list; write it like [a, b]")
            return []
        return list(cast(Sequence[Any], value))

    def number(self, key: str, default: float) -> float:
        """Return the number at `key`, such as `300B`; `default` where there is none."""
        return default if self.given.get(key) is None else count(key, self.given[key], self.problems)

    def whole(self, key: str) -> int | None:
        """Return the whole number at `key`; None where there is none."""
        if self.given.get(key) is None:
            return None
        value = count(key, self.given[key], self.problems)
        if value != int(value):
            self.problems.add(key, f"{value:g} is not a whole number; give one")
        return int(value)

    def flag(self, key: str) -> bool:
        """Return the truth at `key`; false where there is none."""
        value = self.given.get(key, False)
        if not isinstance(value, bool):
            self.problems.add(key, f"{value!r} is neither true nor false; give one of them")
            return False
        return value

    def needed(self, keys: Sequence[str]) -> bool:
        """Tell whether all of `keys` are given; add those that are not to the problems."""
        missing = [key for key in keys if self.given.get(key) is None]
        for key in missing:
            self.problems.add(key, "is missing; give it")
        return not missing

    def instance_types(self) -> list[str] | None:
        """Return the instance types at `instanceTypes` by name; None where there are none."""
        if self.given.get("instanceTypes") is None:
            return None
        found = [
            find_instance_type(str(name), self.problems, f"instanceTypes[{index}]")
            for index, name in enumerate(self.listed("instanceTypes"))
        ]
        return [each.name for each in found if each is not None]
