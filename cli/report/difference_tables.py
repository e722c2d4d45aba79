"""Tables of what a plan differs by from an earlier one, or from that of another environment."""

from collections.abc import Iterator
from typing import Any, cast

from ...planning.plan.difference import Change, PlanDifference
from ...planning.span import Span
from ..tables import amount
from .pool_tables import kind_of
from .table import Cell, Column, Table, Tone, between, words


def difference_tables(difference: PlanDifference) -> Iterator[Table]:
    """Yield sums, costs, pools and resources that differ."""
    yield _changes("difference-sums", "Sums before and after", "Sum", difference.totals)
    if difference.costs:
        caption = "Cost of a month by component, US dollars, before and after"
        yield _changes("difference-costs", caption, "Component", difference.costs)
    unpriced = [[words(each, Tone.LOUD), words("has no price now")] for each in difference.unpriced_added]
    unpriced += [[words(each), words("had no price before")] for each in difference.unpriced_removed]
    if unpriced:
        columns = [Column(title="What"), Column(title="State")]
        yield Table(name="difference-unpriced", caption="In no sum before or now", columns=columns, rows=unpriced)
    pools = list(_pools(difference))
    if pools:
        yield Table(
            name="difference-pools",
            caption="Node pools that differ",
            columns=[Column(title=title) for title in ("Node pool", "What", "Before", "After")],
            rows=pools,
        )
    resources = [
        [words(state), words(name), words(kind_of(type)), words(type, Tone.QUIET)]
        for state, found in (
            ("added", difference.added),
            ("removed", difference.removed),
            ("changed", difference.changed),
        )
        for type, name in found
    ]
    if resources:
        yield Table(
            name="difference-resources",
            caption=f"Resources: {len(difference.added):,} added, {len(difference.removed):,} removed, "
            f"{len(difference.changed):,} changed",
            columns=[Column(title=title) for title in ("State", "Name", "Kind", "Type")],
            rows=resources,
        )


def _changes(name: str, caption: str, heading: str, found: tuple[Change, ...]) -> Table:
    return Table(
        name=name,
        caption=caption,
        columns=[
            Column(title=heading),
            Column(title="Before", is_number=True),
            Column(title="After", is_number=True),
            Column(title="Difference", is_number=True),
        ],
        rows=[[words(each.name), _amount(each.before), _amount(each.after), _signed(each)] for each in found],
    )


def _amount(span: Span | None) -> Cell:
    return words("not there", Tone.QUIET) if span is None else between(span)


def _signed(change: Change) -> Cell:
    found = change.difference
    texts = [f"{'+' if each > 0 else ''}{amount(each)}" for each in (found.least, found.most)]
    return Cell(text=" to ".join(dict.fromkeys(texts)), order=found.most)


def _pools(difference: PlanDifference) -> Iterator[list[Cell]]:
    yield from ([words(name), words("added"), words(""), words("")] for name in difference.pools_added)
    yield from ([words(name), words("removed"), words(""), words("")] for name in difference.pools_removed)
    for each in difference.pools_changed:
        for field, (before, after) in each.fields.items():
            yield [words(each.name), words(field), words(_shown(before)), words(_shown(after))]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, cast(list[object], value))) or "none"
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
