"""Tables and numbers of pages, for a terminal of any width."""

from collections.abc import Iterable

from rich.table import Table

from ..planning.span import Span


def table(title: str, headings: Iterable[str], right: Iterable[str]) -> Table:
    """Return an empty table; the columns named in `right` hold numbers."""
    right = set(right)
    made = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for heading in headings:
        # Numbers stay whole; names give way where a terminal is too narrow.
        is_number = heading in right
        made.add_column(heading, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return made


def amount(value: float) -> str:
    """Return an amount as people write it: without decimals from 100 on and where it has none, else with two."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:,.2f}"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 node`, `1,200 nodes`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def span(found: Span) -> str:
    """Return an amount at least and at most: `73`, `0-882`."""
    low, high = amount(found.least), amount(found.most)
    return high if low == high else f"{low}-{high}"


def span_in_words(found: Span) -> str:
    """Return an amount at least and at most for a sentence: `73`, `0 to 882`."""
    return " to ".join(dict.fromkeys((amount(found.least), amount(found.most))))
