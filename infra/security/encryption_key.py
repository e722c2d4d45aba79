"""A key of AWS KMS for one purpose."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import check_keys, planned, recorded
from ..identity import current_account, current_region, policy_document
from ..labels import check_name
from .key_policy import KeyPurpose, key_statements

_DELETION_DAYS: Final = (7, 30)
_ROTATION_DAYS: Final = (90, 2560)
"""Bounds of the KMS API: ScheduleKeyDeletion, and RotationPeriodInDays of EnableKeyRotation."""

_ALIAS: Final = re.compile(r"[a-zA-Z0-9/_-]{1,250}")


class EncryptionKeyArgs(TypedDict):
    """Inputs of `EncryptionKey`."""

    purpose: KeyPurpose
    """What it encrypts: `audit` (trails), `backup`, `cluster-secrets` (EKS), `logs` (CloudWatch), `messages` (SNS,
    SQS), `registry` (ECR), `secrets` (Secrets Manager), `storage` (S3, EFS, FSx) or `volumes` (EBS). Which services
    may use it follows from this."""

    alias: NotRequired[str]
    """Its name in KMS, without `alias/`, such as `prod/logs`. Default: the component's name."""

    region: NotRequired[str]
    """Region of the key. Default: the provider's."""

    deletion_window_days: NotRequired[int]
    """Days between its deletion and the end of everything that it encrypts, 7 to 30. Default: 30."""

    rotation_days: NotRequired[int]
    """Days after which AWS makes new key material, 90 to 2,560; the old material keeps decrypting. Default: 365. A
    replica rotates with its primary key."""

    multi_region: NotRequired[bool]
    """Whether other regions may have replicas of it. It cannot be changed later. Default: false."""

    replica_of: NotRequired[pulumi.Input[str]]
    """ARN of the multi-region key in another region that this one is a replica of. Default: a key of its own."""

    creates_auto_scaling_role: NotRequired[bool]
    """Whether the account's service-linked role of Auto Scaling is made, which the key's policy names. Only for
    `volumes`. Default: false; true in an account that has never had an Auto Scaling group."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete it. Default: true. To delete it, deploy with false first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EncryptionKeyPlan:
    """A key with every default applied."""

    name: str
    purpose: KeyPurpose
    alias: str
    region: str | None
    deletion_window_days: int
    rotation_days: int
    multi_region: bool
    replica_of: pulumi.Input[str] | None
    creates_auto_scaling_role: bool
    protect: bool


def plan_encryption_key(args: EncryptionKeyArgs, name: str) -> EncryptionKeyPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, EncryptionKeyArgs):
        problems.raise_if_any("EncryptionKey")
    check_name(problems, "name", name)
    problems.choice("purpose", args["purpose"], [each.value for each in KeyPurpose])
    alias = args.get("alias", name)
    if not _ALIAS.fullmatch(alias):
        problems.add("alias", f"'{alias}' is no alias; give letters, digits, /, _ and -, at most 250")
    elif alias.startswith(("alias/", "aws/")):
        problems.add("alias", f"'{alias}' starts with a part that AWS adds or keeps for itself; leave that out")
    days = int(args.get("deletion_window_days", _DELETION_DAYS[1]))
    problems.between("deletionWindowDays", days, *_DELETION_DAYS, unit="days")
    rotation = int(args.get("rotation_days", 365))
    problems.between("rotationDays", rotation, *_ROTATION_DAYS, unit="days")
    if "replica_of" in args:
        for key, path in (("rotation_days", "rotationDays"), ("multi_region", "multiRegion")):
            if key in args:
                problems.add(path, "is decided by the key that this one is a replica of; leave it out")
    if args.get("creates_auto_scaling_role") and args["purpose"] != KeyPurpose.VOLUMES.value:
        problems.add("createsAutoScalingRole", "belongs to keys for volumes; leave it out")
    problems.raise_if_any("EncryptionKey")
    return EncryptionKeyPlan(
        name=name,
        purpose=KeyPurpose(str(args["purpose"])),
        alias=alias,
        region=args.get("region"),
        deletion_window_days=days,
        rotation_days=rotation,
        multi_region=args.get("multi_region", False),
        replica_of=args.get("replica_of"),
        creates_auto_scaling_role=args.get("creates_auto_scaling_role", False),
        protect=args.get("protect", True),
    )


class EncryptionKey(pulumi.ComponentResource):
    """A symmetric key that rotates, whose policy names the AWS services of its purpose and nobody outside.

    IAM policies of the account decide which roles may use it. One key a purpose bounds what a mistake in one of them
    opens, and what the deletion of one loses.

    Example: `EncryptionKey("logs", {"purpose": "logs", "alias": "prod/logs"})`
    """

    key_arn: pulumi.Output[str]
    """ARN of the key."""

    key_id: pulumi.Output[str]
    """Id of the key."""

    alias: pulumi.Output[str]
    """Its name, with `alias/`."""

    def __init__(self, name: str, args: EncryptionKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("EncryptionKey", name, partial(plan_encryption_key, name=name), args)
        super().__init__("aidc:index:EncryptionKey", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        keep = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=plan.protect or None))
        if plan.creates_auto_scaling_role:
            from pulumi_aws import iam

            # Deleting it would stop every Auto Scaling group of the account.
            role_options = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(retain_on_delete=True))
            role = iam.ServiceLinkedRole(
                f"{name}-auto-scaling", aws_service_name="autoscaling.amazonaws.com", opts=role_options
            )
            keep = pulumi.ResourceOptions.merge(keep, pulumi.ResourceOptions(depends_on=[role]))
        self.key_arn, self.key_id = _create_key(plan, _policy(self, plan), keep)
        from pulumi_aws import kms

        self.alias = kms.Alias(
            name, name=f"alias/{plan.alias}", target_key_id=self.key_id, region=plan.region, opts=child
        ).name
        self.register_outputs({"key_arn": self.key_arn, "key_id": self.key_id, "alias": self.alias})


def _policy(parent: pulumi.Resource, plan: EncryptionKeyPlan) -> pulumi.Output[str]:
    region = plan.region or current_region(parent)
    return pulumi.Output.all(current_account(parent), region).apply(
        lambda known: policy_document(key_statements(plan.purpose, account=known[0], region=known[1]))
    )


def _create_key(
    plan: EncryptionKeyPlan, policy: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Make the key, or the replica of one; return its ARN and id."""
    from pulumi_aws import kms

    if plan.replica_of is not None:
        replica = kms.ReplicaKey(
            plan.name,
            primary_key_arn=plan.replica_of,
            description=f"{plan.alias}: {plan.purpose.value}",
            deletion_window_in_days=plan.deletion_window_days,
            enabled=True,
            policy=policy,
            region=plan.region,
            opts=opts,
        )
        return replica.arn, replica.id
    key = kms.Key(
        plan.name,
        description=f"{plan.alias}: {plan.purpose.value}",
        deletion_window_in_days=plan.deletion_window_days,
        enable_key_rotation=True,
        rotation_period_in_days=plan.rotation_days,
        is_enabled=True,
        multi_region=plan.multi_region,
        policy=policy,
        region=plan.region,
        opts=opts,
    )
    return key.arn, key.id
