"""What `aidc simulate` prints."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.table import Table

from .page import print_page

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..planning.autoscaling.comparison import Comparison, Result

_SHARES: Final = (0.05, 0.01, 0.001)


def show(once: "Comparison", swept: "Comparison | None", notes: Iterable[str]) -> None:
    """Print the tables to standard output."""
    print_page(_parts(once, swept, notes))


def _parts(once: "Comparison", swept: "Comparison | None", notes: Iterable[str]) -> "Iterator[RenderableType]":
    for note in notes:
        yield f"[dim]{escape(note)}[/]"
    yield _title(once)
    yield _usual(once)
    if swept is not None:
        yield ""
        yield _swept(swept)


def _title(comparison: "Comparison") -> str:
    service = comparison.service
    return (
        f"{comparison.requests:,.0f} requests in {comparison.seconds / 3600:,.1f} h; a replica starts in "
        f"{service.startup_delay:g} s and serves {service.replica_rate:g} requests a second; late: after "
        f"{service.latency_bound:g} s, or never"
    )


def _usual(comparison: "Comparison") -> Table:
    headings = ("late", "replica-hours", "cost", "unused", "lacking", "most replicas", "changes")
    table = _table("Policies as they usually are", ["policy", "setting", *headings], headings)
    for result in comparison.results:
        outcomes = result.outcomes
        for lane, setting in enumerate(result.settings):
            table.add_row(
                escape(result.policy),
                escape(setting),
                f"{outcomes.late[lane]:.2%}",
                f"{outcomes.replica_hours[lane]:,.1f}",
                f"{outcomes.replica_hours[lane] * comparison.service.price:,.2f}",
                f"{outcomes.over[lane]:.1%}",
                f"{outcomes.under[lane]:.1%}",
                f"{outcomes.most[lane]:,}",
                f"{outcomes.changes[lane]:,}",
            )
    return table


def _swept(comparison: "Comparison") -> Table:
    hours = tuple(f"hours at {share:.1%} late" for share in _SHARES)
    compared = ("fewer late at equal hours", "fewer hours at equal late")
    title = "Policies, each with the best of its settings; the last two columns beside the tuned HPA"
    table = _table(title, ["policy", "settings", *hours, *compared], (*hours, *compared))
    for result in comparison.results:
        cells = [_hours(result, share) for share in _SHARES]
        table.add_row(escape(result.policy), str(len(result.settings)), *cells, *_saved(result))
    return table


def _hours(result: "Result", share: float) -> str:
    found = result.front.hours_at(share)
    if found is None and result.front.late[0] < share:
        return f"< {result.front.hours[0]:,.1f}"
    return "not reached" if found is None else f"{found:,.1f}"


def _saved(result: "Result") -> tuple[str, str]:
    if result.saving is None:
        return "", ""
    both = (result.saving.fewer_late, result.saving.fewer_hours)
    first, second = ("-" if each is None else f"{each:.0%}" for each in both)
    return first, second


def _table(title: str, headings: Iterable[str], right: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return table
