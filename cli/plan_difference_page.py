"""The page of `aidc plan --against`: what a plan differs by."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from ..planning.span import Span
from .tables import amount, span, table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ..planning.plan.difference import Change, PlanDifference

_MOST_NAMES = 8


def difference_parts(difference: "PlanDifference") -> "Iterator[RenderableType]":
    """Yield the page, from its details to its sums."""
    yield f"[bold]{escape(difference.before)}[/] -> [bold]{escape(difference.after)}[/]"
    if difference.is_empty:
        yield "no difference"
        return
    for title, found in (
        ("added", difference.added),
        ("removed", difference.removed),
        ("changed", difference.changed),
    ):
        if found:
            yield ""
            yield _resources(f"Resources {title}: {len(found):,}", found)
    pools = list(_pools(difference))
    if pools:
        yield ""
        yield "[bold]Node pools[/]"
        yield from pools
    if difference.costs:
        yield ""
        yield _costs(difference.costs)
    yield from _unpriced("has no price now", difference.unpriced_added)
    yield from _unpriced("had no price", difference.unpriced_removed)
    yield ""
    yield _totals(difference.totals)


def _resources(title: str, found: tuple[tuple[str, str], ...]) -> "Table":
    made = table(title, ["type", "names"], [])
    by_type: dict[str, list[str]] = {}
    for type, name in found:
        by_type.setdefault(type, []).append(name)
    for type, names in by_type.items():
        rest = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
        made.add_row(escape(type), escape(", ".join(names[:_MOST_NAMES])) + rest)
    return made


def _pools(difference: "PlanDifference") -> Iterator[str]:
    yield from (f"added: {escape(name)}" for name in difference.pools_added)
    yield from (f"removed: {escape(name)}" for name in difference.pools_removed)
    for each in difference.pools_changed:
        for field, (before, after) in each.fields.items():
            yield escape(f"{each.name}: {field} {_shown(before)} -> {_shown(after)}")


def _costs(costs: "tuple[Change, ...]") -> "Table":
    headings = ["component", "before", "after", "difference"]
    made = table("Cost of a month, US dollars", headings, headings[1:])
    for each in costs:
        before = span(each.before) if each.before else "-"
        after = span(each.after) if each.after else "-"
        made.add_row(escape(each.name), before, after, _signed(each.difference))
    return made


def _totals(totals: "tuple[Change, ...]") -> "Table":
    headings = ["sum", "before", "after", "difference"]
    made = table("Sums", headings, headings[1:])
    for each in totals:
        nothing = Span.of(0.0)
        made.add_row(each.name, span(each.before or nothing), span(each.after or nothing), _signed(each.difference))
    return made


def _unpriced(title: str, found: tuple[str, ...]) -> Iterator[str]:
    if found:
        yield ""
        yield from (f"[yellow bold]{title}:[/] {escape(each)}" for each in found)


def _signed(difference: Span) -> str:
    low, high = (f"{'+' if each > 0 else ''}{amount(each)}" for each in (difference.least, difference.most))
    return high if low == high else f"{low}..{high}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"  # pyright: ignore[reportUnknownArgumentType]
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
