"""The network on AWS: exact children of each mode, what they say, and who waits for whom."""

import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from aidc.evaluation import Resource, ResourceGraph, evaluate
from aidc.evaluation.testing import assert_deterministic, assert_inputs, assert_known
from aidc.infra.network import Network
from aidc.problems import InvalidInput

ZONES = ["us-east-1a", "us-east-1b"]
BASE: dict[str, Any] = {"cidr": "10.0.0.0/16", "zones": ZONES}
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd"
SUBNET, ENDPOINT = "aws:ec2/subnet:Subnet", "aws:ec2/vpcEndpoint:VpcEndpoint"
NAT, IGW = "aws:ec2/natGateway:NatGateway", "aws:ec2/internetGateway:InternetGateway"
ROUTE, TABLE = "aws:ec2/route:Route", "aws:ec2/routeTable:RouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"


def declare(*, preview: bool = False, **args: Any) -> ResourceGraph:
    return evaluate(lambda: Network("dc", {**BASE, **args}), preview=preview)  # type: ignore[typeddict-item]


def children(graph: ResourceGraph) -> list[tuple[str, str]]:
    """Names by kind, such as `("subnet", "dc-private-us-east-1a")`, sorted."""
    found = graph.children[graph.named("dc", "aidc:index:Network").urn]
    assert len(found) == len(graph) - 2
    return sorted((each.type.split("/")[1].partition(":")[0], each.name) for each in found)


def outputs(graph: ResourceGraph) -> dict[str, Any]:
    return dict(graph.named("dc", "aidc:index:Network").outputs)


def each_zone(*kinds: str) -> Iterator[tuple[str, str]]:
    for kind in kinds:
        for zone in ZONES:
            yield "routeTableAssociation", f"dc-{kind}-{zone}"
            yield "subnet", f"dc-{kind}-{zone}"


ALWAYS = [
    ("defaultSecurityGroup", "dc-default"),
    ("routeTable", "dc-intra"),
    *(("routeTable", f"dc-private-{zone}") for zone in ZONES),
    ("vpc", "dc"),
    ("vpcEndpoint", "dc-gateway-dynamodb"),
    ("vpcEndpoint", "dc-gateway-s3"),
    *each_zone("intra", "private"),
]
PUBLIC = [("internetGateway", "dc"), ("route", "dc-public"), ("routeTable", "dc-public"), *each_zone("public")]
PODS = [("vpcIpv4CidrBlockAssociation", "dc-pods-100.64.0.0"), *each_zone("pod")]
LOGS = [
    ("flowLog", "dc-flow-logs"),
    ("logGroup", "dc-flow-logs"),
    ("role", "dc-flow-logs"),
    ("rolePolicy", "dc-flow-logs-write"),
]


def nat(*zones: str) -> list[tuple[str, str]]:
    return [(kind, f"dc-nat-{zone}") for kind in ("eip", "natGateway") for zone in zones]


WAYS_OUT = [("route", f"dc-private-{zone}") for zone in ZONES]
GROUP = [
    ("securityGroup", "dc-endpoints"),
    ("securityGroupIngressRule", "dc-endpoints-10.0.0.0"),
    ("securityGroupIngressRule", "dc-endpoints-100.64.0.0"),
]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, [*ALWAYS, *PUBLIC, *PODS, *LOGS, *nat(*ZONES), *WAYS_OUT]),
        ({"nat": "one"}, [*ALWAYS, *PUBLIC, *PODS, *LOGS, *nat("us-east-1a"), *WAYS_OUT]),
        ({"nat": "none", "interface_endpoints": []}, [*ALWAYS, *PUBLIC, *PODS, *LOGS]),
        (
            {"fully_private": True, "interface_endpoints": ["sts", "ecr.api"]},
            [
                *ALWAYS,
                *PODS,
                *LOGS,
                *GROUP,
                ("vpcEndpoint", "dc-interface-ecr.api"),
                ("vpcEndpoint", "dc-interface-sts"),
            ],
        ),
        ({"pod_cidr": "none", "flow_logs": "none"}, [*ALWAYS, *PUBLIC, *nat(*ZONES), *WAYS_OUT]),
        (
            {"dual_stack": True, "nat": "one"},
            [
                *ALWAYS,
                *PUBLIC,
                *PODS,
                *LOGS,
                *nat("us-east-1a"),
                *WAYS_OUT,
                ("egressOnlyInternetGateway", "dc"),
                ("route", "dc-public-ipv6"),
                *(("route", f"dc-private-{zone}-ipv6") for zone in ZONES),
            ],
        ),
    ],
    ids=["per-zone", "one", "none", "fully-private", "bare", "dual-stack"],
)
def test_children_are_exactly_these(args: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert children(declare(**args)) == sorted(expected)


def test_everything_is_told_and_the_same_each_time() -> None:
    graph = declare(encryption_key=KEY, dual_stack=True, interface_endpoints=["sts"], cluster_name="dc")
    assert_known(graph)
    assert_deterministic(lambda: declare(encryption_key=KEY))
    assert declare(zones=ZONES).to_json() == declare(zones=ZONES[::-1]).to_json()
    assert graph.calls == ("aws:index/getCallerIdentity:getCallerIdentity",)


def test_a_first_preview_ends_well() -> None:
    graph = declare(preview=True, dual_stack=True, interface_endpoints=["sts"])
    assert len(graph) == len(declare(dual_stack=True, interface_endpoints=["sts"]))
    assert outputs(graph)["zones"] == ZONES


def test_the_vpc() -> None:
    assert_inputs(
        declare().named("dc", "aws:ec2/vpc:Vpc"),
        {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": True, "tags": {"Name": "dc"}},
    )


def test_the_default_security_group_has_no_rules() -> None:
    (group,) = declare().of_type("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert sorted(group.inputs) == ["tags", "vpcId"]


def test_subnets() -> None:
    graph = declare(cluster_name="prod")
    found = {each.name: each for each in graph.of_type(SUBNET)}
    assert_inputs(
        found["dc-private-us-east-1b"],
        {"vpcId": outputs(graph)["vpc_id"], "cidrBlock": "10.0.32.0/19", "availabilityZone": "us-east-1b"},
    )
    assert {name: each.inputs["cidrBlock"] for name, each in found.items() if name.endswith("1a")} == {
        "dc-private-us-east-1a": "10.0.0.0/19",
        "dc-public-us-east-1a": "10.0.192.0/22",
        "dc-intra-us-east-1a": "10.0.224.0/22",
        "dc-pod-us-east-1a": "100.64.0.0/17",
    }
    assert all(each.inputs["mapPublicIpOnLaunch"] is False for each in found.values())
    assert {name: each.inputs["tags"] for name, each in found.items() if name.endswith("1a")} == {
        "dc-private-us-east-1a": {
            "Name": "dc-private-us-east-1a",
            "kubernetes.io/role/internal-elb": "1",
            "karpenter.sh/discovery": "prod",
        },
        "dc-public-us-east-1a": {"Name": "dc-public-us-east-1a", "kubernetes.io/role/elb": "1"},
        "dc-intra-us-east-1a": {"Name": "dc-intra-us-east-1a"},
        "dc-pod-us-east-1a": {"Name": "dc-pod-us-east-1a", "kubernetes.io/role/cni": "1"},
    }


def test_without_a_cluster_nothing_is_discovered() -> None:
    assert all("karpenter.sh/discovery" not in each.inputs["tags"] for each in declare().of_type(SUBNET))


def test_dual_stack() -> None:
    graph = declare(dual_stack=True)
    assert graph.named("dc", "aws:ec2/vpc:Vpc").inputs["assignGeneratedIpv6CidrBlock"] is True
    blocks = {each.inputs["ipv6CidrBlock"] for each in graph.of_type(SUBNET)}
    assert len(blocks) == len(graph.of_type(SUBNET))
    assert all(each.inputs["assignIpv6AddressOnCreation"] for each in graph.of_type(SUBNET))
    assert graph.named("dc-private-us-east-1a-ipv6").inputs["egressOnlyGatewayId"].startswith("eigw-")
    assert graph.named("dc-public-ipv6").inputs["gatewayId"].startswith("igw-")
    private = declare(dual_stack=True, fully_private=True)
    assert private.of_type(ROUTE) == ()


def test_one_gateway_serves_all_zones_and_one_a_zone_serves_its_own() -> None:
    def gateways(**args: Any) -> set[str]:
        graph = declare(**args)
        return {graph.named(f"dc-private-{zone}", ROUTE).inputs["natGatewayId"] for zone in ZONES}

    assert len(gateways(nat="per-zone")) == 2
    assert gateways(nat="one") != gateways(nat="one", nat_zone="us-east-1b")
    assert len(gateways(nat="one", nat_zone="us-east-1b")) == 1


def test_pods_use_the_ways_out_of_their_zone() -> None:
    graph = declare()
    for zone in ZONES:
        table = graph.named(f"dc-private-{zone}", ASSOCIATION).inputs["routeTableId"]
        assert graph.named(f"dc-pod-{zone}", ASSOCIATION).inputs["routeTableId"] == table
        assert graph.named(f"dc-private-{zone}", ROUTE).inputs["routeTableId"] == table


def test_intra_subnets_have_no_way_out() -> None:
    graph = declare(dual_stack=True)
    (table,) = {graph.named(f"dc-intra-{zone}", ASSOCIATION).inputs["routeTableId"] for zone in ZONES}
    assert table not in {each.inputs["routeTableId"] for each in graph.of_type(ROUTE)}


def test_endpoints() -> None:
    graph = declare(interface_endpoints=["sts", "s3"])
    gateway, interface = graph.named("dc-gateway-s3"), graph.named("dc-interface-sts")
    assert_inputs(gateway, {"vpcEndpointType": "Gateway", "serviceName": "com.amazonaws.us-east-1.s3"})
    assert len(gateway.inputs["routeTableIds"]) == len(graph.of_type(TABLE)) == 4
    assert_inputs(
        interface,
        {
            "vpcEndpointType": "Interface",
            "serviceName": "com.amazonaws.us-east-1.sts",
            "privateDnsEnabled": True,
            "subnetIds": [graph.named(f"dc-intra-{zone}", ASSOCIATION).inputs["subnetId"] for zone in ZONES],
            "securityGroupIds": [outputs(graph)["endpoint_security_group_id"]],
        },
    )
    # The gateway endpoint has the name of the service inside the VPC.
    assert graph.named("dc-interface-s3").inputs["privateDnsEnabled"] is False


def test_endpoints_take_https_from_the_vpc_only() -> None:
    graph = declare(fully_private=True)
    rules = graph.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert {each.inputs["cidrIpv4"] for each in rules} == {"10.0.0.0/16", "100.64.0.0/16"}
    for each in rules:
        assert_inputs(each, {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443})
        assert each.inputs["description"]
    (group,) = graph.of_type("aws:ec2/securityGroup:SecurityGroup")
    assert group.inputs["description"] == "Interface endpoints of dc"
    assert not {"ingress", "egress"} & set(group.inputs)


def test_a_fully_private_network_has_no_way_out() -> None:
    graph = declare(fully_private=True)
    kinds = {each.type.rpartition(":")[2] for each in graph}
    assert not kinds & {"InternetGateway", "EgressOnlyInternetGateway", "NatGateway", "Eip", "Route"}
    assert outputs(graph)["public_subnet_ids"] == []
    assert len(graph.of_type(ENDPOINT)) == 2 + 18


def test_flow_logs_are_encrypted_and_kept() -> None:
    graph = declare(encryption_key=KEY, flow_logs="reject", flow_log_retention=731.0)
    group = graph.named("dc-flow-logs", "aws:cloudwatch/logGroup:LogGroup")
    log = graph.named("dc-flow-logs", "aws:ec2/flowLog:FlowLog")
    assert group.inputs == {"name": "/aws/vpc-flow-logs/dc", "kmsKeyId": KEY, "retentionInDays": 731}
    assert_inputs(
        log,
        {
            "trafficType": "REJECT",
            "logDestinationType": "cloud-watch-logs",
            "logDestination": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc-flow-logs/dc",
        },
    )
    assert declare().named("dc-flow-logs", "aws:cloudwatch/logGroup:LogGroup").inputs["retentionInDays"] == 365


def test_the_role_of_the_flow_logs_is_bounded() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    graph = declare(permissions_boundary=boundary)
    role = graph.named("dc-flow-logs", "aws:iam/role:Role")
    assert role.inputs["permissionsBoundary"] == boundary
    (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": ["vpc-flow-logs.amazonaws.com"]}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/*"},
    }
    (allowed,) = json.loads(graph.named("dc-flow-logs-write").inputs["policy"])["Statement"]
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc-flow-logs/dc"
    assert allowed["Resource"] == [group, f"{group}:*"]
    assert "logs:CreateLogGroup" not in allowed["Action"]


def needed_by(graph: ResourceGraph, resource: Resource) -> set[str]:
    """Everything that has to be there before a resource, and so is deleted after it."""
    found: set[str] = set()
    waiting = [resource.urn]
    while waiting:
        for urn in graph[waiting.pop()].dependencies:
            if urn not in found:
                found.add(urn)
                waiting.append(urn)
    return found


def test_the_order_of_deletion() -> None:
    graph = declare(interface_endpoints=["sts"], nat="one")
    nat_gateway, interface = graph.named("dc-nat-us-east-1a", NAT), graph.named("dc-interface-sts")
    internet = graph.named("dc", IGW).urn
    assert {graph.named("dc-public-us-east-1a", SUBNET).urn, internet} <= needed_by(graph, nat_gateway)
    assert {graph.named(f"dc-intra-{zone}", SUBNET).urn for zone in ZONES} <= needed_by(graph, interface)
    assert graph.named("dc-endpoints").urn in needed_by(graph, interface)
    assert internet in graph.named("dc-nat-us-east-1a", "aws:ec2/eip:Eip").dependencies
    for zone in ZONES:
        block = graph.named("dc-pods-100.64.0.0").urn
        assert block in graph.named(f"dc-pod-{zone}", SUBNET).dependencies
    vpc = graph.named("dc", "aws:ec2/vpc:Vpc").urn
    without = {"role", "rolePolicy", "logGroup", "eip"}
    for each in graph.children[graph.named("dc", "aidc:index:Network").urn]:
        if each.urn != vpc and each.type.split("/")[1].partition(":")[0] not in without:
            assert vpc in needed_by(graph, each), each


class Reader(pulumi.CustomResource):
    """Something that is made with the id of a subnet."""

    def __init__(self, name: str, subnet: pulumi.Input[str]) -> None:
        super().__init__("test:index:Reader", name, {"subnet": subnet})


def test_who_uses_a_subnet_waits_for_its_ways_out_and_is_deleted_before_them() -> None:
    def program() -> None:
        network = Network("dc", {**BASE, "interface_endpoints": ["sts"]})  # type: ignore[typeddict-item]
        Reader("node", network.private_subnet_ids.apply(lambda ids: ids[0]))
        Reader("pod", network.pod_subnet_ids.apply(lambda ids: ids["us-east-1a"]))
        Reader("balancer", network.public_subnet_ids.apply(lambda ids: ids[0]))

    graph = evaluate(program)
    route, nat_gateway = graph.named("dc-private-us-east-1a", ROUTE).urn, graph.named("dc-nat-us-east-1a", NAT).urn
    endpoints = {each.urn for each in graph.of_type(ENDPOINT)}
    for name, kind in (("node", "private"), ("pod", "pod")):
        before = needed_by(graph, graph.named(name))
        assert {route, nat_gateway, graph.named(f"dc-{kind}-us-east-1a", ASSOCIATION).urn} | endpoints <= before
    balancer = needed_by(graph, graph.named("balancer"))
    assert {graph.named("dc-public", ROUTE).urn, graph.named("dc", IGW).urn} <= balancer


def test_a_new_zone_changes_nothing_that_is_there() -> None:
    before, after = declare(), declare(zones=[*ZONES, "us-east-1d"])
    changed = {
        each.name
        for each in before
        if each.custom and each.inputs != after[each.urn].inputs and each.type not in ("pulumi:pulumi:Stack", ENDPOINT)
    }
    assert changed == set()
    # Endpoints learn of the new route table, in place.
    for each in before.of_type(ENDPOINT):
        assert set(each.inputs["routeTableIds"]) < set(after[each.urn].inputs["routeTableIds"])


def test_outputs() -> None:
    graph = declare()
    found = outputs(graph)
    assert found["vpc_cidr"] == "10.0.0.0/16"
    assert found["cidr_blocks"] == ["10.0.0.0/16", "100.64.0.0/16"]
    assert found["region"] == "us-east-1"
    assert list(found["private_subnets"]) == list(found["pod_subnet_ids"]) == ZONES
    assert found["private_subnet_ids"] == list(found["private_subnets"].values())
    ids = [*found["private_subnet_ids"], *found["public_subnet_ids"], *found["intra_subnet_ids"]]
    assert len({*ids, *found["pod_subnet_ids"].values()}) == 8
    assert sorted(found["nat_addresses"]) == sorted(found["private_route_table_ids"]) == ZONES
    bare = outputs(declare(fully_private=True, interface_endpoints=[], pod_cidr="none"))
    assert (bare["nat_addresses"], bare["pod_subnet_ids"], bare.get("endpoint_security_group_id")) == ({}, {}, None)
    assert bare.get("ipv6_cidr") is None


def test_what_is_wrong_is_said_by_path() -> None:
    with pytest.raises(InvalidInput, match=r"Network 'dc'.*\n.*cidr: 10\.0\.0\.0/24 has 256 addresses"):
        declare(cidr="10.0.0.0/24")
