"""Node pools of a resource graph, ours and Karpenter's own, at their largest."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from ...evaluation.graph import Resource, ResourceGraph
from ...evaluation.manifests import Manifest
from ...evaluation.quantities import quantity
from ...problems import InvalidInput, Problem, Problems
from ..catalog import InstanceType, all_instance_types, find_accelerator
from ..regions import region_of_zones
from ..values import requirements, section, text, whole

POOL_LABEL: Final = "aidc.dev/node-pool"
KARPENTER_LABEL: Final = "karpenter.sh/nodepool"
_POOL_TYPES: Final = ("aidc:index:GpuNodePool", "aidc:index:CpuNodePool")
_EXISTING: Final = "existing-nodes"
_REGION: Final = "us-east-1"
"""Whose prices count for our pools that name neither a region nor zones, as their pages say."""

_MIB: Final = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeKind:
    """What one node of some kind offers to pods."""

    name: str
    """Instance type; empty for nodes that are described by what is asked for."""

    offers: Mapping[str, float]
    """Cores for `cpu`, bytes for `memory`, pieces for devices; what is not known is not there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NodePool:
    """One node pool at its largest."""

    name: str
    instance_types: tuple[str, ...]
    """By name; empty where the nodes are described otherwise."""

    is_existing: bool
    """Whether its nodes are there already, so that nobody buys them."""

    maximum_nodes: int | None
    """None where nothing bounds it, or a bound cannot be told in nodes."""

    is_bounded: bool
    """Whether anything bounds it at all."""

    gpu_resource: str
    """Resource that its accelerators are counted in; empty for a CPU pool."""

    labels: Mapping[str, str]
    """Labels of its nodes, as far as they are known."""

    kinds: tuple[NodeKind, ...]
    """What its nodes may be; empty where that is not known."""

    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    """What all nodes together may have, where the pool says so itself."""

    urn: str = ""
    """The resource that declares it: our component, or the object of Karpenter."""

    region: str = ""
    """Region of AWS whose prices count; empty where nothing says one."""

    accelerator: str = ""
    """Model of the accelerators that our component asks for by a requirement; empty where it does not."""

    accelerators: int = 0
    """Whole accelerators of a node, where `accelerator` says the model."""

    most_by_type: Mapping[str, int] = field(default_factory=dict[str, int])
    """Nodes of each type at most, where its limits differ by type."""

    @property
    def provided(self) -> dict[str, float]:
        """With all nodes: cores, bytes and pieces, by resource; the smallest kind counts."""
        return self._with_all_nodes(min)

    @property
    def room(self) -> dict[str, float]:
        """With all nodes of the largest kind: no more than this ever fits."""
        return self._with_all_nodes(max)

    def _with_all_nodes(self, choose: Callable[[list[float]], float]) -> dict[str, float]:
        found = dict(self.limits)
        if self.maximum_nodes is None or not self.kinds:
            return found
        for resource in set[str].intersection(*(set(kind.offers) for kind in self.kinds)):
            amount = self.maximum_nodes * choose([kind.offers[resource] for kind in self.kinds])
            found[resource] = min(amount, found.get(resource, amount))
        return found


def node_pools(graph: ResourceGraph, manifests: Iterable[Manifest]) -> list[NodePool]:
    """Return the pools of a graph: our components first, then every other Karpenter NodePool, by its manifest."""
    objects = {manifest.resource.urn: manifest for manifest in manifests if _is_karpenter_pool(manifest)}
    found: list[NodePool] = []
    for resource in graph:
        if resource.type in _POOL_TYPES and "pool_name" in resource.outputs:
            inside = [objects.pop(each.urn) for each in graph.descendants(resource.urn) if each.urn in objects]
            found.append(_component_pool(resource, inside))
    return [*found, *(_karpenter_pool(manifest) for manifest in objects.values())]


def offers(type: InstanceType) -> dict[str, float]:
    """Return what one node of an instance type leaves for pods: cores, bytes and pieces."""
    return {
        "cpu": type.allocatable_cpu_millis / 1000,
        "memory": float(type.allocatable_memory_mib * _MIB),
        **{resource: float(count) for resource, count in type.extended_resources.items()},
    }


def _is_karpenter_pool(manifest: Manifest) -> bool:
    return manifest.kind == "NodePool" and str(manifest.content["apiVersion"]).startswith("karpenter.sh/")


def _component_pool(resource: Resource, inside: Iterable[Manifest]) -> NodePool:
    outputs = resource.outputs
    gpu_resource = str(outputs.get("gpu_resource") or "")
    per_node = {gpu_resource: float(outputs["gpus_per_node"])} if gpu_resource else {}
    types = _known(outputs["instance_types"])
    labels = dict(cast(Mapping[str, str], outputs["node_selector"]))
    for manifest in inside:
        labels |= _labels(manifest)
    kinds = [NodeKind(name=type.name, offers=_with_devices(type, per_node)) for type in types]
    if not kinds:
        # What is not said about the machine is not judged; which accelerators it has is always said.
        kinds = [NodeKind(name="", offers=per_node)]
    requirement = section(resource.inputs, "requirement")
    model = find_accelerator(text(requirement.get("accelerator")), Problems())
    return NodePool(
        name=str(outputs["pool_name"]),
        instance_types=tuple(outputs["instance_types"]),
        is_existing=str(resource.inputs.get("provisioner")) == _EXISTING,
        maximum_nodes=int(outputs["maximum_nodes"]),
        is_bounded=True,
        gpu_resource=gpu_resource,
        labels=labels,
        kinds=tuple(kinds),
        urn=resource.urn,
        accelerator=model.name if model else "",
        accelerators=(whole(requirement.get("accelerators")) or 1) if model else 0,
        region=region_of_zones(_zones(resource)) or text(resource.inputs.get("region")) or _REGION,
    )


def _zones(resource: Resource) -> list[str]:
    zones: object = resource.inputs.get("zones")
    return [text(zone) for zone in cast(list[object], zones)] if isinstance(zones, list) else []


def _with_devices(type: InstanceType, per_node: Mapping[str, float]) -> dict[str, float]:
    """Replace whole accelerators by what they are shared as."""
    found = offers(type)
    if type.accelerator is not None:
        found.pop(type.accelerator.resource_name, None)
    return {**found, **per_node}


def _karpenter_pool(manifest: Manifest) -> NodePool:
    spec = section(manifest.content, "spec")
    wanted = dict(requirements(spec))
    names = tuple(wanted.get("node.kubernetes.io/instance-type", ()))
    types = _known(names)
    limits = _limits(manifest)
    nodes = {type.name: _most_nodes(type, limits) for type in types}
    bounded = limits.pop("nodes", None)
    replicas: object = spec.get("replicas")
    if isinstance(replicas, int):
        maximum: int | None = replicas
    elif types and all(count is not None for count in nodes.values()):
        maximum = max(cast(int, count) for count in nodes.values())
    else:
        maximum = None if bounded is None else int(bounded)
    devices = [type.accelerator.resource_name for type in types if type.accelerator and type.accelerator_count]
    devices += [resource for resource in limits if is_accelerator(resource)]
    return NodePool(
        name=manifest.name,
        instance_types=names,
        is_existing=False,
        maximum_nodes=maximum,
        is_bounded=maximum is not None or bool(limits),
        gpu_resource=devices[0] if devices else "",
        labels={**_labels(manifest), **_own_labels(manifest.name, names)},
        kinds=tuple(NodeKind(name=type.name, offers=offers(type)) for type in types)
        if len(types) == len(names)
        else (),
        limits=limits,
        urn=manifest.resource.urn,
        region=_region(wanted),
        most_by_type={name: count for name, count in nodes.items() if count is not None},
    )


def is_accelerator(resource: str) -> bool:
    """Whether a resource is an accelerator, or a part of one, that only a node made for it offers."""
    prefixes = ("nvidia.com/gpu", "nvidia.com/mig-", "aws.amazon.com/neuron", "amd.com/gpu", "gpu.intel.com/")
    return resource.startswith(prefixes)


def _limits(manifest: Manifest) -> dict[str, float]:
    found: dict[str, float] = {}
    for resource, amount in section(manifest.content, "spec", "limits").items():
        if isinstance(amount, str | int | float):
            try:
                found[resource] = float(quantity(str(amount)))
            except ValueError as error:
                problem = Problem(f"spec.limits.{resource}", str(error))
                raise InvalidInput(f"NodePool/{manifest.name}", [problem]) from error
    return found


def _labels(manifest: Manifest) -> dict[str, str]:
    return dict(section(manifest.content, "spec", "template", "metadata", "labels"))


def _own_labels(name: str, instance_types: tuple[str, ...]) -> dict[str, str]:
    kind = {"node.kubernetes.io/instance-type": instance_types[0]} if len(instance_types) == 1 else {}
    return {KARPENTER_LABEL: name, **kind}


def _known(names: Iterable[str]) -> list[InstanceType]:
    catalog = all_instance_types()
    return [catalog[name] for name in names if name in catalog]


def _most_nodes(type: InstanceType, limits: Mapping[str, float]) -> int | None:
    """Karpenter counts what a node has, not what it leaves for pods, against the limits of its pool."""
    has = {"nodes": 1.0, "cpu": float(type.vcpus), "memory": float(type.memory_mib * _MIB), **type.extended_resources}
    counts = [int(limit // has[resource]) for resource, limit in limits.items() if has.get(resource)]
    return min(counts, default=None)


def _region(wanted: Mapping[str, list[str]]) -> str:
    named = wanted.get("topology.kubernetes.io/region", ())
    return named[0] if len(named) == 1 else region_of_zones(wanted.get("topology.kubernetes.io/zone", ()))
