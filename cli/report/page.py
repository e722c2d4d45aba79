"""The page itself: what the plan says, put into the template."""

import base64
import hashlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ... import __version__
from ...infra.policies import Level, PolicyReport
from ...planning.plan.difference import PlanDifference
from ...planning.plan.summary import PlanSummary
from .charts import Chart, draw_charts
from .connection_drawing import draw_connections
from .connections import Connections, find_connections
from .cost_tables import assumption_table, cost_tables
from .difference_tables import difference_tables
from .energy_tables import energy_tables, quota_table
from .key_figures import KeyFigure, key_figures
from .places import topology
from .pool_tables import component_table, pool_table, workload_table
from .review_tables import policy_sentence, policy_table, teardown_table, type_table
from .table import Table

_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MOST_ROWS: Final = 2000
"""Rows of one table: a browser is slow with more."""

_MOST_ITEMS: Final = 40
"""Things of one kind in the topology."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of the page with a heading of its own."""

    name: str
    """Id on the page."""

    title: str
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    sentences: tuple[str, ...] = ()
    """Paragraphs above its tables."""


def render_page(
    summary: PlanSummary,
    *,
    date: str = "",
    policies: PolicyReport | None = None,
    difference: PlanDifference | None = None,
) -> str:
    """Return a plan as one HTML page, the same bytes for the same input.

    Args:
        summary: The plan.
        date: What stands on the page as its date. Default: none, as a plan depends on no clock.
        policies: What the rules find in it. Default: the page does not speak of rules.
        difference: From an earlier plan, or that of another environment. Default: none is shown.

    Raises:
        ModuleNotFoundError: a library of `aidc[planning]` is not installed.
        InvalidInput: an object is not what its kind must be.
    """
    import jinja2

    connections = find_connections(summary.graph, summary.workloads)
    places = topology(summary, connections)
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["breakable"] = _breakable
    script, style = _text("behaviour.js"), _text("style.css")
    sections = list(
        _sections(summary, tuple(draw_charts(summary)), policies, difference, tuple(_workloads(summary, connections)))
    )
    return environment.from_string(_text("page.html.jinja")).render(
        title=f"{summary.project}/{summary.stack}",
        date=date,
        version=__version__,
        figures=[*key_figures(summary), *_state(summary, policies)],
        topology=places,
        drawing=draw_connections(summary.workloads, connections, places.cluster.pools if places.cluster else ()),
        resources=f"{summary.resources:,}",
        sections=sections,
        most_rows=_MOST_ROWS,
        most_items=_MOST_ITEMS,
        warnings=summary.warnings,
        notes=summary.notes,
        style=style,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _state(summary: PlanSummary, policies: PolicyReport | None) -> Iterator[KeyFigure]:
    count = len(summary.warnings)
    yield KeyFigure(title="Warnings", value=f"{count}", unit="of the plan", is_loud=bool(count))
    if policies is not None:
        mandatory = len(policies.at_level(Level.MANDATORY))
        yield KeyFigure(
            title="Policies",
            value=f"{len(policies.open)}",
            unit=f"open findings of {policies.rules} rules",
            remark=f"{mandatory} mandatory" if mandatory else f"{len(policies.excepted)} stay for a reason",
            is_loud=bool(mandatory),
        )


def _sections(
    summary: PlanSummary,
    charts: tuple[Chart, ...],
    policies: PolicyReport | None,
    difference: PlanDifference | None,
    workloads: tuple[Table, ...],
) -> Iterator[Section]:
    if difference is not None:
        same = ("There is no difference.",) if difference.is_empty else ()
        sentence = f"From {difference.before} to {difference.after}."
        tables = tuple(difference_tables(difference))
        yield Section(name="difference", title="Difference", tables=tables, sentences=(sentence, *same))
    if charts:
        yield Section(name="charts", title="Charts", charts=charts)
    found: Iterable[tuple[str, str, Iterable[Table | None]]] = (
        ("cost", "Cost", cost_tables(summary)),
        ("nodes", "Node pools and workloads", workloads),
        ("energy", "Power and storage", energy_tables(summary)),
        ("limits", "Quotas", [quota_table(summary)]),
    )
    for name, title, tables in found:
        shown = tuple(table for table in tables if table is not None)
        if shown:
            yield Section(name=name, title=title, tables=shown)
    if policies is not None:
        findings = policy_table(policies)
        tables = (findings,) if findings else ()
        yield Section(
            name="rules", title="Policies", tables=tables, sentences=() if findings else (policy_sentence(policies),)
        )
    inventory = [component_table(summary), type_table(summary), teardown_table(summary)]
    tables = tuple(table for table in inventory if table is not None and table.rows)
    if tables:
        yield Section(name="inventory", title="Components", tables=tables)
    if summary.cost.lines or summary.power.pools:
        yield Section(name="assumed", title="Assumptions", tables=(assumption_table(summary),))


def _workloads(summary: PlanSummary, connections: Connections) -> Iterator[Table]:
    if summary.pools:
        yield pool_table(summary)
    if summary.workloads:
        yield workload_table(summary, connections)


def _breakable(text: str) -> str:
    """Return a text in HTML whose words may be broken where a capital follows a small letter, and nowhere worse."""
    from markupsafe import Markup

    return Markup("<wbr>").join(_HUMP.split(text))


def _text(name: str) -> str:
    content = pkgutil.get_data(__name__, f"data/{name}")
    assert content is not None, "the package's loader can read its data"
    return content.decode()
