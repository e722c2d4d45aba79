"""What a data center on AWS fills into the settings of its components: each knows its neighbours by that."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NotRequired, Required, cast, get_args, get_origin, is_typeddict

import pulumi

from ..components.compute import AwsNodeOptions, CpuNodePoolArgs, GpuNodePoolArgs, NodeProvisioner
from ..components.inference import InferenceServiceArgs, MicroserviceArgs
from ..components.network import LoadBalancerArgs, WebFirewallArgs
from ..components.preprocessing import PreprocessingJobArgs
from ..components.storage import (
    BlockStorageClassArgs,
    BucketWorkload,
    DataRepository,
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
from ..components.training import TrainingJobArgs, TrainingProgram
from ..infra.addons import ClusterAddonsArgs
from ..infra.arguments import argument_hints
from ..infra.eks import EksClusterArgs, SystemNodes
from ..infra.karpenter import KarpenterControllerArgs
from ..infra.network import NetworkArgs
from ..infra.recovery import BackupPlanArgs, BackupSchedule, RecoverySiteArgs, VeleroArgs
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

S3_SCHEME: Final = "s3://"
_EXTERNAL_SECRETS: Final = "external-secrets"
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


def _elastic_filesystem(around: Surroundings, own: Mapping[str, Any], outer: Mapping[str, Any]) -> Any:
    return {} if str(own.get("backend")) == FilesystemBackend.EFS.value else None


_EVERYWHERE: Final[Mapping[str, Rule]] = {
    "access_log_bucket": lambda around, own, outer: around.access_log_bucket,
    "cluster_name": _of_cluster("cluster_name"),
    "node_role_arn": _of_cluster("node_role_arn"),
    "node_security_group_id": _of_cluster("node_security_group_id"),
    "permissions_boundary": lambda around, own, outer: around.permissions_boundary,
    "vpc_cidr": lambda around, own, outer: around.vpc_cidr,
    "vpc_id": lambda around, own, outer: around.vpc_id,
}
"""By key, in whatever has such a key."""

_OF_TYPE: Final[Mapping[type, Mapping[str, Rule]]] = {
    EncryptionKeyArgs: {"alias": lambda around, own, outer: f"{around.environment}/{own['purpose']}"},
    PermissionsBoundaryArgs: {
        "regions": lambda around, own, outer: [around.region],
        "policy_name": lambda around, own, outer: f"{around.environment}-boundary",
    },
    NetworkArgs: {
        "cluster_name": lambda around, own, outer: around.environment,
        "encryption_key": _key(KeyPurpose.LOGS),
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
        "pod_subnets": lambda around, own, outer: around.pod_subnets,
        "subnet_ids": lambda around, own, outer: around.intra_subnet_ids,
        "system_nodes": lambda around, own, outer: None if own.get("auto_mode") else {},
        "volume_key": _key(KeyPurpose.VOLUMES),
    },
    SystemNodes: {"tags": lambda around, own, outer: dict(around.tags) or None},
    KarpenterControllerArgs: {
        "cluster_name": lambda around, own, outer: around.environment,
        "encryption_key": _key(KeyPurpose.MESSAGES),
    },
    ClusterAddonsArgs: {
        "addons": lambda around, own, outer: {},
        "ami_family": lambda around, own, outer: around.ami_family if around.has_gpus else None,
        "gpu_software": _gpu_software,
        "managed_addons": lambda around, own, outer: list(around.managed_addons),
        "region": lambda around, own, outer: around.region,
    },
    GpuNodePoolArgs: {"aws": _nodes},
    CpuNodePoolArgs: {"aws": _nodes},
    AwsNodeOptions: {
        "ami_family": lambda around, own, outer: around.ami_family,
        "encryption_key": _key(KeyPurpose.VOLUMES),
        "gpu_software": _gpu_software_of_nodes,
        "node_role_name": _of_cluster("node_role_name"),
        "prefix_delegation": lambda around, own, outer: True,
        "security_group_ids": _managed(_node_security_groups),
        "subnets": _managed(_subnets),
        "tags": lambda around, own, outer: dict(around.tags) or None,
    },
    ObjectStoreArgs: {"s3": _bucket_options},
    SharedFilesystemArgs: {"efs": _elastic_filesystem},
    S3Bucket: {"encryption_key": _key(KeyPurpose.STORAGE)},
    BucketWorkload: {"namespace": lambda around, own, outer: outer["namespace"]},
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

_NAMED: Final[Mapping[str, str]] = {
    "certificate_arn": "certificates",
    "certificate_arns": "certificates",
    "web_acl_arn": "web_firewalls",
}
"""Keys whose value may be the name of a component of a family, in the place of its ARN."""

_NAMED_OF_TYPE: Final[Mapping[type, Mapping[str, str]]] = {
    DataRepository: {"bucket": "object_stores"},
    WorkloadImageArgs: {"repository_url": "repositories"},
    S3Objects: {"bucket": "object_stores"},
    VeleroArgs: {"bucket": "object_stores"},
    BackupSchedule: {"copy_to": "vaults"},
}

_ADDRESSES: Final[Mapping[type, tuple[str, ...]]] = {
    InferenceServiceArgs: ("model",),
    MicroserviceArgs: ("model",),
    PreprocessingJobArgs: ("inputs", "output"),
    TrainingJobArgs: ("checkpoint_path",),
    TrainingProgram: ("export",),
}
"""Keys whose value may be an address such as `s3://models/chat`, where `models` is an object store's name."""


def is_filled(kind: type, key: str) -> bool:
    """Whether settings may leave out a key of `kind` that the component needs."""
    by_platform = kind in (GpuNodePoolArgs, CpuNodePoolArgs) and key == "provisioner"
    return by_platform or key in _OF_TYPE.get(kind, {}) or key in _EVERYWHERE


def filled(args: Mapping[str, Any], kind: type, surroundings: Surroundings) -> dict[str, Any]:
    """Return `args`, inputs of the TypedDict `kind`, with everything filled in that they leave open, at any depth.

    A subnet that is given by its zone becomes that zone's private subnet; a certificate, a firewall or a bucket that is
    given by its name becomes its ARN or real name.
    """
    return _filled_fields(args, kind, surroundings, {})


def _filled(value: Any, hint: Any, around: Surroundings, outer: Mapping[str, Any]) -> Any:
    if isinstance(value, pulumi.Output):
        return cast(Any, value)
    if is_typeddict(hint) and isinstance(value, Mapping):
        return _filled_fields(cast(Mapping[str, Any], value), hint, around, outer)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (NotRequired, Required):
        return _filled(value, inner[0], around, outer)
    if origin in (dict, Mapping) and isinstance(value, Mapping):
        items = cast(Mapping[str, Any], value)
        return {key: _filled(item, inner[1], around, outer) for key, item in items.items()}
    if origin is list and isinstance(value, list):
        return [_filled(item, inner[0], around, outer) for item in cast(list[Any], value)]
    return value


def _filled_fields(
    args: Mapping[str, Any], kind: type, around: Surroundings, outer: Mapping[str, Any]
) -> dict[str, Any]:
    hints = argument_hints(kind)
    rules = {**{key: rule for key, rule in _EVERYWHERE.items() if key in hints}, **_OF_TYPE.get(kind, {})}
    complete = dict(args)
    for key, rule in rules.items():
        value = rule(around, complete, outer) if key not in complete else None
        if value is not None:
            complete[key] = value
    zone = complete.get("subnet_id")
    if isinstance(zone, str) and zone in around.private_subnets:
        complete["subnet_id"] = around.private_subnets[zone]
    if kind is ClusterAddonsArgs:
        complete["addons"] = _with_secrets_key(complete["addons"], around)
    for key, family in {**_NAMED, **_NAMED_OF_TYPE.get(kind, {})}.items():
        if key in complete and key in hints:
            complete[key] = _by_name(complete[key], around.named.get(family, {}))
    for key in _ADDRESSES.get(kind, ()):
        if key in complete:
            complete[key] = _in_bucket(complete[key], around.named.get("object_stores", {}))
    return {
        key: _filled(value, hints[key], around, {**outer, **complete}) if key in hints else value
        for key, value in complete.items()
    }


def _with_secrets_key(addons: Mapping[str, Mapping[str, Any]], around: Surroundings) -> dict[str, Any]:
    """Let External Secrets decrypt what the environment's own key for secrets encrypts."""
    settings = addons.get(_EXTERNAL_SECRETS)
    key = around.keys.get(KeyPurpose.SECRETS.value)
    if settings is None or key is None or "encryption_keys" in settings:
        return dict(addons)
    return {**addons, _EXTERNAL_SECRETS: {**settings, "encryption_keys": [key]}}


def _by_name(value: Any, known: Mapping[str, pulumi.Input[str]]) -> Any:
    if isinstance(value, list):
        return [_by_name(item, known) for item in cast(list[Any], value)]
    return known.get(value, value) if isinstance(value, str) else value


def _in_bucket(address: Any, stores: Mapping[str, pulumi.Input[str]]) -> Any:
    """Return an address in the bucket of the object store that it names; one that names none stays as it is."""
    if isinstance(address, list):
        return [_in_bucket(item, stores) for item in cast(list[Any], address)]
    name, slash, path = str(address).removeprefix(S3_SCHEME).partition("/")
    if not isinstance(address, str) or not address.startswith(S3_SCHEME) or name not in stores:
        return address
    return pulumi.Output.concat(S3_SCHEME, stores[name], f"{slash}{path}")
