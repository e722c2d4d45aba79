"""The AWS identity of a workload in an EKS cluster."""

from enum import StrEnum
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import check_keys, is_known, planned, recorded
from .role import create_role
from .statements import Statement
from .trust import pod_trust, web_identity_trust

_MAXIMUM_ROLE_NAME: Final = 64
"""Characters of a role's name: IAM User Guide, IAM and STS quotas."""


class IdentityMethod(StrEnum):
    """How pods get the credentials of a role."""

    POD_IDENTITY = "pod-identity"
    SERVICE_ACCOUNT = "service-account"


class PolicyStatement(TypedDict):
    """What a workload may do in AWS."""

    sid: str
    """Name of the statement, letters and digits."""

    actions: list[str]
    """Actions, such as `s3:GetObject`."""

    resources: list[pulumi.Input[str]]
    """ARNs of what they may be done to."""

    conditions: NotRequired[dict[str, dict[str, Any]]]
    """By operator, then by condition key. Default: none."""

    why: NotRequired[str]
    """Why it cannot be narrower; refused without it where an action has a wildcard, or the resources are `*`.
    Default: none."""


class WorkloadIdentityArgs(TypedDict):
    """Inputs of `WorkloadIdentity`."""

    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster."""

    namespace: str
    """Namespace of the service account."""

    service_account: str
    """Service account whose pods get the role. It is not made here."""

    statements: list[PolicyStatement]
    """What its pods may do."""

    role_name: NotRequired[pulumi.Input[str]]
    """Name of the role in AWS, at most 64 characters. Default: one that Pulumi makes from the component's name."""

    method: NotRequired[IdentityMethod]
    """`pod-identity` or `service-account` (IRSA). Default: `pod-identity`."""

    oidc_provider_arn: NotRequired[pulumi.Input[str]]
    """ARN of the cluster's identity provider. Only for `service-account`, and needed there."""

    oidc_issuer: NotRequired[pulumi.Input[str]]
    """Address of the cluster's issuer, with https://. Only for `service-account`, and needed there."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds the role. Default: none."""


def plan_workload_identity(args: WorkloadIdentityArgs, name: str) -> tuple[Statement, ...]:
    """Check the inputs; return the statements of the role. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, WorkloadIdentityArgs):
        problems.raise_if_any("WorkloadIdentity")
    method = args.get("method", IdentityMethod.POD_IDENTITY)
    problems.choice("method", method, [each.value for each in IdentityMethod])
    for key, path in (("oidc_provider_arn", "oidcProviderArn"), ("oidc_issuer", "oidcIssuer")):
        is_needed = method == IdentityMethod.SERVICE_ACCOUNT.value
        if is_needed != (key in args):
            problems.add(path, "missing; IRSA needs it" if is_needed else "belongs to service-account; leave it out")
    role_name = args.get("role_name", name)
    if isinstance(role_name, str) and is_known(role_name) and len(role_name) > _MAXIMUM_ROLE_NAME:
        problems.add("roleName", f"'{role_name}' has {len(role_name)} characters; give {_MAXIMUM_ROLE_NAME} or fewer")
    statements: list[Statement] = []
    for index, each in enumerate(args["statements"]):
        try:
            statements.append(Statement(**each))
        except ValueError as error:
            problems.add(f"statements[{index}]", str(error))
    if not args["statements"]:
        problems.add("statements", "none given; say what the workload may do")
    problems.raise_if_any("WorkloadIdentity")
    return tuple(statements)


class WorkloadIdentity(pulumi.ComponentResource):
    """A role that the pods of one service account take on, and nobody else.

    With EKS Pod Identity the service account needs no annotation and the cluster needs the add-on
    `eks-pod-identity-agent`; the namespace, service account and cluster are conditions of the trust. With IRSA, put
    `role_arn` into the annotation `eks.amazonaws.com/role-arn`.

    Example: `WorkloadIdentity("trainer", {"cluster_name": "prod", "namespace": "research", "service_account":
    "trainer", "statements": [{"sid": "ReadData", "actions": ["s3:GetObject"], "resources": [f"{bucket_arn}/*"]}]})`
    """

    role_arn: pulumi.Output[str]
    """ARN of the role."""

    role_name: pulumi.Output[str]
    """Name of the role."""

    def __init__(self, name: str, args: WorkloadIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        statements = planned("WorkloadIdentity", name, partial(plan_workload_identity, name=name), args)
        super().__init__("aidc:index:WorkloadIdentity", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        is_irsa = args.get("method") == IdentityMethod.SERVICE_ACCOUNT.value
        role = create_role(
            name,
            role_name=args.get("role_name"),
            trust=[_web_trust(args) if is_irsa else pod_trust(*_account(args))],
            statements={"access": statements},
            permissions_boundary=args.get("permissions_boundary"),
            description=f"Pods of {args['namespace']}/{args['service_account']}",
            opts=child,
        )
        if not is_irsa:
            from pulumi_aws import eks

            eks.PodIdentityAssociation(
                name,
                cluster_name=args["cluster_name"],
                namespace=args["namespace"],
                service_account=args["service_account"],
                role_arn=role.arn,
                opts=child,
            )
        self.role_arn, self.role_name = role.arn, role.name
        self.register_outputs({"role_arn": self.role_arn, "role_name": self.role_name})


def _account(args: WorkloadIdentityArgs) -> tuple[pulumi.Input[str], str, str]:
    return args["cluster_name"], args["namespace"], args["service_account"]


def _web_trust(args: WorkloadIdentityArgs) -> Statement:
    provider, issuer = args.get("oidc_provider_arn", ""), args.get("oidc_issuer", "")
    return web_identity_trust(provider, issuer, args["namespace"], args["service_account"])
