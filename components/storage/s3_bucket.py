"""A private bucket of S3: encrypted, versioned, TLS only, with rules for what ages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict, cast

import pulumi

from ...infra.identity import Statement, policy_document
from ...infra.private_bucket import tls_statements
from ...problems import Problems, camel_case
from .s3_access import BucketGrant, BucketWorkload, plan_grants
from .s3_lifecycle import LifecycleRule, check_lifecycle, lifecycle_rules

if TYPE_CHECKING:
    from pulumi_aws.s3 import Bucket, BucketPolicy, BucketVersioning

_ABORT_UPLOADS_DAYS: Final = 7
_NONCURRENT_DAYS: Final = 30
_ARCHIVE_DAYS: Final = {"archive_days": ("ARCHIVE_ACCESS", 90), "deep_archive_days": ("DEEP_ARCHIVE_ACCESS", 180)}
"""Access tiers and the days without access that they need at least:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Tiering.html"""

_MOST_ARCHIVE_DAYS: Final = 730


class ObjectLockMode(StrEnum):
    """Who may delete a locked version."""

    GOVERNANCE = "GOVERNANCE"
    COMPLIANCE = "COMPLIANCE"


class ObjectLock(TypedDict):
    """How long new versions cannot be deleted or written over."""

    mode: ObjectLockMode
    """`GOVERNANCE` (nobody without the permission s3:BypassGovernanceRetention) or `COMPLIANCE` (nobody at all)."""

    days: int
    """Days."""


class ArchiveTiers(TypedDict):
    """When objects of the class INTELLIGENT_TIERING go to tiers from which they must be restored before a read."""

    archive_days: NotRequired[int]
    """Days without access, 90 to 730, after which a restore takes hours. Default: never."""

    deep_archive_days: NotRequired[int]
    """Days without access, 180 to 730, after which a restore takes up to 12 hours. Default: never."""

    prefix: NotRequired[str]
    """Beginning of the keys of the objects. Default: all objects."""


class S3Bucket(TypedDict):
    """A bucket that is made in the account and the region of the AWS provider."""

    encryption_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key. Default: the account's key aws/s3, which no other account and no replica can use."""

    versioning: NotRequired[bool]
    """Whether what is written over or deleted can be had back. Default: true."""

    noncurrent_days: NotRequired[int]
    """Days after which versions that were replaced or deleted are gone. Default: 30."""

    abort_uploads_days: NotRequired[int]
    """Days after which the parts of an upload that was never completed are deleted. Default: 7."""

    lifecycle: NotRequired[dict[str, LifecycleRule]]
    """What becomes of objects by their age, by a name of yours. Default: nothing."""

    archive_tiers: NotRequired[ArchiveTiers]
    """When objects of the class INTELLIGENT_TIERING are archived. Default: never."""

    object_lock: NotRequired[ObjectLock]
    """How long new versions cannot be deleted. Needs versioning. Default: they can be."""

    access_log_bucket: NotRequired[pulumi.Input[str]]
    """Bucket that S3 logs every request to, below the component's name, such as that of an AccessLogBucket. Default:
    none, and no log."""

    event_bridge: NotRequired[bool]
    """Whether every change of an object is an event of EventBridge. It becomes the one owner of the bucket's
    notifications, so not for a bucket from which FSx imports by itself. Default: false."""

    workloads: NotRequired[dict[str, BucketWorkload]]
    """What the pods of service accounts may do, by the service account's name, or by a name of yours where
    `service_account` says which. EKS gives a service account one role: where it uses several buckets, declare a
    WorkloadIdentity for all of them, as a DataCenter does. Default: nobody."""

    cluster_name: NotRequired[pulumi.Input[str]]
    """EKS cluster of the service accounts. Needed with `workloads`. Default: none."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds the roles of `workloads`. Default: none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketPlan:
    """A bucket with every default applied."""

    name: str
    bucket: pulumi.Input[str] | None
    encryption_key: pulumi.Input[str] | None = None
    uses_kms: bool = True
    is_versioned: bool = True
    rules: Sequence[Any]
    archive_tiers: Mapping[str, Any] | None = None
    object_lock: Mapping[str, Any] | None = None
    access_log_bucket: pulumi.Input[str] | None = None
    has_events: bool = False
    grants: tuple[BucketGrant, ...] = ()
    protect: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeBucket:
    """A bucket, and what must be there before others use it."""

    bucket: "Bucket"
    policy: "BucketPolicy"
    """Needed before services write to it."""

    versions: "BucketVersioning"

    @property
    def arn_with_versions(self) -> pulumi.Output[str]:
        """The ARN, once it keeps versions: S3 refuses to copy it before."""
        return pulumi.Output.all(self.bucket.arn, self.versions.id).apply(lambda known: known[0])


def plan_bucket(
    problems: Problems,
    args: S3Bucket,
    *,
    name: str,
    bucket: pulumi.Input[str] | None,
    namespace: pulumi.Input[str],
    protect: bool,
) -> BucketPlan:
    """Check the inputs of a bucket and apply the defaults.

    Args:
        problems: takes what is wrong, below the present path.
        args: the inputs.
        name: logical name.
        bucket: its name in AWS. None: Pulumi makes one from `name`.
        namespace: of the store.
        protect: whether Pulumi refuses to delete it.
    """
    abort, noncurrent = (
        int(args.get("abort_uploads_days", _ABORT_UPLOADS_DAYS)),
        int(args.get("noncurrent_days", _NONCURRENT_DAYS)),
    )
    versioned = args.get("versioning", True)
    problems.between("abortUploadsDays", abort, 1, unit="days")
    problems.between("noncurrentDays", noncurrent, 1, unit="days")
    if not versioned and "noncurrent_days" in args:
        problems.add("noncurrentDays", "the bucket keeps no versions; leave it out, or versioning on")
    with problems.under("lifecycle"):
        check_lifecycle(problems, args.get("lifecycle", {}))
    lock = args.get("object_lock")
    if lock is not None:
        problems.choice("objectLock.mode", lock["mode"], [each.value for each in ObjectLockMode])
        problems.between("objectLock.days", int(lock["days"]), 1, unit="days")
        if not versioned:
            problems.add("objectLock", "needs versioning; leave versioning on")
    _check_tiers(problems, args.get("archive_tiers"))
    with problems.under("workloads"):
        grants = plan_grants(problems, args.get("workloads", {}), namespace)
    if args.get("workloads") and "cluster_name" not in args:
        problems.add("clusterName", "missing; workloads are known by their cluster")
    return BucketPlan(
        name=name,
        bucket=bucket,
        encryption_key=args.get("encryption_key"),
        is_versioned=versioned,
        rules=lifecycle_rules(
            abort_uploads_days=abort,
            noncurrent_days=noncurrent if versioned else None,
            rules=args.get("lifecycle", {}),
        ),
        archive_tiers=_tiers(args.get("archive_tiers")),
        object_lock=None if lock is None else {"mode": str(lock["mode"]), "days": int(lock["days"])},
        access_log_bucket=args.get("access_log_bucket"),
        has_events=args.get("event_bridge", False),
        grants=grants,
        protect=protect,
    )


def create_bucket(
    plan: BucketPlan,
    opts: pulumi.ResourceOptions,
    allowed: Callable[[pulumi.Output[str]], Sequence[Statement]] | None = None,
) -> MadeBucket:
    """Make a bucket and all that belongs to it; `allowed` returns what its policy allows, from its ARN."""
    from pulumi_aws import s3

    def after(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(resources)))

    name = plan.name
    keep = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=plan.protect or None))
    made = s3.Bucket(name, bucket=plan.bucket, force_destroy=False, opts=keep)
    private = s3.BucketPublicAccessBlock(
        name,
        bucket=made.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    owned = s3.BucketOwnershipControls(
        name, bucket=made.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=after(private)
    )
    encryption: dict[str, Any] = {"sse_algorithm": "aws:kms" if plan.uses_kms else "AES256"}
    if plan.encryption_key is not None:
        encryption["kms_master_key_id"] = plan.encryption_key
    rule: Any = {"apply_server_side_encryption_by_default": encryption, "bucket_key_enabled": plan.uses_kms}
    s3.BucketServerSideEncryptionConfiguration(name, bucket=made.id, rules=[rule], opts=opts)
    # A bucket never goes back to having no versioning at all: what is off is suspended.
    status: Any = {"status": "Enabled" if plan.is_versioned else "Suspended"}
    versions = s3.BucketVersioning(name, bucket=made.id, versioning_configuration=status, opts=opts)
    # S3 refuses two changes of a bucket's access at once, so they come one after the other.
    statements: Sequence[Statement] = () if allowed is None else allowed(made.arn)
    document = policy_document([*statements, *tls_statements(made.arn)])
    policy = s3.BucketPolicy(name, bucket=made.id, policy=document, opts=after(private, owned))
    # The rules for versions need versions.
    s3.BucketLifecycleConfiguration(name, bucket=made.id, rules=list(plan.rules), opts=after(versions))
    if plan.object_lock is not None:
        retention: Any = {"default_retention": plan.object_lock}
        s3.BucketObjectLockConfiguration(name, bucket=made.id, rule=retention, opts=after(versions))
    if plan.archive_tiers is not None:
        s3.BucketIntelligentTieringConfiguration(name, name=name, bucket=made.id, **plan.archive_tiers, opts=opts)
    if plan.access_log_bucket is not None:
        s3.BucketLogging(
            name, bucket=made.id, target_bucket=plan.access_log_bucket, target_prefix=f"{name}/", opts=opts
        )
    if plan.has_events:
        s3.BucketNotification(name, bucket=made.id, eventbridge=True, opts=opts)
    return MadeBucket(bucket=made, policy=policy, versions=versions)


def _check_tiers(problems: Problems, tiers: ArchiveTiers | None) -> None:
    if tiers is None:
        return
    days = _tier_days(tiers)
    for key, (_, least) in _ARCHIVE_DAYS.items():
        if key in days:
            path = f"archiveTiers.{camel_case(key)}"
            problems.between(path, days[key], least, _MOST_ARCHIVE_DAYS, unit="days")
    if not days:
        problems.add("archiveTiers", "does nothing; give archiveDays, deepArchiveDays or both")


def _tiers(tiers: ArchiveTiers | None) -> dict[str, Any] | None:
    if tiers is None:
        return None
    days = _tier_days(tiers)
    tierings = [{"access_tier": _ARCHIVE_DAYS[key][0], "days": given} for key, given in days.items()]
    return {"tierings": tierings, **({"filter": {"prefix": tiers["prefix"]}} if "prefix" in tiers else {})}


def _tier_days(tiers: ArchiveTiers) -> dict[str, int]:
    given = cast(Mapping[str, Any], tiers)
    return {key: int(given[key]) for key in _ARCHIVE_DAYS if key in given}
