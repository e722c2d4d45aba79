"""How fast the nodes of an instance type exchange data at least, when nothing is wrong with them."""

from dataclasses import dataclass
from functools import cache

from .data_files import read_data
from .instance_types import all_instance_types


@dataclass(frozen=True, kw_only=True, slots=True)
class AllReduceFloor:
    """Bus bandwidth of an all-reduce over whole nodes: all accelerators and all EFA of each."""

    instance_type: str
    """Such as `p5.48xlarge`."""

    bus_gb_per_second: float
    """What healthy nodes reach, in 10^9 bytes a second."""

    share: float
    """Part of it from which on a measurement passes."""

    source: str
    """Name of the source of the figure, a key of `sources()`."""

    @property
    def minimum_gb_per_second(self) -> float:
        """What a measurement must reach, in 10^9 bytes a second."""
        return self.bus_gb_per_second * self.share

    @property
    def accelerators(self) -> int:
        """Accelerators of the node that the figure holds for."""
        return all_instance_types()[self.instance_type].accelerator_count

    @property
    def efa_interfaces(self) -> int:
        """EFA of the node that the figure holds for."""
        return all_instance_types()[self.instance_type].efa_interfaces


@cache
def all_reduce_floors() -> dict[str, AllReduceFloor]:
    """Return every known floor by instance type."""
    data = read_data("collectives")
    return {
        row["type"]: AllReduceFloor(
            instance_type=row["type"],
            bus_gb_per_second=row["bus_gb_per_second"],
            share=data["share"],
            source=row["source"],
        )
        for row in data["floors"]
    }
