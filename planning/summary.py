"""What a program would make, as one page: components, pods, and what they want of what node pools provide."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ..evaluation.demand import Workload, sum_amounts, workloads
from ..evaluation.graph import STACK_TYPE, Resource, ResourceGraph
from ..evaluation.manifests import makes_objects_later, ordered_manifests
from .fitting import misfits, pool_of
from .node_pools import NodePool, node_pools
from .ownership import replica_conflicts
from .teardown import TeardownStep, teardown_order

_STAGES: Final = (
    ("EncryptionKey", "PermissionsBoundary", "AccountGuards", "AccessLogBucket", "Network"),
    ("AuditTrail", "ThreatDetection", "ContainerRegistry", "RecoverySite", "BackupPlan"),
    ("EksCluster", "KarpenterController", "ClusterAddons", "BlockStorageClass"),
    ("Ec2NodeClass", "KwokNodeClass", "GpuNodePool", "CpuNodePool"),
    ("Tenancy", "SecretStore", "Certificate", "WebFirewall"),
    ("SharedFilesystem", "DatasetVolume", "ObjectStore"),
    ("NodeScaling",),
)
"""Our components in the order in which people declare them. What is not named here runs or reaches something, and
is shown after it, by name: so that a service stands beside what balances and scales it."""

_ORDER: Final = {kind: (stage, rank) for stage, kinds in enumerate(_STAGES) for rank, kind in enumerate(kinds)}


_AROUND: Final = frozenset(
    {"ApplicationLoadBalancer", "LoadBalancer", "GatewayRoute", "HorizontalScaling", "EventDrivenScaling"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentSummary:
    """One component and what it holds."""

    type: str
    name: str
    depth: int
    """0 directly under the stack."""

    stack: str
    """The stack that it is in."""

    resources: int
    """Resources below it, components included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSummary:
    """One node pool at its largest, beside what selects it."""

    pool: NodePool
    """The pool itself."""

    wanted: Mapping[str, Decimal]
    """By the workloads that select it, at least: cores, bytes and pieces, by resource."""

    wanted_at_most: Mapping[str, Decimal]
    """By the workloads that select it, with every autoscaler at its maximum."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedWorkload:
    """A workload, and the pool that it selects."""

    workload: Workload
    pool: str
    """Name; empty where any node may do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanSummary:
    """One page about a resource graph."""

    project: str
    stack: str
    resources: int
    types: Mapping[str, int]
    components: tuple[ComponentSummary, ...]
    workloads: tuple[PlannedWorkload, ...]
    pools: tuple[PoolSummary, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What the page cannot tell, and why."""

    stacks: tuple[str, ...] = ()
    """Where several stacks stand on each other, all of them, lowest first."""

    teardown: tuple[TeardownStep, ...] = ()
    """In which order a deletion takes it all down; empty for a single step."""

    @property
    def pods(self) -> tuple[int, int]:
        """Pods at least and at most."""
        found = [each.workload for each in self.workloads]
        return sum(each.pods for each in found), sum(each.maximum_pods for each in found)

    @property
    def wanted(self) -> dict[str, Decimal]:
        """What all workloads want, at least: cores, bytes and pieces, by resource."""
        return sum_amounts(each.workload.total() for each in self.workloads)

    @property
    def wanted_at_most(self) -> dict[str, Decimal]:
        """What all workloads want, with every autoscaler at its maximum."""
        return sum_amounts(each.workload.total(maximum=True) for each in self.workloads)

    @property
    def provided(self) -> dict[str, float]:
        """What all pools provide at most, as far as they say."""
        total: Counter[str] = Counter()
        for each in self.pools:
            total.update(each.pool.provided)
        return dict(total)

    @property
    def maximum_nodes(self) -> int | None:
        """Nodes of all pools at most; None where a pool does not say."""
        counts = [each.pool.maximum_nodes for each in self.pools]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    @property
    def maximum_price_per_hour(self) -> float:
        """US dollars an hour with all nodes on; without the pools of `unpriced` and those of existing nodes."""
        return sum(each.pool.maximum_price_per_hour or 0.0 for each in self.pools)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Names of the pools that buy nodes whose price or number is not known."""
        pools = [each.pool for each in self.pools]
        return tuple(p.name for p in pools if p.maximum_price_per_hour is None and not p.is_existing)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `--json`; keys are camelCase, amounts in cores, bytes and pieces."""
        return {
            "project": self.project,
            "stack": self.stack,
            "resources": self.resources,
            "types": dict(sorted(self.types.items())),
            "components": [
                {"type": c.type, "name": c.name, "depth": c.depth, "stack": c.stack, "resources": c.resources}
                for c in self.components
            ],
            "pods": dict(zip(("least", "most"), self.pods, strict=True)),
            "wanted": {"least": _numbers(self.wanted), "most": _numbers(self.wanted_at_most)},
            "provided": _numbers(self.provided),
            "maximumNodes": self.maximum_nodes,
            "maximumPricePerHour": {"amount": self.maximum_price_per_hour, "unpriced": list(self.unpriced)},
            "workloads": [_workload(each) for each in self.workloads],
            "nodePools": [_pool(each) for each in self.pools],
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "stacks": list(self.stacks),
            "teardown": [
                {
                    "stack": step.stack,
                    "kind": step.kind,
                    "names": list(step.names),
                    "protected": step.protected,
                    "kept": step.kept,
                }
                for step in self.teardown
            ],
        }


def summarise(graph: ResourceGraph) -> PlanSummary:
    """Return the page of a graph; raises `InvalidInput` where an object is not what its kind must be."""
    manifests = ordered_manifests(graph, allow_unknowns=True)
    uncounted: list[str] = []
    found = workloads(manifests, uncounted)
    pools = node_pools(graph, manifests)
    chosen = [(workload, pool_of(workload, pools)) for workload in found]
    return PlanSummary(
        project=graph.project,
        stack=graph.stack,
        resources=len(graph) - 1,
        types=graph.counts(),
        components=tuple(_components(graph, graph.root.urn, 0)),
        workloads=tuple(PlannedWorkload(workload=each, pool=pool.name if pool else "") for each, pool in chosen),
        pools=tuple(_beside(pool, [each for each, selected in chosen if selected is pool]) for pool in pools),
        notes=tuple(_later(graph)),
        stacks=graph.stacks,
        teardown=teardown_order(graph),
        warnings=(
            *graph.warnings,
            *_uncertain(uncounted, pools),
            *misfits(found, pools),
            *map(str, replica_conflicts(graph)),
        ),
    )


def _components(graph: ResourceGraph, urn: str, depth: int) -> Iterator[ComponentSummary]:
    inside = [child for child in graph.children.get(urn, ()) if not child.custom and child.type != STACK_TYPE]
    first = {type: index for index, type in reversed(list(enumerate(each.type for each in inside)))}
    for child in sorted(inside, key=lambda child: _place(child, first)):
        below = sum(1 for _ in graph.descendants(child.urn))
        stack = child.urn.split(":")[2]
        yield ComponentSummary(type=child.type, name=child.name, depth=depth, stack=stack, resources=below)
        yield from _components(graph, child.urn, depth + 1)


def _place(component: Resource, first: Mapping[str, int]) -> tuple[Any, ...]:
    """Return where a component stands among its siblings; a stranger's stand in the order of their types."""
    if component.package != "aidc":
        return len(_STAGES) + 1, first[component.type], component.name
    kind = component.type.rpartition(":")[2]
    stage, rank = _ORDER.get(kind, (len(_STAGES), None))
    # The workload itself before what reaches and scales it: it is the one that was declared by this name.
    return (stage, component.name, kind in _AROUND, kind) if rank is None else (stage, rank, component.name)


def _beside(pool: NodePool, selecting: Iterable[Workload]) -> PoolSummary:
    chosen = list(selecting)
    return PoolSummary(
        pool=pool,
        wanted=sum_amounts(each.total() for each in chosen),
        wanted_at_most=sum_amounts(each.total(maximum=True) for each in chosen),
    )


def _later(graph: ResourceGraph) -> Iterator[str]:
    """Yield what is made at deployment, by what makes it: a chart of Helm, say."""
    found: dict[str, list[str]] = {}
    for resource in graph:
        if makes_objects_later(graph, resource):
            found.setdefault(resource.type.rpartition(":")[2], []).append(resource.name)
    for kind, names in sorted(found.items()):
        listed = ", ".join(sorted(names))
        yield f"made at deployment, and not counted here: the objects of {kind} {listed}"


def _uncertain(uncounted: Iterable[str], pools: Iterable[NodePool]) -> Iterator[str]:
    for name in uncounted:
        yield f"{name} is not counted: only a deployment can tell how large it is"
    for pool in pools:
        if not pool.is_bounded:
            yield f"node pool {pool.name} has no limits: nothing bounds its nodes, nor their price; give it spec.limits"


def _workload(each: PlannedWorkload) -> dict[str, Any]:
    return {
        "kind": each.workload.kind,
        "namespace": each.workload.namespace,
        "name": each.workload.name,
        "pods": {"least": each.workload.pods, "most": each.workload.maximum_pods},
        "requests": _numbers(each.workload.requests),
        "nodePool": each.pool or None,
    }


def _pool(each: PoolSummary) -> dict[str, Any]:
    return {
        "name": each.pool.name,
        "instanceTypes": list(each.pool.instance_types),
        "existingNodes": each.pool.is_existing,
        "maximumNodes": each.pool.maximum_nodes,
        "gpuResource": each.pool.gpu_resource,
        "provided": _numbers(each.pool.provided),
        "wanted": {"least": _numbers(each.wanted), "most": _numbers(each.wanted_at_most)},
        "maximumPricePerHour": each.pool.maximum_price_per_hour,
    }


def _numbers(amounts: Mapping[str, Decimal] | Mapping[str, float]) -> dict[str, float]:
    return {resource: float(amount) for resource, amount in sorted(amounts.items())}
