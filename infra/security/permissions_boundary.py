"""What no role of a data center may do, whatever its own policies say."""

from dataclasses import dataclass
from functools import partial
from typing import Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..addresses import check_aws_region
from ..arguments import check_keys, planned, recorded
from ..identity import Statement, current_account, partition, policy_document
from ..labels import check_name

REGIONAL_SERVICES: Final = (
    "acm",
    "autoscaling",
    "backup",
    "cloudwatch",
    "ec2",
    "ecr",
    "eks",
    "eks-auth",
    "elasticfilesystem",
    "elasticloadbalancing",
    "events",
    "fsx",
    "guardduty",
    "kms",
    "logs",
    "s3",
    "secretsmanager",
    "servicequotas",
    "sns",
    "sqs",
    "ssm",
    "wafv2",
)
"""Services that a data center uses in its regions, by the prefix of their actions."""

GLOBAL_SERVICES: Final = ("pricing", "route53", "sts")
"""Services without a region, or whose only one is us-east-1."""

_IDENTITIES: Final = (
    "iam:AddRoleToInstanceProfile",
    "iam:AttachRolePolicy",
    "iam:CreateInstanceProfile",
    "iam:CreateRole",
    "iam:CreateServiceLinkedRole",
    "iam:DeleteInstanceProfile",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:Get*",
    "iam:List*",
    "iam:PassRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:RemoveRoleFromInstanceProfile",
    "iam:TagInstanceProfile",
    "iam:TagRole",
    "iam:UntagRole",
)
"""What may be done with identities: roles and instance profiles. Who may take on a role is changed by nobody here."""

_CEILING: Final = (
    "a boundary grants nothing by itself: it is the ceiling under which each role has its own narrow policy"
)

_USERS: Final = (
    "iam:AddUserToGroup",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateUser",
    "iam:PutUserPolicy",
    "iam:UpdateLoginProfile",
)
_WATCHERS: Final = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "ec2:DisableEbsEncryptionByDefault",
    "ec2:DisableImageBlockPublicAccess",
    "ec2:DisableSnapshotBlockPublicAccess",
    "guardduty:DeleteDetector",
    "guardduty:DisassociateFromAdministratorAccount",
    "guardduty:UpdateDetector",
    "s3:PutAccountPublicAccessBlock",
)
_LOSSES: Final = (
    "backup:DeleteBackupVault",
    "backup:DeleteBackupVaultLockConfiguration",
    "backup:DeleteRecoveryPoint",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
)


class PermissionsBoundaryArgs(TypedDict):
    """Inputs of `PermissionsBoundary`."""

    regions: list[str]
    """Regions in which the roles may act, such as `us-east-1`."""

    policy_name: NotRequired[str]
    """Name of the policy in AWS, at most 128 characters. Default: the component's name."""

    more_services: NotRequired[list[str]]
    """Prefixes of the actions of further services, such as `sagemaker`. Default: those that the data center uses."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete it. Default: true. To delete it, deploy with false first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PermissionsBoundaryPlan:
    """A boundary with every default applied."""

    policy_name: str
    regions: tuple[str, ...]
    services: tuple[str, ...]
    protect: bool


def plan_permissions_boundary(args: PermissionsBoundaryArgs, name: str) -> PermissionsBoundaryPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, PermissionsBoundaryArgs):
        problems.raise_if_any("PermissionsBoundary")
    check_name(problems, "name", name)
    policy_name = args.get("policy_name", name)
    if not policy_name or len(policy_name) > 128:
        problems.add("policyName", f"'{policy_name}' has {len(policy_name)} characters; give 1 to 128")
    if not args["regions"]:
        problems.add("regions", "none given; name those in which the roles may act")
    for index, region in enumerate(args["regions"]):
        check_aws_region(problems, f"regions[{index}]", region)
    for index, service in enumerate(args.get("more_services", [])):
        check_name(problems, f"moreServices[{index}]", service)
    problems.raise_if_any("PermissionsBoundary")
    return PermissionsBoundaryPlan(
        policy_name=policy_name,
        regions=tuple(sorted(set(args["regions"]))),
        services=tuple(sorted({*REGIONAL_SERVICES, *args.get("more_services", [])})),
        protect=args.get("protect", True),
    )


class PermissionsBoundary(pulumi.ComponentResource):
    """A managed policy that bounds every role that carries it.

    Under it a role acts only in the given regions, makes no users and no keys for them, makes or changes only roles
    that carry the same boundary, cannot change the boundary, and cannot blind or delete what watches and keeps.

    Example: `PermissionsBoundary("prod-boundary", {"regions": ["us-east-1", "us-west-2"]})`
    """

    policy_arn: pulumi.Output[str]
    """ARN of the policy: the argument `permissions_boundary` of roles."""

    def __init__(self, name: str, args: PermissionsBoundaryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("PermissionsBoundary", name, partial(plan_permissions_boundary, name=name), args)
        super().__init__("aidc:index:PermissionsBoundary", name, recorded(args), opts)
        keep = pulumi.ResourceOptions(parent=self, protect=plan.protect or None)
        from pulumi_aws import iam

        document = current_account(self).apply(lambda account: policy_document(boundary_statements(plan, account)))
        policy = iam.Policy(
            name,
            name=plan.policy_name,
            description="What no role of the data center may do",
            policy=document,
            opts=keep,
        )
        self.policy_arn = policy.arn
        self.register_outputs({"policy_arn": self.policy_arn})


def boundary_statements(plan: PermissionsBoundaryPlan, account: str) -> tuple[Statement, ...]:
    """Return the ceiling: what may be done at all, then what may not be done in any case."""
    iam = f"arn:{partition(plan.regions[0])}:iam::{account}"
    own = f"{iam}:policy/{plan.policy_name}"
    return (
        Statement(
            sid="AllowInRegions",
            actions=[f"{service}:*" for service in plan.services],
            resources=["*"],
            conditions={"StringEquals": {"aws:RequestedRegion": list(plan.regions)}},
            why=_CEILING,
        ),
        Statement(
            sid="AllowGlobal",
            actions=[*(f"{service}:*" for service in GLOBAL_SERVICES), *_IDENTITIES],
            resources=["*"],
            why=f"{_CEILING}; these services know no region",
        ),
        Statement(
            sid="DenyChangingBoundary",
            effect="Deny",
            actions=[
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:SetDefaultPolicyVersion",
            ],
            resources=[own],
        ),
        Statement(
            sid="DenyRemovingBoundary",
            effect="Deny",
            actions=["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"],
            resources=["*"],
        ),
        Statement(
            sid="DenyRolesWithoutBoundary",
            effect="Deny",
            actions=[
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ],
            resources=["*"],
            conditions={"StringNotEquals": {"iam:PermissionsBoundary": own}},
        ),
        Statement(sid="DenyUsers", effect="Deny", actions=_USERS, resources=["*"]),
        Statement(sid="DenyBlinding", effect="Deny", actions=_WATCHERS, resources=["*"]),
        Statement(sid="DenyLosing", effect="Deny", actions=_LOSSES, resources=["*"]),
    )
