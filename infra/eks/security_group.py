"""Who may talk to nodes and pods, and whom they may talk to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from .cluster_plan import EksClusterPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeNetwork:
    """What the rules refer to."""

    vpc_id: pulumi.Input[str]
    vpc_cidr: pulumi.Input[str]
    cluster_security_group_id: pulumi.Input[str]
    prefix_lists: Mapping[str, pulumi.Input[str]]


def create_node_security_group(
    name: str, plan: EksClusterPlan, network: NodeNetwork, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Output[str], list[pulumi.Resource]]:
    """Make the security group of nodes and pods; return its id, and the rules without which no node becomes ready.

    Every rule is a resource of its own: the AWS Load Balancer Controller adds rules to the same group. There are none
    for DNS and time: security groups do not filter the VPC's resolver and time service (VPC User Guide, Security
    groups).
    """
    from pulumi_aws import ec2

    group = ec2.SecurityGroup(
        f"{name}-nodes",
        description=f"Nodes and pods of the cluster {plan.cluster_name}",
        vpc_id=network.vpc_id,
        # Discovery by Karpenter, and by the load balancer controller: it wants the ownership on one group alone.
        tags={
            "Name": f"{plan.cluster_name}-nodes",
            "karpenter.sh/discovery": plan.cluster_name,
            f"kubernetes.io/cluster/{plan.cluster_name}": "owned",
        },
        opts=opts,
    )
    ingress = _Rules(f"{name}-nodes-from", group.id, opts)
    egress = _Rules(f"{name}-nodes-to", group.id, opts)
    control_plane = network.cluster_security_group_id
    rules: list[pulumi.Resource] = [
        ingress.incoming("control-plane-https", "Webhooks on the port of HTTPS", "tcp", 443, group=control_plane),
        # Webhooks and the metrics API listen where their charts say; the kubelet on 10250.
        ingress.incoming(
            "control-plane", "Kubelets and webhooks, from the control plane", "tcp", 1025, 65535, group=control_plane
        ),
        # All protocols, both ways, by reference to itself: EFA needs exactly that (EC2 User Guide, Get started with
        # EFA), and pods need each other.
        ingress.incoming("nodes", "Nodes and pods among each other, EFA too", "-1", group=group.id),
        egress.outgoing("nodes", "Nodes and pods among each other, EFA too", "-1", group=group.id),
        # By reference, because with IPv6 the API has addresses that are not in the VPC's range.
        egress.outgoing("control-plane", "The API", "tcp", 443, group=control_plane),
        egress.outgoing("vpc", "Endpoints and storage in the VPC", "-1", cidr=network.vpc_cidr),
        _Rules(f"{name}-control-plane-from", control_plane, opts).incoming(
            "nodes", "The API, from nodes and pods", "tcp", 443, group=group.id
        ),
    ]
    for cidr in plan.egress_cidrs:
        rules.append(egress.outgoing(_key(cidr), f"HTTPS to {cidr}", "tcp", 443, cidr=cidr))
    for key, prefix_list in sorted(network.prefix_lists.items()):
        rules.append(egress.outgoing(key, f"HTTPS to the prefix list {key}", "tcp", 443, prefix_list=prefix_list))
    return group.id, rules


def create_endpoint_rules(
    name: str, cidrs: Sequence[str], cluster_security_group_id: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> None:
    """Open the API's private endpoint to networks."""
    rules = _Rules(f"{name}-control-plane-from", cluster_security_group_id, opts)
    for cidr in cidrs:
        rules.incoming(_key(cidr), f"The API, from {cidr}", "tcp", 443, cidr=cidr)


@dataclass(frozen=True, slots=True)
class _Rules:
    """Rules of one security group."""

    prefix: str
    group_id: pulumi.Input[str]
    opts: pulumi.ResourceOptions

    def incoming(
        self,
        key: str,
        description: str,
        protocol: str,
        first: int | None = None,
        last: int | None = None,
        *,
        group: pulumi.Input[str] | None = None,
        cidr: str | None = None,
    ) -> pulumi.Resource:
        from pulumi_aws import vpc

        is_ipv6 = cidr is not None and ":" in cidr
        return vpc.SecurityGroupIngressRule(
            f"{self.prefix}-{key}",
            description=description,
            security_group_id=self.group_id,
            ip_protocol=protocol,
            from_port=first,
            to_port=first if last is None else last,
            referenced_security_group_id=group,
            cidr_ipv4=None if is_ipv6 else cidr,
            cidr_ipv6=cidr if is_ipv6 else None,
            opts=self.opts,
        )

    def outgoing(
        self,
        key: str,
        description: str,
        protocol: str,
        port: int | None = None,
        *,
        group: pulumi.Input[str] | None = None,
        cidr: pulumi.Input[str] | None = None,
        prefix_list: pulumi.Input[str] | None = None,
    ) -> pulumi.Resource:
        from pulumi_aws import vpc

        is_ipv6 = isinstance(cidr, str) and ":" in cidr
        return vpc.SecurityGroupEgressRule(
            f"{self.prefix}-{key}",
            description=description,
            security_group_id=self.group_id,
            ip_protocol=protocol,
            from_port=port,
            to_port=port,
            referenced_security_group_id=group,
            prefix_list_id=prefix_list,
            cidr_ipv4=None if is_ipv6 else cidr,
            cidr_ipv6=cidr if is_ipv6 else None,
            opts=self.opts,
        )


def _key(cidr: str) -> str:
    """Return a network as a part of a name."""
    return cidr.replace("/", "-").replace(":", "-")
