"""What a rule is: whom it is about, what is wrong, and the way out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from ...evaluation.graph import Resource, ResourceGraph


class Level(StrEnum):
    """What follows from a finding. The words are those of Pulumi's enforcement levels."""

    MANDATORY = "mandatory"
    """`pulumi up` stops."""

    ADVISORY = "advisory"
    """It is said, and no more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule about resources of some types."""

    name: str
    """Id, as exceptions and Pulumi name it: lower-case words with hyphens."""

    level: Level
    """What follows from a finding."""

    title: str
    """What is so where the rule is kept, as one sentence."""

    way_out: str
    """What to change, as one sentence that starts with a verb."""

    published: tuple[str, ...]
    """Ids of checks that others have published on the same matter, or where a guide says it."""

    types: tuple[str, ...]
    """Type tokens that it is about; `*` stands for any text, such as `kubernetes:*:Deployment`. A component is named in
    full."""

    def concerns(self, resource: Resource) -> bool:
        """Whether it is about a resource: one of its types, and owned by the program."""
        if not resource.custom:
            return resource.type in self.types
        return not resource.read and any(fnmatchcase(resource.type, each) for each in self.types)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceRule(Rule):
    """A rule that one resource keeps or breaks by itself."""

    check: Callable[[Resource], Iterable[str]]
    """What is wrong with a resource, a sentence each. Values that are not known yet are never wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StackRule(Rule):
    """A rule about resources in the light of all others of a stack."""

    check: Callable[[ResourceGraph], Iterable[tuple[Resource, str]]]
    """Who breaks it, and what is wrong, a sentence each."""


def is_given(value: object) -> bool:
    """Whether something stands there: a value, or one that only a deployment can tell."""
    return value is not None and value != ""
