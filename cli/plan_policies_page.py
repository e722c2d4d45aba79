"""What the rules of the environments say about a plan: read, and shown beside it."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from .environment import project_folder

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..evaluation.graph import ResourceGraph
    from ..infra.policies import Finding, PolicyReport


def report_of(graph: "ResourceGraph", project: Path | None) -> "PolicyReport":
    """Apply the rules to an evaluated environment, with the exceptions beside the settings of its project's stacks.

    Another file of exceptions is named by the environment variable AIDC_POLICY_EXCEPTIONS.

    Raises:
        InvalidInput: the file of exceptions cannot be used.
    """
    from ..evaluation.project import load_project
    from ..infra.policies import RULES, policy_report, read_exceptions
    from ..infra.policies.exceptions import exceptions_file

    path = exceptions_file(load_project(project_folder(project)).config_folder)
    return policy_report(graph, read_exceptions(path, [rule.name for rule in RULES]))


def policy_parts(report: "PolicyReport") -> "Iterable[RenderableType]":
    """Yield the rules that are broken without a reason to stay, a line each, and one line about all.

    Nothing where there is nothing to judge.
    """
    from ..infra.policies import Level

    if not report.judged and not report.unused:
        return
    mandatory, advisory = report.at_level(Level.MANDATORY), report.at_level(Level.ADVISORY)
    yield ""
    yield from _findings(mandatory, "red bold")
    yield from _findings(advisory, "yellow bold")
    for each in report.unused:
        names = ", ".join(each.resources)
        yield f"[yellow bold]needless exception:[/] no finding of {escape(each.rule)} for {escape(names)}; leave it out"
    found = f"{len(mandatory)} mandatory and {len(advisory)} advisory findings"
    stays = f", {len(report.excepted)} more stay for a reason" if report.excepted else ""
    yield f"[dim]policies[/]  {len(report.judged)} of {report.rules} rules had something to judge: {found}{stays}"


def _findings(findings: "tuple[Finding, ...]", style: str) -> "Iterable[str]":
    """Yield a line for each rule: what it says of the first resource, and of how many more."""
    by_rule: dict[str, list[Finding]] = {}
    for each in findings:
        by_rule.setdefault(each.rule.name, []).append(each)
    for first, *more in by_rule.values():
        kind = first.resource.type.rpartition(":")[2]
        named = f"{kind} {first.resource.name}" + (f" and {len(more):,} more" if more else "")
        line = f"{first.rule.name}: {named}: {first.message}; {first.rule.way_out}"
        yield f"[{style}]{first.rule.level}:[/] {escape(line)}"
