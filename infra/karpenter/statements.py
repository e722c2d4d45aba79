"""What Karpenter may do in AWS: only what carries the cluster's tags, and reading.

Source: https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/website/content/en/preview/getting-started/getting-started-with-karpenter/cloudformation.yaml
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from ..identity import ArnFormat, PolicyStatement

_ANY_POOL: Final = "karpenter.sh/nodepool"
_ANY_CLASS: Final = "karpenter.k8s.aws/ec2nodeclass"
_CLUSTER_TAG: Final = "eks:eks-cluster-name"
_REGION_TAG: Final = "topology.kubernetes.io/region"
_LAUNCHED: Final = ("fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume")
# Subnets, security groups and reservations may be shared by another account.
_SHARED: Final = ("capacity-reservation", "placement-group", "security-group", "subnet")


def karpenter_statements(
    *,
    cluster_name: str,
    arn: ArnFormat,
    region: pulumi.Input[str],
    node_role_arn: pulumi.Input[str],
    queue_arn: pulumi.Input[str] | None,
    queue_key: pulumi.Input[str] | None,
    zonal_shift: bool,
) -> list[PolicyStatement]:
    """Return the statements of the controller's role.

    Args:
        cluster_name: name of the cluster, whose tags bound what may be changed.
        arn: completes ARNs of the region and account.
        region: the region.
        node_role_arn: the one role that may be passed to instances.
        queue_arn: the interruption queue. None: there is none.
        queue_key: the key that encrypts it. None: SQS has its own.
        zonal_shift: whether the controller asks for zonal shifts.
    """
    statements = [
        *_launching(cluster_name, arn),
        *_tagging_and_deleting(cluster_name, arn),
        *_instance_profiles(cluster_name, arn, region, node_role_arn),
        *_reading(cluster_name, arn, region),
    ]
    if queue_arn is not None:
        statements.append(
            _statement("ReadInterruptions", ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], [queue_arn])
        )
    if queue_arn is not None and queue_key is not None:
        statements.append(_statement("DecryptInterruptions", ["kms:Decrypt"], [queue_key]))
    if zonal_shift:
        cluster = arn(f"eks:{{region}}:{{account}}:cluster/{cluster_name}")
        statements.append(
            _statement(
                "ReadZonalShifts",
                ["arc-zonal-shift:GetManagedResource"],
                ["*"],
                {"StringEquals": {"arc-zonal-shift:ResourceIdentifier": cluster}},
                why="the action knows the cluster by a condition, not as a resource",
            )
        )
    return statements


def _launching(cluster: str, arn: ArnFormat) -> list[PolicyStatement]:
    owned = f"kubernetes.io/cluster/{cluster}"
    return [
        _statement(
            "LaunchFromWhatIsThere",
            ["ec2:CreateFleet", "ec2:RunInstances"],
            [
                arn("ec2:{region}::image/*"),
                arn("ec2:{region}::snapshot/*"),
                *(arn(f"ec2:{{region}}:*:{kind}/*") for kind in _SHARED),
            ],
        ),
        _statement(
            "LaunchFromOwnTemplates",
            ["ec2:CreateFleet", "ec2:RunInstances"],
            [arn("ec2:{region}:{account}:launch-template/*")],
            {
                "StringEquals": {f"aws:ResourceTag/{owned}": "owned"},
                "StringLike": {f"aws:ResourceTag/{_ANY_POOL}": "*"},
            },
        ),
        _statement(
            "LaunchWithTags",
            ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"],
            _own(arn, _LAUNCHED),
            {
                "StringEquals": {f"aws:RequestTag/{owned}": "owned", f"aws:RequestTag/{_CLUSTER_TAG}": cluster},
                "StringLike": {f"aws:RequestTag/{_ANY_POOL}": "*"},
            },
        ),
        _statement(
            "TagAtLaunch",
            ["ec2:CreateTags"],
            _own(arn, _LAUNCHED),
            {
                "StringEquals": {
                    f"aws:RequestTag/{owned}": "owned",
                    f"aws:RequestTag/{_CLUSTER_TAG}": cluster,
                    "ec2:CreateAction": ["CreateFleet", "CreateLaunchTemplate", "RunInstances"],
                },
                "StringLike": {f"aws:RequestTag/{_ANY_POOL}": "*"},
            },
        ),
    ]


def _tagging_and_deleting(cluster: str, arn: ArnFormat) -> list[PolicyStatement]:
    own = {
        "StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{cluster}": "owned"},
        "StringLike": {f"aws:ResourceTag/{_ANY_POOL}": "*"},
    }
    return [
        _statement(
            "TagOwnInstances",
            ["ec2:CreateTags"],
            _own(arn, ["instance"]),
            {
                **own,
                "ForAllValues:StringEquals": {"aws:TagKeys": ["Name", _CLUSTER_TAG, "karpenter.sh/nodeclaim"]},
                "StringEqualsIfExists": {f"aws:RequestTag/{_CLUSTER_TAG}": cluster},
            },
        ),
        _statement(
            "DeleteOwn",
            ["ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"],
            _own(arn, ["instance", "launch-template"]),
            own,
        ),
    ]


def _instance_profiles(
    cluster: str, arn: ArnFormat, region: pulumi.Input[str], node_role_arn: pulumi.Input[str]
) -> list[PolicyStatement]:
    profiles = [arn("iam::{account}:instance-profile/*")]
    owned = f"kubernetes.io/cluster/{cluster}"
    requested = {
        f"aws:RequestTag/{owned}": "owned",
        f"aws:RequestTag/{_CLUSTER_TAG}": cluster,
        f"aws:RequestTag/{_REGION_TAG}": region,
    }
    present = {f"aws:ResourceTag/{owned}": "owned", f"aws:ResourceTag/{_REGION_TAG}": region}
    requested_class = {f"aws:RequestTag/{_ANY_CLASS}": "*"}
    present_class = {f"aws:ResourceTag/{_ANY_CLASS}": "*"}
    return [
        _statement(
            "PassNodeRole",
            ["iam:PassRole"],
            [node_role_arn],
            {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}},
        ),
        _statement(
            "CreateInstanceProfiles",
            ["iam:CreateInstanceProfile"],
            profiles,
            {"StringEquals": requested, "StringLike": requested_class},
        ),
        _statement(
            "TagInstanceProfiles",
            ["iam:TagInstanceProfile"],
            profiles,
            {"StringEquals": {**requested, **present}, "StringLike": {**requested_class, **present_class}},
        ),
        _statement(
            "ChangeOwnInstanceProfiles",
            ["iam:AddRoleToInstanceProfile", "iam:DeleteInstanceProfile", "iam:RemoveRoleFromInstanceProfile"],
            profiles,
            {"StringEquals": present, "StringLike": present_class},
        ),
        _statement("ReadInstanceProfiles", ["iam:GetInstanceProfile"], profiles),
        _statement(
            "ListInstanceProfiles",
            ["iam:ListInstanceProfiles"],
            ["*"],
            why="IAM has no resource for listing the instance profiles of an account",
        ),
    ]


def _reading(cluster: str, arn: ArnFormat, region: pulumi.Input[str]) -> list[PolicyStatement]:
    return [
        _statement(
            "DescribeRegion",
            [
                "ec2:DescribeCapacityReservations",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeInstanceTypeOfferings",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeLaunchTemplates",
                "ec2:DescribePlacementGroups",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSpotPriceHistory",
                "ec2:DescribeSubnets",
            ],
            ["*"],
            {"StringEquals": {"aws:RequestedRegion": region}},
            why="EC2 has no finer resource for Describe actions; the region bounds them",
        ),
        _statement("ReadImageNames", ["ssm:GetParameter"], [arn("ssm:{region}::parameter/aws/service/*")]),
        _statement(
            "ReadPrices",
            ["pricing:GetProducts"],
            ["*"],
            why="the price list is AWS's own, and has no resources",
        ),
        _statement("ReadCluster", ["eks:DescribeCluster"], [arn(f"eks:{{region}}:{{account}}:cluster/{cluster}")]),
    ]


def _own(arn: ArnFormat, kinds: Sequence[str]) -> list[pulumi.Input[str]]:
    return [arn(f"ec2:{{region}}:{{account}}:{kind}/*") for kind in kinds]


def _statement(
    sid: str,
    actions: list[str],
    resources: list[pulumi.Input[str]],
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    why: str = "",
) -> PolicyStatement:
    statement: PolicyStatement = {"sid": sid, "actions": actions, "resources": resources}
    if conditions is not None:
        statement["conditions"] = {operator: dict(keys) for operator, keys in conditions.items()}
    if why:
        statement["why"] = why
    return statement
