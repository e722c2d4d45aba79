"""Rules for VPCs, security groups, and ways out."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...evaluation.graph import Resource, ResourceGraph
from ...planning.values import mappings, number, section, text, texts
from .companions import companions
from .rule import Level, ResourceRule, Rule, StackRule, is_given

_VPC: Final = "aws:ec2/vpc:Vpc"
_DEFAULT_GROUP: Final = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
_INGRESS: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_EGRESS: Final = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
_OLD_RULE: Final = "aws:ec2/securityGroupRule:SecurityGroupRule"
_NAT: Final = "aws:ec2/natGateway:NatGateway"
_NODE_CLASS: Final = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
_EVERYBODY: Final = frozenset({"0.0.0.0/0", "::/0"})
_SSH: Final = 22
_ALL_PORTS: Final = 65_535


def _flow_logs(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    for vpc in graph.of_type(_VPC):
        if not any(companions(graph, vpc, "vpcId", "aws:ec2/flowLog:FlowLog")):
            yield vpc, "nobody can tell afterwards who talked to whom"


def _default_group(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    for vpc in graph.of_type(_VPC):
        closed = False
        for group in companions(graph, vpc, "vpcId", _DEFAULT_GROUP):
            closed = True
            if group.inputs.get("ingress") or group.inputs.get("egress"):
                yield group, "what names no security group gets this one, and it has rules"
        if not closed:
            yield vpc, "its default security group lets all its members talk"


def _openings(resource: Resource, kind: str) -> Iterator[Mapping[str, Any]]:
    """Yield rules of one direction that are for everybody, whatever kind of resource says them."""
    inputs = resource.inputs
    if resource.type in (_GROUP, _DEFAULT_GROUP):
        rules = mappings(inputs.get(kind))
    elif resource.type == _OLD_RULE:
        rules = (inputs,) if inputs.get("type") == kind else ()
    else:
        rules = (inputs,)
    for rule in rules:
        ranges = {text(rule.get("cidrIpv4")), text(rule.get("cidrIpv6"))}
        ranges |= {*texts(rule.get("cidrBlocks")), *texts(rule.get("ipv6CidrBlocks"))}
        if ranges & _EVERYBODY:
            yield rule


def _has_all_ports(rule: Mapping[str, Any]) -> bool:
    protocol = text(rule.get("ipProtocol")) or text(rule.get("protocol"))
    first, last = number(rule.get("fromPort")), number(rule.get("toPort"))
    is_all = first is not None and last is not None and first <= 1 and last >= _ALL_PORTS
    return protocol in ("-1", "all") or is_all


def _ssh(resource: Resource) -> Iterator[str]:
    for rule in _openings(resource, "ingress"):
        first, last = number(rule.get("fromPort")), number(rule.get("toPort"))
        if not _has_all_ports(rule) and first is not None and last is not None and first <= _SSH <= last:
            yield "SSH is open to everybody"


def _ingress(resource: Resource) -> Iterator[str]:
    if any(map(_has_all_ports, _openings(resource, "ingress"))):
        yield "all ports are open to everybody"


def _egress(resource: Resource) -> Iterator[str]:
    if any(map(_has_all_ports, _openings(resource, "egress"))):
        yield "everything may be sent everywhere"


def _description(resource: Resource) -> Iterator[str]:
    given = resource.inputs.get("description")
    if not is_given(given) or given == "Managed by Pulumi":
        yield "nobody can tell what it is for"


def _profiles(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    # A network that is not declared here may have any way out.
    if not any(graph.of_type(_VPC)) or any(graph.of_type(_NAT)):
        return
    for node_class in graph.of_type(_NODE_CLASS):
        if section(node_class.inputs, "spec").get("role"):
            yield node_class, "Karpenter asks IAM for the instance profile of a role, and no NAT gateway leads there"


NETWORK_RULES: Final[tuple[Rule, ...]] = (
    StackRule(
        name="vpc-flow-logs",
        level=Level.MANDATORY,
        title="A VPC has flow logs.",
        way_out="declare a FlowLog of it",
        published=("CKV2_AWS_11",),
        types=(_VPC,),
        check=_flow_logs,
    ),
    StackRule(
        name="vpc-default-group-closed",
        level=Level.MANDATORY,
        title="The default security group of a VPC lets nothing through.",
        way_out="declare a DefaultSecurityGroup of the VPC without rules",
        published=("CKV2_AWS_12",),
        types=(_VPC,),
        check=_default_group,
    ),
    ResourceRule(
        name="security-group-ssh",
        level=Level.MANDATORY,
        title="SSH is not open to everybody.",
        way_out="use Session Manager, or name the addresses that need it",
        published=("CKV_AWS_24",),
        types=(_INGRESS, _OLD_RULE, _GROUP, _DEFAULT_GROUP),
        check=_ssh,
    ),
    ResourceRule(
        name="security-group-ingress",
        level=Level.MANDATORY,
        title="No security group opens all ports to everybody.",
        way_out="name the port, and who needs it",
        published=("CKV_AWS_277",),
        types=(_INGRESS, _OLD_RULE, _GROUP, _DEFAULT_GROUP),
        check=_ingress,
    ),
    ResourceRule(
        name="security-group-egress",
        level=Level.MANDATORY,
        title="No security group lets everything out to everybody.",
        way_out="name the ports; EFA's rule for all traffic needs only the group itself as its other end",
        published=("CKV_AWS_382",),
        types=(_EGRESS, _OLD_RULE, _GROUP, _DEFAULT_GROUP),
        check=_egress,
    ),
    ResourceRule(
        name="security-group-described",
        level=Level.ADVISORY,
        title="Every security group and every rule says what it is for.",
        way_out="give it a description",
        published=("CKV_AWS_23",),
        types=(_GROUP, _INGRESS, _EGRESS, _OLD_RULE),
        check=_description,
    ),
    StackRule(
        name="node-class-profile",
        level=Level.ADVISORY,
        title="Karpenter can make its nodes where the network has no way to IAM.",
        way_out="name an instance profile, by karpenter.isolatedNetwork in settings, or say in an exception what leads "
        "there",
        published=("Karpenter, Private Clusters",),
        types=(_NODE_CLASS,),
        check=_profiles,
    ),
)
"""Rules for VPCs, security groups, and ways out."""
