"""What a program would make, as one page: components, pods, and what they want of what node pools provide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ..evaluation.demand import Workload, sum_amounts, workloads
from ..evaluation.graph import STACK_TYPE, Resource, ResourceGraph
from ..evaluation.manifests import ordered_manifests
from .catalog import all_instance_types

POOL_LABEL: Final = "aidc.dev/node-pool"
_POOL_TYPES: Final = ("aidc:index:GpuNodePool", "aidc:index:CpuNodePool")
_ANY_POOL: Final = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentSummary:
    """One component and what it holds."""

    type: str
    name: str
    depth: int
    """0 directly under the stack."""

    resources: int
    """Resources below it, components included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSummary:
    """One node pool at its largest, beside what selects it."""

    name: str
    instance_types: tuple[str, ...]
    maximum_nodes: int
    gpu_resource: str
    """Resource that its accelerators are counted in; empty for a CPU pool."""

    provided: Mapping[str, float]
    """At most: cores for `cpu`, bytes for `memory`, pieces for accelerators; the smallest instance type counts."""

    wanted: Mapping[str, float]
    """By the workloads that select it, at least."""

    wanted_at_most: Mapping[str, float]
    """By the workloads that select it, with every autoscaler at its maximum."""

    maximum_price_per_hour: float | None
    """US dollars with all nodes on; None where a price is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanSummary:
    """One page about a resource graph."""

    project: str
    stack: str
    resources: int
    types: Mapping[str, int]
    components: tuple[ComponentSummary, ...]
    workloads: tuple[Workload, ...]
    pools: tuple[PoolSummary, ...]
    warnings: tuple[str, ...]

    @property
    def pods(self) -> tuple[int, int]:
        """Pods at least and at most."""
        return sum(each.pods for each in self.workloads), sum(each.maximum_pods for each in self.workloads)

    @property
    def wanted(self) -> dict[str, Decimal]:
        """What all workloads want, at least."""
        return sum_amounts(each.total() for each in self.workloads)

    @property
    def wanted_at_most(self) -> dict[str, Decimal]:
        """What all workloads want, with every autoscaler at its maximum."""
        return sum_amounts(each.total(maximum=True) for each in self.workloads)

    @property
    def provided(self) -> dict[str, float]:
        """What all pools provide at most."""
        total: dict[str, float] = {}
        for pool in self.pools:
            for resource, amount in pool.provided.items():
                total[resource] = total.get(resource, 0) + amount
        return total

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `--json`; keys are camelCase, amounts in cores, bytes and pieces."""
        return {
            "project": self.project,
            "stack": self.stack,
            "resources": self.resources,
            "types": dict(sorted(self.types.items())),
            "components": [{"type": c.type, "name": c.name, "resources": c.resources} for c in self.components],
            "pods": dict(zip(("least", "most"), self.pods, strict=True)),
            "wanted": {"least": _numbers(self.wanted), "most": _numbers(self.wanted_at_most)},
            "provided": self.provided,
            "workloads": [_workload(each) for each in self.workloads],
            "nodePools": [_pool(pool) for pool in self.pools],
            "warnings": list(self.warnings),
        }


def summarise(graph: ResourceGraph) -> PlanSummary:
    """Return the page of a graph; raises `InvalidInput` where an object is unknown in part."""
    found = workloads(ordered_manifests(graph))
    pools = tuple(_pool_summary(resource, found) for resource in graph if resource.type in _POOL_TYPES)
    return PlanSummary(
        project=graph.project,
        stack=graph.stack,
        resources=len(graph) - 1,
        types=graph.counts(),
        components=tuple(_components(graph, graph.root.urn, 0)),
        workloads=tuple(found),
        pools=pools,
        warnings=(*graph.warnings, *_misfits(found, pools)),
    )


def _components(graph: ResourceGraph, urn: str, depth: int) -> Iterable[ComponentSummary]:
    for child in graph.children.get(urn, ()):
        if not child.custom and child.type != STACK_TYPE:
            below = sum(1 for _ in graph.descendants(child.urn))
            yield ComponentSummary(type=child.type, name=child.name, depth=depth, resources=below)
            yield from _components(graph, child.urn, depth + 1)


def _pool_summary(resource: Resource, found: Iterable[Workload]) -> PoolSummary:
    outputs = resource.outputs
    name, nodes = outputs["pool_name"], int(outputs["maximum_nodes"])
    selecting = [each for each in found if each.node_selector.get(POOL_LABEL) == name]
    gpu_resource: str = outputs.get("gpu_resource") or ""
    catalog = all_instance_types()
    types = [catalog[each] for each in outputs["instance_types"] if each in catalog]
    provided: dict[str, float] = {}
    if types:
        provided["cpu"] = nodes * min(each.allocatable_cpu_millis for each in types) / 1000
        provided["memory"] = nodes * min(each.allocatable_memory_mib for each in types) * 2**20
    if gpu_resource:
        provided[gpu_resource] = nodes * int(outputs["gpus_per_node"])
    return PoolSummary(
        name=name,
        instance_types=tuple(outputs["instance_types"]),
        maximum_nodes=nodes,
        gpu_resource=gpu_resource,
        provided=provided,
        wanted=_numbers(sum_amounts(each.total() for each in selecting)),
        wanted_at_most=_numbers(sum_amounts(each.total(maximum=True) for each in selecting)),
        maximum_price_per_hour=outputs.get("maximum_price_per_hour"),
    )


def _misfits(found: Iterable[Workload], pools: Iterable[PoolSummary]) -> list[str]:
    by_name = {pool.name: pool for pool in pools}
    warnings: list[str] = []
    for pool in by_name.values():
        for resource, amount in pool.wanted.items():
            if resource in pool.provided and amount > pool.provided[resource]:
                warnings.append(
                    f"node pool {pool.name}: {amount:,g} {resource} wanted, "
                    f"{pool.provided[resource]:,g} provided by {pool.maximum_nodes} nodes; raise its maximum"
                )
    for workload in found:
        chosen = workload.node_selector.get(POOL_LABEL, _ANY_POOL)
        if chosen and by_name and chosen not in by_name:
            warnings.append(f"{workload.kind} {workload.namespace}/{workload.name}: there is no node pool {chosen}")
    return warnings


def _workload(each: Workload) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "namespace": each.namespace,
        "name": each.name,
        "pods": {"least": each.pods, "most": each.maximum_pods},
        "requests": _numbers(each.requests),
        "nodePool": each.node_selector.get(POOL_LABEL),
    }


def _pool(pool: PoolSummary) -> dict[str, Any]:
    return {
        "name": pool.name,
        "instanceTypes": list(pool.instance_types),
        "maximumNodes": pool.maximum_nodes,
        "gpuResource": pool.gpu_resource,
        "provided": dict(pool.provided),
        "wanted": {"least": dict(pool.wanted), "most": dict(pool.wanted_at_most)},
        "maximumPricePerHour": pool.maximum_price_per_hour,
    }


def _numbers(amounts: Mapping[str, Decimal]) -> dict[str, float]:
    return {resource: float(amount) for resource, amount in sorted(amounts.items())}
