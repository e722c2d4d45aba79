"""Roles: who may take them on, and what they may do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pulumi

from .statements import Statement, policy_document

if TYPE_CHECKING:
    from pulumi_aws.iam import Role


def create_role(
    name: str,
    *,
    role_name: pulumi.Input[str] | None,
    trust: Sequence[Statement],
    statements: Mapping[str, Sequence[Statement]],
    managed_policies: Mapping[str, pulumi.Input[str]] | None = None,
    permissions_boundary: pulumi.Input[str] | None = None,
    description: str,
    opts: pulumi.ResourceOptions,
) -> "Role":
    """Make a role with its policies.

    Args:
        name: logical name; the policies' names are derived from it.
        role_name: its name in AWS, at most 64 characters. None: Pulumi makes one from `name`.
        trust: who may take it on.
        statements: what it may do, as inline policies by name: they live and die with the role.
        managed_policies: ARNs of managed policies, by a name of ours.
        permissions_boundary: ARN of the policy that bounds it. Default: none.
        description: what it is for.
        opts: options of all the resources.
    """
    role, _ = create_role_and_policies(
        name,
        role_name=role_name,
        trust=trust,
        statements=statements,
        managed_policies=managed_policies,
        permissions_boundary=permissions_boundary,
        description=description,
        opts=opts,
    )
    return role


def create_role_and_policies(
    name: str,
    *,
    role_name: pulumi.Input[str] | None,
    trust: Sequence[Statement],
    statements: Mapping[str, Sequence[Statement]],
    managed_policies: Mapping[str, pulumi.Input[str]] | None = None,
    permissions_boundary: pulumi.Input[str] | None = None,
    description: str,
    opts: pulumi.ResourceOptions,
) -> tuple["Role", list[pulumi.Resource]]:
    """Make a role as `create_role` does; return its policies too, for what must not start or end without them."""
    from pulumi_aws import iam

    role = iam.Role(
        name,
        name=role_name,
        assume_role_policy=policy_document(trust),
        permissions_boundary=permissions_boundary,
        description=description,
        opts=opts,
    )
    policies: list[pulumi.Resource] = [
        iam.RolePolicyAttachment(f"{name}-{key}", role=role.name, policy_arn=arn, opts=opts)
        for key, arn in (managed_policies or {}).items()
    ]
    policies += [
        iam.RolePolicy(f"{name}-{key}", name=key, role=role.name, policy=policy_document(listed), opts=opts)
        for key, listed in statements.items()
    ]
    return role, policies
