"""A training job: its inputs checked and its defaults applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Final

import pulumi

from ...evaluation.quantities import quantity
from ...infra.arguments import check_keys
from ...infra.labels import check_name
from ...problems import Problems
from ..pods import (
    MAXIMUM_ACCELERATORS,
    PodResources,
    ResourcesPlan,
    SecretKeyReference,
    VolumeMount,
    check_environment,
    check_image,
    check_mounts,
    check_shared_memory,
    plan_resources,
)
from .inputs import TrainingForm, TrainingJobArgs
from .lifetime import Lifetime, plan_lifetime
from .placement import Placement, plan_placement

_MAXIMUM_NODES: Final = 5_000
"""Nodes that one cluster is tested with: kubernetes.io, "Considerations for large clusters", read 2026-11."""

_NVIDIA: Final = "nvidia.com/gpu"
_POD_SUFFIX: Final = len("-abcde")
_SET_BY_THE_JOB: Final = "the job sets it for torchrun; use the input that stands for it"
_RESERVED: Final = {
    **{
        f"PET_{name}": _SET_BY_THE_JOB
        for name in (
            "NNODES",
            "NPROC_PER_NODE",
            "NODE_RANK",
            "MASTER_ADDR",
            "MASTER_PORT",
            "MAX_RESTARTS",
            "RDZV_BACKEND",
            "RDZV_CONF",
            "RDZV_ENDPOINT",
            "RDZV_ID",
        )
    },
    "CHECKPOINT_PATH": "the job sets it; give checkpointPath",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingPlan:
    """A training job with every default applied."""

    name: str
    form: TrainingForm
    namespace: pulumi.Input[str]
    cluster_domain: str
    nodes: int
    min_nodes: int
    processes_per_node: int
    image: pulumi.Input[str]
    command: Sequence[pulumi.Input[str]]
    args: Sequence[pulumi.Input[str]]
    resources: ResourcesPlan
    shared_memory: str
    mounts: Sequence[VolumeMount]
    checkpoint_path: str | None
    environment: Mapping[str, pulumi.Input[str]]
    secret_environment: Mapping[str, SecretKeyReference]
    service_account: pulumi.Input[str]
    lifetime: Lifetime
    placement: Placement

    @property
    def elastic(self) -> bool:
        """Whether training goes on while workers are missing."""
        return self.min_nodes < self.nodes

    @property
    def replaces_workers(self) -> bool:
        """Whether a lost worker is replaced by itself; otherwise all workers start again together."""
        return self.elastic or self.form == TrainingForm.INDEXED_JOB

    @property
    def role(self) -> str:
        """What the workers are called: Kubeflow Trainer knows them as `node`."""
        return "node" if self.form == TrainingForm.TRAINJOB else "worker"

    @property
    def world_size(self) -> int:
        """Processes of all nodes."""
        return self.nodes * self.processes_per_node

    @property
    def total_gpus(self) -> int:
        """Accelerators of all nodes."""
        return self.nodes * self.resources.gpus


def plan_training_job(args: TrainingJobArgs, name: str = "training") -> TrainingPlan:
    """Check the inputs of the training job called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, TrainingJobArgs):
        problems.raise_if_any("TrainingJob")
    form = _plan_form(problems, args.get("form", TrainingForm.JOBSET))
    nodes = int(args["nodes"])
    check_name(problems, "name", name, host=True, room=_name_room(form, nodes))
    check_image(problems, "image", args["image"])
    command = args.get("command", ["torchrun"])
    if "command" not in args and not args.get("args"):
        problems.add("args", "missing; torchrun needs the program, such as -m, aidc.workloads.training")
    variables, secrets = args.get("environment", {}), args.get("secret_environment", {})
    check_environment(problems, variables, secrets, reserved=_RESERVED)
    resources = _plan_resources(problems, args)
    mounts = args.get("mounts", [])
    check_mounts(problems, mounts)
    _check_checkpoint(problems, args.get("checkpoint_path"), mounts)
    plan = TrainingPlan(
        name=name,
        form=form,
        namespace=args["namespace"],
        cluster_domain=args.get("cluster_domain", "cluster.local"),
        nodes=nodes,
        min_nodes=_plan_min_nodes(problems, args, form, nodes),
        processes_per_node=_plan_processes(problems, args, resources.gpus),
        image=args["image"],
        command=command,
        args=args.get("args", []),
        resources=resources,
        shared_memory=_plan_shared_memory(problems, args.get("shared_memory"), resources),
        mounts=mounts,
        checkpoint_path=args.get("checkpoint_path"),
        environment=variables,
        secret_environment=secrets,
        service_account=args.get("service_account", "workload"),
        lifetime=plan_lifetime(problems, args),
        placement=plan_placement(problems, args, form),
    )
    problems.raise_if_any("TrainingJob")
    return plan


def _plan_form(problems: Problems, form: str) -> TrainingForm:
    problems.choice("form", form, [each.value for each in TrainingForm])
    return TrainingForm(form) if form in list(TrainingForm) else TrainingForm.JOBSET


def _name_room(form: TrainingForm, nodes: int) -> int:
    """Characters that the controllers append to the job's name in the names of its pods."""
    last = max(min(nodes, _MAXIMUM_NODES), 1) - 1
    match form:
        case TrainingForm.JOBSET:
            return len(f"-worker-0-{last}") + _POD_SUFFIX
        case TrainingForm.TRAINJOB:
            return len(f"-node-0-{last}") + _POD_SUFFIX
        case _:
            return len(f"-{last}")


def _plan_min_nodes(problems: Problems, args: TrainingJobArgs, form: TrainingForm, nodes: int) -> int:
    if nodes < 1:
        problems.add("nodes", f"{nodes:,} nodes is too little, since nothing would train; give 1 node or more")
    elif nodes > _MAXIMUM_NODES:
        problems.add(
            "nodes",
            f"{nodes:,} nodes is too much; give {_MAXIMUM_NODES:,} or fewer, with which one cluster is tested",
        )
    least = int(args.get("min_nodes", nodes))
    if "min_nodes" not in args:
        return least
    if least < 1:
        problems.add("minNodes", f"{least:,} nodes is too little; give 1 node or more")
    elif least > nodes:
        problems.add("minNodes", f"{least:,} nodes is more than nodes, {nodes:,}; give {max(nodes, 1):,} or fewer")
    elif least < nodes and form == TrainingForm.TRAINJOB:
        problems.add(
            "minNodes",
            "Kubeflow Trainer runs a fixed number of nodes; leave minNodes out, or choose form jobset or indexed-job",
        )
    return least


def _plan_resources(problems: Problems, args: TrainingJobArgs) -> ResourcesPlan:
    given = args.get("resources", PodResources())
    if "gpus" in given:
        problems.add("resources.gpus", "give gpusPerNode in its place, so that the number is there once")
    gpus = int(args.get("gpus_per_node", 0))
    resource = given.get("gpu_resource", _NVIDIA)
    if gpus < 0:
        problems.add("gpusPerNode", f"{gpus} is too little; give 0 to train on CPUs, or more")
    elif resource in _largest_nodes() and gpus > _largest_nodes()[resource]:
        largest = _largest_nodes()[resource]
        problems.add(
            "gpusPerNode",
            f"{gpus:,} of {resource} is too much; no node of the catalog has more than {largest}, so use more nodes",
        )
    elif gpus > MAXIMUM_ACCELERATORS:
        problems.add("gpusPerNode", f"{gpus:,} of {resource} is too much; use more nodes")
    sound = gpus if 0 <= gpus <= MAXIMUM_ACCELERATORS else 0
    with problems.under("resources"):
        return plan_resources(problems, {**given, "gpus": sound})


def _plan_processes(problems: Problems, args: TrainingJobArgs, gpus: int) -> int:
    processes = int(args.get("processes_per_node", max(gpus, 1)))
    problems.between("processesPerNode", processes, 1, 256, "processes")
    if gpus and processes > gpus:
        problems.add("processesPerNode", f"{processes} processes would share {gpus} accelerators; give {gpus} or fewer")
    return processes


def _plan_shared_memory(problems: Problems, given: str | None, resources: ResourcesPlan) -> str:
    if given is not None:
        check_shared_memory(problems, "sharedMemory", given, resources)
        return given
    try:
        half = quantity(resources.limits["memory"]) / 2
    except ValueError:
        return "0"
    mebibytes = max(int(half / 2**20), 1)
    return f"{mebibytes // 1024}Gi" if mebibytes % 1024 == 0 else f"{mebibytes}Mi"


def _check_checkpoint(problems: Problems, path: str | None, mounts: Sequence[VolumeMount]) -> None:
    if path is None:
        return
    directory = PurePosixPath(path)
    holding = [mount for mount in mounts if directory.is_relative_to(PurePosixPath(mount["path"]))]
    if not holding:
        known = ", ".join(sorted(mount["path"] for mount in mounts)) or "there is none"
        problems.add("checkpointPath", f"'{path}' is on no mount and would be lost with the pod; mounts: {known}")
    # The deepest mount is the one that the path is really on.
    elif max(holding, key=lambda mount: len(PurePosixPath(mount["path"]).parts)).get("read_only", False):
        problems.add("checkpointPath", f"'{path}' is on a read-only mount; give one that can be written")


@cache
def _largest_nodes() -> dict[str, int]:
    """The most accelerators of one node in the catalog, by resource name."""
    from ...planning.catalog import all_instance_types

    largest: dict[str, int] = {}
    for each in all_instance_types().values():
        for resource, count in each.extended_resources.items():
            largest[resource] = max(largest.get(resource, 0), count)
    return largest
