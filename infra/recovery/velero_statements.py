"""What Velero may do in AWS."""

from collections.abc import Sequence
from typing import Final

import pulumi

from ..identity import PolicyStatement

_TAG: Final = "velero.io/backup"
"""Carried by every snapshot that Velero makes, and by the volumes made from it."""


def velero_statements(
    *,
    bucket_arn: pulumi.Input[str],
    prefix: str,
    bucket_key: pulumi.Input[str],
    volume_keys: Sequence[pulumi.Input[str]],
    has_snapshots: bool,
    arn_start: pulumi.Input[str],
    cluster_name: pulumi.Input[str],
) -> list[PolicyStatement]:
    """Return the statements: its part of the bucket, and snapshots of the volumes of its own cluster.

    Source: the README of velero-plugin-for-aws, "Set permissions for Velero", narrowed by the tags that the EBS CSI
    driver and Velero itself put on volumes and snapshots. `arn_start` is `arn:aws:ec2:<region>:`.
    """
    statements: list[PolicyStatement] = [
        {
            "sid": "ListBackups",
            "actions": ["s3:ListBucket"],
            "resources": [bucket_arn],
            "conditions": {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}},
        },
        {
            "sid": "KeepBackups",
            "actions": [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ],
            "resources": [pulumi.Output.concat(bucket_arn, f"/{prefix}/*")],
        },
        {
            "sid": "EncryptBackups",
            "actions": ["kms:Decrypt", "kms:GenerateDataKey"],
            "resources": [bucket_key],
        },
    ]
    if has_snapshots:
        statements += _snapshot_statements(volume_keys, arn_start, cluster_name)
    return statements


def _snapshot_statements(
    volume_keys: Sequence[pulumi.Input[str]], arn_start: pulumi.Input[str], cluster_name: pulumi.Input[str]
) -> list[PolicyStatement]:
    volumes = pulumi.Output.concat(arn_start, "*:volume/*")
    snapshots = pulumi.Output.concat(arn_start, ":snapshot/*")
    statements: list[PolicyStatement] = [
        {
            "sid": "FindVolumes",
            "actions": ["ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
            "resources": ["*"],
            "why": "EC2 has no finer resource for Describe actions",
        },
        {
            "sid": "SnapshotVolumesOfCluster",
            "actions": ["ec2:CreateSnapshot"],
            "resources": [volumes],
            "conditions": {"StringEquals": {"aws:ResourceTag/KubernetesCluster": cluster_name}},
        },
        {
            "sid": "MakeSnapshots",
            "actions": ["ec2:CreateSnapshot"],
            "resources": [snapshots],
            "conditions": {"StringLike": {f"aws:RequestTag/{_TAG}": "*"}},
        },
        {
            "sid": "UseSnapshots",
            "actions": ["ec2:CreateVolume", "ec2:DeleteSnapshot"],
            "resources": [snapshots],
            "conditions": {"StringLike": {f"aws:ResourceTag/{_TAG}": "*"}},
        },
        {
            "sid": "MakeVolumes",
            "actions": ["ec2:CreateVolume"],
            "resources": [volumes],
            "conditions": {"StringLike": {f"aws:RequestTag/{_TAG}": "*"}},
        },
        {
            "sid": "TagWhatIsMade",
            "actions": ["ec2:CreateTags"],
            "resources": [volumes, snapshots],
            "conditions": {"StringEquals": {"ec2:CreateAction": ["CreateSnapshot", "CreateVolume"]}},
        },
    ]
    if volume_keys:
        statements += _key_statements(volume_keys)
    return statements


def _key_statements(volume_keys: Sequence[pulumi.Input[str]]) -> list[PolicyStatement]:
    return [
        {
            "sid": "EncryptVolumes",
            "actions": ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom"],
            "resources": list(volume_keys),
        },
        {
            "sid": "GrantToVolumes",
            "actions": ["kms:CreateGrant"],
            "resources": list(volume_keys),
            "conditions": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    ]
