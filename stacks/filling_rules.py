"""What a data center on AWS fills into the settings of its components: which value, by type and key."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..components.compute import AwsNodeOptions, CpuNodePoolArgs, GpuNodePoolArgs, NodeProvisioner
from ..components.inference import MicroserviceArgs
from ..components.network import LoadBalancerArgs, WebFirewallArgs
from ..components.storage import (
    BlockStorageClassArgs,
    BucketWorkload,
    EfsFilesystem,
    FilesystemBackend,
    FsxLustre,
    ObjectStoreArgs,
    ObjectStoreKind,
    S3Bucket,
    S3Objects,
    SharedFilesystemArgs,
)
from ..components.tenancy import TenancyArgs
from ..infra.addons import ClusterAddonsArgs
from ..infra.eks import EksClusterArgs, SystemNodes
from ..infra.karpenter import KarpenterControllerArgs, instance_profile_name
from ..infra.network import NO_POD_RANGE, NetworkArgs
from ..infra.recovery import BackupPlanArgs, RecoverySiteArgs, VeleroArgs
from ..infra.registry import ContainerRegistryArgs, WorkloadImageArgs
from ..infra.security import (
    AccountGuardsArgs,
    AuditTrailArgs,
    EncryptionKeyArgs,
    KeyPurpose,
    PermissionsBoundaryArgs,
    SecretStoreArgs,
    ThreatDetectionArgs,
)
from ..planning.catalog import all_instance_types, find_accelerator
from ..problems import Problems
from .surroundings import Surroundings

Rule = Callable[[Surroundings, Mapping[str, Any], Mapping[str, Any]], Any]
"""`(surroundings, inputs beside it, all inputs around those) -> value`, or None to leave it out."""

_NODES_OF_AWS: Final = frozenset((NodeProvisioner.KARPENTER_AWS.value, NodeProvisioner.MANAGED_NODE_GROUP.value))


def _of_cluster(fact: str) -> Rule:
    return lambda around, own, outer: getattr(around.cluster, fact, None)


def _key(purpose: KeyPurpose) -> Rule:
    return lambda around, own, outer: around.keys.get(purpose.value)


def _managed(rule: Rule) -> Rule:
    """Return a rule for managed node groups alone: Karpenter finds its network by tags."""
    group = NodeProvisioner.MANAGED_NODE_GROUP.value
    return lambda around, own, outer: rule(around, own, outer) if str(outer.get("provisioner")) == group else None


def _node_security_groups(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    return None if around.cluster is None else [around.cluster.node_security_group_id]


def _subnets(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    return dict(around.private_subnets) or None


def _nodes(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    return {} if str(own.get("provisioner")) in _NODES_OF_AWS and "node_class" not in own else None


def _bucket_options(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    return {} if str(own.get("kind")) == ObjectStoreKind.S3.value else None


def _gpu_software(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    return around.gpu_software if around.has_gpus else None


def _gpu_software_of_nodes(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    """Return it for nodes with NVIDIA's accelerators: no others have a use for it."""
    known = all_instance_types()
    named = [known[name].accelerator for name in outer.get("instance_types", []) if name in known]
    wanted = find_accelerator(str(outer.get("requirement", {}).get("accelerator", "")), Problems())
    is_nvidia = any(each is not None and each.resource_name.startswith("nvidia.com/") for each in (*named, wanted))
    return around.gpu_software if is_nvidia else None


def _kubernetes_version(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    return around.kubernetes_version


def _isolated(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    return around.is_isolated or None


def _instance_profile(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    """Return that of Karpenter's controller, where Karpenter reaches no IAM to make one itself."""
    is_managed = str(outer.get("provisioner")) == NodeProvisioner.MANAGED_NODE_GROUP.value
    return instance_profile_name(around.environment) if around.is_isolated and not is_managed else None


def _elastic_filesystem(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    return {} if str(own.get("backend")) == FilesystemBackend.EFS.value else None


EVERYWHERE: Final[Mapping[str, Rule]] = {
    "access_log_bucket": lambda around, own, outer: around.access_log_bucket,
    "cluster_name": _of_cluster("cluster_name"),
    "dual_stack": lambda around, own, outer: around.is_ipv6 or None,
    "node_role_arn": _of_cluster("node_role_arn"),
    "node_security_group_id": _of_cluster("node_security_group_id"),
    "permissions_boundary": lambda around, own, outer: around.permissions_boundary,
    "vpc_cidr": lambda around, own, outer: around.vpc_cidr,
    "vpc_id": lambda around, own, outer: around.vpc_id,
}
"""By key, in whatever has such a key."""

OF_TYPE: Final[Mapping[type, Mapping[str, Rule]]] = {
    EncryptionKeyArgs: {"alias": lambda around, own, outer: f"{around.environment}/{own['purpose']}"},
    PermissionsBoundaryArgs: {
        "regions": lambda around, own, outer: list(around.regions),
        "policy_name": lambda around, own, outer: f"{around.environment}-boundary",
    },
    NetworkArgs: {
        "cluster_name": lambda around, own, outer: around.environment,
        "encryption_key": _key(KeyPurpose.LOGS),
        "pod_cidr": lambda around, own, outer: None if around.has_pod_subnets else NO_POD_RANGE,
        "zones": lambda around, own, outer: list(around.zones),
    },
    AccountGuardsArgs: {"volume_key": _key(KeyPurpose.VOLUMES)},
    AuditTrailArgs: {"encryption_key": _key(KeyPurpose.AUDIT)},
    ThreatDetectionArgs: {"encryption_key": _key(KeyPurpose.MESSAGES)},
    ContainerRegistryArgs: {"encryption_key": _key(KeyPurpose.REGISTRY)},
    EksClusterArgs: {
        "cluster_name": lambda around, own, outer: around.environment,
        "encryption_key": _key(KeyPurpose.CLUSTER_SECRETS),
        "log_key": _key(KeyPurpose.LOGS),
        "node_subnet_ids": lambda around, own, outer: list(around.private_subnets.values()),
        "pod_subnets": lambda around, own, outer: around.pod_subnets if around.has_pod_subnets else None,
        "subnet_ids": lambda around, own, outer: around.intra_subnet_ids,
        "system_nodes": lambda around, own, outer: None if own.get("auto_mode") else {},
        "volume_key": _key(KeyPurpose.VOLUMES),
    },
    SystemNodes: {"tags": lambda around, own, outer: dict(around.tags) or None},
    KarpenterControllerArgs: {
        "cluster_name": lambda around, own, outer: around.environment,
        "encryption_key": _key(KeyPurpose.MESSAGES),
        "isolated_network": _isolated,
        "kubernetes_version": _kubernetes_version,
    },
    ClusterAddonsArgs: {
        "addons": lambda around, own, outer: {},
        "ami_family": lambda around, own, outer: around.ami_family if around.has_gpus else None,
        "gpu_software": _gpu_software,
        "isolated_network": _isolated,
        "kubernetes_version": _kubernetes_version,
        "managed_addons": lambda around, own, outer: list(around.managed_addons),
        "region": lambda around, own, outer: around.region,
    },
    GpuNodePoolArgs: {"aws": _nodes},
    CpuNodePoolArgs: {"aws": _nodes},
    AwsNodeOptions: {
        "ami_family": lambda around, own, outer: around.ami_family,
        "encryption_key": _key(KeyPurpose.VOLUMES),
        "gpu_software": _gpu_software_of_nodes,
        "instance_profile": _instance_profile,
        "kubernetes_version": _managed(_kubernetes_version),
        "node_role_name": _of_cluster("node_role_name"),
        "prefix_delegation": lambda around, own, outer: True,
        "security_group_ids": _managed(_node_security_groups),
        "subnets": _managed(_subnets),
        "tags": lambda around, own, outer: dict(around.tags) or None,
    },
    ObjectStoreArgs: {"s3": _bucket_options},
    SharedFilesystemArgs: {"efs": _elastic_filesystem},
    S3Bucket: {"encryption_key": _key(KeyPurpose.STORAGE)},
    BucketWorkload: {"namespace": lambda around, own, outer: outer.get("namespace")},
    S3Objects: {"region": lambda around, own, outer: around.region},
    FsxLustre: {
        "encryption_key": _key(KeyPurpose.STORAGE),
        "log_encryption_key": lambda around, own, outer: (
            around.keys.get(KeyPurpose.LOGS.value) if own.get("data_repositories") else None
        ),
    },
    EfsFilesystem: {"encryption_key": _key(KeyPurpose.STORAGE), "subnet_ids": _subnets},
    WebFirewallArgs: {"encryption_key": _key(KeyPurpose.LOGS)},
    # On AWS, by the image's own name: see `images`.
    WorkloadImageArgs: {"repository_url": lambda around, own, outer: None},
    BlockStorageClassArgs: {"encryption_key": _key(KeyPurpose.VOLUMES)},
    LoadBalancerArgs: {"aws": lambda around, own, outer: None if "load_balancer_class" in own else {}},
    MicroserviceArgs: {"aws": lambda around, own, outer: {}},
    TenancyArgs: {"pod_identity": lambda around, own, outer: True},
    BackupPlanArgs: {"encryption_key": _key(KeyPurpose.BACKUP)},
    RecoverySiteArgs: {"access_log_bucket": lambda around, own, outer: None},
    VeleroArgs: {
        "encryption_key": _key(KeyPurpose.STORAGE),
        "volume_keys": lambda around, own, outer: [around.keys[KeyPurpose.VOLUMES.value]] if around.keys else None,
    },
    SecretStoreArgs: {
        "encryption_key": _key(KeyPurpose.SECRETS),
        "path": lambda around, own, outer: around.environment,
    },
}
"""By type and key; they come before those by key alone."""
