"""Backups, copies in a second region, and the way back from them."""

from .backup_plan import BackupPlan, BackupPlanArgs
from .backup_schedule import BackupSchedule
from .bucket_replication import BucketReplication, BucketReplicationArgs
from .recovery_site import RecoverySite, RecoverySiteArgs, ReplicaBucket
from .restore_order import RestoreMeans, RestoreStage, RestoreStep, restore_order
from .vault import VaultLock
from .velero import Velero, VeleroArgs, VeleroSchedule

__all__ = [
    "BackupPlan",
    "BackupPlanArgs",
    "BackupSchedule",
    "BucketReplication",
    "BucketReplicationArgs",
    "RecoverySite",
    "RecoverySiteArgs",
    "ReplicaBucket",
    "RestoreMeans",
    "RestoreStage",
    "RestoreStep",
    "VaultLock",
    "Velero",
    "VeleroArgs",
    "VeleroSchedule",
    "restore_order",
]
