"""How the workers of a training job find each other: torchrun's settings, as environment variables."""

from typing import Final

import pulumi

from ...infra.arguments import is_known
from ...workloads.programs import CHECKPOINT_PATH, STORE_OF_EACH_START
from .inputs import TrainingForm
from .plan import TrainingPlan
from .preflight import PORT as PREFLIGHT_PORT
from .rendezvous_port import PORT

_MARGIN: Final = 5
"""Seconds of the grace that torchrun has for itself, to kill what hangs and to say so."""


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


def endpoint(plan: TrainingPlan, port: int = PORT) -> pulumi.Input[str]:
    """Host and port of the rendezvous."""
    host = host_name(plan)
    return f"{host}:{port}" if isinstance(host, str) else pulumi.Output.concat(host, f":{port}")


def settings(plan: TrainingPlan) -> dict[str, pulumi.Input[str]]:
    """Torchrun's settings; a flag `--some-name` is read from `PET_SOME_NAME` where it is not given."""
    found = _rendezvous(plan, PORT, plan.name, plan.lifetime.max_restarts)
    # Torchrun kills processes that still save when this is over, by default after 30 seconds of a longer grace.
    found["PET_SHUTDOWN_TIMEOUT"] = str(max(plan.lifetime.termination_grace - _MARGIN, 1))
    if plan.form != TrainingForm.TRAINJOB:
        # Trainer sets these two by itself, and refuses a TrainJob that does.
        found |= _shape(plan)
    if plan.checkpoint_path is not None:
        found[CHECKPOINT_PATH] = plan.checkpoint_path
    return found


def preflight_settings(plan: TrainingPlan) -> dict[str, pulumi.Input[str]]:
    """Torchrun's settings for the all-reduce before the training; its own port keeps the two apart."""
    return {**_rendezvous(plan, PREFLIGHT_PORT, f"{plan.name}-preflight", 0), **_shape(plan)}


def _rendezvous(plan: TrainingPlan, port: int, name: str, restarts: int) -> dict[str, pulumi.Input[str]]:
    timeout = plan.rendezvous_timeout
    return {
        "PET_RDZV_BACKEND": "c10d",
        "PET_RDZV_ENDPOINT": endpoint(plan, port),
        "PET_RDZV_ID": name,
        # The first bounds the wait for all workers, the second the wait for worker 0, 60 seconds if left alone.
        "PET_RDZV_CONF": f"join_timeout={timeout},read_timeout={timeout}",
        "PET_MAX_RESTARTS": str(restarts),
        **STORE_OF_EACH_START,
    }


def _shape(plan: TrainingPlan) -> dict[str, pulumi.Input[str]]:
    return {"PET_NNODES": f"{plan.min_nodes}:{plan.nodes}", "PET_NPROC_PER_NODE": str(plan.processes_per_node)}
