"""One worker of a training job: its resources and processes, checked, with their defaults."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from ...problems import Problems
from ..pods import (
    MAXIMUM_ACCELERATORS,
    PodResources,
    ResourcesPlan,
    check_shared_memory,
    half_of_memory,
    plan_resources,
)
from .collectives import plan_fabric, with_fabric
from .inputs import TrainingJobArgs

_NVIDIA: Final = "nvidia.com/gpu"


def plan_worker_resources(problems: Problems, args: TrainingJobArgs) -> ResourcesPlan:
    """Check the resources of a worker: cores, memory, accelerators, and its part of the fabric."""
    given = args.get("resources", PodResources())
    if "gpus" in given:
        problems.add("resources.gpus", "give gpusPerNode in its place, so that the number is there once")
    gpus = int(args.get("gpus_per_node", 0))
    resource = given.get("gpu_resource", _NVIDIA)
    largest = _largest_nodes()
    if gpus < 0:
        problems.add("gpusPerNode", f"{gpus} is too little; give 0 to train on CPUs, or more")
    elif resource in largest and gpus > largest[resource]:
        problems.add(
            "gpusPerNode",
            f"{gpus:,} of {resource} is too much; no node of the catalog has more than {largest[resource]}, so use "
            "more nodes",
        )
    elif gpus > MAXIMUM_ACCELERATORS:
        problems.add("gpusPerNode", f"{gpus:,} of {resource} is too much; use more nodes")
    sound = gpus if 0 <= gpus <= MAXIMUM_ACCELERATORS else 0
    with problems.under("resources"):
        planned = plan_resources(problems, {**given, "gpus": sound})
    return with_fabric(planned, plan_fabric(problems, args))


def plan_processes(problems: Problems, args: TrainingJobArgs, gpus: int) -> int:
    """Return the processes of a worker."""
    processes = int(args.get("processes_per_node", max(gpus, 1)))
    problems.between("processesPerNode", processes, 1, 256, "processes")
    if gpus and processes > gpus:
        problems.add("processesPerNode", f"{processes} processes would share {gpus} accelerators; give {gpus} or fewer")
    return processes


def plan_shared_memory(problems: Problems, given: str | None, resources: ResourcesPlan) -> str:
    """Return the size of /dev/shm."""
    if given is not None:
        check_shared_memory(problems, "sharedMemory", given, resources)
        return given
    return half_of_memory({"memory": resources.limits["memory"]})


@cache
def _largest_nodes() -> Mapping[str, int]:
    """The most accelerators of one node in the catalog, by resource name."""
    from ...planning.catalog import all_instance_types

    largest: dict[str, int] = {}
    for each in all_instance_types().values():
        for resource, count in each.extended_resources.items():
            largest[resource] = max(largest.get(resource, 0), count)
    return largest
