"""Who may use a cluster."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from ..identity import partition
from .arguments import ClusterAccessPolicy
from .cluster_plan import ClusterAccessPlan

_POLICIES: Final = {
    ClusterAccessPolicy.CLUSTER_ADMIN: "AmazonEKSClusterAdminPolicy",
    ClusterAccessPolicy.ADMIN: "AmazonEKSAdminPolicy",
    ClusterAccessPolicy.EDIT: "AmazonEKSEditPolicy",
    ClusterAccessPolicy.VIEW: "AmazonEKSViewPolicy",
    ClusterAccessPolicy.ADMIN_VIEW: "AmazonEKSAdminViewPolicy",
}


def create_access(
    name: str,
    access: Mapping[str, ClusterAccessPlan],
    *,
    cluster_name: pulumi.Output[str],
    region: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Make the access entries, each with its policy.

    None is made for nodes: EKS makes and removes that of a role together with its managed node groups.
    """
    for key, entry in access.items():
        _create_entry(f"{name}-access-{key}", entry, cluster_name, region, opts)


def _create_entry(
    name: str,
    entry: ClusterAccessPlan,
    cluster_name: pulumi.Output[str],
    region: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> None:
    from pulumi_aws import eks

    made = eks.AccessEntry(
        name, cluster_name=cluster_name, principal_arn=entry.principal_arn, type="STANDARD", opts=opts
    )
    policy = _POLICIES[entry.policy]
    eks.AccessPolicyAssociation(
        name,
        cluster_name=cluster_name,
        principal_arn=made.principal_arn,
        policy_arn=region.apply(lambda known: f"arn:{partition(known)}:eks::aws:cluster-access-policy/{policy}"),
        access_scope=_scope(entry.namespaces),
        opts=opts,
    )


def _scope(namespaces: Sequence[str]) -> Any:
    return {"type": "namespace", "namespaces": list(namespaces)} if namespaces else {"type": "cluster"}
