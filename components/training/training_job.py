"""Training on several nodes, started by torchrun and started again from its checkpoint."""

from functools import partial

import pulumi

from ...infra.arguments import planned, recorded
from ...infra.kubernetes import KubernetesObject
from .forms import (
    headless_service,
    indexed_job,
    job_set,
    monitor,
    network_policy,
    train_job,
    training_runtime,
    workers_of,
)
from .inputs import TrainingForm, TrainingJobArgs
from .plan import TrainingPlan, plan_training_job
from .rendezvous import endpoint
from .workers import labels


class TrainingJob(pulumi.ComponentResource):
    """A training job of several nodes, as a JobSet, as a Kubeflow TrainJob with its runtime, or as an indexed Job.

    All forms make their workers at once, and torchrun in each waits for the others. None of them is a gang scheduler:
    where room is found for some workers only, those hold their nodes until the rest comes or the rendezvous times
    out. `queue_name` gives the job to Kueue, which starts it once there is quota for all of it. A lost worker starts
    all of a JobSet or TrainJob again; it is replaced by itself in an indexed Job, and where `min_nodes` is less than
    `nodes`. The job is not waited for, and it makes no claims, no node pool
    and no queue.

    Example: `TrainingJob("gpt2", {"namespace": "research", "image": "registry.example/gpt2:1.0.0", "nodes": 4,
    "gpus_per_node": 8, "program": {"recipe": "gpt2"}})`
    """

    job_name: pulumi.Output[str]
    """Name of the JobSet, TrainJob or Job."""

    rendezvous_endpoint: pulumi.Output[str]
    """Host and port at which the workers meet."""

    world_size: pulumi.Output[int]
    """Processes of all nodes, at most."""

    total_gpus: pulumi.Output[int]
    """Accelerators of all nodes, at most."""

    def __init__(self, name: str, args: TrainingJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("TrainingJob", name, partial(plan_training_job, name=name), args)
        super().__init__("aidc:index:TrainingJob", name, recorded(args), opts)
        job = _create(name, plan, _prepare(name, plan, pulumi.ResourceOptions(parent=self)))
        self.job_name = job.object_name
        self.rendezvous_endpoint = pulumi.Output.from_input(endpoint(plan))
        self.world_size = pulumi.Output.from_input(plan.world_size)
        self.total_gpus = pulumi.Output.from_input(plan.total_gpus)
        self.register_outputs(
            {
                "job_name": self.job_name,
                "rendezvous_endpoint": self.rendezvous_endpoint,
                "world_size": self.world_size,
                "total_gpus": self.total_gpus,
            }
        )


def _prepare(name: str, plan: TrainingPlan, child: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Make what the workers need to be there; return the options of what comes after it."""
    needs: list[pulumi.Resource] = []
    if plan.execution.settings is not None:
        needs.append(plan.execution.settings.create(name, plan.namespace, labels(plan), child))
    if plan.execution.monitored:
        KubernetesObject(f"{name}-monitor", monitor(plan), child)
    if plan.execution.allowed_namespaces:
        needs.append(KubernetesObject(f"{name}-network-policy", network_policy(plan), child))
    return pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=needs)) if needs else child


def _create(name: str, plan: TrainingPlan, child: pulumi.ResourceOptions) -> KubernetesObject:
    match plan.form:
        case TrainingForm.TRAINJOB:
            # The runtime changes in place: Trainer lets it go only after its job. It is read when a job begins, so a
            # change of the workers means a new job.
            manifest = training_runtime(plan)
            runtime = KubernetesObject(f"{name}-runtime", manifest, child)
            after = pulumi.ResourceOptions(depends_on=[runtime], replacement_trigger=workers_of(manifest))
            options = pulumi.ResourceOptions.merge(_replaced(child, "spec.trainer", "spec.runtimeRef"), after)
            return KubernetesObject(f"{name}-job", train_job(plan), options)
        case TrainingForm.INDEXED_JOB:
            service = KubernetesObject(f"{name}-rendezvous", headless_service(plan), child)
            options = pulumi.ResourceOptions.merge(
                _replaced(child, "spec.template", "spec.completions"), pulumi.ResourceOptions(depends_on=[service])
            )
            return KubernetesObject(f"{name}-job", indexed_job(plan), options)
        case TrainingForm.JOBSET:
            options = _replaced(child, "spec.replicatedJobs", "spec.network", "spec.failurePolicy")
            return KubernetesObject(f"{name}-job", job_set(plan), options)


def _replaced(child: pulumi.ResourceOptions, *paths: str) -> pulumi.ResourceOptions:
    """Options of an object whose fields at `paths` cannot change: it is deleted, then made anew under its name."""
    return pulumi.ResourceOptions.merge(
        child, pulumi.ResourceOptions(replace_on_changes=list(paths), delete_before_replace=True)
    )
