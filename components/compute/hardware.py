"""What one node of a pool is made of: by instance type, or by what it must have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

from ...planning.catalog import Accelerator, InstanceType, Requirement, find_instance_type, find_instance_types
from ...planning.catalog.accelerators import find_accelerator
from ...planning.catalog.karpenter import KWOK_OVERHEAD_CPU_MILLIS
from ...problems import Problems

_MAXIMUM_ACCELERATORS: Final = 64
"""Accelerators of one node that nobody's catalog knows: four times what the largest EC2 node has."""


class AcceleratorRequirement(TypedDict):
    """What a node with accelerators must have."""

    accelerator: str
    """Model, by its name in the catalog or an alias, such as `h100` or `a100-80gb`."""

    accelerators: int
    """Accelerators of one node, exactly."""

    vcpus: NotRequired[int]
    """Virtual CPUs of one node, or more. Default: any number."""

    memory_gib: NotRequired[float]
    """GiB of main memory of one node, or more. Default: any amount."""

    network_gbps: NotRequired[float]
    """Gbps of network bandwidth of one node, or more. Default: any."""

    efa: NotRequired[bool]
    """Whether it must or must not have an Elastic Fabric Adapter. Default: either."""

    max_price: NotRequired[float]
    """US dollars an hour on demand for one node, or less. Default: no bound."""


class MachineRequirement(TypedDict):
    """What a node without accelerators must have."""

    vcpus: int
    """Virtual CPUs of one node, or more."""

    memory_gib: NotRequired[float]
    """GiB of main memory of one node, or more. Default: any amount."""

    network_gbps: NotRequired[float]
    """Gbps of network bandwidth of one node, or more. Default: any."""

    local_nvme_gb: NotRequired[float]
    """GB of local NVMe storage of one node, or more. Default: none asked for."""

    architecture: NotRequired[str]
    """`amd64` or `arm64`. Default: `amd64`, since most images are built for it."""

    max_price: NotRequired[float]
    """US dollars an hour on demand for one node, or less. Default: no bound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeShape:
    """What every node of a pool has."""

    instance_types: tuple[InstanceType, ...]
    """Types that fit, cheapest first; empty for nodes that exist and are described by a requirement."""

    architecture: str
    """`amd64` or `arm64`; empty where it is not known."""

    accelerator: Accelerator | None
    """Model of the accelerators; None for CPU nodes."""

    accelerators: int
    """Whole accelerators of one node."""

    @property
    def maximum_cpu_millis(self) -> int:
        """Thousandths of a CPU of the largest type, as EC2 or the simulation counts them, whichever is more."""
        # A simulated node has what pods can have on EC2 and the overhead of the KWOK provider on top of it, so a
        # limit of its virtual CPUs alone would keep the last node of a pool from coming.
        return max((max(each.vcpus * 1000, _simulated_cpu_millis(each)) for each in self.instance_types), default=0)

    @property
    def maximum_memory_mib(self) -> int:
        """MiB of main memory of the largest type; 0 where no type is known."""
        return max((each.memory_mib for each in self.instance_types), default=0)


def accelerated_shape(
    problems: Problems,
    names: Sequence[str] | None,
    wanted: AcceleratorRequirement | None,
    *,
    region: str,
    nodes_exist: bool,
) -> NodeShape | None:
    """Return the shape of a node with accelerators; None where `problems` were added."""
    before = len(problems)
    if not _exactly_one(problems, names, wanted):
        return None
    if names is not None:
        return _accelerated_types(problems, names)
    assert wanted is not None
    accelerators = int(wanted["accelerators"])
    with problems.under("requirement"):
        accelerator = find_accelerator(wanted["accelerator"], problems)
        problems.between("accelerators", accelerators, 1, unit="accelerators of one node")
        if nodes_exist:
            # Machines of one's own need not be like any type of EC2: what they have is what is asked for.
            problems.between("accelerators", accelerators, 0, _MAXIMUM_ACCELERATORS, "accelerators of one node")
        if accelerator is None or len(problems) > before:
            return None
        if nodes_exist:
            return NodeShape(instance_types=(), architecture="", accelerator=accelerator, accelerators=accelerators)
        found = find_instance_types(_requirement(wanted, region, accelerator=accelerator.name), problems)
    return _shape(problems, "requirement", found) if found else None


def machine_shape(
    problems: Problems,
    names: Sequence[str] | None,
    wanted: MachineRequirement | None,
    *,
    region: str,
    nodes_exist: bool,
) -> NodeShape | None:
    """Return the shape of a node without accelerators; None where `problems` were added."""
    if not _exactly_one(problems, names, wanted):
        return None
    if names is not None:
        found = named_types(problems, names)
        for index, each in enumerate(found):
            if each.accelerator is not None:
                problems.add(
                    f"instanceTypes[{index}]", f"{each.name} has {each.accelerator.title}; make it a GpuNodePool"
                )
                return None
        return _shape(problems, "instanceTypes", found) if found else None
    assert wanted is not None
    architecture = wanted.get("architecture", "amd64")
    with problems.under("requirement"):
        problems.between("vcpus", wanted["vcpus"], 1, unit="virtual CPUs of one node")
        if nodes_exist:
            problems.choice("architecture", architecture, ("amd64", "arm64"))
            return NodeShape(instance_types=(), architecture=architecture, accelerator=None, accelerators=0)
        asked = _requirement({**wanted, "architecture": architecture}, region, accelerators=0)
        found = find_instance_types(asked, problems)
    return _shape(problems, "requirement", found) if found else None


def _exactly_one(problems: Problems, names: Sequence[str] | None, wanted: object) -> bool:
    if names is not None and wanted is not None:
        problems.add("requirement", "given together with instanceTypes; give one of them")
    elif names is None and wanted is None:
        problems.add("instanceTypes", "missing; give instanceTypes or requirement")
    elif names is not None and not names:
        problems.add("instanceTypes", "none given; give one instance type or more")
    else:
        return True
    return False


def plain_requirement(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return a requirement with counts as whole numbers: Pulumi's wire makes 8 into 8.0."""
    return {key: int(value) if key in ("accelerators", "vcpus") else value for key, value in wanted.items()}


def _requirement(wanted: Mapping[str, Any], region: str, **fixed: Any) -> Requirement:
    conditions: dict[str, Any] = {**plain_requirement(wanted), "region": region, **fixed}
    return Requirement(**conditions)


def named_types(problems: Problems, names: Sequence[str]) -> tuple[InstanceType, ...]:
    """Return the types called `names`, cheapest first; empty where one is unknown."""
    found = [find_instance_type(name, problems, f"instanceTypes[{index}]") for index, name in enumerate(names)]
    known = list(dict.fromkeys(each for each in found if each is not None))
    return tuple(known) if len(found) == sum(each is not None for each in found) else ()


def _accelerated_types(problems: Problems, names: Sequence[str]) -> NodeShape | None:
    found = named_types(problems, names)
    for index, each in enumerate(found):
        path = f"instanceTypes[{index}]"
        if each.accelerator is None:
            problems.add(path, f"{each.name} has no accelerator; make it a CpuNodePool")
            return None
        if each.is_accelerator_fraction:
            problems.add(path, f"{each.name} has a fraction of {each.accelerator.title}, which Kubernetes cannot count")
            return None
    return _shape(problems, "instanceTypes", found) if found else None


def _shape(problems: Problems, path: str, found: Sequence[InstanceType]) -> NodeShape | None:
    """Join types that are interchangeable for a workload: one accelerator, one count of it, one architecture."""
    first = found[0]
    for each in found[1:]:
        if each.accelerator != first.accelerator or each.accelerator_count != first.accelerator_count:
            problems.add(path, f"{_contents(first)} but {_contents(each)}; make a pool for each")
            return None
        if each.architecture != first.architecture:
            problems.add(path, f"{first.name} is {first.architecture} but {each.name} is {each.architecture}")
            return None
    return NodeShape(
        instance_types=tuple(found),
        architecture=first.architecture,
        accelerator=first.accelerator,
        accelerators=first.accelerator_count,
    )


def _simulated_cpu_millis(each: InstanceType) -> int:
    return each.allocatable_cpu_millis + KWOK_OVERHEAD_CPU_MILLIS


def _contents(each: InstanceType) -> str:
    model = each.accelerator.name if each.accelerator else "accelerators"
    return f"{each.name} has {each.accelerator_count} {model}"
