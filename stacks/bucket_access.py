"""Who may use the buckets of a data center: one role for each service account, whatever the number of its buckets.

EKS refuses a second association of a service account: Amazon EKS User Guide, "EKS Pod Identity restrictions".
"""

from collections.abc import Collection, Mapping
from typing import Any, cast

import pulumi

from ..components.storage import ObjectStore, S3Bucket
from ..components.storage.s3_access import BucketGrant, bucket_statements, plan_grants, s3_host
from ..infra.identity import PolicyStatement, WorkloadIdentity, WorkloadIdentityArgs
from ..problems import Problems

Account = tuple[str, str]
"""Namespace and name of a service account."""


def without_grants(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return a store's inputs without what `create_bucket_access` makes."""
    bucket = args.get("s3")
    if bucket is None:
        return dict(args)
    return {**args, "s3": {key: value for key, value in bucket.items() if key != "workloads"}}


def create_bucket_access(
    sections: Mapping[str, Mapping[str, Any]], stores: Mapping[str, ObjectStore], opts: pulumi.ResourceOptions
) -> dict[Account, WorkloadIdentity]:
    """Make the role of each service account that uses buckets.

    Args:
        sections: inputs of the stores by name, complete.
        stores: the stores by name.
        opts: options of the roles.
    """
    told: dict[Account, WorkloadIdentityArgs] = {}
    for name, args in sorted(sections.items()):
        bucket = cast(S3Bucket, args.get("s3", {}))
        # The store's own plan has found all that is wrong.
        for grant in plan_grants(Problems(), bucket.get("workloads", {}), args["namespace"]):
            account = (grant.namespace, grant.service_account)
            own = told.setdefault(account, _identity(account, bucket))
            taken = {each["sid"] for each in own["statements"]}
            own["statements"] += _statements(name, grant, stores[name], bucket, taken)
    return {account: WorkloadIdentity("-".join(account), args, opts) for account, args in sorted(told.items())}


def _identity(account: Account, bucket: S3Bucket) -> WorkloadIdentityArgs:
    namespace, service_account = account
    found = WorkloadIdentityArgs(
        cluster_name=bucket.get("cluster_name", ""),
        namespace=namespace,
        service_account=service_account,
        statements=[],
    )
    if "permissions_boundary" in bucket:
        found["permissions_boundary"] = bucket["permissions_boundary"]
    return found


def _statements(
    name: str, grant: BucketGrant, store: ObjectStore, bucket: S3Bucket, taken: Collection[str]
) -> list[PolicyStatement]:
    """Return what a grant allows, each statement under a name that none has yet."""
    listed = bucket_statements(
        grant,
        bucket_arn=store.bucket_arn,
        encryption_key=bucket.get("encryption_key"),
        s3_host=store.region.apply(s3_host),
    )
    words = "".join(part.capitalize() for part in name.split("-"))
    for each in listed:
        each["sid"] += f"Of{words}"
        # Letters and digits are all that a name may have, so `a-1` and `a1` are one word.
        while each["sid"] in taken:
            each["sid"] += "X"
    return listed
