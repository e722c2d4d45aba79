"""What a preprocessing takes."""

from enum import StrEnum
from typing import Any, NotRequired, TypedDict

import pulumi

from ..pods import PodResources, SecretKeyReference, VolumeMount


class PreprocessingForm(StrEnum):
    """Kind of object that runs a preprocessing."""

    JOB = "job"
    """One pod, with a Ray of its own."""

    RAY_JOB = "ray-job"
    """A Ray cluster of KubeRay, for the length of the work."""


class PreprocessingJobArgs(TypedDict):
    """Inputs of `PreprocessingJob`."""

    namespace: pulumi.Input[str]
    """Namespace that it runs in."""

    image: pulumi.Input[str]
    """Image with this library's preprocessing, with a fixed tag or a digest."""

    inputs: list[pulumi.Input[str]]
    """What is read: files, folders and patterns on mounts, such as `/raw/**/*.jsonl.gz`, and addresses, such as
    `s3://raw/crawl`, that the service account may read. At least one."""

    output: pulumi.Input[str]
    """Where the result is kept: a folder on a writable mount, or address of a bucket, such as `s3://clean/crawl`, that
    the service account may write to. What is not finished lies there too."""

    settings: dict[str, Any]
    """Settings of the program, as in its YAML file, with `input.kind` at least; `input.paths`, `output.folder` and
    `resources.processors` come from `inputs`, `output` and `resources`. Its pods find them in a ConfigMap."""

    form: NotRequired[PreprocessingForm]
    """Kind of object: `job` (one pod, plain Kubernetes) or `ray-job` (KubeRay). Default: `job`."""

    workers: NotRequired[int]
    """Pods that do the work, beside the head of their cluster. Form `ray-job` only. 1 to 2,000. Default: 2."""

    resources: NotRequired[PodResources]
    """Compute resources of the pod, or of one worker; as many tasks run in it as it requests whole cores. It has no
    accelerators. Default: 1 core, 4Gi."""

    head_resources: NotRequired[PodResources]
    """Compute resources of the head, which runs no tasks. Form `ray-job` only. Default: 1 core, 4Gi."""

    mounts: NotRequired[list[VolumeMount]]
    """Claims with what is read, and for the result; with form `ray-job` they must be ReadWriteMany, or read-only.
    Default: none."""

    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Environment variables. Default: none."""

    secret_environment: NotRequired[dict[str, SecretKeyReference]]
    """Environment variables whose values are keys of Secrets. Default: none."""

    allowed_namespaces: NotRequired[list[str]]
    """Namespaces whose pods may read the metrics, such as that of Prometheus. A network policy then lets in these and
    the job's own namespace, and nobody else. Default: none; form `job` then has no network policy."""

    monitored: NotRequired[bool]
    """Whether a PodMonitor leads Prometheus to the metrics, where the Prometheus operator is in the cluster.
    Default: false; a DataCenter with the add-on kube-prometheus-stack says true."""

    operator_namespace: NotRequired[str]
    """Namespace of KubeRay's operator, whose pods may ask how the work goes. Form `ray-job` only. Default:
    `kuberay-system`."""

    max_restarts: NotRequired[int]
    """Failures that are recovered from: the work goes on where it was. Preemptions and drains do not count, and bad
    input is not tried again; KubeRay counts all alike. 0 to 1,000. Default: 3."""

    termination_grace_seconds: NotRequired[int]
    """Seconds between SIGTERM and the end of a pod: the time to end the present tasks. 1 to 86,400. Default: 120."""

    active_deadline_seconds: NotRequired[int]
    """Seconds that it may run, all attempts together; with form `ray-job` one attempt. 60 or more. Default: no end."""

    ttl_seconds_after_finished: NotRequired[int]
    """Seconds after which a finished job is deleted from the cluster, so that a later `pulumi refresh` makes it anew;
    with form `ray-job` only its pods are. 0 or more. Default: the job stays, the pods of a `ray-job` go at once."""

    node_pool: NotRequired[pulumi.Input[str]]
    """Node pool that its pods must run on. Default: any."""

    do_not_disrupt: NotRequired[bool]
    """Whether Karpenter leaves the nodes of its running pods alone. Default: true."""

    priority_class: NotRequired[pulumi.Input[str]]
    """Name of a PriorityClass. Default: that of the cluster."""

    queue_name: NotRequired[pulumi.Input[str]]
    """Kueue's LocalQueue, which then starts all pods together once their quota is free. Default: none."""

    suspended: NotRequired[bool]
    """Whether it waits until this is false; not with `queue_name`, whose owner starts it. Default: false."""

    service_account: NotRequired[pulumi.Input[str]]
    """Service account of its pods. Default: `workload`, which a Tenancy makes."""
