"""The roles of a cluster: of its control plane, of its nodes, of its add-ons."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import pulumi

from ..identity import (
    ArnFormat,
    IdentityMethod,
    Statement,
    create_role_and_policies,
    partition,
    pod_trust,
    service_trust,
    web_identity_trust,
)

if TYPE_CHECKING:
    from pulumi_aws.iam import Role

SYSTEM_NAMESPACE: Final = "kube-system"

_CLUSTER_POLICIES: Final = {"cluster": "AmazonEKSClusterPolicy"}
_AUTO_MODE_POLICIES: Final = {
    **_CLUSTER_POLICIES,
    "compute": "AmazonEKSComputePolicy",
    "storage": "AmazonEKSBlockStoragePolicy",
    "load-balancing": "AmazonEKSLoadBalancingPolicy",
    "networking": "AmazonEKSNetworkingPolicy",
}
# AmazonEKSWorkerNodeMinimalPolicy has Pod Identity alone, and bootstrapping Bottlerocket and AL2023 describe their own
# instance and cluster: EKS User Guide, Amazon EKS node IAM role.
_NODE_POLICIES: Final = {
    "worker": "AmazonEKSWorkerNodePolicy",
    "registry": "AmazonEC2ContainerRegistryPullOnly",
    "session-manager": "AmazonSSMManagedInstanceCore",
}
_AUTO_MODE_NODE_POLICIES: Final = {
    "worker": "AmazonEKSWorkerNodeMinimalPolicy",
    "registry": "AmazonEC2ContainerRegistryPullOnly",
}


def managed_policy(region: pulumi.Output[str], name: str) -> pulumi.Output[str]:
    """Return the ARN of a policy that AWS manages, such as `AmazonEKSClusterPolicy`."""
    return region.apply(lambda known: f"arn:{partition(known)}:iam::aws:policy/{name}")


def create_control_plane_role(
    name: str,
    *,
    region: pulumi.Output[str],
    auto_mode: bool,
    encryption_key: pulumi.Input[str] | None,
    permissions_boundary: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> tuple["Role", list[pulumi.Resource]]:
    """Make the role that the control plane acts in; return it with its policies."""
    trust = service_trust("eks.amazonaws.com")
    if auto_mode:
        # Auto Mode tags its sessions with the cluster, by which its policies are bounded.
        trust = Statement(
            sid="AssumedByService",
            actions=["sts:AssumeRole", "sts:TagSession"],
            resources=[],
            principals={"Service": ["eks.amazonaws.com"]},
        )
    policies = _AUTO_MODE_POLICIES if auto_mode else _CLUSTER_POLICIES
    return create_role_and_policies(
        f"{name}-control-plane",
        role_name=None,
        trust=[trust],
        statements={"encryption": encryption_statements(encryption_key)} if encryption_key is not None else {},
        managed_policies={key: managed_policy(region, policy) for key, policy in policies.items()},
        permissions_boundary=permissions_boundary,
        description=f"Control plane of the cluster {name}",
        opts=opts,
    )


def create_node_role(
    name: str,
    *,
    role_name: str,
    region: pulumi.Output[str],
    auto_mode: bool,
    permissions_boundary: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> tuple["Role", list[pulumi.Resource]]:
    """Make the role that every node acts in, those of Karpenter too; return it with its policies."""
    policies = _AUTO_MODE_NODE_POLICIES if auto_mode else _NODE_POLICIES
    return create_role_and_policies(
        f"{name}-node",
        role_name=role_name,
        trust=[service_trust("ec2.amazonaws.com")],
        statements={},
        managed_policies={key: managed_policy(region, policy) for key, policy in policies.items()},
        permissions_boundary=permissions_boundary,
        description=f"Nodes of the cluster {role_name.removesuffix('-node')}",
        opts=opts,
    )


def create_addon_role(
    name: str,
    *,
    cluster_name: pulumi.Input[str],
    service_account: str,
    identity: IdentityMethod,
    oidc: tuple[pulumi.Input[str], pulumi.Input[str]] | None,
    statements: Mapping[str, Sequence[Statement]],
    managed_policies: Mapping[str, pulumi.Input[str]],
    permissions_boundary: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> tuple["Role", list[pulumi.Resource]]:
    """Make the role of an add-on's service account in kube-system; `oidc` is the provider's ARN and the issuer."""
    trust = pod_trust(cluster_name, SYSTEM_NAMESPACE, service_account)
    if identity is IdentityMethod.SERVICE_ACCOUNT and oidc is not None:
        trust = web_identity_trust(*oidc, SYSTEM_NAMESPACE, service_account)
    return create_role_and_policies(
        name,
        role_name=None,
        trust=[trust],
        statements=statements,
        managed_policies=managed_policies,
        permissions_boundary=permissions_boundary,
        description=f"Pods of {SYSTEM_NAMESPACE}/{service_account}",
        opts=opts,
    )


def encryption_statements(key: pulumi.Input[str]) -> list[Statement]:
    """Return what the control plane does with the key of secrets: EKS User Guide, Encrypt Kubernetes secrets."""
    return [
        Statement(
            sid="EncryptSecrets",
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],
            resources=[key],
        )
    ]


def volume_key_statements(key: pulumi.Input[str]) -> list[Statement]:
    """Return what the EBS driver does with the key of volumes: EKS User Guide, Use Amazon EBS storage."""
    return [
        Statement(
            sid="GrantVolumes",
            actions=["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            resources=[key],
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        Statement(
            sid="EncryptVolumes",
            actions=[
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            resources=[key],
        ),
    ]


def ipv6_statements(arn: ArnFormat) -> list[Statement]:
    """Return what the VPC CNI plug-in does with IPv6; for IPv4 AWS manages the policy AmazonEKS_CNI_Policy.

    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/v1.22.4/docs/iam-policy.md, IPv6 mode; tags: its
    pkg/awsutils/awsutils.go.
    """
    interfaces = arn("ec2:{region}:{account}:network-interface/*")
    return [
        Statement(sid="AssignAddresses", actions=["ec2:AssignIpv6Addresses"], resources=[interfaces]),
        Statement(
            sid="DescribeInterfaces",
            actions=[
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeTags",
            ],
            resources=["*"],
            why="EC2 has no finer resource for Describe actions",
        ),
        Statement(
            sid="TagInterfaces",
            actions=["ec2:CreateTags"],
            resources=[interfaces],
            conditions={
                "ForAllValues:StringLike": {
                    "aws:TagKeys": ["cluster.k8s.amazonaws.com/*", "node.k8s.amazonaws.com/*"],
                }
            },
        ),
    ]
