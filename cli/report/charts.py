"""Charts of the page, as SVG that takes its colours from the page: altair says what, vl-convert draws."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from ...planning.plan.summary import PlanSummary
from ...planning.span import Span
from .table import in_words

_WIDTHS: Final = {"narrow": 284, "wide": 540}
"""Width of a chart, in pixels, for a phone and beside another chart on a desk."""

_MOST_BARS: Final = 9
_STEP: Final = 40
"""Pixels from one bar to the next: a line of words above each."""

_LETTER: Final = 7.6
"""Pixels of a digit at most, at the size of the words above bars."""

_LEAST: Final = "at least"
_MOST: Final = "at most"
_OPENING: Final = re.compile(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>')


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """One chart, drawn for a phone and for a desk."""

    name: str
    title: str
    description: str
    """What it shows, in words."""

    drawings: Mapping[str, str]
    """SVG by `narrow` and `wide`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar: what it is, how long, and what stands beside it."""

    name: str
    span: Span
    label: str
    group: str = ""
    """Bars of one group stand together, under its name."""


def draw_charts(summary: PlanSummary) -> Iterator[Chart]:
    """Yield the charts of a plan, those without any bar left out.

    Raises:
        ModuleNotFoundError: altair or vl-convert is not installed.
    """
    cost, power = summary.cost, summary.power
    yield from _chart(
        "chart-cost-by-component",
        "Cost by component",
        "US dollars a month",
        [_bar(name or "of no component", span) for name, span in cost.by_component.items()],
    )
    yield from _chart(
        "chart-cost-by-pool",
        "Cost by node pool",
        "US dollars a month",
        [_bar(name, span) for name, span in cost.by_pool.items()],
    )
    pools = sorted(power.pools, key=lambda each: -each.kilowatts.most)
    yield from _chart(
        "chart-power-by-pool",
        f"Power by node pool at {power.assumptions.accelerator_load:.0%} load",
        "kW of the machines",
        [_bar(each.pool, each.kilowatts) for each in pools],
    )
    yield from _chart(
        "chart-wanted",
        "Wanted against provided",
        "wanted, in % of what a node pool provides",
        list(_shares(summary)),
        whole=100.0,
    )


def _bar(name: str, span: Span) -> Bar:
    return Bar(name=name, span=span, label=in_words(span))


def _shares(summary: PlanSummary) -> Iterator[Bar]:
    for each in summary.pools[:_MOST_BARS]:
        named = {"cores": "cpu", "memory": "memory"}
        if each.pool.gpu_resource:
            named = {"accelerators": each.pool.gpu_resource, **named}
        for title, resource in named.items():
            provided = each.pool.provided.get(resource)
            if provided:
                wanted = [float(amounts.get(resource, 0)) for amounts in (each.wanted, each.wanted_at_most)]
                share = Span(least=wanted[0] / provided * 100, most=wanted[1] / provided * 100)
                label = " to ".join(dict.fromkeys(f"{part:.0f}" for part in (share.least, share.most))) + " %"
                yield Bar(name=title, span=share, label=label, group=each.pool.name)


def _chart(name: str, title: str, unit: str, bars: Sequence[Bar], whole: float | None = None) -> Iterator[Chart]:
    if not any(bar.span.most for bar in bars):
        return
    shown = bars if whole else _together(bars)
    words = "; ".join(f"{bar.group} {bar.name}".strip() + f": {bar.label}" for bar in shown)
    drawings = {size: _drawn(shown, unit, size, f"{title}, {unit}", whole) for size in _WIDTHS}
    yield Chart(name=name, title=title, description=words, drawings=drawings)


def _together(bars: Sequence[Bar]) -> list[Bar]:
    """Return the largest bars, and the sum of the others as one."""
    first, rest = list(bars[:_MOST_BARS]), bars[_MOST_BARS:]
    if len(rest) < 2:
        return [*first, *rest]
    total = Span.total(bar.span for bar in rest)
    return [*first, Bar(name=f"{len(rest)} others", span=total, label=in_words(total))]


def _drawn(bars: Sequence[Bar], unit: str, size: str, title: str, whole: float | None) -> str:
    import altair
    import vl_convert

    alt: Any = altair
    longest = max([*(bar.span.most for bar in bars), whole or 0.0])
    width = _WIDTHS[size]
    room = width - 10 - _LETTER * max(len(bar.label) for bar in bars)
    base = alt.Chart(alt.Data(values=list(_rows(bars)))).encode(y=alt.Y("key:N", axis=None))
    number = "~s" if longest >= 1000 else ",~r"
    axis = alt.Axis(tickCount=4, labelExpr=f"datum.value ? format(datum.value, '{number}') : '0'", titlePadding=8)
    scale = alt.Scale(domain=[0, longest], nice=False)
    colours = alt.Scale(domain=[_LEAST, _MOST], range=["var(--least)", "var(--most)"])
    lengths = base.mark_bar(height=12, yOffset=8).encode(
        x=alt.X("from:Q", title=unit, scale=scale, axis=axis),
        x2="to:Q",
        color=alt.Color("bound:N", scale=colours, legend=alt.Legend(title=None, orient="top", symbolType="square")),
    )
    once = base.transform_filter(f"datum.bound == '{_MOST}'")
    names = once.mark_text(align="left", dy=-8, fontSize=13, color="var(--ink)", limit=room).encode(
        x=alt.value(0), text="name:N"
    )
    values = once.mark_text(align="right", dy=-8, fontSize=13, color="var(--ink)").encode(
        x=alt.value(width), text="label:N"
    )
    layers: Any = alt.layer(lengths, names, values).properties(width=width, height=alt.Step(_STEP))
    groups = list(dict.fromkeys(bar.group for bar in bars if bar.group))
    if groups:
        header = alt.Header(
            title=None, labelOrient="top", labelAnchor="start", labelFontWeight="bold", labelFontSize=13
        )
        layers = layers.facet(row=alt.Row("group:N", sort=groups, header=header)).resolve_scale(y="independent")
    # What is written here is valid for any data, and looking it over takes a second.
    specification: dict[str, Any] = layers.configure(**_style()).to_dict(validate=False)
    return _framed(vl_convert.vegalite_to_svg(specification), size, title)


def _rows(bars: Sequence[Bar]) -> Iterator[dict[str, Any]]:
    for index, bar in enumerate(bars):
        for bound, start, end in ((_LEAST, 0.0, bar.span.least), (_MOST, bar.span.least, bar.span.most)):
            yield {
                # Places by number: names may stand there more than once.
                "key": f"{index:03}",
                "name": bar.name,
                "group": bar.group,
                "label": bar.label,
                "bound": bound,
                "from": start,
                "to": end,
            }


def _style() -> dict[str, Any]:
    font = "system-ui, sans-serif"
    words = {"labelColor": "var(--muted)", "labelFont": font, "labelFontSize": 12}
    titles = {"titleColor": "var(--muted)", "titleFont": font, "titleFontSize": 12, "titleFontWeight": "normal"}
    return {
        "background": "transparent",
        "padding": 2,
        "font": font,
        "axis": {**words, **titles, "grid": False, "domainColor": "var(--line)", "tickColor": "var(--line)"},
        "header": {**words, "labelColor": "var(--ink)"},
        "legend": {**words, **titles, "labelColor": "var(--ink)"},
        "view": {"stroke": None},
    }


def _framed(drawn: str, size: str, title: str) -> str:
    """Return a drawing without what only a file of its own needs, with a name for who does not see it."""
    found = _OPENING.search(drawn)
    assert found is not None, "vl-convert begins with an element of SVG"
    opening = f'<svg class="drawing {size}" role="img" aria-label="{escape(title)}" viewBox="{found.group(1)}">'
    return opening + drawn[found.end() :]
