"""Who reaches the servers of a filesystem: the nodes, and where it says so the servers themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from pulumi_aws.ec2 import SecurityGroup


@dataclass(frozen=True, kw_only=True, slots=True)
class PortRange:
    """TCP ports of a protocol."""

    first: int
    last: int
    purpose: str

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageSecurityGroup:
    """A security group, and the rules that must be there before it is used."""

    group: "SecurityGroup"
    rules: Sequence[pulumi.Resource]


def create_security_group(
    name: str,
    *,
    vpc_id: pulumi.Input[str],
    node_group_id: pulumi.Input[str],
    ports: Sequence[PortRange],
    servers_call: bool,
    description: str,
    opts: pulumi.ResourceOptions,
) -> StorageSecurityGroup:
    """Make the security group of the servers, and the rules on both sides; each rule is a resource of its own.

    Args:
        name: logical name; the rules' names are derived from it and their ports.
        vpc_id: VPC.
        node_group_id: security group of the nodes; it gets rules too.
        ports: of the protocol.
        servers_call: whether servers open connections too, to each other and to the nodes, as Lustre's do.
        description: of the group.
        opts: options of all the resources.
    """
    from pulumi_aws import ec2, vpc

    group = ec2.SecurityGroup(
        name, vpc_id=vpc_id, description=description, revoke_rules_on_delete=True, tags={"Name": name}, opts=opts
    )
    rules: list[pulumi.Resource] = []

    def allow(caller: tuple[str, pulumi.Input[str]], called: tuple[str, pulumi.Input[str]], ports: PortRange) -> None:
        way: dict[str, Any] = {
            "ip_protocol": "tcp",
            "from_port": ports.first,
            "to_port": ports.last,
            "description": f"{ports.purpose} from {caller[0]} to {called[0]}",
            "opts": opts,
        }
        stem = f"{name}-{caller[0]}-{called[0]}-{ports}"
        rules.append(
            vpc.SecurityGroupIngressRule(
                stem, security_group_id=called[1], referenced_security_group_id=caller[1], **way
            )
        )
        rules.append(
            vpc.SecurityGroupEgressRule(
                stem, security_group_id=caller[1], referenced_security_group_id=called[1], **way
            )
        )

    nodes, servers = ("nodes", node_group_id), ("servers", group.id)
    for each in ports:
        allow(nodes, servers, each)
        if servers_call:
            allow(servers, nodes, each)
            allow(servers, servers, each)
    return StorageSecurityGroup(group=group, rules=rules)
