"""A table of the page: columns that may be sorted, cells with what they are sorted by."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...planning.span import Span
from ..tables import amount

UNKNOWN = "unknown"


class Tone(StrEnum):
    """How loud a cell is."""

    PLAIN = ""
    QUIET = "quiet"
    LOUD = "loud"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column."""

    title: str
    """Heading; a unit stands in it, where all cells have the same."""

    is_number: bool = False
    """Whether its cells are numbers: to the right, and sorted as such."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell."""

    text: str
    order: float | None = None
    """What it is sorted by, in a column of numbers; None where it has none, and stands last."""

    tone: Tone = Tone.PLAIN
    depth: int = 0
    """How many levels below the first it stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table."""

    name: str
    """Id on the page: lower-case words with hyphens."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    """Cells by column; the first is the row's heading."""

    total: Sequence[Cell] = ()
    """A last row that stays where it is; empty for none."""

    note: str = ""
    """A sentence below it."""


def words(text: str, tone: Tone = Tone.PLAIN, depth: int = 0) -> Cell:
    """Return a cell of words."""
    return Cell(text=text, tone=tone, depth=depth)


def count(number: float, tone: Tone = Tone.PLAIN) -> Cell:
    """Return a cell with a number: whole where it is large or has no fraction."""
    text = f"{number:,.0f}" if float(number).is_integer() else amount(number)
    return Cell(text=text, order=float(number), tone=tone)


def unknown(text: str = UNKNOWN) -> Cell:
    """Return a cell for what is not known, which is never nothing."""
    return Cell(text=text, tone=Tone.LOUD)


def between(span: Span | None) -> Cell:
    """Return a cell with an amount at least and at most, sorted by the latter; loud where it is not known."""
    return unknown() if span is None else Cell(text=in_words(span), order=span.most)


def in_words(span: Span) -> str:
    """Return an amount at least and at most: `73`, `0 to 882`; whole where both are."""
    is_whole = float(span.least).is_integer() and float(span.most).is_integer()
    texts = [f"{each:,.0f}" if is_whole else amount(each) for each in (span.least, span.most)]
    return " to ".join(dict.fromkeys(texts))
