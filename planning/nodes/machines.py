"""The machines of a resource graph: what pools of Karpenter, node groups and single instances may come to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from ...evaluation.graph import Resource, ResourceGraph
from ...evaluation.manifests import Manifest
from ...evaluation.quantities import quantity
from ..catalog import InstanceType, all_instance_types
from ..catalog.karpenter import RESERVED
from ..catalog.prices import ON_DEMAND, SPOT
from ..regions import Regions, region_of_zones
from ..span import Span
from ..values import mappings, requirements, section, text, texts, whole
from .disks import Disk, disks_of_node_class, disks_of_template
from .node_pools import NodePool

NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_INSTANCE: Final = "aws:ec2/instance:Instance"
_SUBNET: Final = "aws:ec2/subnet:Subnet"
_BLOCK: Final = "CAPACITY_BLOCK"
_CAPACITY: Final = {"ON_DEMAND": ON_DEMAND, "SPOT": SPOT, _BLOCK: RESERVED}


class MachineOrigin(StrEnum):
    """Where machines come from."""

    AWS = "aws"
    """Bought of AWS."""

    SIMULATED = "simulated"
    """Karpenter's KWOK provider makes them up: nobody pays for them."""

    EXISTING = "existing"
    """There already, and somebody's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservation:
    """Reserved capacity that machines use: one, by its id, or several, by their tags."""

    id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def __str__(self) -> str:
        return self.id or "with the tags " + ", ".join(f"{key}={value}" for key, value in sorted(self.tags.items()))


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineDemand:
    """Machines of one pool."""

    pool: str
    """Name of the node pool, node group or instance."""

    instance_types: Sequence[str]
    """Types that they may have."""

    zones: Sequence[str]
    """Zones that they may be in; empty for any."""

    capacity_types: Sequence[str]
    """`on-demand`, `spot`, `reserved`."""

    least: int
    """Machines that are always there."""

    most: int | None
    """Machines at most; None where nothing bounds them."""

    reservations: Sequence[Reservation] = ()

    most_vcpus: int | None = None
    """Virtual CPUs of all of them at most, where the pool says so; None where only their number is bounded."""

    origin: MachineOrigin = MachineOrigin.AWS

    urn: str = ""
    """The resource that declares them."""

    region: str = ""
    """Region of AWS; empty where nothing says one."""

    is_block: bool = False
    """Whether they use a Capacity Block, which is paid for beforehand."""

    most_by_type: Mapping[str, int] = field(default_factory=dict[str, int])
    """Machines of each type at most, where the pool's limits differ by type."""

    needed_by_type: Mapping[str, int] = field(default_factory=dict[str, int])
    """Machines that the workloads of the pool need at least, if all are of one type; none where no pool says so."""

    disks: Sequence[Disk] = ()
    """Disks of EBS that each of them has, as far as the program says."""

    accelerator: str = ""
    """Model of the accelerators of machines that exist; empty for others: their types say it."""

    accelerators: int = 0
    """Accelerators of each machine that exists."""

    @property
    def known_types(self) -> list[InstanceType]:
        """Types that the catalog knows."""
        catalog = all_instance_types()
        return [catalog[name] for name in self.instance_types if name in catalog]

    @property
    def is_known(self) -> bool:
        """Whether the catalog knows all of its types, and there are any."""
        return 0 < len(self.known_types) == len(self.instance_types)

    @property
    def count(self) -> Span:
        """How many they are; where nothing bounds them, as many as there are at least."""
        least = min((self.least_of(name) for name in self.instance_types), default=self.least)
        most = self.least if self.most is None else self.most
        return Span(least=min(least, most), most=most)

    def least_of(self, type: str) -> int:
        """Return how many machines of one type there are at least, if all are of that type."""
        return min(max(self.least, self.needed_by_type.get(type, 0)), self.most_of(type))

    def most_of(self, type: str) -> int:
        """Return how many machines of one type there may be; where nothing bounds them, as many as at least."""
        most = self.least if self.most is None else self.most
        return min(most, self.most_by_type.get(type, most))


def find_machines(
    graph: ResourceGraph, manifests: Sequence[Manifest], pools: Iterable[NodePool], regions: Regions
) -> list[MachineDemand]:
    """Return all machines of a graph, sorted by the name of what they belong to.

    Args:
        graph: The graph.
        manifests: Its Kubernetes objects.
        pools: Its node pools.
        regions: The regions of its resources.
    """
    by_name = {pool.name: pool for pool in pools}
    found = [
        *_karpenter_demands(graph, manifests, by_name, regions),
        *(_node_group(graph, group, regions) for group in graph.of_type(NODE_GROUP)),
        *(_instance(instance, regions) for instance in graph.of_type(_INSTANCE)),
        *(_existing(pool) for pool in by_name.values() if pool.is_existing),
    ]
    return sorted(found, key=lambda demand: demand.pool)


def _karpenter_demands(
    graph: ResourceGraph, manifests: Sequence[Manifest], pools: Mapping[str, NodePool], regions: Regions
) -> Iterator[MachineDemand]:
    classes = {each.name: each for each in manifests if each.kind == "EC2NodeClass"}
    for manifest in manifests:
        if manifest.kind != "NodePool" or not str(manifest.content["apiVersion"]).startswith("karpenter.sh/"):
            continue
        spec = section(manifest.content, "spec")
        reference = section(spec, "template", "spec", "nodeClassRef")
        wanted = dict(requirements(spec))
        pool = pools.get(manifest.name)
        limits = section(spec, "limits")
        node_class = classes.get(str(reference.get("name"))) if reference.get("kind") == "EC2NodeClass" else None
        component = graph.component_of(manifest.resource)
        inputs: Mapping[str, Any] = component.inputs if component else {}
        zones = sorted(wanted.get("topology.kubernetes.io/zone", []))
        simulated = reference.get("kind") == "KWOKNodeClass"
        yield MachineDemand(
            pool=manifest.name,
            instance_types=pool.instance_types if pool else wanted.get("node.kubernetes.io/instance-type", []),
            zones=zones,
            capacity_types=sorted(wanted.get("karpenter.sh/capacity-type", [ON_DEMAND])),
            least=whole(spec.get("replicas")) or 0,
            most=pool.maximum_nodes if pool else None,
            reservations=_reservations(node_class) if node_class else (),
            most_vcpus=int(quantity(str(limits["cpu"]))) if "cpu" in limits else None,
            origin=MachineOrigin.SIMULATED if simulated else MachineOrigin.AWS,
            urn=manifest.resource.urn,
            region=(pool.region if pool else region_of_zones(zones)) or regions.main,
            is_block="capacity_block" in section(inputs, "aws"),
            most_by_type=pool.most_by_type if pool else {},
            disks=disks_of_node_class(node_class.content) if node_class else (),
        )


def _reservations(node_class: Manifest) -> Sequence[Reservation]:
    terms: object = section(node_class.content, "spec").get("capacityReservationSelectorTerms")
    return [
        Reservation(id=str(term.get("id", "")), tags={k: str(v) for k, v in section(term, "tags").items()})
        for term in mappings(terms)
        if term.get("id") or term.get("tags")
    ]


def _node_group(graph: ResourceGraph, group: Resource, regions: Regions) -> MachineDemand:
    inputs = group.inputs
    template = next(_depended(graph, group, "launchTemplate", _TEMPLATE), None)
    types = texts(inputs.get("instanceTypes"))
    reservations: list[Reservation] = []
    if template is not None:
        types = types or texts([template.inputs.get("instanceType")])
        target = section(template.inputs, "capacityReservationSpecification", "capacityReservationTarget")
        if target.get("capacityReservationId"):
            reservations.append(Reservation(id=str(target["capacityReservationId"])))
    scaling = section(inputs, "scalingConfig")
    subnets = _depended(graph, group, "subnetIds", _SUBNET)
    zones = sorted({zone for each in subnets if (zone := text(each.inputs.get("availabilityZone")))})
    return MachineDemand(
        pool=text(inputs.get("nodeGroupName")) or group.name,
        instance_types=types,
        zones=zones,
        capacity_types=[_CAPACITY.get(text(inputs.get("capacityType")), ON_DEMAND)],
        least=whole(scaling.get("minSize")) or 0,
        most=whole(scaling.get("maxSize")),
        reservations=reservations,
        urn=group.urn,
        region=region_of_zones(zones) or regions.of(group),
        is_block=inputs.get("capacityType") == _BLOCK,
        disks=disks_of_template(template.inputs) if template else (),
    )


def _instance(instance: Resource, regions: Regions) -> MachineDemand:
    zone = text(instance.inputs.get("availabilityZone"))
    zones = [zone] if zone else []
    return MachineDemand(
        pool=instance.name,
        instance_types=texts([instance.inputs.get("instanceType")]),
        zones=zones,
        capacity_types=[SPOT if instance.inputs.get("instanceMarketOptions") else ON_DEMAND],
        least=1,
        most=1,
        urn=instance.urn,
        region=region_of_zones(zones) or regions.of(instance),
    )


def _existing(pool: NodePool) -> MachineDemand:
    return MachineDemand(
        pool=pool.name,
        instance_types=pool.instance_types,
        zones=[],
        capacity_types=[],
        least=pool.maximum_nodes or 0,
        most=pool.maximum_nodes,
        origin=MachineOrigin.EXISTING,
        urn=pool.urn,
        accelerator=pool.accelerator,
        accelerators=pool.accelerators,
    )


def _depended(graph: ResourceGraph, resource: Resource, property: str, type: str) -> Iterator[Resource]:
    """Yield the resources of one type that the value of an input comes from."""
    for urn in resource.property_dependencies.get(property, ()):
        if urn in graph.resources and graph[urn].type == type:
            yield graph[urn]
