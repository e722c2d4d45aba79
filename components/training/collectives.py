"""How the workers of a training job exchange data: the settings of NCCL, Gloo, libfabric and OpenMP.

Sources, read 2026-11:
- NCCL User Guide, Environment Variables: NCCL_SOCKET_IFNAME, NCCL_DEBUG.
- awslabs/awsome-distributed-ai, 1.architectures/efa-cheatsheet.md: of libfabric's settings only FI_EFA_USE_HUGE_PAGE is
  wanted with libfabric 1.18 and aws-ofi-nccl 1.7 or later. Data loaders fork, and a fork fails where the parent holds
  huge pages that run out. FI_PROVIDER, FI_EFA_USE_DEVICE_RDMA, FI_EFA_FORK_SAFE and RDMAV_FORK_SAFE are for older ones.
- Amazon EKS User Guide, "Run machine learning training on Amazon EKS with Elastic Fabric Adapter": the resources
  `vpc.amazonaws.com/efa` and `hugepages-2Mi`.
- aws/karpenter-provider-aws issue 3315: Karpenter knows of no huge pages, so a pod that asks for them gets no node.
- torchrun sets OMP_NUM_THREADS to 1 where nobody says otherwise: torch.distributed.run.
"""

from collections.abc import Mapping
from typing import Final

from ...evaluation.quantities import quantity
from ...infra.quantities import check_quantity
from ...planning.catalog.instance_types import EFA_RESOURCE, all_instance_types
from ...problems import Problems
from ..pods import ResourcesPlan
from .inputs import TrainingJobArgs

HUGE_PAGES: Final = "hugepages-2Mi"
_MOST_CORES: Final = 4096
_MOST: Final = 32 * 2**40
_INTERFACE: Final = "eth0"
"""What container runtimes call a pod's interface in the cluster's network (the default network of the CRI)."""


def plan_fabric(problems: Problems, args: TrainingJobArgs) -> Mapping[str, str]:
    """Return the extended resources of a worker's part of the fabric; empty without EFA."""
    interfaces, pages = int(args.get("efa_interfaces", 0)), args.get("huge_pages")
    most = max(each.efa_interfaces for each in all_instance_types().values())
    problems.between("efaInterfaces", interfaces, 0, most, "interfaces")
    found = {EFA_RESOURCE: str(interfaces)} if interfaces > 0 else {}
    if pages is not None:
        if interfaces <= 0:
            problems.add("hugePages", "libfabric alone uses them here; give efaInterfaces, or leave it out")
        size = check_quantity(problems, "hugePages", pages, unit="bytes")
        if size is not None and size > _MOST:
            problems.add("hugePages", f"'{pages}' is more than any node has; give 32Ti or less")
        elif size is not None and size % 2**21:
            problems.add("hugePages", f"'{pages}' is not a whole number of 2Mi pages; round it to one")
        found[HUGE_PAGES] = pages
    return found


def with_fabric(resources: ResourcesPlan, fabric: Mapping[str, str]) -> ResourcesPlan:
    """Return resources that have a part of the fabric too; request and limit of such resources are equal."""
    return ResourcesPlan(
        requests={**resources.requests, **fabric},
        limits={**resources.limits, **fabric},
        gpus=resources.gpus,
        gpu_resource=resources.gpu_resource,
    )


def variables(resources: ResourcesPlan, *, nodes: int, processes_per_node: int) -> dict[str, str]:
    """Return the environment variables of a worker; whoever runs the job may set each of them otherwise."""
    found = {"OMP_NUM_THREADS": str(_threads(resources, processes_per_node))}
    if nodes > 1:
        found["GLOO_SOCKET_IFNAME"] = _INTERFACE
    if resources.gpu_resource.startswith("nvidia.com/") and resources.gpus:
        found["NCCL_DEBUG"] = "WARN"
        if nodes > 1:
            found["NCCL_SOCKET_IFNAME"] = _INTERFACE
    if EFA_RESOURCE in resources.requests:
        found["FI_EFA_USE_HUGE_PAGE"] = str(int(HUGE_PAGES in resources.requests))
    return found


def _threads(resources: ResourcesPlan, processes: int) -> int:
    """Cores of each process, so that together they do not ask for more than there are."""
    try:
        return max(int(min(quantity(resources.requests["cpu"]), _MOST_CORES) / max(processes, 1)), 1)
    except ValueError:
        return 1
