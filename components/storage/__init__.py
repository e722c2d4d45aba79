"""Where data lies: shared filesystems, datasets and buckets."""

from .access_log_bucket import AccessLogBucket, AccessLogBucketArgs, AccessLogSource, plan_access_log_bucket
from .block_storage_class import BlockStorageClass, BlockStorageClassArgs, ReclaimPolicy, plan_block_storage_class
from .data_repository import DataRepository
from .dataset_volume import ClaimToClone, DatasetVolume, DatasetVolumeArgs, plan_dataset_volume
from .efs_filesystem import EfsFilesystem
from .fsx_lustre import FsxLustre
from .fsx_volume import FsxVolume
from .mountpoint import S3Authentication, S3Objects
from .object_store import (
    ObjectStore,
    ObjectStoreArgs,
    ObjectStoreCredentials,
    ObjectStoreKind,
    ObjectStorePlan,
    plan_object_store,
)
from .s3_access import BucketAccess, BucketWorkload
from .s3_bucket import ArchiveTiers, ObjectLock, ObjectLockMode, S3Bucket
from .s3_lifecycle import LifecycleRule
from .shared_filesystem import (
    FilesystemBackend,
    SharedFilesystem,
    SharedFilesystemArgs,
    SharedFilesystemPlan,
    plan_shared_filesystem,
)
from .volumes import ClaimPlan, NfsExport, VolumeSource

__all__ = [
    "AccessLogBucket",
    "AccessLogBucketArgs",
    "AccessLogSource",
    "ArchiveTiers",
    "BlockStorageClass",
    "BlockStorageClassArgs",
    "BucketAccess",
    "BucketWorkload",
    "ClaimPlan",
    "ClaimToClone",
    "DataRepository",
    "DatasetVolume",
    "DatasetVolumeArgs",
    "EfsFilesystem",
    "FilesystemBackend",
    "FsxLustre",
    "FsxVolume",
    "LifecycleRule",
    "NfsExport",
    "ObjectLock",
    "ObjectLockMode",
    "ObjectStore",
    "ObjectStoreArgs",
    "ObjectStoreCredentials",
    "ObjectStoreKind",
    "ObjectStorePlan",
    "ReclaimPolicy",
    "S3Authentication",
    "S3Bucket",
    "S3Objects",
    "SharedFilesystem",
    "SharedFilesystemArgs",
    "SharedFilesystemPlan",
    "VolumeSource",
    "plan_access_log_bucket",
    "plan_block_storage_class",
    "plan_dataset_volume",
    "plan_object_store",
    "plan_shared_filesystem",
]
