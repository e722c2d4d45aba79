"""The scaling arithmetic of a data center that grows: what N nodes of one kind and M of another add up to.

The formulas are those of S1, the article on scaling data centers for large AI models. They are sums and
products of nominal figures: they say what is installed, not what a job reaches.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields

from ..problems import Problems, camel_case


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeGroup:
    """Nodes of one kind."""

    nodes: int
    """Nodes; 0 or more."""

    tflops_per_node: float = 0.0
    """TFLOPS of one node. Default: 0."""

    energy_kwh_per_node: float = 0.0
    """kWh that one node uses in the time that is looked at. Default: 0."""

    tasks_per_node: float = 0.0
    """Tasks that one node runs at a time. Default: 0."""

    applications_per_node: float = 0.0
    """Applications that one node serves. Default: 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaledTotals:
    """What groups of nodes add up to."""

    nodes: int
    """Nodes."""

    tflops: float
    """TFLOPS."""

    energy_kwh: float
    """kWh in the time that is looked at."""

    tasks: float
    """Tasks at a time."""

    applications: float
    """Applications."""


def total_compute(
    *,
    existing_nodes: int,
    existing_tflops_per_node: float,
    added_nodes: int = 0,
    added_tflops_per_node: float = 0.0,
) -> float:
    """Return C_total = N0 * C0 + M * C, in TFLOPS (S1).

    S1's example, 10 nodes of 2 TFLOPS and 5 added ones of 4 TFLOPS, is 10 * 2 + 5 * 4 = 40 TFLOPS; the
    article prints 30.

    Raises:
        InvalidInput: a count or a figure is negative or not finite, or a count is not whole.
    """
    problems = Problems()
    _check_count("existingNodes", existing_nodes, problems)
    _check_quantity("existingTflopsPerNode", existing_tflops_per_node, "TFLOPS", problems)
    _check_count("addedNodes", added_nodes, problems)
    _check_quantity("addedTflopsPerNode", added_tflops_per_node, "TFLOPS", problems)
    problems.raise_if_any("scaling")
    return existing_nodes * existing_tflops_per_node + added_nodes * added_tflops_per_node


def total_energy(*, energy_kwh_per_node: float, nodes: int) -> float:
    """Return E_total = E0 * E, in kWh: what one node uses, times the nodes (S1).

    Raises:
        InvalidInput: a figure is negative or not finite, or `nodes` is not whole.
    """
    problems = Problems()
    _check_quantity("energyKwhPerNode", energy_kwh_per_node, "kWh", problems)
    _check_count("nodes", nodes, problems)
    problems.raise_if_any("scaling")
    return energy_kwh_per_node * nodes


def scaled_totals(groups: Iterable[NodeGroup]) -> ScaledTotals:
    """Return compute, energy, tasks and applications of `groups`; no group at all adds up to 0.

    It is `total_compute` and `total_energy` for any number of generations of nodes, and the same sum for the
    tasks and the applications.

    Raises:
        InvalidInput: a count or a figure is negative or not finite, or a count is not whole.
    """
    listed = list(groups)
    problems = Problems()
    for index, group in enumerate(listed):
        with problems.under(f"groups[{index}]"):
            _check_count("nodes", group.nodes, problems)
            for field in fields(group)[1:]:
                _check_quantity(camel_case(field.name), getattr(group, field.name), "", problems)
    problems.raise_if_any("scaling")
    return ScaledTotals(
        nodes=sum(group.nodes for group in listed),
        tflops=math.fsum(group.nodes * group.tflops_per_node for group in listed),
        energy_kwh=math.fsum(group.nodes * group.energy_kwh_per_node for group in listed),
        tasks=math.fsum(group.nodes * group.tasks_per_node for group in listed),
        applications=math.fsum(group.nodes * group.applications_per_node for group in listed),
    )


def _check_count(path: str, value: object, problems: Problems) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        problems.add(path, f"{value!r} is not a count; give a whole number, 0 or more")


def _check_quantity(path: str, value: object, unit: str, problems: Problems) -> None:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not math.isfinite(number) or number < 0:
        unit = f" {unit}" if unit else ""
        problems.add(path, f"{value!r} is not a quantity; give 0{unit} or more")
