"""What a resource graph installs: computing, memory, bandwidth and storage, by pool and in total."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...evaluation.graph import ResourceGraph
from ...evaluation.manifests import Manifest
from ...problems import camel_case
from ..catalog import InstanceType, accelerators
from ..span import Span
from ..values import mapping, number, section, text
from .disks import gib_of
from .machines import MachineDemand, MachineOrigin

_LUSTRE: Final = "aws:fsx/lustreFileSystem:LustreFileSystem"
_VOLUME: Final = "aws:ebs/volume:Volume"
_ELASTIC: Final = {"aws:efs/fileSystem:FileSystem": "EFS", "aws:s3/bucket:Bucket": "S3"}
_MIB_PER_GIB: Final = 1024

FIGURES: Final = (
    "vcpus",
    "memory_gib",
    "accelerators",
    "accelerator_memory_gib",
    "accelerator_memory_bandwidth_tb_per_second",
    "dense_pflops",
    "network_gbps",
    "local_storage_gb",
)
"""What a pool is measured in: virtual CPUs, GiB of main memory, whole accelerators, GiB and TB/s of their memory,
PFLOPS in dense BF16 at the peak, Gbps of network, GB of local NVMe."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolCapacity:
    """What the machines of one pool have, with the fewest and with the most of them."""

    pool: str
    nodes: Span
    accelerator: str
    """Model; empty for none, or several."""

    figures: Mapping[str, Span]
    """By the names of `FIGURES`; what is not known is not there."""

    unknown: tuple[str, ...]
    """Names of the figures that are not known."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, camelCase."""
        return {
            "pool": self.pool,
            "nodes": self.nodes.to_dict(),
            "accelerator": self.accelerator or None,
            **{camel_case(name): span.to_dict() for name, span in self.figures.items()},
            "unknown": [camel_case(name) for name in self.unknown],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredCapacity:
    """Storage that the program makes."""

    name: str
    kind: str
    """`FSx for Lustre`, `EBS`, `EFS`, `S3`, or a claim."""

    gib: float | None
    """GiB; None for what grows with what is kept in it."""

    megabytes_per_second: float | None = None
    """MB/s that it is made for; None where that is not said."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, camelCase."""
        return {
            "name": self.name,
            "kind": self.kind,
            "gib": self.gib,
            "megabytesPerSecond": self.megabytes_per_second,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphCapacity:
    """What a graph installs."""

    pools: tuple[PoolCapacity, ...]
    storage: tuple[StoredCapacity, ...]
    unbounded: tuple[str, ...] = ()
    """Pools that nothing bounds, which are in no total."""

    @property
    def nodes(self) -> Span:
        """All machines; without those of `unbounded`."""
        return Span.total(each.nodes for each in self.pools)

    @property
    def totals(self) -> dict[str, Span]:
        """Sums over all pools, by the names of `FIGURES`; without what `without` names."""
        return {name: Span.total(each.figures[name] for each in self.pools if name in each.figures) for name in FIGURES}

    def without(self, figure: str) -> tuple[str, ...]:
        """Return the pools that are not in a total, because their figure or their number is not known."""
        return (*(each.pool for each in self.pools if figure in each.unknown), *self.unbounded)

    @property
    def storage_gib(self) -> float:
        """GiB of storage of a given size."""
        return sum(each.gib or 0.0 for each in self.storage)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `--json`, camelCase."""
        return {
            "nodes": self.nodes.to_dict(),
            "unbounded": list(self.unbounded),
            **{camel_case(name): span.to_dict() for name, span in self.totals.items()},
            "without": {camel_case(name): list(found) for name in FIGURES if (found := self.without(name))},
            "storageGib": self.storage_gib,
            "pools": [each.to_dict() for each in self.pools],
            "storage": [each.to_dict() for each in self.storage],
        }


def graph_capacity(
    graph: ResourceGraph, manifests: Sequence[Manifest], machines: Iterable[MachineDemand]
) -> GraphCapacity:
    """Return what a graph installs: its machines, and its storage of a given size or none."""
    machines = list(machines)
    return GraphCapacity(
        pools=tuple(_pool(machine) for machine in machines if machine.most is not None),
        storage=tuple(_storage(graph, manifests)),
        unbounded=tuple(machine.pool for machine in machines if machine.most is None),
    )


def _pool(machine: MachineDemand) -> PoolCapacity:
    nodes = machine.count
    per_node: Sequence[tuple[Mapping[str, float], Span]] = [({}, nodes)]
    models: set[str] = set()
    if machine.origin is MachineOrigin.EXISTING and not machine.instance_types:
        per_node = [(_own(machine), nodes)]
        models = {machine.accelerator} - {""}
    elif machine.is_known:
        counts = {
            each.name: Span(least=machine.least_of(each.name), most=machine.most_of(each.name))
            for each in machine.known_types
        }
        per_node = [(_figures(each), counts[each.name]) for each in machine.known_types]
        models = {each.accelerator.name for each in machine.known_types if each.accelerator}
    known = set(FIGURES).intersection(*(set(figures) for figures, _ in per_node))
    return PoolCapacity(
        pool=machine.pool,
        nodes=nodes,
        accelerator=models.pop() if len(models) == 1 else "",
        figures={
            name: Span.around(count.times(figures[name]) for figures, count in per_node)
            for name in FIGURES
            if name in known
        },
        unknown=tuple(name for name in FIGURES if name not in known),
    )


def _figures(type: InstanceType) -> dict[str, float]:
    found = {
        "vcpus": float(type.vcpus),
        "memory_gib": type.memory_mib / _MIB_PER_GIB,
        "network_gbps": type.network_mbps / 1000,
        "local_storage_gb": float(type.local_nvme_gb),
    }
    if type.is_accelerator_fraction:
        return found
    if type.accelerator is None:
        return found | dict.fromkeys((name for name in FIGURES if name not in found), 0.0)
    return found | _of_accelerators(type.accelerator.name, type.accelerator_count)


def _own(machine: MachineDemand) -> dict[str, float]:
    if machine.accelerator not in accelerators():
        return {}
    return _of_accelerators(machine.accelerator, machine.accelerators)


def _of_accelerators(name: str, count: int) -> dict[str, float]:
    model = accelerators()[name]
    found = {
        "accelerators": float(count),
        "accelerator_memory_gib": count * model.memory_mib / _MIB_PER_GIB,
        "accelerator_memory_bandwidth_tb_per_second": count * model.memory_bandwidth_gb_per_second / 1000,
    }
    if model.dense_bf16_tflops is not None:
        found["dense_pflops"] = count * model.dense_bf16_tflops / 1000
    return found


def _storage(graph: ResourceGraph, manifests: Sequence[Manifest]) -> Iterator[StoredCapacity]:
    for resource in graph:
        if resource.type == _LUSTRE:
            gib = number(resource.inputs.get("storageCapacity"))
            per_tib = number(resource.inputs.get("perUnitStorageThroughput"))
            speed = gib / 1024 * per_tib if gib and per_tib else None
            yield StoredCapacity(name=resource.name, kind="FSx for Lustre", gib=gib, megabytes_per_second=speed)
        elif resource.type == _VOLUME:
            yield StoredCapacity(name=resource.name, kind="EBS", gib=number(resource.inputs.get("size")))
        elif resource.type in _ELASTIC:
            yield StoredCapacity(name=resource.name, kind=_ELASTIC[resource.type], gib=None)
    for manifest in manifests:
        spec = section(manifest.content, "spec")
        if manifest.kind == "PersistentVolumeClaim" and not (
            spec.get("volumeName") or spec.get("storageClassName") == ""
        ):
            gib = gib_of(mapping(section(spec, "resources").get("requests")).get("storage"))
            name = f"{manifest.namespace}/{manifest.name}" if manifest.namespace else manifest.name
            yield StoredCapacity(name=name, kind=f"claim of {text(spec.get('storageClassName')) or 'default'}", gib=gib)
