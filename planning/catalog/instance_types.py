"""Instance types: what one node has, and what it costs."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from ...problems import InvalidInput, Problems, suggestion
from .accelerators import Accelerator, accelerators
from .data_files import read_data
from .prices import ON_DEMAND, Price, prices

EFA_RESOURCE = "vpc.amazonaws.com/efa"


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceType:
    """One EC2 instance type. Figures are EC2's, read through Karpenter's generated reference."""

    name: str
    """Such as `p5.48xlarge`."""

    accelerator: Accelerator | None
    """Model that it carries; None for CPU types."""

    accelerator_count: int
    """Whole accelerators of one node; 0 for CPU types and for a fraction of one."""

    accelerator_memory_mib: int
    """MiB of each accelerator, or of the fraction; 0 for CPU types."""

    neuron_cores: int
    """NeuronCores of one node; 0 without AWS chips."""

    vcpus: int
    """Virtual CPUs."""

    memory_mib: int
    """MiB of main memory."""

    allocatable_cpu_millis: int
    """Thousandths of a CPU left for pods after the system's share (AL2023)."""

    allocatable_memory_mib: int
    """MiB left for pods after the system's share (AL2023)."""

    pods: int
    """Most pods on one node."""

    local_nvme_gb: int
    """GB of local NVMe storage; 0 without."""

    network_mbps: int
    """Mbps of network bandwidth, sustained."""

    ebs_mbps: int
    """Mbps of bandwidth to EBS."""

    efa_interfaces: int
    """Elastic Fabric Adapters; 0 where EFA is not supported."""

    architecture: str
    """`amd64` or `arm64`."""

    cpu_manufacturer: str
    """`intel`, `amd` or `aws`."""

    prices: tuple[Price, ...]
    """Known prices; empty where none is known."""

    notes: tuple[str, ...]
    """What to know."""

    @property
    def family(self) -> str:
        """Part of the name before the dot."""
        return self.name.partition(".")[0]

    @property
    def is_accelerator_fraction(self) -> bool:
        """Whether it carries a slice of an accelerator, which Kubernetes does not count."""
        return self.accelerator is not None and self.accelerator_count == 0

    @property
    def extended_resources(self) -> dict[str, int]:
        """Extended resources that one node offers to pods, by resource name."""
        offered: dict[str, int] = {}
        if self.accelerator is not None and self.accelerator_count:
            offered[self.accelerator.resource_name] = self.accelerator_count
        if self.neuron_cores:
            offered["aws.amazon.com/neuroncore"] = self.neuron_cores
        if self.efa_interfaces:
            offered[EFA_RESOURCE] = self.efa_interfaces
        return offered

    def price(self, region: str, purchase_option: str = ON_DEMAND) -> Price | None:
        """Return its price in `region`, or None where none is known or it is not sold that way."""
        for price in self.prices:
            if price.region == region and price.purchase_option == purchase_option:
                return price
        return None


@cache
def all_instance_types() -> dict[str, InstanceType]:
    """Return every instance type by its name, accelerated ones first."""
    data = read_data("instance_types")
    listed = (dict(zip(data["columns"], row, strict=True)) for row in data["rows"])
    return {row["name"]: _instance_type(row, data["notes"].get(row["name"], ())) for row in listed}


def instance_type(name: str) -> InstanceType:
    """Return the instance type called `name`, in any case.

    Raises:
        InvalidInput: the name is unknown; with close matches.
    """
    problems = Problems()
    found = find_instance_type(name, problems)
    if found is None:
        raise InvalidInput("instance type", problems)
    return found


def find_instance_type(name: str, problems: Problems, path: str = "instanceType") -> InstanceType | None:
    """Return the instance type called `name`; else add to `problems` at `path` and return None."""
    known = all_instance_types()
    wanted = name.strip().lower()
    if wanted not in known:
        family = wanted.partition(".")[0]
        sizes = [each for each in known if each.partition(".")[0] == family]
        hint = f"; {family} comes as {', '.join(sizes)}" if sizes else suggestion(wanted, known)
        problems.add(path, f"'{name}' is not a known instance type{hint}")
        return None
    return known[wanted]


def _instance_type(row: dict[str, Any], notes: list[str]) -> InstanceType:
    model = accelerators()[row["accelerator"]] if row["accelerator"] else None
    return InstanceType(
        name=row["name"],
        accelerator=model,
        accelerator_count=row["accelerators"],
        accelerator_memory_mib=row["accelerator_memory_mib"],
        neuron_cores=row["neuron_cores"],
        vcpus=row["vcpus"],
        memory_mib=row["memory_mib"],
        allocatable_cpu_millis=row["allocatable_cpu_millis"],
        allocatable_memory_mib=row["allocatable_memory_mib"],
        pods=row["pods"],
        local_nvme_gb=row["local_nvme_gb"],
        network_mbps=row["network_mbps"],
        ebs_mbps=row["ebs_mbps"],
        efa_interfaces=row["efa_interfaces"],
        architecture=row["architecture"],
        cpu_manufacturer=row["cpu_manufacturer"],
        prices=prices().get(row["name"], ()),
        notes=tuple(notes),
    )
