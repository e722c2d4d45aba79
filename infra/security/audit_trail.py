"""A record of what was done in the account, by whom."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import check_keys, planned, recorded
from ..identity import (
    Statement,
    create_role_and_policies,
    current_account,
    current_region,
    partition,
    service_trust,
)
from ..labels import check_name
from ..private_bucket import create_private_bucket, expiry

_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,126}[a-zA-Z0-9]")
_SERVICE: Final = "cloudtrail.amazonaws.com"
_LOG_RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""What CloudWatch Logs accepts: its API, PutRetentionPolicy."""


class AuditTrailArgs(TypedDict):
    """Inputs of `AuditTrail`."""

    encryption_key: pulumi.Input[str]
    """ARN of a key for `audit`."""

    trail_name: NotRequired[str]
    """Name of the trail in AWS, 3 to 128 characters. Default: the component's name."""

    region: NotRequired[str]
    """Home region of the trail and its bucket. Default: the provider's."""

    retention_days: NotRequired[int]
    """Days after which events are deleted. Default: 365."""

    archive_after_days: NotRequired[int]
    """Days after which events go to the cheaper Glacier class, less than `retention_days`. Default: 90."""

    cloudwatch_retention_days: NotRequired[int]
    """Days that a log group of CloudWatch keeps the events too, where they can be searched and alarmed upon. Default:
    no log group."""

    data_event_buckets: NotRequired[list[pulumi.Input[str]]]
    """ARNs of buckets whose objects' reads and writes are recorded; each event costs. Default: none."""

    insights: NotRequired[bool]
    """Whether unusual rates of calls and of errors are found; it costs by event. Default: false."""

    access_log_bucket: NotRequired[pulumi.Input[str]]
    """Bucket that gets the access logs of the trail's bucket. Default: none."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the trail and its bucket. Default: true. To delete them, deploy with false
    first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditTrailPlan:
    """A trail with every default applied."""

    name: str
    trail_name: str
    region: str | None
    encryption_key: pulumi.Input[str]
    retention_days: int
    archive_after_days: int
    cloudwatch_retention_days: int | None
    data_event_buckets: tuple[pulumi.Input[str], ...]
    insights: bool
    access_log_bucket: pulumi.Input[str] | None
    protect: bool


def plan_audit_trail(args: AuditTrailArgs, name: str) -> AuditTrailPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, AuditTrailArgs):
        problems.raise_if_any("AuditTrail")
    check_name(problems, "name", name)
    trail_name = args.get("trail_name", name)
    if not _NAME.fullmatch(trail_name):
        problems.add("trailName", f"'{trail_name}' is no trail's name; give 3 to 128 letters, digits, ., _ and -")
    retention = int(args.get("retention_days", 365))
    problems.between("retentionDays", retention, 1, unit="days")
    archive = int(args.get("archive_after_days", min(90, retention - 1)))
    if "archive_after_days" in args:
        problems.between("archiveAfterDays", archive, 1, retention - 1, unit="days")
    logs = args.get("cloudwatch_retention_days")
    if logs is not None and logs not in _LOG_RETENTION_DAYS:
        near = min(_LOG_RETENTION_DAYS, key=lambda days: abs(days - logs))
        problems.add("cloudwatchRetentionDays", f"{logs:g} days is not among what CloudWatch offers; give {near}")
    problems.raise_if_any("AuditTrail")
    return AuditTrailPlan(
        name=name,
        trail_name=trail_name,
        region=args.get("region"),
        encryption_key=args["encryption_key"],
        retention_days=retention,
        archive_after_days=archive,
        cloudwatch_retention_days=None if logs is None else int(logs),
        data_event_buckets=tuple(args.get("data_event_buckets", ())),
        insights=args.get("insights", False),
        access_log_bucket=args.get("access_log_bucket"),
        protect=args.get("protect", True),
    )


class AuditTrail(pulumi.ComponentResource):
    """Every call to AWS in every region of the account, in a bucket that nobody can change unseen.

    Events are encrypted, and digests show whether a file was changed or deleted later.

    Example: `AuditTrail("audit", {"encryption_key": key.key_arn, "data_event_buckets": [checkpoints_arn]})`
    """

    trail_arn: pulumi.Output[str]
    """ARN of the trail."""

    bucket: pulumi.Output[str]
    """Name of the bucket with the events."""

    bucket_arn: pulumi.Output[str]
    """ARN of that bucket."""

    log_group: pulumi.Output[str | None]
    """Log group with the events; none without `cloudwatch_retention_days`."""

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("AuditTrail", name, partial(plan_audit_trail, name=name), args)
        super().__init__("aidc:index:AuditTrail", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        account, region = current_account(self), plan.region or current_region(self)
        trail_arn = pulumi.Output.all(account, region).apply(
            lambda known: f"arn:{partition(known[1])}:cloudtrail:{known[1]}:{known[0]}:trail/{plan.trail_name}"
        )
        bucket = create_private_bucket(
            f"{name}-events",
            encryption_key=plan.encryption_key,
            statements=lambda arn: delivery_statements(arn, account=account, trail_arn=trail_arn),
            lifecycle_rules=[expiry(plan.retention_days, archive_after_days=plan.archive_after_days or None)],
            access_log_bucket=plan.access_log_bucket,
            region=plan.region,
            protect=plan.protect,
            opts=child,
        )
        logs, log_policies = _create_log_group(plan, account, child)
        from pulumi_aws import cloudtrail

        keep = pulumi.ResourceOptions(protect=plan.protect or None, depends_on=[bucket.policy, *log_policies])
        trail = cloudtrail.Trail(
            name,
            name=plan.trail_name,
            s3_bucket_name=bucket.name,
            kms_key_id=plan.encryption_key,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            advanced_event_selectors=event_selectors(plan),
            insight_selectors=[
                {"insight_type": kind} for kind in ("ApiCallRateInsight", "ApiErrorRateInsight") if plan.insights
            ],
            region=plan.region,
            opts=pulumi.ResourceOptions.merge(child, keep),
            **logs,
        )
        self.trail_arn, self.bucket, self.bucket_arn = trail.arn, bucket.name, bucket.arn
        has_logs = plan.cloudwatch_retention_days is not None
        self.log_group = pulumi.Output.from_input(_log_group_name(plan) if has_logs else None)
        self.register_outputs(
            {
                "trail_arn": self.trail_arn,
                "bucket": self.bucket,
                "bucket_arn": self.bucket_arn,
                "log_group": self.log_group,
            }
        )


def delivery_statements(
    bucket_arn: str, *, account: pulumi.Input[str], trail_arn: pulumi.Input[str]
) -> tuple[Statement, ...]:
    """Return what a trail may do in its bucket: CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail"."""
    return (
        Statement(
            sid="CheckOwner",
            actions=["s3:GetBucketAcl"],
            resources=[bucket_arn],
            principals={"Service": [_SERVICE]},
            conditions={"StringEquals": {"aws:SourceArn": trail_arn}},
        ),
        Statement(
            sid="WriteEvents",
            actions=["s3:PutObject"],
            resources=[pulumi.Output.concat(bucket_arn, "/AWSLogs/", account, "/*")],
            principals={"Service": [_SERVICE]},
            conditions={"StringEquals": {"aws:SourceArn": trail_arn, "s3:x-amz-acl": "bucket-owner-full-control"}},
        ),
    )


def event_selectors(plan: AuditTrailPlan) -> list[Any]:
    """Return which events are recorded: everything about resources, and objects of the buckets that were named."""
    selectors: list[Any] = [
        {"name": "Management events", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]}
    ]
    if plan.data_event_buckets:
        objects = [pulumi.Output.concat(arn, "/") for arn in plan.data_event_buckets]
        fields = [
            {"field": "eventCategory", "equals": ["Data"]},
            {"field": "resources.type", "equals": ["AWS::S3::Object"]},
            {"field": "resources.ARN", "starts_withs": objects},
        ]
        selectors.append({"name": "Objects", "field_selectors": fields})
    return selectors


def _create_log_group(
    plan: AuditTrailPlan, account: pulumi.Output[str], child: pulumi.ResourceOptions
) -> tuple[dict[str, Any], list[pulumi.Resource]]:
    """Make the log group and the role that writes to it; return the trail's inputs that name them, and policies."""
    if plan.cloudwatch_retention_days is None:
        return {}, []
    from pulumi_aws import cloudwatch

    group = cloudwatch.LogGroup(
        f"{plan.name}-events",
        name=_log_group_name(plan),
        retention_in_days=plan.cloudwatch_retention_days,
        kms_key_id=plan.encryption_key,
        region=plan.region,
        opts=child,
    )
    streams = pulumi.Output.concat(group.arn, ":log-stream:", account, "_CloudTrail_*")
    role, policies = create_role_and_policies(
        f"{plan.name}-logs",
        role_name=None,
        trust=[service_trust(_SERVICE)],
        statements={
            "write": [
                Statement(sid="WriteEvents", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[streams])
            ]
        },
        description=f"Trail {plan.trail_name} to CloudWatch",
        opts=child,
    )
    # CloudTrail wants the ARN of the log group with the wildcard of its streams.
    inputs: dict[str, Any] = {
        "cloud_watch_logs_group_arn": pulumi.Output.concat(group.arn, ":*"),
        "cloud_watch_logs_role_arn": role.arn,
    }
    return inputs, policies


def _log_group_name(plan: AuditTrailPlan) -> str:
    return f"/aws/cloudtrail/{plan.trail_name}"
