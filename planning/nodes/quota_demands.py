"""What the machines of a plan ask of an account's quotas of virtual CPUs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..catalog import InstanceType, Quota, quota_of
from .machines import MachineDemand


@dataclass(slots=True)
class QuotaDemand:
    """What the pools ask of one quota, in virtual CPUs."""

    quota: Quota
    least: int = 0
    """Of machines that are always there."""

    most: int = 0
    """With all pools at their largest."""

    smallest: int = 0
    """Of one node of the pool whose smallest node is the largest: with less, that pool never has a node."""

    pools: list[str] = field(default_factory=list[str])
    unbounded: list[str] = field(default_factory=list[str])


def quota_demands(machines: Sequence[MachineDemand]) -> list[QuotaDemand]:
    """Add up what pools ask of each quota, by its code. Reserved capacity counts against none."""
    found: dict[str, QuotaDemand] = {}
    for machine in machines:
        for quota, types in quotas_of(machine).values():
            demand = found.setdefault(quota.code, QuotaDemand(quota=quota))
            sizes = [type.vcpus for type in types]
            only = len(machine.capacity_types) == 1
            demand.least += machine.least * min(sizes) if only else 0
            demand.smallest = max(demand.smallest, min(sizes) if only else 0)
            largest = max(types, key=lambda type: type.vcpus)
            if machine.most is None:
                demand.unbounded.append(machine.pool)
            elif machine.most_vcpus is not None and machine.most_vcpus < machine.most * largest.vcpus:
                demand.most += machine.most_vcpus
                demand.pools.append(f"{machine.pool}: its limit of {machine.most_vcpus:,}")
            else:
                demand.most += machine.most * largest.vcpus
                demand.pools.append(f"{machine.pool}: {machine.most} x {largest.name}")
    return [found[code] for code in sorted(found)]


def quotas_of(machine: MachineDemand) -> dict[str, tuple[Quota, list[InstanceType]]]:
    """Return each quota that machines count against, by code, with the types that do."""
    found: dict[str, tuple[Quota, list[InstanceType]]] = {}
    for type in machine.known_types:
        for kind in machine.capacity_types:
            quota = quota_of(type.name, kind)
            if quota is not None:
                found.setdefault(quota.code, (quota, []))[1].append(type)
    return found
