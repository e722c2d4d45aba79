"""The families of components that settings describe: their inputs, their plans, and whether there is one or many."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..components.compute import (
    CpuNodePoolArgs,
    Ec2NodeClassArgs,
    GpuNodePoolArgs,
    NodeScalingArgs,
    plan_cpu_node_pool,
    plan_ec2_node_class,
    plan_gpu_node_pool,
    plan_node_scaling,
)
from ..components.inference import MicroserviceArgs, plan_microservice
from ..components.network import CertificateArgs, WebFirewallArgs, plan_certificate, plan_web_firewall
from ..components.preprocessing import PreprocessingJobArgs, plan_preprocessing_job
from ..components.storage import (
    AccessLogBucketArgs,
    BlockStorageClassArgs,
    DatasetVolumeArgs,
    ObjectStoreArgs,
    SharedFilesystemArgs,
    plan_access_log_bucket,
    plan_block_storage_class,
    plan_dataset_volume,
    plan_object_store,
    plan_shared_filesystem,
)
from ..components.tenancy import TenancyArgs, plan_tenancy
from ..components.training import TrainingJobArgs, plan_training_job
from ..infra.addons import ClusterAddonsArgs, plan_cluster_addons
from ..infra.eks import EksClusterArgs, plan_eks_cluster
from ..infra.karpenter import KarpenterControllerArgs, plan_karpenter_controller
from ..infra.network import NetworkArgs, plan_network
from ..infra.recovery import BackupPlanArgs, BucketReplicationArgs, RecoverySiteArgs, VeleroArgs
from ..infra.recovery.backup_plan import plan_backup_plan
from ..infra.recovery.bucket_replication import plan_bucket_replication
from ..infra.recovery.recovery_site import plan_recovery_site
from ..infra.recovery.velero import plan_velero
from ..infra.registry import ContainerRegistryArgs, WorkloadImageArgs
from ..infra.registry.registry_plan import plan_container_registry
from ..infra.registry.workload_image import plan_workload_image
from ..infra.security import (
    AccountGuardsArgs,
    AuditTrailArgs,
    EncryptionKeyArgs,
    PermissionsBoundaryArgs,
    SecretStoreArgs,
    ThreatDetectionArgs,
)
from ..infra.security.account_guards import plan_account_guards
from ..infra.security.audit_trail import plan_audit_trail
from ..infra.security.encryption_key import plan_encryption_key
from ..infra.security.permissions_boundary import plan_permissions_boundary
from ..infra.security.secret_store import plan_secret_store
from ..infra.security.threat_detection import plan_threat_detection
from .data_center_args import ServedModel
from .served_model import plan_served_model

Sections = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Inputs by family, then by name."""

Plans = Mapping[str, Mapping[str, Any]]
"""Plans by family, then by name; None where a component's own inputs are wrong."""


@dataclass(frozen=True, slots=True)
class Family:
    """Components of one kind."""

    args: type
    """The TypedDict of their inputs."""

    plan: Callable[[Any, str], Any]
    """The pure function that checks them."""

    single: str = ""
    """Name of the component where settings describe one, and not many by name; `{}` stands for the environment."""

    is_aws: bool = False
    """Whether it exists on AWS alone."""

    @property
    def is_single(self) -> bool:
        """Whether settings describe one, and not many by name."""
        return bool(self.single)

    def name(self, environment: str) -> str:
        """The name of the one component."""
        return self.single.format(environment)


FAMILIES: Final[Mapping[str, Family]] = {
    "encryption_keys": Family(EncryptionKeyArgs, plan_encryption_key, is_aws=True),
    "permissions_boundary": Family(
        PermissionsBoundaryArgs, plan_permissions_boundary, single="{}-boundary", is_aws=True
    ),
    "network": Family(NetworkArgs, plan_network, single="{}", is_aws=True),
    "account_guards": Family(AccountGuardsArgs, plan_account_guards, single="account-guards", is_aws=True),
    "access_log_bucket": Family(AccessLogBucketArgs, plan_access_log_bucket, single="{}-access-logs", is_aws=True),
    "audit_trail": Family(AuditTrailArgs, plan_audit_trail, single="{}-audit", is_aws=True),
    "threat_detection": Family(ThreatDetectionArgs, plan_threat_detection, single="threat-detection", is_aws=True),
    "container_registry": Family(ContainerRegistryArgs, plan_container_registry, single="{}", is_aws=True),
    "recovery_site": Family(RecoverySiteArgs, plan_recovery_site, single="{}-recovery", is_aws=True),
    "backup_plans": Family(BackupPlanArgs, plan_backup_plan, is_aws=True),
    "cluster": Family(EksClusterArgs, plan_eks_cluster, single="{}", is_aws=True),
    "karpenter": Family(KarpenterControllerArgs, plan_karpenter_controller, single="karpenter", is_aws=True),
    "cluster_addons": Family(ClusterAddonsArgs, plan_cluster_addons, single="addons", is_aws=True),
    "storage_classes": Family(BlockStorageClassArgs, plan_block_storage_class, is_aws=True),
    "node_classes": Family(Ec2NodeClassArgs, plan_ec2_node_class, is_aws=True),
    "gpu_node_pools": Family(GpuNodePoolArgs, plan_gpu_node_pool),
    "cpu_node_pools": Family(CpuNodePoolArgs, plan_cpu_node_pool),
    "warm_capacity": Family(NodeScalingArgs, plan_node_scaling),
    "images": Family(WorkloadImageArgs, plan_workload_image),
    "tenants": Family(TenancyArgs, plan_tenancy),
    "secret_stores": Family(SecretStoreArgs, plan_secret_store, is_aws=True),
    "certificates": Family(CertificateArgs, lambda args, name: plan_certificate(args), is_aws=True),
    "web_firewalls": Family(WebFirewallArgs, plan_web_firewall, is_aws=True),
    "shared_filesystems": Family(SharedFilesystemArgs, plan_shared_filesystem),
    "object_stores": Family(ObjectStoreArgs, plan_object_store),
    "bucket_replications": Family(BucketReplicationArgs, plan_bucket_replication, is_aws=True),
    "velero": Family(VeleroArgs, plan_velero, single="velero", is_aws=True),
    "dataset_volumes": Family(DatasetVolumeArgs, plan_dataset_volume),
    "preprocessing_jobs": Family(PreprocessingJobArgs, plan_preprocessing_job),
    "training_jobs": Family(TrainingJobArgs, plan_training_job),
    "inference_services": Family(ServedModel, plan_served_model),
    "microservices": Family(MicroserviceArgs, plan_microservice),
}
"""By their key in the settings, in the order in which they are checked."""
