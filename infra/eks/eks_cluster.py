"""A Kubernetes cluster on AWS: private, encrypted, with its system nodes and managed add-ons."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

import pulumi

from ..arguments import planned, recorded
from ..identity import IdentityMethod, arn_format, current_account, current_region
from .access import create_access
from .addon_settings import BEFORE_NODES
from .addons import AddonSurroundings, create_addons
from .arguments import EksClusterArgs
from .cluster_plan import EksClusterPlan, plan_eks_cluster
from .control_plane import create_control_plane
from .kubeconfig import kubeconfig
from .roles import create_node_role
from .security_group import NodeNetwork, create_endpoint_rules, create_node_security_group
from .system_nodes import create_system_nodes

if TYPE_CHECKING:
    from pulumi_aws.iam import Role


class EksCluster(pulumi.ComponentResource):
    """An EKS cluster.

    Makes the control plane with its log group, roles and access entries; the security group of nodes and pods; the
    managed add-ons; a small tainted node group for controllers. Makes no network, no keys, and no nodes for
    workloads. What is deployed into the cluster depends on this component as a whole (`depends_on=[cluster]`), so that
    it finds nodes and add-ons, and is gone before them.

    Example: `EksCluster("prod", {"vpc_id": network.vpc_id, "vpc_cidr": network.vpc_cidr, "subnet_ids":
    network.private_subnet_ids, "access_entries": {"deployment": {"principal_arn": role_arn, "policy":
    "cluster-admin"}}})`
    """

    cluster_name: pulumi.Output[str]
    """Name of the cluster."""

    cluster_arn: pulumi.Output[str]
    """ARN of the cluster."""

    endpoint: pulumi.Output[str]
    """Address of the API."""

    certificate_authority: pulumi.Output[str]
    """Certificate of the API's authority, base64."""

    kubeconfig: pulumi.Output[str]
    """Kubeconfig, as JSON; it asks `aws eks get-token` for tokens and holds no secret."""

    kubernetes_version: pulumi.Output[str]
    """Minor version of the control plane."""

    cluster_security_group_id: pulumi.Output[str]
    """Security group that EKS made for the control plane."""

    node_security_group_id: pulumi.Output[str]
    """Security group of nodes and pods; that of the control plane with Auto Mode."""

    node_role_name: pulumi.Output[str]
    """Name of the nodes' role, `<cluster>-node`."""

    node_role_arn: pulumi.Output[str]
    """ARN of the nodes' role."""

    oidc_issuer: pulumi.Output[str]
    """Address of the issuer of service account tokens, with https://."""

    oidc_provider_arn: pulumi.Output[Optional[str]]  # noqa: UP045 - what Pulumi's analyzer reads
    """ARN of the identity provider; only with IRSA."""

    def __init__(self, name: str, args: EksClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("EksCluster", name, partial(plan_eks_cluster, name=name), args)
        super().__init__("aidc:index:EksCluster", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        region = current_region(self)
        node_role, node_policies = create_node_role(
            name,
            role_name=f"{plan.cluster_name}-node",
            region=region,
            auto_mode=plan.auto_mode,
            permissions_boundary=args.get("permissions_boundary"),
            opts=child,
        )
        cluster = create_control_plane(name, plan, args, region=region, node_role_arn=node_role.arn, opts=child)
        # After the ARN, which only a deployment tells: the group's id lies among inputs, which a preview knows.
        security_group = cluster.arn.apply(lambda _: cluster.vpc_config.apply(_security_group))
        create_access(name, plan.access, cluster_name=cluster.name, region=region, opts=child)
        create_endpoint_rules(name, plan.endpoint_private_cidrs, security_group, child)
        self.oidc_issuer = cluster.identities.apply(_issuer)
        self.oidc_provider_arn = _create_identity_provider(name, plan, self.oidc_issuer, child)
        self.node_security_group_id, rules = security_group, list[pulumi.Resource]()
        if not plan.auto_mode:
            self.node_security_group_id, rules = create_node_security_group(
                name,
                plan,
                NodeNetwork(
                    vpc_id=args["vpc_id"],
                    vpc_cidr=args["vpc_cidr"],
                    cluster_security_group_id=security_group,
                    prefix_lists=args.get("egress_prefix_lists", {}),
                ),
                child,
            )
        around = AddonSurroundings(
            cluster_name=cluster.name,
            region=region,
            arn=arn_format(region, current_account(self)),
            security_group_id=self.node_security_group_id,
            pod_subnets=args.get("pod_subnets", {}),
            volume_key=args.get("volume_key"),
            oidc=(self.oidc_provider_arn.apply(str), self.oidc_issuer),
            permissions_boundary=args.get("permissions_boundary"),
        )
        _create_nodes(name, plan, args, around, node_role, [*node_policies, *rules], child)
        self.cluster_name, self.cluster_arn, self.endpoint = cluster.name, cluster.arn, cluster.endpoint
        self.certificate_authority = cluster.certificate_authority.apply(lambda authority: authority.data or "")
        self.kubeconfig = pulumi.Output.all(
            cluster_name=cluster.name,
            region=region,
            endpoint=cluster.endpoint,
            certificate_authority=self.certificate_authority,
            role_arn=args.get("kubeconfig_role_arn"),
        ).apply(lambda known: kubeconfig(**known))
        self.kubernetes_version = pulumi.Output.from_input(plan.kubernetes_version)
        self.cluster_security_group_id = security_group
        self.node_role_name, self.node_role_arn = node_role.name, node_role.arn
        self.register_outputs({key: getattr(self, key) for key in EksCluster.__annotations__})


def _create_nodes(
    name: str,
    plan: EksClusterPlan,
    args: EksClusterArgs,
    around: AddonSurroundings,
    role: "Role",
    needs: Sequence[pulumi.Resource],
    child: pulumi.ResourceOptions,
) -> None:
    """Make the add-ons that nodes need, the system nodes, and the add-ons that need nodes, one after the other."""
    early = {addon: version for addon, version in plan.addons.items() if addon in BEFORE_NODES}
    late = {addon: version for addon, version in plan.addons.items() if addon not in BEFORE_NODES}
    first = create_addons(name, plan, early, around, child)
    if plan.system_nodes is not None:
        nodes = create_system_nodes(
            name,
            plan.system_nodes,
            cluster_name=around.cluster_name,
            subnet_ids=args.get("node_subnet_ids", args["subnet_ids"]),
            role_arn=role.arn,
            security_group_id=around.security_group_id,
            volume_key=around.volume_key,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[*first, *needs])),
        )
        child = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[nodes]))
    create_addons(name, plan, late, around, child)


def _create_identity_provider(
    name: str, plan: EksClusterPlan, issuer: pulumi.Output[str], child: pulumi.ResourceOptions
) -> pulumi.Output[Optional[str]]:  # noqa: UP045
    """Make the identity provider of IRSA, where it is asked for; return its ARN."""
    if plan.identity is not IdentityMethod.SERVICE_ACCOUNT:
        return pulumi.Output.from_input(None)
    from pulumi_aws import iam

    return iam.OpenIdConnectProvider(f"{name}-oidc", url=issuer, client_id_lists=["sts.amazonaws.com"], opts=child).arn


def _security_group(config: Any) -> str:
    return str(config.cluster_security_group_id)


def _issuer(identities: Sequence[Any]) -> str:
    return str(identities[0].oidcs[0].issuer) if identities else ""
