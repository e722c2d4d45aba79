"""What has to be met: amounts of resources, and what one node of each instance type gives of them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ...problems import Problems

_NAME: Final = re.compile(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?")
_ROUNDING: Final = 1e-9
"""Part of a node that a quotient of floating-point numbers may be above the whole number that is meant."""


class Purpose(StrEnum):
    """What the nodes of a demand are for, which decides how their pools are scaled."""

    TRAINING = "training"
    SERVING = "serving"


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """An amount of one resource."""

    name: str
    """Such as `accelerators` or `requests a second`."""

    unit: str
    """Unit of `amount`, in the plural; empty for bare pieces."""

    amount: float
    """In `unit`; 0 or more."""

    per_node: Mapping[str, float]
    """What one node gives, in `unit`, by instance type. A type that is not there, or gives 0, cannot be used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What one purpose needs, of nodes that are its own."""

    name: str
    """Becomes part of the names of its pools."""

    needs: tuple[Need, ...]
    """All of them have to be met by the same nodes; one or more."""

    together: bool = False
    """Whether all nodes must be of one instance type in one zone, as one training over several nodes wants.
    Default: false."""

    one_type: bool = False
    """Whether all nodes must be of one instance type, in any zones, as a service of equal replicas wants. Default:
    false."""

    spot_share: float = 0.0
    """Part of each amount that spot nodes may stand for, 0 to 1. Default: 0, no spot nodes."""

    zone_share: float = 1.0
    """Part of each amount that the nodes of one zone may stand for, above 0 to 1. Default: 1, all in one zone."""

    survives_zone_loss: bool = False
    """Whether the nodes of the other zones must meet all needs when any one zone is lost. Default: false."""

    maximum_nodes: int | None = None
    """Nodes at most. Default: no bound."""

    purpose: Purpose = Purpose.SERVING
    """What the nodes are for. Default: serving."""

    excluded: Mapping[str, str] = field(default_factory=dict[str, str])
    """Instance types that cannot meet it, with the reason, as far as one is worth telling."""

    notes: tuple[str, ...] = ()
    """How the amounts and what a node gives were found, for people."""

    @property
    def instance_types(self) -> list[str]:
        """Types of which a node gives something of every need."""
        first, *others = self.needs
        return [
            name
            for name, given in first.per_node.items()
            if given > 0 and all(need.per_node.get(name, 0) > 0 for need in others)
        ]

    @property
    def kept_without_a_zone(self) -> float:
        """Part of each amount that must be there when any one zone is lost, 0 to 1."""
        return 1.0 if self.survives_zone_loss else 1.0 - self.zone_share

    def nodes_alone(self, instance_type: str) -> int:
        """Return how many nodes of one type meet all needs."""
        return max(math.ceil(need.amount / need.per_node[instance_type] - _ROUNDING) for need in self.needs)


def check_demands(demands: Sequence[Demand], problems: Problems) -> None:
    """Add to `problems` what makes no sense in `demands`; paths start with `demands.<name>`."""
    names = [demand.name for demand in demands]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add(f"demands.{name}", "given twice; give each demand a name of its own")
    if not demands:
        problems.add("demands", "nothing is asked for; give at least one demand")
    for demand in demands:
        with problems.under(f"demands.{demand.name}"):
            if not _NAME.fullmatch(demand.name):
                problems.add("", f"'{demand.name}' cannot name pools; use lower-case letters, digits and hyphens")
            _check(demand, problems)


def _check(demand: Demand, problems: Problems) -> None:
    if not demand.needs:
        problems.add("needs", "nothing is asked for; give at least one amount")
    for need in demand.needs:
        _check_amount(need, problems)
    for path, value in (("spotShare", demand.spot_share), ("zoneShare", demand.zone_share)):
        if not 0 <= value <= 1:
            problems.add(path, f"{value:g} is not a share; give a number from 0 to 1")
    if demand.zone_share == 0:
        problems.add("zoneShare", "0 leaves no zone anything; give a share above 0")
    if demand.maximum_nodes is not None:
        problems.between("maximumNodes", demand.maximum_nodes, 1, unit="nodes")
    if demand.together and (demand.zone_share < 1 or demand.survives_zone_loss):
        problems.add("together", "nodes of one zone cannot outlive it; leave out together, or the rule about zones")


def _check_amount(need: Need, problems: Problems) -> None:
    path = need.name.replace(" ", "")
    unit = f" {need.unit}" if need.unit else ""
    if not math.isfinite(need.amount) or need.amount < 0:
        problems.add(path, f"{need.amount:g}{unit} cannot be needed; give 0 or more")
    for name, given in need.per_node.items():
        if not math.isfinite(given) or given < 0:
            problems.add(path, f"{name} cannot give {given:g}{unit}; give 0 or more")
