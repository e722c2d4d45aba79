"""Pools as settings of an environment: what is pasted below `config:` in `Pulumi.<environment>.yaml`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..catalog import all_instance_types
from ..catalog.karpenter import RESERVED
from ..catalog.prices import ON_DEMAND
from .demand import Demand, Purpose
from .pools import Pool

PLATFORMS: Final = ("aws", "simulated")
_MAXIMUM_NAME: Final = 50


def pool_settings(pools: Sequence[Pool], demands: Sequence[Demand], platform: str = "aws") -> dict[str, Any]:
    """Return the sections `aidc:gpuNodePools` and `aidc:cpuNodePools`, as far as there are pools of them.

    A pool whose demand must outlive a zone becomes one pool for each zone, so that each zone has its own bound.

    Args:
        pools: the answer.
        demands: what they were bought for.
        platform: `aws` or `simulated`; what is only known on AWS is left out for the other.
    """
    by_name = {demand.name: demand for demand in demands}
    nodes = {name: sum(pool.count for pool in pools if pool.demand == name) for name in by_name}
    sections: dict[str, dict[str, Any]] = {}
    for pool in pools:
        demand = by_name[pool.demand]
        accelerated = all_instance_types()[pool.instance_type].accelerator is not None
        section = sections.setdefault("aidc:gpuNodePools" if accelerated else "aidc:cpuNodePools", {})
        for name, zones in _parts(pool, demand):
            unique = _unique(name, section)
            section[unique] = _entry(pool, demand, zones, platform, several=nodes[demand.name] > 1)
    return {name: sections[name] for name in ("aidc:gpuNodePools", "aidc:cpuNodePools") if name in sections}


def _parts(pool: Pool, demand: Demand) -> Iterator[tuple[str, Mapping[str, int]]]:
    option = "" if pool.purchase_option == ON_DEMAND else f"-{pool.purchase_option}"
    name = f"{demand.name}-{pool.instance_type}{option}"
    if demand.kept_without_a_zone > 0 and len(pool.nodes) > 1:
        for zone, nodes in pool.nodes.items():
            yield f"{name}-{zone.rpartition('-')[2]}", {zone: nodes}
    else:
        yield name, pool.nodes


def _entry(pool: Pool, demand: Demand, zones: Mapping[str, int], platform: str, *, several: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "instanceTypes": [pool.instance_type],
        "capacityTypes": [pool.purchase_option],
        "zones": sorted(zones),
        "scaling": {"maximumNodes": sum(zones.values()), "purpose": str(demand.purpose)},
    }
    aws: dict[str, Any] = {}
    efa = all_instance_types()[pool.instance_type].efa_interfaces
    if demand.purpose is Purpose.TRAINING and several and efa and len(zones) == 1:
        aws["efa"] = True
    if pool.purchase_option == RESERVED:
        aws["capacityReservations"] = sorted(pool.reservations)
    if aws and platform == "aws":
        entry["aws"] = aws
    return entry


def _unique(name: str, section: Mapping[str, Any]) -> str:
    plain = "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")
    short = plain[:_MAXIMUM_NAME].rstrip("-")
    found, number = short, 2
    while found in section:
        found, number = f"{short}-{number}", number + 1
    return found
