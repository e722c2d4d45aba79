"""The catalog as the list of instance types that Karpenter's KWOK provider reads.

Checked against sigs.k8s.io/karpenter v1.14.0 (kwok/cloudprovider/helpers.go, cloudprovider.go) and its program.

A NodePool under the KWOK provider selects by these requirement keys, and only these narrow the choice:
`node.kubernetes.io/instance-type`, `kubernetes.io/arch`, `kubernetes.io/os`, `topology.kubernetes.io/zone`,
`karpenter.sh/capacity-type`, and the provider's `karpenter.kwok.sh/instance-family`, `-size`, `-cpu` and
`-memory` (best left alone: it derives them from the name and the quantities here, so `p6-b200` is family
`p6`). Any other key outside `karpenter.sh`, `karpenter.kwok.sh` and `kubernetes.io/hostname` is accepted and
becomes a label of the nodes, but excludes no instance type: a pool with `karpenter.k8s.aws/instance-gpu-name:
h100` got a g4dn.xlarge, labelled h100. `karpenter.sh/nodepool` and `kubernetes.io/hostname` are refused.

Nodes get the labels of the pool's template, the requirement keys above, and the offering's price as
`eks-node-viewer/instance-price`. Their allocatable resources are what is given here less 100m CPU and 10 Mi.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ...problems import Problems
from .instance_types import InstanceType, all_instance_types, find_instance_type
from .prices import ON_DEMAND, SPOT, regions
from .shared_nodes import SharedNode, all_shared_resources

RESERVED = "reserved"
CAPACITY_TYPES = (ON_DEMAND, SPOT, RESERVED)

KWOK_OVERHEAD_CPU_MILLIS = 100
"""What the KWOK provider takes off a node: thousandths of a CPU."""
_OVERHEAD_MEMORY_MIB = 10
_RESERVED_PRICE_DIVISOR = 10_000_000
"""As Karpenter's AWS provider: paid for already, so preferred, and still in the order of the real prices."""

_ZONE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def karpenter_instance_types(
    region: str = "us-east-1",
    zones: Iterable[str] | None = None,
    names: Iterable[str] | None = None,
    *,
    shared: Iterable[SharedNode] = (),
    capacity_types: Collection[str] = (ON_DEMAND, SPOT),
    root_volume_gib: int = 100,
) -> list[dict[str, Any]]:
    """Return the list for INSTANCE_TYPES_FILE_PATH, ready for `json.dumps`.

    CPU, memory and pods are such that nodes have allocatable what EC2 nodes have, so what fits in the
    simulation fits on AWS.

    Args:
        region: whose prices the offerings have. A type without one there gets no on-demand offering.
        zones: where every type is offered. Default: the zones a, b and c of the region.
        names: instance types to list. Default: all that have an offering.
        shared: types to list besides, with MIG instances or time-sliced replicas in place of whole accelerators.
        capacity_types: kinds of offering. Spot costs the highest price seen in the region, and as much as
            on-demand where none was seen; it exists for every type that has one of the two. `reserved` is
            left out by default and needs Karpenter's feature gate `ReservedCapacity=false`: the KWOK
            provider never names the label of a reservation's identity, so with the gate on (its default)
            Karpenter panics with "attempted to reserve non-existent offering". With it off, reserved nodes
            are made without counting any reservation.
        root_volume_gib: GiB of ephemeral storage of types without local NVMe. Default: 100.

    Raises:
        InvalidInput: an unknown region or type, zones that cannot be labels, a type with no offering.
    """
    problems = Problems()
    problems.choice("region", region, regions())
    chosen_zones = [region + letter for letter in "abc"] if zones is None else list(zones)
    _check_zones(chosen_zones, problems)
    for index, capacity_type in enumerate(capacity_types):
        problems.choice(f"capacityTypes[{index}]", capacity_type, CAPACITY_TYPES)
    problems.between("rootVolumeGib", root_volume_gib, 1, 65_536, "GiB")
    named = _named(names, problems)
    besides = all_shared_resources(shared, problems)
    problems.raise_if_any("Karpenter instance types")

    wanted = {*besides, *(named if names is not None else ())}
    listed: list[dict[str, Any]] = []
    for name, (each, extended) in (named | besides).items():
        costs = _costs(each, region, capacity_types)
        if costs:
            offerings = [_offering(cost, kind, zone) for zone in chosen_zones for kind, cost in costs.items()]
            listed.append(_entry(name, each, extended, root_volume_gib) | {"offerings": offerings})
        elif name in wanted:
            kinds = ", ".join(capacity_types)
            problems.add("names", f"{name} has no price in {region} as {kinds}, so no node of it comes")
    problems.raise_if_any("Karpenter instance types")
    return listed


def _check_zones(zones: list[str], problems: Problems) -> None:
    if not zones:
        problems.add("zones", "none given; give one zone or more")
    for index, zone in enumerate(zones):
        if not _ZONE.fullmatch(zone):
            problems.add(f"zones[{index}]", f"'{zone}' cannot be a label; give 1 to 63 letters, digits, -, _, .")
        elif zone in zones[:index]:
            problems.add(f"zones[{index}]", f"'{zone}' is given twice; give it once")


def _named(names: Iterable[str] | None, problems: Problems) -> dict[str, tuple[InstanceType, dict[str, int]]]:
    if names is None:
        found = list(all_instance_types().values())
    else:
        looked_up = [find_instance_type(name, problems, f"names[{index}]") for index, name in enumerate(names)]
        found = [each for each in looked_up if each is not None]
    return {each.name: (each, each.extended_resources) for each in found}


def _costs(each: InstanceType, region: str, capacity_types: Collection[str]) -> dict[str, float]:
    """Return US dollars an hour by capacity type, for the offerings that exist."""
    on_demand, spot = each.price(region), each.price(region, SPOT)
    base = on_demand or spot
    if base is None:
        return {}
    costs = {SPOT: (spot or base).amount, RESERVED: base.amount / _RESERVED_PRICE_DIVISOR}
    if on_demand:
        costs[ON_DEMAND] = on_demand.amount
    return {kind: costs[kind] for kind in CAPACITY_TYPES if kind in capacity_types and kind in costs}


def _offering(price: float, capacity_type: str, zone: str) -> dict[str, Any]:
    return {
        "Price": price,
        "Available": True,
        "Requirements": [
            {"key": "karpenter.sh/capacity-type", "operator": "In", "values": [capacity_type]},
            {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]},
        ],
    }


def _entry(name: str, each: InstanceType, extended: Mapping[str, int], root_volume_gib: int) -> dict[str, Any]:
    storage = f"{each.local_nvme_gb}G" if each.local_nvme_gb else f"{root_volume_gib}Gi"
    return {
        "name": name,
        "architecture": each.architecture,
        "operatingSystems": ["linux"],
        "resources": {
            "cpu": f"{each.allocatable_cpu_millis + KWOK_OVERHEAD_CPU_MILLIS}m",
            "memory": f"{each.allocatable_memory_mib + _OVERHEAD_MEMORY_MIB}Mi",
            "ephemeral-storage": storage,
            "pods": str(each.pods),
            **{resource: str(count) for resource, count in extended.items()},
        },
    }
