"""How the workers of a training job find each other: torchrun's settings, as environment variables."""

from typing import Final

import pulumi

from ...infra.arguments import is_known
from .inputs import TrainingForm
from .plan import TrainingPlan

PORT: Final = 29500
"""Port of the rendezvous, as Kubeflow Trainer's PET_MASTER_PORT."""


def host_name(plan: TrainingPlan) -> pulumi.Input[str]:
    """Full DNS name of worker 0, which keeps the rendezvous.

    It is the name that the kubelet writes to worker 0's own hosts file: so worker 0 knows that it is meant before the
    cluster's DNS knows it. With a shorter name it may take itself for a guest, and wait for a host that never comes.
    """
    pod = f"{plan.name}-0" if plan.form == TrainingForm.INDEXED_JOB else f"{plan.name}-{plan.role}-0-0"
    head, tail = f"{pod}.{plan.name}.", f".svc.{plan.cluster_domain}"
    if is_known(plan.namespace):
        return f"{head}{plan.namespace}{tail}"
    return pulumi.Output.concat(head, plan.namespace, tail)


def endpoint(plan: TrainingPlan) -> pulumi.Input[str]:
    """Host and port of the rendezvous."""
    host = host_name(plan)
    return f"{host}:{PORT}" if isinstance(host, str) else pulumi.Output.concat(host, f":{PORT}")


def settings(plan: TrainingPlan) -> dict[str, pulumi.Input[str]]:
    """Torchrun's settings; a flag `--some-name` is read from `PET_SOME_NAME` where it is not given."""
    timeout = plan.lifetime.rendezvous_timeout
    found: dict[str, pulumi.Input[str]] = {
        "PET_RDZV_BACKEND": "c10d",
        "PET_RDZV_ENDPOINT": endpoint(plan),
        "PET_RDZV_ID": plan.name,
        # The first bounds the wait for all workers, the second the wait for worker 0, 60 seconds if left alone.
        "PET_RDZV_CONF": f"join_timeout={timeout},read_timeout={timeout}",
        "PET_MAX_RESTARTS": str(plan.lifetime.max_restarts),
    }
    if plan.form != TrainingForm.TRAINJOB:
        # Trainer sets these two by itself, and refuses a TrainJob that does.
        found["PET_NNODES"] = f"{plan.min_nodes}:{plan.nodes}"
        found["PET_NPROC_PER_NODE"] = str(plan.processes_per_node)
    if plan.checkpoint_path is not None:
        found["CHECKPOINT_PATH"] = plan.checkpoint_path
    return found
