"""A training job: its inputs checked and its defaults applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from ...infra.arguments import check_keys
from ...infra.labels import check_name, check_object_name
from ...planning.catalog.instance_types import EFA_RESOURCE
from ...problems import Problems
from ..lifetime import Lifetime, plan_lifetime
from ..places import check_written
from ..pods import ResourcesPlan, VolumeMount, check_image, check_mounts
from .execution import Execution, plan_execution
from .inputs import TrainingForm, TrainingJobArgs
from .placement import Placement, plan_placement
from .preflight import PreflightPlan, plan_preflight
from .worker import plan_processes, plan_shared_memory, plan_worker_resources

_MAXIMUM_NODES: Final = 5_000
"""Nodes that one cluster is tested with: kubernetes.io, "Considerations for large clusters", read 2026-11."""

_POD_SUFFIX: Final = len("-abcde")


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
    execution: Execution
    preflight: PreflightPlan | None
    resources: ResourcesPlan
    shared_memory: str
    mounts: Sequence[VolumeMount]
    checkpoint_path: pulumi.Input[str] | None
    service_account: pulumi.Input[str]
    lifetime: Lifetime
    rendezvous_timeout: int
    """Seconds."""

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
    check_object_name(problems, "clusterDomain", args.get("cluster_domain", "cluster.local"))
    check_image(problems, "image", args["image"])
    resources = plan_worker_resources(problems, args)
    processes = plan_processes(problems, args, resources.gpus)
    mounts = args.get("mounts", [])
    check_mounts(problems, mounts)
    if "checkpoint_path" in args:
        check_written(problems, "checkpointPath", args["checkpoint_path"], mounts, example="s3://checkpoints/gpt2")
    plan = TrainingPlan(
        name=name,
        form=form,
        namespace=args["namespace"],
        cluster_domain=args.get("cluster_domain", "cluster.local"),
        nodes=nodes,
        min_nodes=_plan_min_nodes(problems, args, form, nodes),
        processes_per_node=processes,
        image=args["image"],
        execution=plan_execution(problems, args, name, resources, nodes=nodes, processes=processes),
        preflight=_plan_preflight(problems, args, resources, nodes=nodes, processes=processes),
        resources=resources,
        shared_memory=plan_shared_memory(problems, args.get("shared_memory"), resources),
        mounts=mounts,
        checkpoint_path=args.get("checkpoint_path"),
        service_account=args.get("service_account", "workload"),
        lifetime=plan_lifetime(problems, args),
        rendezvous_timeout=_plan_rendezvous_timeout(problems, args),
        placement=plan_placement(problems, args, form),
    )
    if plan.preflight is not None and plan.replaces_workers:
        problems.add(
            "preflight",
            "a worker that is replaced by itself would measure alone; leave minNodes out, with form jobset or trainjob",
        )
    problems.raise_if_any("TrainingJob")
    return plan


def _plan_rendezvous_timeout(problems: Problems, args: TrainingJobArgs) -> int:
    timeout = int(args.get("rendezvous_timeout_seconds", 1_800))
    problems.between("rendezvousTimeoutSeconds", timeout, 60, 86_400, "seconds")
    return timeout


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


def _plan_preflight(
    problems: Problems, args: TrainingJobArgs, resources: ResourcesPlan, *, nodes: int, processes: int
) -> PreflightPlan | None:
    if "preflight" not in args:
        return None
    with problems.under("preflight"):
        return plan_preflight(
            problems,
            args["preflight"],
            gpus=resources.gpus,
            efa_interfaces=int(resources.requests.get(EFA_RESOURCE, "0")),
            nodes=nodes,
            world_size=nodes * processes,
        )
