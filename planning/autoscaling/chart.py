"""Charts of a comparison: load and replicas over time, and the fronts of cost against late requests."""

import io
from typing import Any, Final

import numpy as np

from .comparison import Comparison, mean_replicas

_MOST_POINTS: Final = 600
_WIDTH: Final = 720


def drawn(once: Comparison, swept: Comparison | None, *, title: str, html: bool) -> str:
    """Return a page that needs no network, or an SVG.

    Args:
        once: Policies with their usual settings, with a record.
        swept: The same with all their settings, for the fronts. None: no fronts.
        title: Above the charts.
        html: A page, else an SVG.
    """
    import altair

    # Its types are wider than what they say.
    alt: Any = altair
    charts: list[Any] = [_over_time(alt, once)]
    if swept is not None:
        charts.append(_fronts(alt, swept))
    chart: Any = alt.vconcat(*charts, title=title).configure_view(strokeWidth=0)
    target = io.StringIO()
    chart.save(target, format="html" if html else "svg", **({"inline": True} if html else {}))
    return target.getvalue()


def _over_time(alt: Any, comparison: Comparison) -> Any:
    rows: list[dict[str, Any]] = []
    for result in comparison.results:
        if result.outcomes.replicas is None or result.outcomes.load is None:
            continue
        if not rows:
            rows += _line("load", result.outcomes.load, comparison.seconds)
        rows += _line(result.policy, result.outcomes.replicas[:, 0], comparison.seconds)
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(interpolate="step-after", strokeWidth=1.3)
        .encode(
            x=alt.X("hour:Q", title="time (hours)"),
            y=alt.Y("replicas:Q", title="replicas; load as replicas that it keeps busy"),
            color=alt.Color("policy:N", title="policy"),
        )
        .properties(width=_WIDTH, height=260, title="Load and replicas, usual settings")
    )


def _line(name: str, values: Any, seconds: float) -> list[dict[str, Any]]:
    """Return a line of a bounded number of points: the highest value of each part."""
    part = max(1, int(np.ceil(len(values) / _MOST_POINTS)))
    edges = np.arange(0, len(values), part)
    highest = np.maximum.reduceat(values, edges)
    hours = edges / len(values) * seconds / 3600
    pairs = zip(hours.tolist(), highest.tolist(), strict=True)
    return [{"policy": name, "hour": round(hour, 4), "replicas": round(value, 2)} for hour, value in pairs]


def _fronts(alt: Any, comparison: Comparison) -> Any:
    rows = [
        {
            "policy": result.policy,
            "setting": result.settings[lane],
            "replicas": float(mean_replicas(result.outcomes, comparison.seconds)[lane]),
            "late": max(float(result.outcomes.late[lane]) * 100, 0.001),
        }
        for result in comparison.results
        for lane in result.front.lanes
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True, strokeWidth=1.3)
        .encode(
            x=alt.X("replicas:Q", title="replicas on average, starting ones included", scale=alt.Scale(zero=False)),
            y=alt.Y("late:Q", title="late requests (percent, logarithmic)", scale=alt.Scale(type="log")),
            color=alt.Color("policy:N", title="policy"),
            tooltip=["policy:N", "setting:N", "replicas:Q", "late:Q"],
        )
        .properties(width=_WIDTH, height=320, title="Cost against late requests, each policy at its best settings")
    )
