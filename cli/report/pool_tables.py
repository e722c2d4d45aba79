"""Tables of components, node pools and workloads."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ...planning.nodes.node_pools import is_accelerator
from ...planning.plan.summary import ComponentSummary, PlanSummary, PoolSummary
from ...planning.span import Span
from .connections import Connections
from .table import Cell, Column, Table, Tone, between, count, in_words, unknown, words

_GIB: Final = 2**30


def component_table(summary: PlanSummary) -> Table:
    """Return the components in the order of the plan, each below what holds it, with its cost."""
    monthly = summary.cost.by_component
    rows = [_component(each, monthly.get(f"{kind_of(each.type)} {each.name}")) for each in summary.components]
    return Table(
        name="components",
        caption="Components, each below the one that holds it",
        columns=[
            Column(title="Component"),
            Column(title="Name"),
            Column(title="Stack"),
            Column(title="Resources", is_number=True),
            Column(title="US dollars a month", is_number=True),
        ],
        rows=rows,
        note="The cost is that of a component's own resources; those of components inside it are on their own lines.",
    )


def kind_of(type: str) -> str:
    """Return a type token without its package."""
    return type.rpartition(":")[2]


def _component(each: ComponentSummary, monthly: Span | None) -> list[Cell]:
    cost = words("", Tone.QUIET) if monthly is None else between(monthly)
    kind = words(kind_of(each.type), depth=each.depth)
    return [kind, words(each.name), words(each.stack), count(each.resources), cost]


def pool_table(summary: PlanSummary) -> Table:
    """Return the node pools at their largest: what is wanted of them beside what they provide."""
    columns = [
        Column(title="Node pool"),
        Column(title="Instance types"),
        Column(title="Nodes at most", is_number=True),
        Column(title="Accelerators wanted", is_number=True),
        Column(title="Accelerators provided", is_number=True),
        Column(title="Cores wanted", is_number=True),
        Column(title="Cores provided", is_number=True),
        Column(title="GiB wanted", is_number=True),
        Column(title="GiB provided", is_number=True),
        Column(title="US dollars an hour", is_number=True),
    ]
    return Table(
        name="pools",
        caption="Node pools at their largest: wanted by their workloads, beside provided",
        columns=columns,
        rows=[_pool(summary, each) for each in summary.pools],
        note="Provided is what nodes leave for pods, of the smallest instance type that the pool may take.",
    )


def _pool(summary: PlanSummary, each: PoolSummary) -> list[Cell]:
    pool = each.pool
    types = ", ".join(pool.instance_types[:4]) or ("existing nodes" if pool.is_existing else "any")
    more = len(pool.instance_types) - 4
    device = pool.gpu_resource
    nodes = unknown("no limit") if pool.maximum_nodes is None else count(pool.maximum_nodes)
    return [
        words(pool.name),
        words(types + (f" and {more} more" if more > 0 else "")),
        nodes,
        *(_beside(each, device, 1) if device else [words(""), words("")]),
        *_beside(each, "cpu", 1),
        *_beside(each, "memory", _GIB),
        words("paid for already", Tone.QUIET) if pool.is_existing else between(summary.cost.of_pool(pool.name)),
    ]


def _beside(each: PoolSummary, resource: str, unit: int) -> Iterator[Cell]:
    least, most = each.wanted.get(resource, Decimal(0)), each.wanted_at_most.get(resource, Decimal(0))
    provided = each.pool.provided.get(resource)
    wanted = Span(least=float(least) / unit, most=float(most) / unit)
    too_much = provided is not None and float(most) > provided
    yield Cell(text=in_words(wanted), order=wanted.most, tone=Tone.LOUD if too_much else Tone.PLAIN)
    yield unknown("not said") if provided is None else count(round(provided / unit, 1))


def workload_table(summary: PlanSummary, connections: Connections) -> Table:
    """Return the workloads: pods, what one of them asks for, and what reaches and feeds them."""
    rows: list[list[Cell]] = []
    for each in summary.workloads:
        found = each.workload
        name = f"{found.namespace}/{found.name}" if found.namespace else found.name
        devices = sum(amount for resource, amount in found.requests.items() if is_accelerator(resource))
        rows.append(
            [
                words(name),
                words(found.kind),
                between(Span(least=float(found.pods), most=float(found.maximum_pods))),
                count(float(found.requests.get("cpu", 0))),
                count(float(found.requests.get("memory", Decimal(0)) / _GIB)),
                count(float(devices)),
                words(each.pool) if each.pool else words("any", Tone.QUIET),
                words(", ".join(connections.entrances_of(found))),
                words(", ".join(connections.storage_of(found))),
            ]
        )
    return Table(
        name="workloads",
        caption="Workloads: pods, and what one pod asks for",
        columns=[
            Column(title="Workload"),
            Column(title="Kind"),
            Column(title="Pods", is_number=True),
            Column(title="Cores", is_number=True),
            Column(title="GiB", is_number=True),
            Column(title="Accelerators", is_number=True),
            Column(title="Node pool"),
            Column(title="Reached through"),
            Column(title="Storage"),
        ],
        rows=rows,
    )
