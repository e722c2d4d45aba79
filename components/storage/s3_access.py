"""Who may read and write a bucket of S3: service accounts, each by a role of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import is_known
from ...infra.identity import PolicyStatement, WorkloadIdentity, WorkloadIdentityArgs, partition
from ...infra.labels import check_name
from ...problems import Problems

_READ: Final = ["s3:GetObject"]
_WRITE: Final = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]


class BucketAccess(StrEnum):
    """What a workload may do with the objects of a bucket."""

    READ = "read"
    READ_WRITE = "read-write"


class BucketWorkload(TypedDict):
    """What the pods of one service account may do."""

    access: BucketAccess
    """`read` or `read-write`, which may delete objects too."""

    service_account: NotRequired[str]
    """Name of the service account. Default: the workload's name, under which this is given."""

    namespace: NotRequired[str]
    """Namespace of the service account. Default: that of the store; needed where that one comes from another
    resource."""

    prefix: NotRequired[str]
    """Beginning of the keys of the objects that it reaches, such as `checkpoints/`. Default: all objects."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketGrant:
    """What a service account may do, with every default applied."""

    name: str
    service_account: str
    namespace: str
    access: BucketAccess
    prefix: str


def plan_grants(
    problems: Problems, workloads: Mapping[str, BucketWorkload], namespace: pulumi.Input[str]
) -> tuple[BucketGrant, ...]:
    """Check the workloads of a bucket, sorted by name; `namespace` is that of the store."""
    default = namespace if isinstance(namespace, str) and is_known(namespace) else ""
    grants: list[BucketGrant] = []
    seen: dict[tuple[str, str], str] = {}
    for name, workload in sorted(workloads.items()):
        account = workload.get("service_account", name)
        with problems.under(name):
            check_name(problems, "", name)
            if "service_account" in workload:
                check_name(problems, "serviceAccount", account)
            problems.choice("access", workload["access"], [each.value for each in BucketAccess])
            own = workload.get("namespace", default)
            if own:
                check_name(problems, "namespace", own)
            else:
                problems.add("namespace", "missing; that of the store is known only at deployment, so give it here")
            if (own, account) in seen:
                problems.add("", f"{seen[own, account]} is the service account '{account}' of '{own}' too; keep one")
            seen.setdefault((own, account), name)
            prefix = workload.get("prefix", "")
            if "*" in prefix or prefix.startswith("/"):
                problems.add("prefix", f"'{prefix}' is no beginning of a key; leave / at its start and * out")
            if workload["access"] in [each.value for each in BucketAccess]:
                grants.append(
                    BucketGrant(
                        name=name,
                        service_account=account,
                        namespace=own,
                        access=BucketAccess(workload["access"]),
                        prefix=prefix,
                    )
                )
    return tuple(grants)


def bucket_statements(
    grant: BucketGrant,
    *,
    bucket_arn: pulumi.Input[str],
    encryption_key: pulumi.Input[str] | None,
    s3_host: pulumi.Input[str],
) -> list[PolicyStatement]:
    """Return what a grant allows: the objects below its prefix, their list, and the bucket's key through S3 alone.

    Without `encryption_key` the bucket uses the account's key aws/s3, whose own policy allows it.
    Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html and
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuAndPermissions.html
    """
    writes = grant.access is BucketAccess.READ_WRITE
    listing: PolicyStatement = {
        "sid": "ListObjects",
        "actions": ["s3:ListBucket", *(["s3:ListBucketMultipartUploads"] if writes else [])],
        "resources": [bucket_arn],
    }
    if grant.prefix:
        listing["conditions"] = {"StringLike": {"s3:prefix": [f"{grant.prefix}*"]}}
    objects: PolicyStatement = {
        "sid": "UseObjects",
        "actions": [*_READ, *(_WRITE if writes else [])],
        "resources": [pulumi.Output.concat(bucket_arn, f"/{grant.prefix}*")],
    }
    if encryption_key is None:
        return [listing, objects]
    # A multipart upload is decrypted to be put together, so that writing needs Decrypt too.
    key: PolicyStatement = {
        "sid": "UseKey",
        "actions": ["kms:Decrypt", *(["kms:GenerateDataKey"] if writes else [])],
        "resources": [encryption_key],
        "conditions": {"StringEquals": {"kms:ViaService": s3_host}},
    }
    return [listing, objects, key]


def s3_host(region: str) -> str:
    """Return the host of S3 in a region: AWS General Reference, Amazon S3 endpoints."""
    return f"s3.{region}.amazonaws.com{'.cn' if partition(region) == 'aws-cn' else ''}"


def create_grants(
    name: str,
    grants: tuple[BucketGrant, ...],
    *,
    cluster_name: pulumi.Input[str],
    bucket_arn: pulumi.Input[str],
    encryption_key: pulumi.Input[str] | None,
    region: pulumi.Output[str],
    permissions_boundary: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> None:
    """Make a role for each service account."""
    for grant in grants:
        identity: WorkloadIdentityArgs = {
            "cluster_name": cluster_name,
            "namespace": grant.namespace,
            "service_account": grant.service_account,
            "statements": bucket_statements(
                grant, bucket_arn=bucket_arn, encryption_key=encryption_key, s3_host=region.apply(s3_host)
            ),
        }
        if permissions_boundary is not None:
            identity["permissions_boundary"] = permissions_boundary
        WorkloadIdentity(f"{name}-{grant.name}", identity, opts)
