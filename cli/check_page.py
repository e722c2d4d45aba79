"""The page of `aidc check`: errors first, then warnings, and what is well in one line."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from rich import box
from rich.markup import escape
from rich.table import Table

from ..preflight import Status
from .page import print_page

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..preflight import CheckResult, Finding

_TITLES: Final = {
    Status.ERROR: ("Errors: a deployment would fail", "red"),
    Status.WARNING: ("Warnings", "yellow"),
    Status.NOTE: ("Notes", "cyan"),
    Status.SKIPPED: ("Not looked at", "dim"),
}


def show(environment: str, place: str, results: "Sequence[CheckResult]") -> None:
    """Print the page to standard output."""
    print_page(_parts(environment, place, results))


def _parts(environment: str, place: str, results: "Sequence[CheckResult]") -> "Iterable[RenderableType]":
    found = [(result.check, finding) for result in results for finding in result.findings]
    yield f"[bold]{escape(environment)}[/bold] against {escape(place)}: {_sum(found)}"
    for status, (title, style) in _TITLES.items():
        listed = [(check, finding) for check, finding in found if finding.status is status]
        if listed:
            yield ""
            yield _table(title, style, listed)
    passed = sorted({check for check, finding in found if finding.status is Status.PASSED})
    if passed:
        yield ""
        yield f"[green]passed[/green]: {', '.join(passed)}"


def _table(title: str, style: str, listed: "Sequence[tuple[str, Finding]]") -> Table:
    table = Table(
        title=f"[{style}]{title}[/]",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    for column in ("check", "about", "wanted", "there", "way out"):
        table.add_column(column, overflow="fold")
    for check, finding in listed:
        cells = (check, finding.subject, finding.wanted, finding.found, finding.way_out)
        table.add_row(*map(escape, cells))
    return table


def _sum(found: "Sequence[tuple[str, Finding]]") -> str:
    counts = {status: sum(finding.status is status for _, finding in found) for status in Status}
    words = {
        Status.ERROR: "error",
        Status.WARNING: "warning",
        Status.NOTE: "note",
        Status.SKIPPED: "not looked at",
        Status.PASSED: "passed",
    }
    parts: list[str] = []
    for status, word in words.items():
        count = counts[status]
        if count:
            plural = "s" if count > 1 and status in (Status.ERROR, Status.WARNING, Status.NOTE) else ""
            parts.append(f"{count} {word}{plural}")
    return ", ".join(parts) or "nothing to look at"
