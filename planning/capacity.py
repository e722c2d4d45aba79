"""What node pools can hold and cost, at their smallest and at their largest."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..problems import Problems
from .catalog import InstanceType, find_instance_type, regions


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSize:
    """Nodes of one instance type, between two counts."""

    name: str
    """Name of the pool."""

    instance_type: str
    """Instance type, by its name in the catalog."""

    minimum_nodes: int
    """Nodes at the smallest; 0 or more."""

    maximum_nodes: int
    """Nodes at the largest; no fewer than `minimum_nodes`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capacity:
    """Sums over the nodes of all pools. What a figure leaves out is listed beside it."""

    nodes: int
    """Nodes."""

    vcpus: int
    """Virtual CPUs installed (pods get a little less: the system takes its share)."""

    memory_gib: float
    """GiB of main memory installed."""

    accelerators: dict[str, int]
    """Whole accelerators by name."""

    dense_pflops: float
    """PFLOPS of all accelerators, dense BF16, at their peak."""

    without_flops: tuple[str, ...]
    """Instance types whose accelerators are not in `dense_pflops`: no trusted figure, or a fraction."""

    accelerator_power_kw: float
    """kW of the accelerators alone at their thermal design power; without hosts, network and cooling."""

    without_power: tuple[str, ...]
    """Instance types whose accelerators are not in `accelerator_power_kw`."""

    price_per_hour: float
    """US dollars an hour, on demand, in the region asked for."""

    unpriced: tuple[str, ...]
    """Instance types that are not in `price_per_hour`, for want of a price there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CapacityRange:
    """What pools come to at their smallest and at their largest."""

    minimum: Capacity
    """With the fewest nodes."""

    maximum: Capacity
    """With the most nodes."""


def capacity(pools: Iterable[PoolSize], region: str = "us-east-1") -> CapacityRange:
    """Return the capacity of `pools`; prices are those of `region`.

    Raises:
        InvalidInput: an unknown instance type or region, a count below 0, or a maximum below the minimum.
    """
    problems = Problems()
    problems.choice("region", region, regions())
    smallest: list[tuple[InstanceType, int]] = []
    largest: list[tuple[InstanceType, int]] = []
    for pool in pools:
        with problems.under(f"pools.{pool.name}"):
            found = find_instance_type(pool.instance_type, problems)
            problems.between("minimumNodes", pool.minimum_nodes, 0, unit="nodes")
            problems.between("maximumNodes", pool.maximum_nodes, pool.minimum_nodes, unit="nodes")
        if found is not None:
            smallest.append((found, pool.minimum_nodes))
            largest.append((found, pool.maximum_nodes))
    problems.raise_if_any("capacity")
    return CapacityRange(minimum=_sum(smallest, region), maximum=_sum(largest, region))


def _sum(counted: list[tuple[InstanceType, int]], region: str) -> Capacity:
    present = [(each, nodes) for each, nodes in counted if nodes]
    accelerators: Counter[str] = Counter()
    tflops = watts = dollars = 0.0
    for each, nodes in present:
        price = each.price(region)
        dollars += nodes * price.amount if price else 0.0
        if each.accelerator is not None and each.accelerator_count:
            count = nodes * each.accelerator_count
            accelerators[each.accelerator.name] += count
            tflops += count * (each.accelerator.dense_bf16_tflops or 0.0)
            watts += count * (each.accelerator.tdp_watts or 0.0)
    return Capacity(
        nodes=sum(nodes for _, nodes in present),
        vcpus=sum(nodes * each.vcpus for each, nodes in present),
        memory_gib=sum(nodes * each.memory_mib for each, nodes in present) / 1024,
        accelerators=dict(accelerators),
        dense_pflops=tflops / 1000,
        without_flops=_names(each for each, _ in present if _lacks(each, "dense_bf16_tflops")),
        accelerator_power_kw=watts / 1000,
        without_power=_names(each for each, _ in present if _lacks(each, "tdp_watts")),
        price_per_hour=dollars,
        unpriced=_names(each for each, _ in present if each.price(region) is None),
    )


def _lacks(each: InstanceType, figure: str) -> bool:
    if each.accelerator is None:
        return False
    return each.is_accelerator_fraction or getattr(each.accelerator, figure) is None


def _names(found: Iterable[InstanceType]) -> tuple[str, ...]:
    return tuple(sorted({each.name for each in found}))
