"""What the rules find in a program, and which findings have a reason to stay."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...evaluation.graph import Resource, ResourceGraph
from .exceptions import PolicyException
from .rule import Level, ResourceRule, Rule, StackRule
from .rules import RULES


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A resource that breaks a rule."""

    rule: Rule
    resource: Resource
    message: str
    """What is wrong, as one sentence without a full stop."""

    exception: PolicyException | None = None
    """Why it stays; None where nobody has said so."""

    @property
    def stack(self) -> str:
        """Name of the stack that the resource is in."""
        return stack_of(self.resource.urn)

    def __str__(self) -> str:
        kind = self.resource.type.rpartition(":")[2]
        return f"{self.rule.name}: {kind} {self.resource.name}: {self.message}; {self.rule.way_out}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyReport:
    """What the rules say about a program."""

    rules: int
    """Rules that there are."""

    judged: tuple[str, ...]
    """Names of the rules that had something to judge."""

    findings: tuple[Finding, ...]
    """All findings, in the order of the rules and of the registration of the resources."""

    unused: tuple[PolicyException, ...]
    """Exceptions that name a stack of this environment and that no finding needs; others may be for other stacks."""

    @property
    def open(self) -> tuple[Finding, ...]:
        """Findings without a reason to stay."""
        return tuple(each for each in self.findings if each.exception is None)

    @property
    def excepted(self) -> tuple[Finding, ...]:
        """Findings that stay for a reason."""
        return tuple(each for each in self.findings if each.exception is not None)

    def at_level(self, level: Level) -> tuple[Finding, ...]:
        """Return the open findings of one level."""
        return tuple(each for each in self.open if each.rule.level is level)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `--json`, keys in camelCase."""
        return {
            "rules": self.rules,
            "judged": list(self.judged),
            "mandatory": len(self.at_level(Level.MANDATORY)),
            "advisory": len(self.at_level(Level.ADVISORY)),
            "excepted": len(self.excepted),
            "findings": [_finding(each) for each in self.findings],
            "unusedExceptions": [
                {"rule": each.rule, "resources": list(each.resources), "reason": each.reason} for each in self.unused
            ],
        }


def policy_report(graph: ResourceGraph, exceptions: Iterable[PolicyException] = ()) -> PolicyReport:
    """Apply all rules to a program; which findings stay is said by `exceptions`."""
    exceptions = tuple(exceptions)
    found = tuple(findings(graph, exceptions))
    stacks = {stack_of(resource.urn) for resource in graph}
    needed = {id(each.exception) for each in found}
    judged = tuple(rule.name for rule in RULES if any(map(rule.concerns, graph)))
    unused = tuple(
        each
        for each in exceptions
        if id(each) not in needed and "*" not in each.stacks and any(map(each.is_for, stacks))
    )
    return PolicyReport(rules=len(RULES), judged=judged, findings=found, unused=unused)


def findings(
    graph: ResourceGraph, exceptions: Sequence[PolicyException] = (), rules: Iterable[Rule] = RULES
) -> Iterator[Finding]:
    """Yield every resource of a program that breaks a rule, with the first exception that covers it."""
    for rule in rules:
        for resource, message in broken(rule, graph):
            stack = stack_of(resource.urn)
            covering = (each for each in exceptions if each.covers(rule.name, stack, resource.name))
            yield Finding(rule=rule, resource=resource, message=message, exception=next(covering, None))


def broken(rule: Rule, graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    """Yield the resources of a program that break a rule, and what is wrong with them."""
    if isinstance(rule, StackRule):
        for resource, message in rule.check(graph):
            if not resource.read:
                yield resource, message
    elif isinstance(rule, ResourceRule):
        for resource in graph:
            if rule.concerns(resource):
                yield from ((resource, message) for message in rule.check(resource))


def stack_of(urn: str) -> str:
    """Return the name of the stack in a URN."""
    return urn.split(":")[2] if urn.count(":") > 2 else ""


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.name,
        "level": str(finding.rule.level),
        "title": finding.rule.title,
        "stack": finding.stack,
        "type": finding.resource.type,
        "name": finding.resource.name,
        "urn": finding.resource.urn,
        "message": finding.message,
        "wayOut": finding.rule.way_out,
        "published": list(finding.rule.published),
        "reason": None if finding.exception is None else finding.exception.reason,
    }
