"""What a program would make, as one page: components, pods, and what they want of what node pools provide."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from ...evaluation.demand import Workload, sum_amounts, workloads
from ...evaluation.graph import STACK_TYPE, Resource, ResourceGraph
from ...evaluation.manifests import makes_objects_later, ordered_manifests
from ..cost.estimate import CostEstimate, estimate_cost
from ..energy import PowerEstimate, estimate_power
from ..nodes.fitting import misfits, pool_of
from ..nodes.graph_capacity import GraphCapacity, graph_capacity
from ..nodes.machines import MachineOrigin, find_machines
from ..nodes.node_needs import with_needs
from ..nodes.node_pools import NodePool, node_pools
from ..nodes.quota_demands import QuotaDemand, quota_demands
from ..regions import Regions
from .assumptions import PlanAssumptions
from .ownership import replica_conflicts
from .scale_writers import bounded
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
    {
        "ApplicationLoadBalancer",
        "LoadBalancer",
        "GatewayRoute",
        "HorizontalScaling",
        "EventDrivenScaling",
        "VerticalScaling",
        "HybridScaling",
        "PredictiveScaling",
    }
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

    cost: CostEstimate
    """What it costs, and what has no price."""

    capacity: GraphCapacity
    """What it installs."""

    power: PowerEstimate
    """What its machines take, with energy and carbon."""

    quotas: tuple[QuotaDemand, ...] = ()
    """What its machines ask of an account's quotas."""

    graph: ResourceGraph = field(repr=False, compare=False)
    """The graph that it is about."""

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


def summarise(graph: ResourceGraph, assumptions: PlanAssumptions | None = None) -> PlanSummary:
    """Return the page of a graph.

    Args:
        graph: The graph.
        assumptions: What the graph does not say. Default: `PlanAssumptions()`.

    Raises:
        InvalidInput: an object is not what its kind must be.
    """
    assumptions = assumptions or PlanAssumptions()
    manifests = ordered_manifests(graph, allow_unknowns=True)
    uncounted: list[str] = []
    found = bounded(workloads(manifests, uncounted), graph)
    pools = node_pools(graph, manifests)
    regions = Regions(graph, assumptions.region)
    chosen = [(workload, pool_of(workload, pools)) for workload in found]
    selecting = [(pool, [each for each, selected in chosen if selected is pool]) for pool in pools]
    machines = with_needs(find_machines(graph, manifests, pools, regions), selecting)
    return PlanSummary(
        project=graph.project,
        stack=graph.stack,
        resources=len(graph) - 1,
        types=graph.counts(),
        components=tuple(_components(graph, graph.root.urn, 0)),
        workloads=tuple(PlannedWorkload(workload=each, pool=pool.name if pool else "") for each, pool in chosen),
        pools=tuple(_beside(pool, own) for pool, own in selecting),
        notes=tuple(_later(graph)),
        stacks=graph.stacks,
        teardown=teardown_order(graph),
        cost=estimate_cost(graph, manifests, machines, regions, assumptions.cost),
        capacity=graph_capacity(graph, manifests, machines),
        power=estimate_power(machines, assumptions.energy),
        quotas=tuple(quota_demands([each for each in machines if each.origin is MachineOrigin.AWS])),
        graph=graph,
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


def _beside(pool: NodePool, chosen: Sequence[Workload]) -> PoolSummary:
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
