"""The cost of a resource graph: every line, what has no price, and the sums."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...evaluation.graph import Resource, ResourceGraph
from ...evaluation.manifests import Manifest
from ..catalog.service_prices import HOURS_PER_MONTH, read_currency
from ..nodes.machines import MachineDemand, MachineOrigin
from ..regions import Regions
from ..span import Span
from ..values import mapping, text
from .assumptions import CostAssumptions
from .aws_resources import DETECTOR_FEATURE, resource_lines
from .counter import Counter, Entry
from .kubernetes_objects import object_lines
from .lines import CostLine, Unpriced
from .nodes import SIMULATED, machine_lines
from .watched import detector_feature

_SUBNET: Final = "aws:ec2/subnet:Subnet"
_CHARTS: Final = ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart")
_STORAGE_KEYS: Final = ("volumeClaimTemplate", "volumeClaimTemplates", "persistence", "persistentVolume")


@dataclass(frozen=True, kw_only=True, slots=True)
class CostEstimate:
    """What a graph costs in a month of 730 hours, as far as prices are known."""

    lines: tuple[CostLine, ...]
    unpriced: tuple[Unpriced, ...]
    """What is in no sum. Nothing is counted as zero for want of a price."""

    assumptions: CostAssumptions
    currency: str

    @property
    def monthly(self) -> Span:
        """The sum of all lines, for a month."""
        return Span.total(line.monthly for line in self.lines)

    @property
    def hourly(self) -> Span:
        """The same for an hour."""
        return self.monthly.times(1 / HOURS_PER_MONTH)

    @property
    def assumed(self) -> Span:
        """The part of `monthly` whose quantities are assumptions."""
        return Span.total(line.monthly for line in self.lines if line.assumption)

    @property
    def by_component(self) -> dict[str, Span]:
        """Sums for a month by component, dearest first; they add up to `monthly`."""
        return self._by(lambda line: line.owner.component)

    @property
    def by_pool(self) -> dict[str, Span]:
        """Sums for a month by pool of nodes, dearest first; without what belongs to none."""
        return {pool: span for pool, span in self._by(lambda line: line.owner.pool).items() if pool}

    @property
    def by_stack(self) -> dict[str, Span]:
        """Sums for a month by stack, dearest first; they add up to `monthly`."""
        return self._by(lambda line: line.owner.stack)

    @property
    def is_simulated(self) -> bool:
        """Whether all that has a price is simulated, so that nobody pays it."""
        return bool(self.lines) and all(SIMULATED in line.note for line in self.lines)

    @property
    def dates(self) -> tuple[str, ...]:
        """Dates of the prices, earliest first; empty texts for prices without one."""
        return tuple(sorted({line.date or "" for line in self.lines}))

    def of_pool(self, name: str) -> Span | None:
        """Return what an hour of a pool costs, with its disks; None where a price of its nodes is not known."""
        found = [line for line in self.lines if line.owner.pool == name]
        has_nodes = any(line.unit == "hour" for line in found)
        return Span.total(line.hourly for line in found) if has_nodes else None

    def _by(self, key: Callable[[CostLine], str]) -> dict[str, Span]:
        groups: dict[str, list[Span]] = {}
        for line in self.lines:
            groups.setdefault(key(line), []).append(line.monthly)
        sums = {name: Span.total(spans) for name, spans in groups.items()}
        return dict(sorted(sums.items(), key=lambda item: (-item[1].most, item[0])))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `--json`, camelCase."""
        return {
            "currency": self.currency,
            "hoursPerMonth": HOURS_PER_MONTH,
            "hourly": self.hourly.to_dict(),
            "monthly": self.monthly.to_dict(),
            "assumedMonthly": self.assumed.to_dict(),
            "byComponent": {name: span.to_dict() for name, span in self.by_component.items()},
            "byPool": {name: span.to_dict() for name, span in self.by_pool.items()},
            "byStack": {name: span.to_dict() for name, span in self.by_stack.items()},
            "lines": [line.to_dict() for line in self.lines],
            "unpriced": [each.to_dict() for each in self.unpriced],
            "assumptions": self.assumptions.to_dict(),
        }


def estimate_cost(
    graph: ResourceGraph,
    manifests: Sequence[Manifest],
    machines: Iterable[MachineDemand],
    regions: Regions,
    assumptions: CostAssumptions | None = None,
) -> CostEstimate:
    """Return what a graph costs.

    Args:
        graph: The graph.
        manifests: Its Kubernetes objects.
        machines: Its machines, as `find_machines` returns them.
        regions: The regions of its resources.
        assumptions: What the graph does not say. Default: `CostAssumptions()`.
    """
    assumptions = assumptions or CostAssumptions()
    counter = Counter(graph, regions, assumptions)
    entries = list(_entries(counter, manifests, list(machines)))
    return CostEstimate(
        lines=tuple(entry for entry in entries if isinstance(entry, CostLine)),
        unpriced=tuple(entry for entry in entries if isinstance(entry, Unpriced)),
        assumptions=assumptions,
        currency=read_currency(),
    )


def _entries(counter: Counter, manifests: Sequence[Manifest], machines: Sequence[MachineDemand]) -> Iterator[Entry]:
    for machine in machines:
        yield from machine_lines(counter, machine)
    for resource in counter.graph:
        yield from resource_lines(counter, resource)
        if resource.type == DETECTOR_FEATURE and not resource.read:
            yield from detector_feature(counter, resource, machines)
        if resource.type in _CHARTS and _keeps_data(resource):
            reason = "its volumes are made at deployment, by its values"
            yield Unpriced(owner=counter.owner(resource), what=f"volumes of the chart {resource.name}", reason=reason)
    if _is_on_aws(counter.graph, machines):
        yield from object_lines(counter, manifests, _zones(counter.graph))


def _is_on_aws(graph: ResourceGraph, machines: Sequence[MachineDemand]) -> bool:
    bought = any(each.origin is MachineOrigin.AWS for each in machines)
    return bought or any(each.package == "aws" and each.custom and not each.is_provider for each in graph)


def _zones(graph: ResourceGraph) -> int:
    """Return how many zones public subnets are in: a public load balancer is in all of them."""
    found = {text(each.inputs.get("availabilityZone")) for each in graph.of_type(_SUBNET)}
    return max(1, len(found - {""}))


def _keeps_data(chart: Resource) -> bool:
    return any(key in _STORAGE_KEYS for key in _keys(mapping(chart.inputs.get("values"))))


def _keys(value: object) -> Iterator[str]:
    for key, item in mapping(value).items():
        yield key
        yield from _keys(item)
