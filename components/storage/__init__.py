"""Where data lies: shared filesystems, datasets and buckets."""

from .dataset_volume import ClaimToClone, DatasetVolume, DatasetVolumeArgs, plan_dataset_volume
from .object_store import (
    ObjectStore,
    ObjectStoreArgs,
    ObjectStoreCredentials,
    ObjectStoreKind,
    ObjectStorePlan,
    plan_object_store,
)
from .shared_filesystem import FilesystemBackend, SharedFilesystem, SharedFilesystemArgs, plan_shared_filesystem
from .volumes import ClaimPlan, NfsExport, VolumeSource

__all__ = [
    "ClaimPlan",
    "ClaimToClone",
    "DatasetVolume",
    "DatasetVolumeArgs",
    "FilesystemBackend",
    "NfsExport",
    "ObjectStore",
    "ObjectStoreArgs",
    "ObjectStoreCredentials",
    "ObjectStoreKind",
    "ObjectStorePlan",
    "SharedFilesystem",
    "SharedFilesystemArgs",
    "VolumeSource",
    "plan_dataset_volume",
    "plan_object_store",
    "plan_shared_filesystem",
]
