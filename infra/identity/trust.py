"""Who may take on the role of a service account in an EKS cluster."""

from typing import Any

import pulumi

from .statements import Statement


def pod_trust(cluster_name: pulumi.Input[str], namespace: str, service_account: str) -> Statement:
    """Return the trust of a role that EKS Pod Identity gives to the pods of one service account."""
    # EKS User Guide, "Pod Identity role trust policy": the session tags narrow it to one service account.
    return Statement(
        sid="AssumedByPods",
        actions=["sts:AssumeRole", "sts:TagSession"],
        resources=[],
        principals={"Service": ["pods.eks.amazonaws.com"]},
        conditions={
            "StringEquals": {
                "aws:RequestTag/eks-cluster-name": cluster_name,
                "aws:RequestTag/kubernetes-namespace": namespace,
                "aws:RequestTag/kubernetes-service-account": service_account,
            }
        },
    )


def web_identity_trust(
    provider_arn: pulumi.Input[str], issuer: pulumi.Input[str], namespace: str, service_account: str
) -> Statement:
    """Return the trust of a role that pods of one service account take on by their token (IRSA)."""
    subject = f"system:serviceaccount:{namespace}:{service_account}"

    def conditions(address: str) -> dict[str, Any]:
        host = address.removeprefix("https://")
        return {"StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": subject}}

    return Statement(
        sid="AssumedByServiceAccount",
        actions=["sts:AssumeRoleWithWebIdentity"],
        resources=[],
        principals={"Federated": [provider_arn]},
        conditions=pulumi.Output.from_input(issuer).apply(conditions),
    )
