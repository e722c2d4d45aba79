"""What the other add-ons may do in AWS, each as a pure function of the cluster and its settings."""

from typing import Final

import pulumi

from ..identity import PolicyStatement
from .addon import AddonContext
from .load_balancer_statements import allow
from .settings import AddonSettings

CLUSTER_TAG: Final = "aidc.dev/cluster"
"""Carried by what the CSI drivers make in AWS, with the cluster's name."""

_DESCRIBED_AS_A_WHOLE: Final = "Describe actions of EC2 know no resources"
_ZONES_ARE_LISTED: Final = "Route 53 lists zones of the whole account only"


def external_dns_statements(context: AddonContext, settings: AddonSettings) -> list[PolicyStatement]:
    """Return what external-dns may do: change records of the zones given, and find those zones.

    Source: kubernetes-sigs/external-dns, docs/tutorials/aws.md, IAM policy.
    """
    del context
    zones = settings.get("hosted_zone_arns", [])
    return [
        allow(
            "ChangeRecords",
            [
                "route53:ChangeResourceRecordSets",
                "route53:ListResourceRecordSets",
                "route53:ListTagsForResources",
            ],
            zones,
        ),
        allow("ListZones", ["route53:ListHostedZones"], ["*"], why=_ZONES_ARE_LISTED),
    ]


def cert_manager_statements(context: AddonContext, settings: AddonSettings) -> list[PolicyStatement]:
    """Return what cert-manager may do to prove domains: write TXT records of the zones given; nothing without zones.

    Source: cert-manager documentation, "Route53", IAM policy.
    """
    zones = settings.get("hosted_zone_arns", [])
    if not zones:
        return []
    return [
        allow("FollowChanges", ["route53:GetChange"], [context.global_arn("route53", "change/*")]),
        allow(
            "ProveDomains",
            ["route53:ChangeResourceRecordSets"],
            zones,
            {"ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]}},
        ),
        allow("ReadRecords", ["route53:ListResourceRecordSets"], zones),
        allow("ListZones", ["route53:ListHostedZonesByName"], ["*"], why=_ZONES_ARE_LISTED),
    ]


def external_secrets_statements(context: AddonContext, settings: AddonSettings) -> list[PolicyStatement]:
    """Return what External Secrets may do: read the secrets whose names begin with the prefix.

    Source: external-secrets documentation, "AWS Secrets Manager", IAM policy.
    """
    prefix = settings.get("secret_prefix", "")
    statements = [
        allow(
            "ReadSecrets",
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetResourcePolicy",
                "secretsmanager:GetSecretValue",
                "secretsmanager:ListSecretVersionIds",
            ],
            [context.arn("secretsmanager", f"secret:{prefix}*")],
        )
    ]
    keys = settings.get("encryption_keys", [])
    if keys:
        service = f"secretsmanager.{context.region}.amazonaws.com"
        statements.append(allow("DecryptSecrets", ["kms:Decrypt"], keys, {"StringEquals": {"kms:ViaService": service}}))
    return statements


def efs_statements(context: AddonContext, settings: AddonSettings) -> list[PolicyStatement]:
    """Return what the EFS driver may do: make access points with its cluster's tag, delete those with it.

    Source: kubernetes-sigs/aws-efs-csi-driver v3.4.1, docs/iam-policy-example.json.
    """
    del settings
    systems = context.arn("elasticfilesystem", "file-system/*")
    points = context.arn("elasticfilesystem", "access-point/*")
    asked = {"StringEquals": {f"aws:RequestTag/{CLUSTER_TAG}": context.cluster_name}}
    owned = {"StringEquals": {f"aws:ResourceTag/{CLUSTER_TAG}": context.cluster_name}}
    return [
        allow(
            "ReadFileSystems",
            [
                "elasticfilesystem:DescribeAccessPoints",
                "elasticfilesystem:DescribeFileSystems",
                "elasticfilesystem:DescribeMountTargets",
            ],
            [systems, points],
        ),
        allow("ReadZones", ["ec2:DescribeAvailabilityZones"], ["*"], why=_DESCRIBED_AS_A_WHOLE),
        allow("MakeAccessPoints", ["elasticfilesystem:CreateAccessPoint"], [systems], asked),
        allow("TagAccessPoints", ["elasticfilesystem:TagResource"], [points], asked),
        allow("DeleteAccessPoints", ["elasticfilesystem:DeleteAccessPoint"], [points], owned),
    ]


def efs_mount_statements(context: AddonContext, settings: AddonSettings) -> list[PolicyStatement]:
    """Return what the EFS driver's pods on the nodes may do: mount and write, which a file system may ask for by IAM.

    Source: Amazon EFS User Guide, "Using IAM to control file system data access".
    """
    del settings
    systems = context.arn("elasticfilesystem", "file-system/*")
    mounted = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
    actions = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    return [
        allow("MountFileSystems", actions, [systems], mounted),
        allow("FindMountTargets", ["elasticfilesystem:DescribeMountTargets"], [systems]),
        allow("ReadZones", ["ec2:DescribeAvailabilityZones"], ["*"], why=_DESCRIBED_AS_A_WHOLE),
    ]


def fsx_statements(context: AddonContext, settings: AddonSettings) -> list[PolicyStatement]:
    """Return what the FSx driver may do: make file systems with its cluster's tag, change and delete those with it.

    Source: kubernetes-sigs/aws-fsx-csi-driver v1.9.0, docs/install.md, IAM policy.
    """
    systems = context.arn("fsx", "file-system/*")
    asked = {"StringEquals": {f"aws:RequestTag/{CLUSTER_TAG}": context.cluster_name}}
    owned = {"StringEquals": {f"aws:ResourceTag/{CLUSTER_TAG}": context.cluster_name}}
    buckets = settings.get("bucket_arns", [])
    statements = [
        allow("ReadFileSystems", ["fsx:DescribeFileSystems"], [systems]),
        allow("MakeFileSystems", ["fsx:CreateFileSystem", "fsx:TagResource"], [systems], asked),
        allow("ChangeFileSystems", ["fsx:DeleteFileSystem", "fsx:UpdateFileSystem"], [systems], owned),
        allow("MakeLinkedRole", ["iam:CreateServiceLinkedRole"], [_linked_role(context, "fsx.amazonaws.com")]),
    ]
    if buckets:
        # The role of a link to S3 gets its policy while it is made.
        role = _linked_role(context, "s3.data-source.lustre.fsx.amazonaws.com")
        actions = ["iam:AttachRolePolicy", "iam:CreateServiceLinkedRole", "iam:PutRolePolicy"]
        statements += [
            allow("MakeRoleOfBuckets", actions, [role]),
            allow("ListLinkedBuckets", ["s3:ListBucket"], buckets),
        ]
    return statements


def mountpoint_statements(context: AddonContext, settings: AddonSettings) -> list[PolicyStatement]:
    """Return what the Mountpoint driver may do for pods without an identity of their own: nothing without buckets.

    Source: awslabs/mountpoint-s3-csi-driver v2.7.0, docs/CONFIGURATION.md, and Mountpoint's own documentation of
    permissions.
    """
    writable = settings.get("writable_bucket_arns", [])
    buckets = [*settings.get("bucket_arns", []), *writable]
    keys = settings.get("encryption_keys", [])
    if not buckets:
        return []
    statements = [
        allow("ListBuckets", ["s3:ListBucket"], buckets),
        allow("ReadObjects", ["s3:GetObject"], [_objects(each) for each in buckets]),
    ]
    if writable:
        actions = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"]
        statements.append(allow("WriteObjects", actions, [_objects(each) for each in writable]))
    if keys:
        service = {"StringEquals": {"kms:ViaService": f"s3.{context.region}.amazonaws.com"}}
        statements.append(
            allow("UseKeys", ["kms:Decrypt", *(["kms:GenerateDataKey"] if writable else [])], keys, service)
        )
    return statements


def _objects(bucket: pulumi.Input[str]) -> pulumi.Output[str]:
    return pulumi.Output.concat(bucket, "/*")


def _linked_role(context: AddonContext, service: str) -> pulumi.Output[str]:
    return context.arn("iam", f"role/aws-service-role/{service}/*", has_region=False)
