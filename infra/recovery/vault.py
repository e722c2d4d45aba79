"""Vaults of AWS Backup."""

from typing import TYPE_CHECKING, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems

if TYPE_CHECKING:
    from pulumi_aws.backup import Vault

_LONGEST_DAYS: Final = 36500
_LEAST_GRACE_DAYS: Final = 3
"""Bounds of the API: AWS Backup Developer Guide, PutBackupVaultLockConfiguration."""


class VaultLock(TypedDict):
    """How long recovery points cannot be deleted."""

    minimum_days: int
    """Days that each recovery point stays at least."""

    maximum_days: NotRequired[int]
    """Days that a recovery point may stay at most. Default: no bound."""

    grace_days: NotRequired[int]
    """Days after which nobody, not even AWS, can take the lock away again; 3 or more. Default: the lock can be taken
    away by those who may."""


def check_vault_lock(problems: Problems, path: str, lock: VaultLock) -> None:
    """Refuse bounds that contradict each other or that AWS refuses."""
    with problems.under(path):
        least = int(lock["minimum_days"])
        problems.between("minimumDays", least, 1, _LONGEST_DAYS, unit="days")
        if "maximum_days" in lock:
            problems.between("maximumDays", int(lock["maximum_days"]), least, _LONGEST_DAYS, unit="days")
        if "grace_days" in lock:
            problems.between("graceDays", int(lock["grace_days"]), _LEAST_GRACE_DAYS, _LONGEST_DAYS, unit="days")


def create_vault(
    name: str,
    *,
    encryption_key: pulumi.Input[str],
    lock: VaultLock | None,
    region: str | None,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> "Vault":
    """Make an encrypted vault, with its lock where there is one."""
    from pulumi_aws import backup

    keep = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect or None))
    vault = backup.Vault(name, kms_key_arn=encryption_key, force_destroy=False, region=region, opts=keep)
    if lock is not None:
        backup.VaultLockConfiguration(
            name,
            backup_vault_name=vault.name,
            min_retention_days=int(lock["minimum_days"]),
            max_retention_days=int(lock["maximum_days"]) if "maximum_days" in lock else None,
            changeable_for_days=int(lock["grace_days"]) if "grace_days" in lock else None,
            region=region,
            opts=opts,
        )
    return vault
