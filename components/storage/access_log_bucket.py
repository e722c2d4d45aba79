"""A bucket that AWS services write their access logs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.identity import Statement, current_account, current_region, partition
from ...infra.labels import check_name
from ...problems import Problems
from .s3_bucket import BucketPlan, create_bucket
from .s3_lifecycle import lifecycle_rules

_RETENTION_DAYS: Final = 365
_ABORT_UPLOADS_DAYS: Final = 7


class AccessLogSource(StrEnum):
    """Who writes access logs."""

    S3 = "s3"
    APPLICATION_LOAD_BALANCER = "application-load-balancer"
    NETWORK_LOAD_BALANCER = "network-load-balancer"


class AccessLogBucketArgs(TypedDict):
    """Inputs of `AccessLogBucket`."""

    sources: NotRequired[list[str]]
    """Who may write to it, of this account and region: `s3`, `application-load-balancer`, `network-load-balancer`.
    Default: `s3`."""

    retention_days: NotRequired[int]
    """Days after which logs are deleted. Default: 365."""

    bucket: NotRequired[pulumi.Input[str]]
    """Name of the bucket. Default: one that Pulumi makes from the component's name."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the bucket. Default: true. To delete it, deploy with false first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessLogPlan:
    """A bucket of access logs with every default applied."""

    sources: tuple[AccessLogSource, ...]
    bucket: BucketPlan


def plan_access_log_bucket(args: AccessLogBucketArgs, name: str) -> AccessLogPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, AccessLogBucketArgs):
        problems.raise_if_any("AccessLogBucket")
    # Pulumi appends a hyphen and seven digits, and S3 allows 63 characters.
    check_name(problems, "name", name, room=len("-1234567"))
    sources = args.get("sources", [AccessLogSource.S3.value])
    for index, source in enumerate(sources):
        problems.choice(f"sources[{index}]", source, [each.value for each in AccessLogSource])
    if not sources:
        problems.add("sources", "none given; say who writes to it")
    days = int(args.get("retention_days", _RETENTION_DAYS))
    problems.between("retentionDays", days, 1, unit="days")
    problems.raise_if_any("AccessLogBucket")
    return AccessLogPlan(
        sources=tuple(source for source in AccessLogSource if source.value in sources),
        bucket=BucketPlan(
            name=name,
            bucket=args.get("bucket"),
            uses_kms=False,
            rules=lifecycle_rules(
                abort_uploads_days=_ABORT_UPLOADS_DAYS,
                noncurrent_days=1,
                rules={"expire-logs": {"expiration_days": days}},
            ),
            protect=args.get("protect", True),
        ),
    )


class AccessLogBucket(pulumi.ComponentResource):
    """A private bucket that S3, and load balancers if asked for, write their access logs to.

    Encrypted by S3's own keys (SSE-S3): neither S3's access logs nor those of an Application Load Balancer can be
    delivered to a bucket whose default encryption is by KMS. Versioned, TLS only, and emptied by age.

    Example: `AccessLogBucket("access-logs", {"retention_days": 90})`
    """

    bucket: pulumi.Output[str]
    """Name of the bucket, for `access_log_bucket` of an ObjectStore."""

    bucket_arn: pulumi.Output[str]
    """ARN of the bucket."""

    def __init__(self, name: str, args: AccessLogBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("AccessLogBucket", name, partial(plan_access_log_bucket, name=name), args)
        super().__init__("aidc:index:AccessLogBucket", name, recorded(args), opts)
        account, region = current_account(self), current_region(self)
        made = create_bucket(
            plan.bucket,
            pulumi.ResourceOptions(parent=self),
            lambda arn: delivery_statements(plan.sources, bucket_arn=arn, account=account, region=region),
        )
        # S3 refuses to log to a bucket whose policy does not let it write yet, so the name comes from the policy.
        self.bucket, self.bucket_arn = made.policy.bucket, made.bucket.arn
        self.register_outputs({"bucket": self.bucket, "bucket_arn": self.bucket_arn})


def delivery_statements(
    sources: Sequence[AccessLogSource],
    *,
    bucket_arn: pulumi.Input[str],
    account: pulumi.Output[str],
    region: pulumi.Output[str],
) -> list[Statement]:
    """Return what lets each source write, for this account and region alone.

    Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/enable-access-logs.html
    """
    objects = pulumi.Output.concat(bucket_arn, "/*")
    logs = pulumi.Output.concat(bucket_arn, "/*/AWSLogs/", account, "/*")
    mine: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": account}}

    def of(service: str, resource: str) -> Mapping[str, Any]:
        arn = pulumi.Output.concat(
            "arn:", region.apply(partition), f":{service}:", region, ":", account, f":{resource}"
        )
        return {**mine, "ArnLike": {"aws:SourceArn": arn}}

    def put(sid: str, service: str, resource: pulumi.Input[str], conditions: Mapping[str, Any]) -> Statement:
        return Statement(
            sid=sid,
            actions=["s3:PutObject"],
            resources=[resource],
            principals={"Service": [service]},
            conditions=conditions,
        )

    made: list[Statement] = []
    if AccessLogSource.S3 in sources:
        made.append(put("WriteS3Logs", "logging.s3.amazonaws.com", objects, mine))
    if AccessLogSource.APPLICATION_LOAD_BALANCER in sources:
        elb = of("elasticloadbalancing", "loadbalancer/*")
        made.append(
            put(
                "WriteApplicationLogs",
                "logdelivery.elasticloadbalancing.amazonaws.com",
                logs,
                {"ArnLike": elb["ArnLike"]},
            )
        )
    if AccessLogSource.NETWORK_LOAD_BALANCER in sources:
        delivery = of("logs", "*")
        acl = {"s3:x-amz-acl": "bucket-owner-full-control", **delivery["StringEquals"]}
        made.append(put("WriteNetworkLogs", "delivery.logs.amazonaws.com", logs, {**delivery, "StringEquals": acl}))
        made.append(
            Statement(
                sid="ReadAclForNetworkLogs",
                actions=["s3:GetBucketAcl"],
                resources=[bucket_arn],
                principals={"Service": ["delivery.logs.amazonaws.com"]},
                conditions=delivery,
            )
        )
    return made
