"""Raw data made ready for training, by this library's program: in one pod, or on a Ray cluster of its own."""

from functools import partial

import pulumi

from ...infra.arguments import planned, recorded
from ...infra.kubernetes import KubernetesObject
from .inputs import PreprocessingForm, PreprocessingJobArgs
from .manifests import job, monitor, network_policy
from .plan import PreprocessingPlan, plan_preprocessing_job
from .pods import labels
from .ray_job import ray_job


class PreprocessingJob(pulumi.ComponentResource):
    """A preprocessing of texts or images, as a Job with one pod, or as a RayJob of KubeRay with several.

    It reads and writes mounts or buckets, and keeps what is done beside its result: a pod that fails or is lost is
    replaced and goes on there. The job is not waited for, so what reads its result waits by itself; it makes no claims,
    no buckets, no node pool and no queue.

    Example: `PreprocessingJob("crawl", {"namespace": "research", "image": "registry.example/preprocessing:1.0.0",
    "inputs": ["s3://raw/crawl"], "output": "s3://clean/crawl", "settings": {"input": {"kind": "json_lines"}}})`
    """

    job_name: pulumi.Output[str]
    """Name of the Job or RayJob."""

    output: pulumi.Output[str]
    """Folder or address of the result; `manifest.json` is in it once all is done."""

    processors: pulumi.Output[int]
    """Tasks at a time, in all pods."""

    def __init__(self, name: str, args: PreprocessingJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("PreprocessingJob", name, partial(plan_preprocessing_job, name=name), args)
        super().__init__("aidc:index:PreprocessingJob", name, recorded(args), opts)
        self.job_name = _create(name, plan, pulumi.ResourceOptions(parent=self)).object_name
        self.output = pulumi.Output.from_input(plan.output)
        self.processors = pulumi.Output.from_input(plan.processors)
        self.register_outputs({"job_name": self.job_name, "output": self.output, "processors": self.processors})


def _create(name: str, plan: PreprocessingPlan, child: pulumi.ResourceOptions) -> KubernetesObject:
    needs = [plan.program.settings.create(name, plan.namespace, labels(plan), child)]
    policy = network_policy(plan)
    if policy is not None:
        needs.append(KubernetesObject(f"{name}-network-policy", policy, child))
    if plan.monitored:
        KubernetesObject(f"{name}-monitor", monitor(plan), child)
    is_cluster = plan.form is PreprocessingForm.RAY_JOB
    # What cannot change while it runs: the old one is deleted, then the new one is made under its name.
    fixed = ["rayClusterSpec", "submitterPodTemplate", "entrypoint"] if is_cluster else ["template"]
    after = pulumi.ResourceOptions(
        depends_on=needs, replace_on_changes=[f"spec.{field}" for field in fixed], delete_before_replace=True
    )
    manifest = ray_job(plan) if is_cluster else job(plan)
    return KubernetesObject(f"{name}-job", manifest, pulumi.ResourceOptions.merge(child, after))
