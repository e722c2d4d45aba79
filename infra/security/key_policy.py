"""Who may use a key: the account's own policies, and the AWS services that its purpose needs."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from ..identity import Statement, partition

_USE: Final = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
"""What a service needs to write and read encrypted data."""

_OWN_KEY: Final = "in the policy of a key, * is that key alone"

AUTO_SCALING_ROLE: Final = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
"""The role by which Auto Scaling starts the nodes of managed node groups: EC2 Auto Scaling User Guide,
"Required AWS KMS key policy for use with encrypted volumes"."""


class KeyPurpose(StrEnum):
    """What a key encrypts. Its policy follows from it."""

    AUDIT = "audit"
    BACKUP = "backup"
    CLUSTER_SECRETS = "cluster-secrets"
    LOGS = "logs"
    MESSAGES = "messages"
    REGISTRY = "registry"
    SECRETS = "secrets"
    STORAGE = "storage"
    VOLUMES = "volumes"


def key_statements(purpose: KeyPurpose, *, account: str, region: str) -> tuple[Statement, ...]:
    """Return the policy of a key.

    The account's root is there so that IAM policies can grant the use of the key, and so that the key can always be
    managed: AWS KMS Developer Guide, "Default key policy". No principal outside the account is in it.
    """
    root = Statement(
        sid="DelegateToIam",
        actions=["kms:*"],
        resources=["*"],
        principals={"AWS": [f"arn:{partition(region)}:iam::{account}:root"]},
        why=f"the account's IAM policies decide who may do what; {_OWN_KEY}",
    )
    services = _SERVICES.get(purpose)
    return (root, *(services(account, region) if services else ()))


def _log_statements(account: str, region: str) -> tuple[Statement, ...]:
    # CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS": the context is the group's ARN.
    logs = f"arn:{partition(region)}:logs:{region}:{account}"
    return (
        _service(
            "EncryptLogGroups",
            f"logs.{region}.amazonaws.com",
            _USE,
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"{logs}:log-group:*"}},
        ),
        # VPC User Guide, "Required key policy for SSE-KMS": flow logs that go to a bucket.
        _service(
            "DeliverLogsToBuckets",
            "delivery.logs.amazonaws.com",
            _USE,
            {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": f"{logs}:*"}},
        ),
    )


def _message_statements(account: str, region: str) -> tuple[Statement, ...]:
    del region
    # SQS Developer Guide, "Enable compatibility between event sources from AWS services and encrypted queues".
    send = ("kms:Decrypt", "kms:GenerateDataKey")
    here = {"StringEquals": {"aws:SourceAccount": account}}
    return (
        _service("SendAlarms", "cloudwatch.amazonaws.com", send, here),
        # SNS Developer Guide, "Key management": EventBridge sends no source account or source ARN to encrypted
        # topics, so that a condition would lose every event. The policy of the topic or queue has the condition.
        _service("SendEvents", "events.amazonaws.com", send, {}),
        _service("SendObjectNotifications", "s3.amazonaws.com", send, here),
        _service("SendTopicMessages", "sns.amazonaws.com", send, here),
    )


def _audit_statements(account: str, region: str) -> tuple[Statement, ...]:
    # CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail": the trail is both source and context.
    trails = f"arn:{partition(region)}:cloudtrail:{region}:{account}:trail/*"
    contexts = f"arn:{partition(region)}:cloudtrail:*:{account}:trail/*"
    return (
        _service(
            "EncryptTrails",
            "cloudtrail.amazonaws.com",
            ("kms:Decrypt", "kms:GenerateDataKey"),
            {
                "ArnLike": {"aws:SourceArn": trails},
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": contexts},
            },
        ),
        _service(
            "DescribeForTrails",
            "cloudtrail.amazonaws.com",
            ("kms:DescribeKey",),
            {"ArnLike": {"aws:SourceArn": trails}},
        ),
        *_log_statements(account, region),
    )


def _volume_statements(account: str, region: str) -> tuple[Statement, ...]:
    role = {"AWS": [f"arn:{partition(region)}:iam::{account}:{AUTO_SCALING_ROLE}"]}
    return (
        Statement(sid="EncryptVolumesOfNodeGroups", actions=_USE, resources=["*"], principals=role, why=_OWN_KEY),
        Statement(
            sid="GrantToVolumesOfNodeGroups",
            actions=["kms:CreateGrant"],
            resources=["*"],
            principals=role,
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            why=_OWN_KEY,
        ),
    )


def _storage_statements(account: str, region: str) -> tuple[Statement, ...]:
    # FSx for Lustre User Guide, "Working with server-side encrypted Amazon S3 buckets": a linked file system reads and
    # writes by a role of its own, which is there only with the file system, so that no policy before can name it.
    role = "role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_*"
    conditions = {
        "StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"s3.{region}.amazonaws.com"},
        "ArnLike": {"aws:PrincipalArn": f"arn:{partition(region)}:iam::{account}:{role}"},
    }
    return (
        Statement(
            sid="LinkFileSystemsToBuckets",
            actions=_USE,
            resources=["*"],
            principals={"AWS": ["*"]},
            conditions=conditions,
            why=f"the conditions leave the service-linked roles of this account's file systems; {_OWN_KEY}",
        ),
    )


def _service(
    sid: str, service: str, actions: tuple[str, ...], conditions: Mapping[str, Mapping[str, Any]]
) -> Statement:
    return Statement(
        sid=sid,
        actions=actions,
        resources=["*"],
        principals={"Service": [service]},
        conditions=conditions,
        why=_OWN_KEY,
    )


_SERVICES: Final[Mapping[KeyPurpose, Callable[[str, str], tuple[Statement, ...]]]] = {
    KeyPurpose.AUDIT: _audit_statements,
    KeyPurpose.LOGS: _log_statements,
    KeyPurpose.MESSAGES: _message_statements,
    KeyPurpose.STORAGE: _storage_statements,
    KeyPurpose.VOLUMES: _volume_statements,
}
"""The purposes whose services use the key as themselves. EKS, ECR, S3, EFS, Secrets Manager and AWS Backup use
it on behalf of the role that asks, so that IAM policies and grants suffice for the others."""
