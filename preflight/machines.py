"""The machines that an environment may ask AWS for, read from its graph."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from ..evaluation.graph import Resource, ResourceGraph
from ..evaluation.manifests import Manifest
from ..evaluation.quantities import quantity
from ..planning.catalog import InstanceType, all_instance_types
from ..planning.catalog.karpenter import RESERVED
from ..planning.catalog.prices import ON_DEMAND, SPOT
from ..planning.node_pools import node_pools

NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_INSTANCE: Final = "aws:ec2/instance:Instance"
_SUBNET: Final = "aws:ec2/subnet:Subnet"
_CAPACITY: Final = {"ON_DEMAND": ON_DEMAND, "SPOT": SPOT, "CAPACITY_BLOCK": RESERVED}


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

    @property
    def known_types(self) -> list[InstanceType]:
        """Types that the catalog knows."""
        catalog = all_instance_types()
        return [catalog[name] for name in self.instance_types if name in catalog]


def machine_demands(graph: ResourceGraph, manifests: Sequence[Manifest]) -> list[MachineDemand]:
    """Return what pools of Karpenter, managed node groups and single instances ask for, by name."""
    found = [
        *_karpenter_demands(graph, manifests),
        *(_node_group(graph, group) for group in graph.of_type(NODE_GROUP)),
        *(_instance(instance) for instance in graph.of_type(_INSTANCE)),
    ]
    return sorted((demand for demand in found if demand.instance_types), key=lambda demand: demand.pool)


def _karpenter_demands(graph: ResourceGraph, manifests: Sequence[Manifest]) -> Iterator[MachineDemand]:
    classes = {each.name: each for each in manifests if each.kind == "EC2NodeClass"}
    pools = {pool.name: pool for pool in node_pools(graph, manifests)}
    for manifest in manifests:
        if manifest.kind != "NodePool" or not str(manifest.content["apiVersion"]).startswith("karpenter.sh/"):
            continue
        spec = _section(manifest.content, "spec")
        reference = _section(spec, "template", "spec", "nodeClassRef")
        if reference.get("kind") != "EC2NodeClass":
            continue
        wanted = dict(_requirements(spec))
        pool = pools.get(manifest.name)
        replicas: object = spec.get("replicas")
        limits = _section(spec, "limits")
        node_class = classes.get(str(reference.get("name")))
        yield MachineDemand(
            pool=manifest.name,
            instance_types=wanted.get("node.kubernetes.io/instance-type", []),
            zones=sorted(wanted.get("topology.kubernetes.io/zone", [])),
            capacity_types=sorted(wanted.get("karpenter.sh/capacity-type", [ON_DEMAND])),
            least=int(replicas) if isinstance(replicas, int | float) else 0,
            most=pool.maximum_nodes if pool else None,
            reservations=_reservations(node_class) if node_class else (),
            most_vcpus=int(quantity(str(limits["cpu"]))) if "cpu" in limits else None,
        )


def _reservations(node_class: Manifest) -> Sequence[Reservation]:
    terms: object = _section(node_class.content, "spec").get("capacityReservationSelectorTerms")
    return [
        Reservation(id=str(term.get("id", "")), tags={k: str(v) for k, v in _section(term, "tags").items()})
        for term in _mappings(terms)
        if term.get("id") or term.get("tags")
    ]


def _node_group(graph: ResourceGraph, group: Resource) -> MachineDemand:
    inputs = group.inputs
    template = next(_depended(graph, group, "launchTemplate", _TEMPLATE), None)
    types = _texts(inputs.get("instanceTypes"))
    reservations: list[Reservation] = []
    if template is not None:
        types = types or _texts([template.inputs.get("instanceType")])
        target = _section(template.inputs, "capacityReservationSpecification", "capacityReservationTarget")
        if target.get("capacityReservationId"):
            reservations.append(Reservation(id=str(target["capacityReservationId"])))
    scaling = _section(inputs, "scalingConfig")
    subnets = _depended(graph, group, "subnetIds", _SUBNET)
    return MachineDemand(
        pool=_text(inputs.get("nodeGroupName")) or group.name,
        instance_types=types,
        zones=sorted({zone for each in subnets if (zone := _text(each.inputs.get("availabilityZone")))}),
        capacity_types=[_CAPACITY.get(_text(inputs.get("capacityType")), ON_DEMAND)],
        least=_whole(scaling.get("minSize")) or 0,
        most=_whole(scaling.get("maxSize")),
        reservations=reservations,
    )


def _instance(instance: Resource) -> MachineDemand:
    zone = _text(instance.inputs.get("availabilityZone"))
    return MachineDemand(
        pool=instance.name,
        instance_types=_texts([instance.inputs.get("instanceType")]),
        zones=[zone] if zone else [],
        capacity_types=[SPOT if instance.inputs.get("instanceMarketOptions") else ON_DEMAND],
        least=1,
        most=1,
    )


def _depended(graph: ResourceGraph, resource: Resource, property: str, type: str) -> Iterator[Resource]:
    """Yield the resources of one type that the value of an input comes from."""
    for urn in resource.property_dependencies.get(property, ()):
        if urn in graph.resources and graph[urn].type == type:
            yield graph[urn]


def _requirements(spec: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for each in _mappings(_section(spec, "template", "spec").get("requirements")):
        if each.get("operator") == "In":
            yield str(each["key"]), _texts(each.get("values"))


def _mappings(value: object) -> Iterable[Mapping[str, Any]]:
    items = cast(list[object], value) if isinstance(value, list) else []
    return [cast(Mapping[str, Any], item) for item in items if isinstance(item, Mapping)]


def _texts(value: object) -> list[str]:
    return [item for item in cast(list[object], value) if isinstance(item, str)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _section(content: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for key in path:
        found: object = content.get(key)
        content = cast(Mapping[str, Any], found) if isinstance(found, Mapping) else {}
    return content
