"""What the AWS Load Balancer Controller may do in AWS.

The published policy (kubernetes-sigs/aws-load-balancer-controller v3.5.0, docs/install/iam_policy.json), narrowed to
one account, region, VPC and cluster. What belongs to features that our values turn off is left out: classic WAF,
Shield Advanced, Cognito and server certificates of IAM.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from ..identity import PolicyStatement
from .addon import AddonContext
from .settings import AddonSettings

_TAG: Final = "elbv2.k8s.aws/cluster"
"""The controller puts it on all that it makes, with the cluster's name."""

_DESCRIBED: Final = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeCoipPools",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeIpamPools",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "ec2:GetCoipPoolUsage",
    "ec2:GetSecurityGroupsForVpc",
    "elasticloadbalancing:DescribeCapacityReservation",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeSSLPolicies",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:DescribeTrustStores",
)


def load_balancer_statements(context: AddonContext, settings: AddonSettings) -> list[PolicyStatement]:
    """Return what the controller may do: read all, change what carries its cluster's tag."""
    del settings
    cluster = context.cluster_name
    owned = {"StringEquals": {f"aws:ResourceTag/{_TAG}": cluster}}
    asked = {"StringEquals": {f"aws:RequestTag/{_TAG}": cluster}}
    return [
        allow(
            "ReadNetworkAndBalancers",
            _DESCRIBED,
            ["*"],
            why="Describe actions of EC2 and Elastic Load Balancing know no resources",
        ),
        allow("ListCertificates", ["acm:ListCertificates"], ["*"], why="ACM lists those of the whole region only"),
        allow("ReadCertificates", ["acm:DescribeCertificate"], [context.arn("acm", "certificate/*")]),
        allow(
            "MakeLinkedRole",
            ["iam:CreateServiceLinkedRole"],
            [context.arn("iam", "role/aws-service-role/elasticloadbalancing.amazonaws.com/*", has_region=False)],
            {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
        *_firewall_statements(context),
        *_security_group_statements(context, owned, asked),
        *_balancer_statements(context, owned, asked),
    ]


def _firewall_statements(context: AddonContext) -> list[PolicyStatement]:
    balancers = context.arn("elasticloadbalancing", "loadbalancer/app/*/*")
    lists = context.arn("wafv2", "regional/webacl/*/*")
    return [
        allow(
            "AttachWebFirewall",
            [
                "wafv2:AssociateWebACL",
                "wafv2:DisassociateWebACL",
                "wafv2:GetWebACL",
                "wafv2:GetWebACLForResource",
            ],
            [lists, balancers],
        ),
        allow("SetWebFirewall", ["elasticloadbalancing:SetWebAcl"], [balancers]),
    ]


def _security_group_statements(
    context: AddonContext, owned: Mapping[str, Any], asked: Mapping[str, Any]
) -> list[PolicyStatement]:
    groups = context.arn("ec2", "security-group/*")
    vpc = context.arn("ec2", pulumi.Output.concat("vpc/", context.vpc_id))
    retagged = {**owned, "Null": {f"aws:RequestTag/{_TAG}": "true"}}
    created = {"StringEquals": {**asked["StringEquals"], "ec2:CreateAction": "CreateSecurityGroup"}}
    return [
        # Groups of nodes carry no tag of the controller, so the VPC is the bound.
        allow(
            "OpenSecurityGroups",
            ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
            [groups],
            {"ArnEquals": {"ec2:Vpc": vpc}},
        ),
        allow("MakeSecurityGroups", ["ec2:CreateSecurityGroup"], [groups], asked),
        allow("MakeSecurityGroupsInVpc", ["ec2:CreateSecurityGroup"], [vpc]),
        allow("TagNewSecurityGroups", ["ec2:CreateTags"], [groups], created),
        allow("TagSecurityGroups", ["ec2:CreateTags", "ec2:DeleteTags"], [groups], retagged),
        allow("DeleteSecurityGroups", ["ec2:DeleteSecurityGroup"], [groups], owned),
    ]


def _balancer_statements(
    context: AddonContext, owned: Mapping[str, Any], asked: Mapping[str, Any]
) -> list[PolicyStatement]:
    def named(*resources: str) -> list[pulumi.Output[str]]:
        return [context.arn("elasticloadbalancing", each) for each in resources]

    balancers = named("loadbalancer/app/*/*", "loadbalancer/net/*/*")
    targets = named("targetgroup/*/*")
    listeners = named("listener/app/*/*/*", "listener/net/*/*/*")
    rules = named("listener-rule/app/*/*/*/*", "listener-rule/net/*/*/*/*")
    retagged = {**owned, "Null": {f"aws:RequestTag/{_TAG}": "true"}}
    created = {
        "StringEquals": {
            **asked["StringEquals"],
            "elasticloadbalancing:CreateAction": ["CreateLoadBalancer", "CreateTargetGroup"],
        }
    }
    return [
        allow(
            "MakeBalancers",
            _balancing("CreateLoadBalancer", "CreateTargetGroup"),
            [*balancers, *targets],
            asked,
        ),
        allow("TagNewBalancers", _balancing("AddTags"), [*balancers, *targets], created),
        allow("TagBalancers", _balancing("AddTags", "RemoveTags"), [*balancers, *targets], retagged),
        allow("TagListeners", _balancing("AddTags", "RemoveTags"), [*listeners, *rules]),
        allow(
            "ChangeBalancers",
            _balancing(
                "DeleteLoadBalancer",
                "DeleteTargetGroup",
                "ModifyCapacityReservation",
                "ModifyIpPools",
                "ModifyListenerAttributes",
                "ModifyLoadBalancerAttributes",
                "ModifyTargetGroup",
                "ModifyTargetGroupAttributes",
                "SetIpAddressType",
                "SetSecurityGroups",
                "SetSubnets",
            ),
            [*balancers, *targets, *listeners],
            owned,
        ),
        allow(
            "ChangeListeners",
            _balancing(
                "AddListenerCertificates",
                "CreateListener",
                "CreateRule",
                "DeleteListener",
                "DeleteRule",
                "ModifyListener",
                "ModifyRule",
                "RemoveListenerCertificates",
                "SetRulePriorities",
            ),
            [*balancers, *listeners, *rules],
        ),
        allow("ChangeTargets", _balancing("DeregisterTargets", "RegisterTargets"), targets),
    ]


def _balancing(*actions: str) -> list[str]:
    return [f"elasticloadbalancing:{each}" for each in actions]


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[pulumi.Input[str]],
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    why: str = "",
) -> PolicyStatement:
    """Return a statement as the inputs of a workload's identity have it."""
    told = PolicyStatement(sid=sid, actions=list(actions), resources=list(resources))
    if conditions:
        told["conditions"] = {operator: dict(keys) for operator, keys in conditions.items()}
    if why:
        told["why"] = why
    return told
