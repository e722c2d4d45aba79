"""Who may pull images, and what ECR may do to keep copies of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi

from ..identity import Statement, create_role, current_account, service_trust
from ..identity import partition as partition_of

if TYPE_CHECKING:
    from pulumi_aws.iam import Role


def pull_statements(accounts: Sequence[str], *, region: str) -> tuple[Statement, ...]:
    """Return the policy of a repository from which other accounts may pull."""
    return (
        Statement(
            sid="PullFromOtherAccounts",
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=[],
            principals={
                "AWS": [f"arn:{partition_of(region)}:iam::{account}:root" for account in sorted(set(accounts))]
            },
        ),
    )


def template_statements(
    prefixes: Sequence[str],
    keys: Sequence[pulumi.Input[str]],
    *,
    account: pulumi.Input[str],
    partition: pulumi.Input[str],
) -> tuple[Statement, ...]:
    """Return what ECR may do when it makes the repository of a cached or replicated image.

    Source: ECR User Guide, "Creating an IAM role for repository creation templates".
    """
    start = pulumi.Output.concat("arn:", partition, ":ecr:*:", account, ":repository/")
    return (
        Statement(
            sid="CreateRepositories",
            actions=["ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource"],
            resources=[pulumi.Output.concat(start, prefix, "/*") for prefix in sorted(prefixes)],
        ),
        Statement(
            sid="EncryptRepositories",
            actions=["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"],
            resources=keys,
        ),
    )


def create_template_role(
    name: str,
    *,
    prefixes: Sequence[str],
    keys: Sequence[pulumi.Input[str]],
    region: pulumi.Output[str],
    permissions_boundary: pulumi.Input[str] | None,
    parent: pulumi.Resource,
) -> "Role":
    """Make the role by which ECR makes encrypted repositories of its own accord."""
    statements = template_statements(
        prefixes, keys, account=current_account(parent), partition=region.apply(partition_of)
    )
    return create_role(
        f"{name}-templates",
        role_name=None,
        trust=[service_trust("ecr.amazonaws.com")],
        statements={"repositories": statements},
        permissions_boundary=permissions_boundary,
        description="ECR, for the repositories of cached and replicated images",
        opts=pulumi.ResourceOptions(parent=parent),
    )
