"""Buckets that nobody outside may read: trails, replicas of data, backups of clusters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pulumi

from .identity import Statement, policy_document

if TYPE_CHECKING:
    from pulumi_aws.s3 import BucketPolicy

_ABANDONED_UPLOAD_DAYS: Final = 7
_ALL_OBJECTS: Final = {"prefix": ""}
_OLDEST_TLS: Final = "1.2"


@dataclass(frozen=True, slots=True)
class PrivateBucket:
    """A bucket, and what those who use it wait for."""

    name: pulumi.Output[str]
    """Its name in S3."""

    arn: pulumi.Output[str]
    """Its ARN, known once it keeps versions: S3 refuses to copy into or out of a bucket that does not."""

    policy: "BucketPolicy"
    """Its policy, on which those depend who write by it."""


def create_private_bucket(
    name: str,
    *,
    encryption_key: pulumi.Input[str],
    statements: Callable[[str], Sequence[Statement]] = lambda _: (),
    lifecycle_rules: Sequence[Mapping[str, Any]] = (),
    bucket_name: pulumi.Input[str] | None = None,
    access_log_bucket: pulumi.Input[str] | None = None,
    region: str | None = None,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> PrivateBucket:
    """Make a bucket that is private, versioned, encrypted by a key of KMS and read over TLS alone.

    Args:
        name: logical name; those of its parts are derived from it.
        encryption_key: ARN of the key.
        statements: what its policy allows, by its ARN; refusals of plain connections are always there.
        lifecycle_rules: what becomes of objects; abandoned uploads are always removed.
        bucket_name: its name in S3. Default: one that Pulumi makes from `name`.
        access_log_bucket: bucket that gets its access logs. Default: none.
        region: where it is. Default: the provider's.
        protect: whether Pulumi refuses to delete it.
        opts: options of all the resources.
    """
    from pulumi_aws import s3

    rules: list[Any] = [_abandoned_uploads(), *({"status": "Enabled", **rule} for rule in lifecycle_rules)]
    keep = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect or None))
    bucket = s3.Bucket(name, bucket=bucket_name, region=region, opts=keep)
    block = s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        region=region,
        opts=opts,
    )
    s3.BucketOwnershipControls(
        name, bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, region=region, opts=opts
    )
    s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": encryption_key,
                },
                "bucket_key_enabled": True,
            }
        ],
        region=region,
        opts=opts,
    )
    versioning = s3.BucketVersioning(
        name, bucket=bucket.id, versioning_configuration={"status": "Enabled"}, region=region, opts=opts
    )
    s3.BucketLifecycleConfiguration(
        name,
        bucket=bucket.id,
        rules=rules,
        region=region,
        # Rules about old versions need versioning.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[versioning])),
    )
    if access_log_bucket is not None:
        s3.BucketLogging(
            name,
            bucket=bucket.id,
            target_bucket=access_log_bucket,
            target_prefix=pulumi.Output.concat(bucket.id, "/"),
            region=region,
            opts=opts,
        )
    policy = s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=bucket.arn.apply(lambda arn: policy_document([*tls_statements(arn), *statements(arn)])),
        region=region,
        # S3 refuses two changes of a bucket's access at once.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[block])),
    )
    versioned = pulumi.Output.all(bucket.arn, versioning.id).apply(lambda known: known[0])
    return PrivateBucket(bucket.id, versioned, policy)


def tls_statements(bucket_arn: pulumi.Input[str]) -> tuple[Statement, ...]:
    """Return the refusal of requests to a bucket without TLS, or with TLS 1.1 and older.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    everything = [bucket_arn, pulumi.Output.concat(bucket_arn, "/*")]
    return (
        Statement(
            sid="DenyPlainConnections",
            effect="Deny",
            actions=["s3:*"],
            resources=everything,
            principals={"*": []},
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        Statement(
            sid="DenyOldTls",
            effect="Deny",
            actions=["s3:*"],
            resources=everything,
            principals={"*": []},
            conditions={"NumericLessThan": {"s3:TlsVersion": _OLDEST_TLS}},
        ),
    )


def expiry(days: int, *, archive_after_days: int | None = None, storage_class: str = "GLACIER") -> dict[str, Any]:
    """Return a lifecycle rule that deletes objects after `days`, their old versions too."""
    rule: dict[str, Any] = {
        "id": "expire",
        "filter": _ALL_OBJECTS,
        "expiration": {"days": days},
        "noncurrent_version_expiration": {"noncurrent_days": 30},
    }
    if archive_after_days is not None:
        rule["transitions"] = [{"days": archive_after_days, "storage_class": storage_class}]
    return rule


def old_versions(days: int) -> dict[str, Any]:
    """Return a lifecycle rule that deletes versions `days` after they were replaced or deleted."""
    return {
        "id": "expire-old-versions",
        "filter": _ALL_OBJECTS,
        "noncurrent_version_expiration": {"noncurrent_days": days},
    }


def _abandoned_uploads() -> dict[str, Any]:
    return {
        "id": "abort-abandoned-uploads",
        "status": "Enabled",
        "filter": _ALL_OBJECTS,
        "abort_incomplete_multipart_upload": {"days_after_initiation": _ABANDONED_UPLOAD_DAYS},
    }
