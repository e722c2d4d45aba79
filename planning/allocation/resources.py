"""Demands for bare resources: what one node of each instance type gives of accelerators, cores, memory and more."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ..catalog import InstanceType
from .demand import Demand, Need

_GIVEN: Final[dict[str, tuple[str, Callable[[InstanceType], float]]]] = {
    "accelerators": ("", lambda each: float(each.accelerator_count)),
    "tflops": ("TFLOPS", lambda each: each.accelerator_count * _tflops(each)),
    "cpu": ("cores", lambda each: each.allocatable_cpu_millis / 1000),
    "memory": ("GiB", lambda each: each.allocatable_memory_mib / 1024),
    "storage": ("GB", lambda each: float(each.local_nvme_gb)),
    "network": ("Gbps", lambda each: each.network_mbps / 1000),
}
RESOURCES: Final = tuple(_GIVEN)
"""What can be asked for: whole accelerators, dense BF16 TFLOPS at the peak, cores and GiB of main memory that are left
for pods, GB of local NVMe storage, Gbps of network bandwidth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceDemand:
    """Amounts of resources, of nodes that have them all."""

    name: str
    """Name of the demand."""

    amounts: dict[str, float]
    """Amount by resource, of `RESOURCES`."""

    accelerator_memory_gib: float = 0.0
    """GiB of each accelerator, or more. Default: any."""

    @property
    def has_accelerators(self) -> bool:
        """Whether its nodes carry accelerators."""
        return bool({"accelerators", "tflops"} & self.amounts.keys()) or self.accelerator_memory_gib > 0


def resource_demand(demand: ResourceDemand, instance_types: Iterable[InstanceType]) -> Demand:
    """Return what `demand` needs of each instance type that can meet it."""
    fitting = [each for each in instance_types if _fits(demand, each)]
    needs = tuple(
        Need(
            name=resource,
            unit=_GIVEN[resource][0],
            amount=amount,
            per_node={each.name: given for each in fitting if (given := _GIVEN[resource][1](each)) > 0},
        )
        for resource, amount in demand.amounts.items()
    )
    return Demand(name=demand.name, needs=needs)


def _fits(demand: ResourceDemand, each: InstanceType) -> bool:
    if not demand.has_accelerators:
        return each.accelerator is None
    return each.accelerator_count > 0 and each.accelerator_memory_mib / 1024 >= demand.accelerator_memory_gib


def _tflops(each: InstanceType) -> float:
    return (each.accelerator.dense_bf16_tflops or 0.0) if each.accelerator else 0.0
