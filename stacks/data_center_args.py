"""The settings of a data center: what an environment may say, and what the data center fills in itself."""

from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict

import pulumi

from ..components.autoscaling import (
    EventDrivenScalingArgs,
    HorizontalScalingArgs,
    HybridScalingArgs,
    PredictiveScalingArgs,
    VerticalScalingArgs,
)
from ..components.compute import CpuNodePoolArgs, Ec2NodeClassArgs, GpuNodePoolArgs, NodeScalingArgs
from ..components.inference import InferenceServiceArgs, MicroserviceArgs, WaitingScaling
from ..components.network import (
    ApplicationLoadBalancerArgs,
    CertificateArgs,
    GatewayRouteArgs,
    LoadBalancerArgs,
    WebFirewallArgs,
)
from ..components.preprocessing import PreprocessingJobArgs
from ..components.storage import (
    AccessLogBucketArgs,
    BlockStorageClassArgs,
    DatasetVolumeArgs,
    ObjectStoreArgs,
    SharedFilesystemArgs,
)
from ..components.tenancy import TenancyArgs
from ..components.training import TrainingJobArgs
from ..infra.addons import AmiFamily, ClusterAddonsArgs, GpuSoftware
from ..infra.cluster import Platform
from ..infra.eks import EksClusterArgs
from ..infra.karpenter import KarpenterControllerArgs
from ..infra.network import NetworkArgs
from ..infra.recovery import BackupPlanArgs, BucketReplicationArgs, RecoverySiteArgs, VeleroArgs
from ..infra.registry import ContainerRegistryArgs, WorkloadImageArgs
from ..infra.security import (
    AccountGuardsArgs,
    AuditTrailArgs,
    EncryptionKeyArgs,
    PermissionsBoundaryArgs,
    SecretStoreArgs,
    ThreatDetectionArgs,
)
from .layer import Layer


class PriorityClass(TypedDict):
    """How important pods are, compared with others."""

    value: int
    """Higher is more important; -1,000,000,000 to 1,000,000,000."""

    preempts: NotRequired[bool]
    """Whether its pods push less important ones out. Default: true."""

    description: NotRequired[str]
    """Who should use it. Default: none."""


class ServedModel(TypedDict):
    """An inference service, and how it is reached and scaled."""

    service: InferenceServiceArgs
    """The service itself."""

    load_balancer: NotRequired[LoadBalancerArgs]
    """A load balancer before it. Default: none, so that it is reached inside the cluster only."""

    application_load_balancer: NotRequired[ApplicationLoadBalancerArgs]
    """An Application Load Balancer of AWS before it; its rules lead to the service. Default: none."""

    route: NotRequired[GatewayRouteArgs]
    """A route of the Gateway API to it. Default: none."""

    horizontal_scaling: NotRequired[HorizontalScalingArgs]
    """Scaling by metrics. Default: none."""

    event_driven_scaling: NotRequired[EventDrivenScalingArgs]
    """Scaling by events, instead of by metrics. Default: none."""

    vertical_scaling: NotRequired[VerticalScalingArgs]
    """Pods as large as their use shows, beside one of the others. What that one counts in percent of the request is
    left alone. Default: none."""

    hybrid_scaling: NotRequired[HybridScalingArgs]
    """Scaling of size and number together, in the place of all others. Default: none."""

    predictive_scaling: NotRequired[PredictiveScalingArgs]
    """Scaling by a forecast of the load: beside one of the others while it only forecasts, in the place of all of them
    once its mode is `act`. Default: none."""

    scale_on_waiting: NotRequired[WaitingScaling]
    """Scaling by the requests that wait, in the place of both: KEDA asks Prometheus, so both must be in the cluster,
    and the service must be `monitored`. Default: none."""


class DataCenterArgs(TypedDict):
    """Inputs of `DataCenter`: the settings of one environment."""

    platform: Platform
    """What it stands on: `simulated` (this machine), `kubernetes` (any kubeconfig) or `aws`."""

    environment: NotRequired[str]
    """Name of the environment on AWS: of its cluster, and the beginning of the names of its roles. Default: the
    stack's, without the name of the layer at its end."""

    account: NotRequired[str]
    """Id of the AWS account, 12 digits; credentials of any other are refused. Default: that of the credentials."""

    tags: NotRequired[dict[str, str]]
    """Tags of everything in AWS, beside `aidc.dev/environment`. Default: none."""

    layer: NotRequired[Layer]
    """The layer that this stack is: `foundation`, `platform` or `workloads`; its settings are in other stacks then.
    Only on AWS. Default: all three."""

    beneath: NotRequired[str]
    """The stack of the layer beneath, of the same project, or with its organization and project. Needed for `platform`
    and `workloads`. Default: none."""

    kubeconfig: NotRequired[pulumi.Input[str]]
    """Path or content of a kubeconfig. Default: that of the simulated cluster with the stack's name, or for
    `kubernetes` what KUBECONFIG or ~/.kube/config says."""

    kube_context: NotRequired[pulumi.Input[str]]
    """Context of the kubeconfig. Default: the current one."""

    region: NotRequired[str]
    """AWS region, that of the prices too. Default: `us-east-1`."""

    zones: NotRequired[list[str]]
    """Zones of the network on AWS, 2 to 6, and of node pools that name none. Needed on AWS. Default: any."""

    gpu_software: NotRequired[GpuSoftware]
    """Who brings what NVIDIA GPUs need beside their driver, on AWS: `ami`, `gpu-operator` or `dra`. Default: `ami`."""

    ami_family: NotRequired[AmiFamily]
    """Operating system of nodes on AWS: `bottlerocket` or `al2023`. Default: `bottlerocket`."""

    encryption_keys: NotRequired[dict[str, EncryptionKeyArgs]]
    """Keys by purpose: `audit`, `backup`, `cluster-secrets`, `logs`, `messages`, `registry`, `secrets`, `storage`,
    `volumes`. Default: one for each purpose."""

    permissions_boundary: NotRequired[PermissionsBoundaryArgs]
    """The policy that bounds every role. Default: one for the region."""

    network: NotRequired[NetworkArgs]
    """The VPC. Needed on AWS."""

    account_guards: NotRequired[AccountGuardsArgs]
    """Guards of the whole account and region, so that one stack gives them. Default: none."""

    access_log_bucket: NotRequired[AccessLogBucketArgs]
    """The bucket for access logs. Default: one with the defaults of AccessLogBucket."""

    audit_trail: NotRequired[AuditTrailArgs]
    """The trail of all calls to AWS; one an account. Default: none."""

    threat_detection: NotRequired[ThreatDetectionArgs]
    """GuardDuty; one an account and region. Default: none."""

    container_registry: NotRequired[ContainerRegistryArgs]
    """Repositories of images. Default: none."""

    recovery_site: NotRequired[RecoverySiteArgs]
    """Vault, keys and buckets in a second region. Default: none."""

    backup_plans: NotRequired[dict[str, BackupPlanArgs]]
    """Plans of AWS Backup, by name; `copyTo: recovery-site` copies to the second region. Default: none."""

    cluster: NotRequired[EksClusterArgs]
    """The EKS cluster. Needed on AWS."""

    karpenter: NotRequired[KarpenterControllerArgs]
    """Karpenter. Default: with the defaults of KarpenterController; none with Auto Mode."""

    cluster_addons: NotRequired[ClusterAddonsArgs]
    """Add-ons of the cluster. Default: what `gpu_software` needs."""

    storage_classes: NotRequired[dict[str, BlockStorageClassArgs]]
    """Classes of block storage, by name. Default: none."""

    node_classes: NotRequired[dict[str, Ec2NodeClassArgs]]
    """Node classes that several pools share, by name. Default: none; a pool has its own."""

    secret_stores: NotRequired[dict[str, SecretStoreArgs]]
    """Secrets, by name of their store. Default: none."""

    certificates: NotRequired[dict[str, CertificateArgs]]
    """Certificates, by a name that load balancers may give as `certificateArns`. Default: none."""

    web_firewalls: NotRequired[dict[str, WebFirewallArgs]]
    """Web ACLs, by a name that load balancers may give as `webAclArn`. Default: none."""

    gpu_node_pools: NotRequired[dict[str, GpuNodePoolArgs]]
    """Pools of nodes with accelerators, by name. Default: none."""

    cpu_node_pools: NotRequired[dict[str, CpuNodePoolArgs]]
    """Pools of nodes without, by name. Default: none."""

    warm_capacity: NotRequired[dict[str, NodeScalingArgs]]
    """Room kept free in node pools, by name. Default: none."""

    priority_classes: NotRequired[dict[str, PriorityClass]]
    """Priorities of pods, by name. Default: none."""

    images: NotRequired[dict[str, WorkloadImageArgs]]
    """Images that are built where Pulumi runs, by a name that workloads may give as `image`. On AWS `repositoryUrl` may
    be the name of a repository of `container_registry`, by default that of the image. Default: none."""

    tenants: NotRequired[dict[str, TenancyArgs]]
    """Namespaces and their bounds, by name. Default: none."""

    shared_filesystems: NotRequired[dict[str, SharedFilesystemArgs]]
    """File systems that many pods write to, by name. Default: none."""

    object_stores: NotRequired[dict[str, ObjectStoreArgs]]
    """Buckets, by name. Default: none."""

    bucket_replications: NotRequired[dict[str, BucketReplicationArgs]]
    """Object stores that are copied to the bucket of the same name at the recovery site, by their name. Default:
    none."""

    velero: NotRequired[VeleroArgs]
    """Backups of what is in the cluster, to an object store. Default: none."""

    dataset_volumes: NotRequired[dict[str, DatasetVolumeArgs]]
    """Data sets that many pods read, by name. Default: none."""

    preprocessing_jobs: NotRequired[dict[str, PreprocessingJobArgs]]
    """Preprocessing of raw data, by name. Default: none."""

    training_jobs: NotRequired[dict[str, TrainingJobArgs]]
    """Training jobs, by name. Default: none."""

    inference_services: NotRequired[dict[str, ServedModel]]
    """Inference services, by name. Default: none."""

    microservices: NotRequired[dict[str, MicroserviceArgs]]
    """Small services with a load balancer and an autoscaler, by name. Default: none."""


FILLED_IN: Final[Mapping[type, frozenset[str]]] = {
    GpuNodePoolArgs: frozenset({"region", "pool_name"}),
    CpuNodePoolArgs: frozenset({"region", "pool_name"}),
    BucketReplicationArgs: frozenset({"source_bucket_arn", "source_key", "destination_bucket_arn", "destination_key"}),
    EksClusterArgs: frozenset({"cluster_name", "identity"}),
    EncryptionKeyArgs: frozenset({"purpose", "region"}),
    KarpenterControllerArgs: frozenset({"cluster_name", "identity", "oidc_issuer", "oidc_provider_arn"}),
    ClusterAddonsArgs: frozenset(
        {
            "managed_addons",
            "gpu_software",
            "ami_family",
            "identity_method",
            "isolated_network",
            "oidc_issuer",
            "oidc_provider_arn",
        }
    ),
    InferenceServiceArgs: frozenset({"autoscaled"}),
    ApplicationLoadBalancerArgs: frozenset({"namespace", "rules"}),
    LoadBalancerArgs: frozenset({"namespace", "selector"}),
    GatewayRouteArgs: frozenset({"namespace"}),
    HorizontalScalingArgs: frozenset({"namespace", "target"}),
    EventDrivenScalingArgs: frozenset({"namespace", "target"}),
    VerticalScalingArgs: frozenset({"namespace", "target", "counted_resources"}),
    HybridScalingArgs: frozenset({"namespace", "target"}),
    PredictiveScalingArgs: frozenset({"namespace", "target"}),
}
"""What the data center knows better than its settings: those keys are not in the schema."""
