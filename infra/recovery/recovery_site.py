"""The side in a second region that copies go to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..addresses import check_aws_region
from ..arguments import check_keys, is_known, planned, recorded
from ..labels import check_name
from ..private_bucket import create_private_bucket, old_versions
from ..security import EncryptionKey, EncryptionKeyArgs, KeyPurpose
from .vault import VaultLock, check_vault_lock, create_vault

_BUCKET: Final = re.compile(r"[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]")


class ReplicaBucket(TypedDict):
    """A bucket that gets the objects of another one."""

    bucket: NotRequired[pulumi.Input[str]]
    """Its name in S3. Default: one that Pulumi makes."""

    old_versions_days: NotRequired[int]
    """Days that versions stay after they were replaced or deleted: as long as a mistake may go unnoticed. Default:
    90."""

    archive_after_days: NotRequired[int]
    """Days after which objects go to a cheaper class that still answers at once (Glacier Instant Retrieval).
    Default: never."""


class RecoverySiteArgs(TypedDict):
    """Inputs of `RecoverySite`."""

    buckets: NotRequired[dict[str, ReplicaBucket]]
    """Buckets by name, each for one bucket of the first region. Default: none."""

    storage_key: NotRequired[pulumi.Input[str]]
    """ARN of a key for `storage` in the region. Default: one is made."""

    backup_key: NotRequired[pulumi.Input[str]]
    """ARN of a key for `backup` in the region. Default: one is made."""

    vault_lock: NotRequired[VaultLock]
    """How long recovery points cannot be deleted. Default: they can."""

    access_log_bucket: NotRequired[pulumi.Input[str]]
    """Bucket in the region that gets the access logs of the buckets. Default: none."""

    region: NotRequired[str]
    """Region of the site. Default: the provider's: in a stack of its own, that stack's."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete keys, vault and buckets. Default: true. To delete them, deploy with false
    first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoverySitePlan:
    """A site with every default applied."""

    name: str
    buckets: Mapping[str, ReplicaBucket]
    lock: VaultLock | None
    access_log_bucket: pulumi.Input[str] | None
    region: str | None
    protect: bool


def plan_recovery_site(args: RecoverySiteArgs, name: str) -> RecoverySitePlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, RecoverySiteArgs):
        problems.raise_if_any("RecoverySite")
    check_name(problems, "name", name)
    if "region" in args:
        check_aws_region(problems, "region", args["region"])
    for key, settings in args.get("buckets", {}).items():
        with problems.under(f"buckets.{key}"):
            check_name(problems, "", key)
            bucket = settings.get("bucket", key)
            if isinstance(bucket, str) and is_known(bucket) and not _BUCKET.fullmatch(bucket):
                problems.add("bucket", f"'{bucket}' is no bucket's name; give 3 to 63 lower-case letters, digits, . -")
            problems.between("oldVersionsDays", int(settings.get("old_versions_days", 90)), 1, unit="days")
            problems.between("archiveAfterDays", int(settings.get("archive_after_days", 0)), 0, unit="days")
    if "vault_lock" in args:
        check_vault_lock(problems, "vaultLock", args["vault_lock"])
    problems.raise_if_any("RecoverySite")
    return RecoverySitePlan(
        name=name,
        buckets=args.get("buckets", {}),
        lock=args.get("vault_lock"),
        access_log_bucket=args.get("access_log_bucket"),
        region=args.get("region"),
        protect=args.get("protect", True),
    )


class RecoverySite(pulumi.ComponentResource):
    """Keys, a vault and buckets that hold copies for the day when the first region is gone.

    In a stack of its own it needs no other stack: the first region's stack reads its outputs by a StackReference and
    hands them to `BackupPlan` and `BucketReplication`. In one stack with the first region, give `region`.

    Example: `RecoverySite("west", {"buckets": {"checkpoints": {}}, "region": "us-west-2"})`
    """

    storage_key_arn: pulumi.Output[str]
    """ARN of the key of the buckets."""

    backup_key_arn: pulumi.Output[str]
    """ARN of the key of the vault."""

    vault_arn: pulumi.Output[str]
    """ARN of the vault."""

    bucket_arns: pulumi.Output[Mapping[str, str]]
    """ARNs of the buckets, by name."""

    def __init__(self, name: str, args: RecoverySiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("RecoverySite", name, partial(plan_recovery_site, name=name), args)
        super().__init__("aidc:index:RecoverySite", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        self.backup_key_arn = _key(plan, args.get("backup_key"), KeyPurpose.BACKUP, child)
        self.vault_arn = create_vault(
            name,
            encryption_key=self.backup_key_arn,
            lock=plan.lock,
            region=plan.region,
            protect=plan.protect,
            opts=child,
        ).arn
        self.storage_key_arn = _key(plan, args.get("storage_key"), KeyPurpose.STORAGE, child)
        arns = {key: _create_bucket(plan, key, self.storage_key_arn, child) for key in sorted(plan.buckets)}
        # Output.all of nothing is an empty list.
        self.bucket_arns = pulumi.Output.all(**arns) if arns else pulumi.Output.from_input({})
        self.register_outputs(
            {
                "storage_key_arn": self.storage_key_arn,
                "backup_key_arn": self.backup_key_arn,
                "vault_arn": self.vault_arn,
                "bucket_arns": self.bucket_arns,
            }
        )


def _key(
    plan: RecoverySitePlan, given: pulumi.Input[str] | None, purpose: KeyPurpose, child: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    if given is not None:
        return pulumi.Output.from_input(given)
    inputs: EncryptionKeyArgs = {
        "purpose": purpose,
        "alias": f"{plan.name}/{purpose.value}",
        "protect": plan.protect,
    }
    if plan.region is not None:
        inputs["region"] = plan.region
    return EncryptionKey(f"{plan.name}-{purpose.value}", inputs, child).key_arn


def _create_bucket(
    plan: RecoverySitePlan, key: str, encryption_key: pulumi.Input[str], child: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    settings = plan.buckets[key]
    rules: list[dict[str, Any]] = [old_versions(int(settings.get("old_versions_days", 90)))]
    if "archive_after_days" in settings:
        days = int(settings["archive_after_days"])
        rules.append(
            {
                "id": "archive",
                "filter": {"prefix": ""},
                "transitions": [{"days": days, "storage_class": "GLACIER_IR"}],
            }
        )
    return create_private_bucket(
        f"{plan.name}-{key}",
        encryption_key=encryption_key,
        lifecycle_rules=rules,
        bucket_name=settings.get("bucket"),
        access_log_bucket=plan.access_log_bucket,
        region=plan.region,
        protect=plan.protect,
        opts=child,
    ).arn
