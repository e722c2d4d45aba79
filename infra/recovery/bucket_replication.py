"""Copies of the objects of a bucket in a second region."""

from dataclasses import dataclass
from functools import partial
from typing import Any, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..addresses import check_aws_region
from ..arguments import check_keys, is_known, planned, recorded
from ..identity import Statement, create_role_and_policies, current_region, service_trust
from ..labels import check_name


class BucketReplicationArgs(TypedDict):
    """Inputs of `BucketReplication`."""

    source_bucket_arn: pulumi.Input[str]
    """ARN of the bucket that is copied. It has versions."""

    source_key: pulumi.Input[str]
    """ARN of the key that encrypts its objects."""

    destination_bucket_arn: pulumi.Input[str]
    """ARN of the bucket that gets the copies, in the same account. It has versions."""

    destination_key: pulumi.Input[str]
    """ARN of the key in the destination's region that encrypts the copies."""

    destination_region: str
    """Region of the destination, such as `us-west-2`."""

    prefixes: NotRequired[list[str]]
    """Beginnings of the keys of the objects that are copied. Default: all objects."""

    delete_markers: NotRequired[bool]
    """Whether a deletion is copied as well; old versions stay on both sides. Default: true."""

    within_15_minutes: NotRequired[bool]
    """Whether AWS promises copies within 15 minutes and measures it; it costs by volume. Default: false."""

    storage_class: NotRequired[str]
    """Storage class of the copies, such as `STANDARD_IA`. Default: that of the objects."""

    region: NotRequired[str]
    """Region of the source. Default: the provider's."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds the role. Default: none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketReplicationPlan:
    """A replication with every default applied."""

    name: str
    prefixes: tuple[str, ...]
    delete_markers: bool
    within_15_minutes: bool
    storage_class: str | None
    destination_region: str
    region: str | None


def plan_bucket_replication(args: BucketReplicationArgs, name: str) -> BucketReplicationPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, BucketReplicationArgs):
        problems.raise_if_any("BucketReplication")
    check_name(problems, "name", name)
    check_aws_region(problems, "destinationRegion", args["destination_region"])
    for path, arn in (
        ("sourceBucketArn", args["source_bucket_arn"]),
        ("destinationBucketArn", args["destination_bucket_arn"]),
    ):
        if isinstance(arn, str) and is_known(arn) and ":s3:::" not in arn:
            problems.add(path, f"'{arn}' is not the ARN of a bucket; write it like arn:aws:s3:::name")
    if args["source_bucket_arn"] == args["destination_bucket_arn"] and is_known(args["source_bucket_arn"]):
        problems.add("destinationBucketArn", "is the source; give a bucket in another region")
    if args["destination_region"] == args.get("region"):
        problems.add(
            "destinationRegion", f"'{args['destination_region']}' is the source's; a copy there is lost with it"
        )
    prefixes = args.get("prefixes", [""])
    if not prefixes:
        problems.add("prefixes", "none given; leave the field out to copy all objects")
    for index, prefix in enumerate(sorted(set(prefixes))):
        covered = next((each for each in set(prefixes) - {prefix} if prefix.startswith(each)), None)
        if covered is not None:
            problems.add(f"prefixes[{index}]", f"'{prefix}' is within '{covered}'; give one of them")
    problems.raise_if_any("BucketReplication")
    return BucketReplicationPlan(
        name=name,
        prefixes=tuple(sorted(set(prefixes))),
        delete_markers=args.get("delete_markers", True),
        within_15_minutes=args.get("within_15_minutes", False),
        storage_class=args.get("storage_class"),
        destination_region=args["destination_region"],
        region=args.get("region"),
    )


class BucketReplication(pulumi.ComponentResource):
    """A rule by which S3 copies what is written to one bucket into another region, and the role by which it does.

    Objects that were there before are not copied; S3 Batch Replication does that once.

    Example: `BucketReplication("checkpoints", {"source_bucket_arn": bucket_arn, "source_key": key_arn,
    "destination_bucket_arn": replica_arn, "destination_key": replica_key, "destination_region": "us-west-2"})`
    """

    role_arn: pulumi.Output[str]
    """ARN of the role that S3 takes on."""

    def __init__(self, name: str, args: BucketReplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("BucketReplication", name, partial(plan_bucket_replication, name=name), args)
        super().__init__("aidc:index:BucketReplication", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        source = pulumi.Output.from_input(args["source_bucket_arn"])
        role, policies = create_role_and_policies(
            f"{name}-replication",
            role_name=None,
            trust=[service_trust("s3.amazonaws.com")],
            statements={"replicate": replication_statements(args, region=plan.region or current_region(self))},
            permissions_boundary=args.get("permissions_boundary"),
            description=f"S3, for copies into {plan.destination_region}",
            opts=child,
        )
        from pulumi_aws import s3

        s3.BucketReplicationConfig(
            name,
            bucket=source.apply(lambda arn: arn.rpartition(":")[2]),
            role=role.arn,
            rules=replication_rules(plan, args["destination_bucket_arn"], args["destination_key"]),
            region=plan.region,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=policies)),
        )
        self.role_arn = role.arn
        self.register_outputs({"role_arn": self.role_arn})


def replication_rules(plan: BucketReplicationPlan, bucket_arn: pulumi.Input[str], key: pulumi.Input[str]) -> list[Any]:
    """Return one rule a prefix."""
    destination: dict[str, Any] = {"bucket": bucket_arn, "encryption_configuration": {"replica_kms_key_id": key}}
    if plan.storage_class is not None:
        destination["storage_class"] = plan.storage_class
    if plan.within_15_minutes:
        destination["replication_time"] = {"status": "Enabled", "time": {"minutes": 15}}
        destination["metrics"] = {"status": "Enabled", "event_threshold": {"minutes": 15}}
    return [
        {
            "id": prefix or "everything",
            "priority": priority,
            "status": "Enabled",
            "filter": {"prefix": prefix},
            "delete_marker_replication": {"status": "Enabled" if plan.delete_markers else "Disabled"},
            "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
            "destination": destination,
        }
        for priority, prefix in enumerate(plan.prefixes, start=1)
    ]


def replication_statements(args: BucketReplicationArgs, *, region: pulumi.Input[str]) -> tuple[Statement, ...]:
    """Return what S3 may do to copy.

    Source: Amazon S3 User Guide, "Setting up permissions for live replication" and "Replicating encrypted objects".
    With bucket keys the encryption context is the bucket, else the object.
    """
    source, destination = args["source_bucket_arn"], args["destination_bucket_arn"]
    source_objects = pulumi.Output.concat(source, "/*")
    copies = pulumi.Output.concat(destination, "/*")
    return (
        Statement(
            sid="ReadConfiguration",
            actions=["s3:GetReplicationConfiguration", "s3:ListBucket"],
            resources=[source],
        ),
        Statement(
            sid="ReadVersions",
            actions=[
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            resources=[source_objects],
        ),
        Statement(
            sid="WriteCopies",
            actions=["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
            resources=[copies],
        ),
        Statement(
            sid="Decrypt",
            actions=["kms:Decrypt"],
            resources=[args["source_key"]],
            conditions={
                "StringEquals": {"kms:ViaService": pulumi.Output.concat("s3.", region, ".amazonaws.com")},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": [source, source_objects]},
            },
        ),
        Statement(
            sid="Encrypt",
            actions=["kms:Encrypt", "kms:GenerateDataKey"],
            resources=[args["destination_key"]],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{args['destination_region']}.amazonaws.com"},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": [destination, copies]},
            },
        ),
    )
