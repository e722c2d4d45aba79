"""Where things are: regions and their networks with zones and subnets, the cluster with its node pools, storage."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ...evaluation.graph import Resource, ResourceGraph
from ...planning.plan.summary import PlannedWorkload, PlanSummary, PoolSummary
from ...planning.regions import Regions
from ...planning.values import text
from .connections import Connections
from .table import in_words

_VPC: Final = "aws:ec2/vpc:Vpc"
_SUBNET: Final = "aws:ec2/subnet:Subnet"
_NAT: Final = "aws:ec2/natGateway:NatGateway"
_CLUSTER: Final = "aws:eks/cluster:Cluster"
_MOST_WORKLOADS: Final = 12
"""Workloads that one pool shows; the table has all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One thing inside a place: its name, and what to know of it."""

    name: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """A zone of a network."""

    name: str
    subnets: tuple[Item, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A network of a region."""

    region: str
    name: str
    range: str
    """Its addresses, in CIDR notation."""

    zones: tuple[Zone, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """Machines of one kind, and what runs on them."""

    name: str
    machines: str
    accelerators: str
    share: float | None
    """Part of what it provides that is wanted at most, of the scarcest resource; None where that is not said."""

    share_of: str
    """The resource whose share it is."""

    workloads: tuple[Item, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """A cluster of Kubernetes."""

    title: str
    detail: str
    pools: tuple[Pool, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Topology:
    """The data center."""

    stacks: tuple[str, ...]
    """Lowest first."""

    networks: tuple[Network, ...]
    cluster: Cluster | None
    storage: tuple[Item, ...]
    entrances: tuple[Item, ...]


def topology(summary: PlanSummary, connections: Connections) -> Topology:
    """Return where the things of a plan are."""
    graph = summary.graph
    regions = Regions(graph)
    return Topology(
        stacks=summary.stacks or (summary.stack,),
        networks=tuple(_network(graph, each, regions.of(each) or regions.main) for each in graph.of_type(_VPC)),
        cluster=_cluster(summary, connections),
        storage=tuple(_storage(graph, regions, connections)),
        entrances=tuple(
            Item(name=each.name, detail=f"{each.kind}, internal" if each.is_internal else each.kind)
            for each in connections.entrances
        ),
    )


def _network(graph: ResourceGraph, vpc: Resource, region: str) -> Network:
    subnets: dict[str, list[Item]] = {}
    for subnet in graph.of_type(_SUBNET):
        if vpc.urn in subnet.property_dependencies.get("vpcId", ()):
            zone = text(subnet.inputs.get("availabilityZone")) or "zone chosen at deployment"
            subnets.setdefault(zone, []).append(_subnet(graph, subnet, vpc.name, zone))
    return Network(
        region=region or "region of the provider",
        name=vpc.name,
        range=text(vpc.inputs.get("cidrBlock")),
        zones=tuple(Zone(name=zone, subnets=tuple(found)) for zone, found in sorted(subnets.items())),
    )


def _subnet(graph: ResourceGraph, subnet: Resource, network: str, zone: str) -> Item:
    gateway = any(subnet.urn in each.property_dependencies.get("subnetId", ()) for each in graph.of_type(_NAT))
    name = subnet.name.removeprefix(f"{network}-").removesuffix(f"-{zone}") or subnet.name
    detail = text(subnet.inputs.get("cidrBlock"))
    return Item(name=name, detail=f"{detail}, NAT gateway" if gateway else detail)


def _cluster(summary: PlanSummary, connections: Connections) -> Cluster | None:
    graph = summary.graph
    eks = graph.of_type(_CLUSTER)
    is_simulated = any(each.type.endswith(":KWOKNodeClass") for each in graph)
    if not eks and not any(each.package == "kubernetes" for each in graph):
        return None
    detail = "any that its kubeconfig names"
    title = "Kubernetes cluster that is there"
    if eks:
        version = text(eks[0].inputs.get("version"))
        title, detail = f"EKS cluster {eks[0].name}", f"Kubernetes {version}" if version else ""
    elif is_simulated:
        title, detail = "Simulated cluster", "a real control plane, with nodes that Karpenter's KWOK provider makes up"
    return Cluster(title=title, detail=detail, pools=tuple(_pools(summary, connections)))


def _pools(summary: PlanSummary, connections: Connections) -> Iterator[Pool]:
    chosen: dict[str, list[PlannedWorkload]] = {}
    for each in summary.workloads:
        chosen.setdefault(each.pool, []).append(each)
    nodes = {each.pool: each.nodes for each in summary.capacity.pools}
    named = {each.pool.name for each in summary.pools}
    for each in summary.pools:
        pool = each.pool
        count = in_words(nodes[pool.name]) if pool.name in nodes else "any number of"
        first, *more = pool.instance_types or ("existing" if pool.is_existing else "any type",)
        machines = f"{count} nodes: {first}" + (f" and {len(more)} more" if more else "")
        share, share_of = _share(each)
        device = each.pool.provided.get(pool.gpu_resource)
        accelerators = f"{device:,.0f} {pool.gpu_resource}" if pool.gpu_resource and device else ""
        yield Pool(
            name=pool.name,
            machines=machines,
            accelerators=accelerators,
            share=share,
            share_of=share_of,
            workloads=_workloads(chosen.get(pool.name, ()), connections),
        )
    for name, count in nodes.items():
        if name not in named:
            machines = f"{in_words(count)} nodes of the program's own"
            yield Pool(name=name, machines=machines, accelerators="", share=None, share_of="", workloads=())
    if chosen.get(""):
        found = _workloads(chosen[""], connections)
        yield Pool(
            name="any node",
            machines="chosen by the scheduler",
            accelerators="",
            share=None,
            share_of="",
            workloads=found,
        )


def _share(each: PoolSummary) -> tuple[float | None, str]:
    """Return the resource that is wanted most of what is provided, and its part."""
    named: Mapping[str, str] = {"cpu": "cores", "memory": "memory", each.pool.gpu_resource: "accelerators"}
    shares = {
        title: float(each.wanted_at_most.get(resource, 0)) / provided
        for resource, title in named.items()
        if resource and (provided := each.pool.provided.get(resource))
    }
    if not shares:
        return None, ""
    title = max(shares, key=lambda name: shares[name])
    return shares[title], title


def _workloads(found: Iterable[PlannedWorkload], connections: Connections) -> tuple[Item, ...]:
    listed = list(found)
    items = [_workload(each, connections) for each in listed[:_MOST_WORKLOADS]]
    if len(listed) > _MOST_WORKLOADS:
        items.append(
            Item(name=f"and {len(listed) - _MOST_WORKLOADS:,} more", detail="all are in the table of workloads")
        )
    return tuple(items)


def _workload(each: PlannedWorkload, connections: Connections) -> Item:
    workload = each.workload
    pods = f"{workload.pods:,}" + (f" to {workload.maximum_pods:,}" if workload.maximum_pods != workload.pods else "")
    parts = [f"{workload.kind}, {pods} {'pod' if pods == '1' else 'pods'}"]
    entrances, storage = connections.entrances_of(workload), connections.storage_of(workload)
    parts += [f"reached through {', '.join(entrances)}"] if entrances else []
    parts += [f"keeps data on {', '.join(storage)}"] if storage else []
    name = f"{workload.namespace}/{workload.name}" if workload.namespace else workload.name
    return Item(name=name, detail="; ".join(parts))


def _storage(graph: ResourceGraph, regions: Regions, connections: Connections) -> Iterator[Item]:
    for each in connections.storage:
        parts = [each.kind, each.size]
        region = regions.of(graph[each.key]) if graph[each.key].package == "aws" else ""
        if region and region != regions.main:
            parts.append(region)
        yield Item(name=each.name, detail=", ".join(filter(None, parts)))
