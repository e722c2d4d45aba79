"""What a training job takes."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from ..pods import PodResources, SecretKeyReference, VolumeMount
from .preflight import BandwidthCheck
from .program import TrainingProgram


class TrainingForm(StrEnum):
    """Kind of object that runs a training job."""

    JOBSET = "jobset"
    TRAINJOB = "trainjob"
    INDEXED_JOB = "indexed-job"


class TrainingJobArgs(TypedDict):
    """Inputs of `TrainingJob`."""

    namespace: pulumi.Input[str]
    """Namespace that it runs in."""

    image: pulumi.Input[str]
    """Image with the training program and torchrun, with a fixed tag or a digest."""

    nodes: int
    """Nodes at most, one worker pod on each. 1 to 5,000."""

    min_nodes: NotRequired[int]
    """Nodes at least: with fewer than `nodes`, training goes on while workers are missing. 1 to `nodes`. Forms
    `jobset` and `indexed-job` only. Default: `nodes`."""

    gpus_per_node: NotRequired[int]
    """Accelerators of each worker. 0 trains on CPUs. Default: 0."""

    processes_per_node: NotRequired[int]
    """Processes that torchrun starts on each node. 1 to 256. Default: one for each accelerator, or 1 on CPUs."""

    form: NotRequired[TrainingForm]
    """Kind of object: `jobset` (JobSet), `trainjob` (Kubeflow Trainer) or `indexed-job` (plain Kubernetes).
    Default: `jobset`."""

    program: NotRequired[TrainingProgram]
    """This library's training program and what it is to do, in the place of `command` and `args`. Default: none."""

    command: NotRequired[list[pulumi.Input[str]]]
    """Launcher of another program. torchrun finds all of its settings in its PET_ environment variables. Default:
    `torchrun`."""

    args: NotRequired[list[pulumi.Input[str]]]
    """Arguments of the launcher: another program and its own arguments, such as `-m`, `my.training`, `--config`,
    `/config/gpt2.yaml`. Default: none, where `command` or `program` says it all."""

    resources: NotRequired[PodResources]
    """Compute resources of one worker, its accelerators left out: they come from `gpus_per_node`. Default: 1 core,
    1Gi."""

    efa_interfaces: NotRequired[int]
    """Elastic Fabric Adapters of each worker, as many as its node has: output `efa_interfaces` of the node pool. 0 to
    32. Default: 0; a DataCenter gives whole nodes of a pool of its own those that they have."""

    huge_pages: NotRequired[str]
    """Memory of each worker in pages of 2 MiB, for libfabric, such as `5120Mi`. Only on nodes that have such pages:
    Karpenter knows of none. Default: none, and libfabric is told to use none."""

    preflight: NotRequired[BandwidthCheck]
    """Whether the workers first measure how fast they exchange data, and do not train where that is too slow. Only
    where all workers start together: form `jobset` or `trainjob`, without `min_nodes`. Default: none."""

    shared_memory: NotRequired[str]
    """Size of /dev/shm, which data loaders and NCCL use; it counts as the worker's memory. Default: half of the
    memory limit."""

    mounts: NotRequired[list[VolumeMount]]
    """Claims with datasets and for checkpoints; with several nodes they must be ReadWriteMany, or read-only.
    Default: none."""

    checkpoint_path: NotRequired[pulumi.Input[str]]
    """Directory for checkpoints on a writable mount, or address of a bucket, such as `s3://checkpoints/gpt2`, that the
    service account may write to; the program finds it as CHECKPOINT_PATH. Default: none, so a restart begins anew."""

    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Environment variables. Default: none."""

    secret_environment: NotRequired[dict[str, SecretKeyReference]]
    """Environment variables whose values are keys of Secrets. Default: none."""

    metrics_port: NotRequired[int]
    """Port of the program's Prometheus metrics, 1,024 to 65,535. Default: 9400 with `program`, else none."""

    allowed_namespaces: NotRequired[list[str]]
    """Namespaces whose pods may read the metrics, such as that of Prometheus. A network policy then lets in these and
    the workers' own namespace, and nobody else. Default: none, and no network policy."""

    monitored: NotRequired[bool]
    """Whether a PodMonitor leads Prometheus to the metrics of its workers, where the Prometheus operator is in the
    cluster. Default: false; a DataCenter with the add-on kube-prometheus-stack says true."""

    max_restarts: NotRequired[int]
    """Failures that are recovered from, by processes in place and by pods; preemptions and drains do not count.
    0 to 1,000. Default: 3."""

    rendezvous_timeout_seconds: NotRequired[int]
    """Seconds that workers wait for each other; longer than a node needs to come and to pull the image.
    60 to 86,400. Default: 1,800."""

    termination_grace_seconds: NotRequired[int]
    """Seconds between SIGTERM and the end of a worker: the time to write a checkpoint. 1 to 86,400. Default: 120."""

    active_deadline_seconds: NotRequired[int]
    """Seconds that one attempt may run. 60 or more. Default: no end."""

    ttl_seconds_after_finished: NotRequired[int]
    """Seconds after which a finished job is deleted from the cluster; a later `pulumi refresh` then makes it anew.
    0 or more. Default: it stays."""

    node_pool: NotRequired[pulumi.Input[str]]
    """Node pool that its workers must run on. Default: any."""

    topology_key: NotRequired[str]
    """Node label whose value all workers must share, such as `topology.kubernetes.io/zone` or that of a rack; nodes
    without it are not used. Default: none, but one zone is preferred."""

    exclusive_topology: NotRequired[bool]
    """Whether the domain of `topology_key` is kept free of other JobSets. Forms `jobset` and `trainjob` only.
    Default: false."""

    do_not_disrupt: NotRequired[bool]
    """Whether Karpenter leaves the nodes of its running workers alone. Default: true."""

    priority_class: NotRequired[pulumi.Input[str]]
    """Name of a PriorityClass. Default: that of the cluster."""

    queue_name: NotRequired[pulumi.Input[str]]
    """Kueue's LocalQueue, which then starts all workers together once their quota is free. Default: none."""

    suspended: NotRequired[bool]
    """Whether it waits until this is false; not with `queue_name`, whose owner starts it. Default: false."""

    service_account: NotRequired[pulumi.Input[str]]
    """Service account of its pods. Default: `workload`, which a Tenancy makes."""

    cluster_domain: NotRequired[str]
    """DNS domain of the cluster. Default: `cluster.local`."""
