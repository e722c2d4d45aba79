"""Plans of networks: defaults, and what is wrong by its path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.infra.network import NetworkPlan, plan_network
from aidc.problems import InvalidInput

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
MINIMUM: dict[str, Any] = {"cidr": "10.0.0.0/16", "zones": ZONES}
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd"


def plan(**args: Any) -> NetworkPlan:
    return plan_network({**MINIMUM, **args}, "prod")  # type: ignore[typeddict-item]


def wrong(**args: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        plan(**args)
    return [(problem.path, problem.reason) for problem in caught.value.problems]


def test_defaults() -> None:
    found = plan()
    assert (found.region, found.zones, found.nat_zones) == ("us-east-1", ZONES, ZONES)
    assert (found.traffic, found.retention, found.gateway_services) == ("all", 365, ["dynamodb", "s3"])
    assert (found.interface_services, found.cluster_name) == ([], "")
    assert not found.is_fully_private
    assert not found.is_dual_stack
    assert [str(block) for block in found.layout.pod_blocks] == ["100.64.0.0/16", "100.65.0.0/16"]


@pytest.mark.parametrize(
    ("args", "zones"),
    [
        ({"nat": "per-zone"}, ZONES),
        ({"nat": "one"}, ZONES[:1]),
        ({"nat": "one", "zones": [*reversed(ZONES)]}, ZONES[:1]),
        ({"nat": "one", "nat_zone": "us-east-1c"}, ZONES[2:]),
        ({"nat": "none"}, []),
        ({"fully_private": True}, []),
        ({"fully_private": True, "nat": "none"}, []),
    ],
)
def test_nat_gateways(args: dict[str, Any], zones: list[str]) -> None:
    found = plan(**args)
    assert found.nat_zones == zones
    assert [found.nat_of(zone) for zone in ZONES] == (zones if len(zones) == 3 else [*zones, ""][:1] * 3)


@pytest.mark.parametrize("args", [{"nat": "none"}, {"fully_private": True}])
def test_without_a_nat_gateway_a_cluster_has_the_endpoints_it_needs(args: dict[str, Any]) -> None:
    needed = {"ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "logs", "sqs", "ssm", "sts"}
    assert needed <= set(plan(**args).interface_services)
    assert plan(**args, interface_endpoints=["sts"]).interface_services == ["sts"]
    assert plan(**args, interface_endpoints=[]).interface_services == []


def test_pods_may_have_no_range_of_their_own() -> None:
    assert plan(pod_cidr="none").layout.pods == {}


@given(st.permutations(ZONES), st.permutations(["sqs", "ec2", "sts"]), st.permutations(["s3", "dynamodb"]))
def test_the_order_of_lists_does_not_matter(zones: list[str], services: list[str], gateways: list[str]) -> None:
    lists = {"zones": ZONES, "interface_endpoints": ["sqs", "ec2", "sts"], "gateway_endpoints": ["s3", "dynamodb"]}
    shuffled = {"zones": zones, "interface_endpoints": services, "gateway_endpoints": gateways}
    assert plan(**lists) == plan(**shuffled)


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({"cidr": "10.0.0.0/24"}, "cidr", "has 256 addresses; give a /21 (2,048) or larger, so that 6 zones have room"),
        ({"cidr": "10.0.0.0/15"}, "cidr", "has 131,072 addresses; give a /16 (65,536) or smaller"),
        ({"cidr": "10.0.0.1/16"}, "cidr", "'10.0.0.1/16' is not an IPv4 range; write it like 10.0.0.0/16"),
        ({"cidr": "fd00::/48"}, "cidr", "is not an IPv4 range"),
        ({"cidr": "11.0.0.0/16"}, "cidr", "11.0.0.0/16 is not private"),
        ({"cidr": "172.17.0.0/16"}, "cidr", "which services of AWS use"),
        ({"pod_cidr": "100.64.0.0/26"}, "podCidr", "has 64 addresses; give a /25 (128) or larger"),
        ({"pod_cidr": "100.64.0.0/12"}, "podCidr", "has 1,048,576 addresses; give a /13 (524,288) or smaller"),
        ({"pod_cidr": "10.0.128.0/17"}, "podCidr", "10.0.128.0/17 overlaps 10.0.0.0/16"),
        ({"pod_cidr": "172.20.0.0/16"}, "podCidr", "give a range inside 100.64.0.0/10 or 10.0.0.0/8"),
        ({"pod_cidr": "198.19.0.0/16"}, "podCidr", "AWS does not put 198.19.0.0/16 into a VPC of 10.0.0.0/16"),
        ({"cidr": "10.1.0.0/16", "pod_cidr": "10.0.0.0/16"}, "podCidr", "AWS adds nothing of 10.0.0.0/16"),
        ({"cidr": "100.80.0.0/16", "pod_cidr": "10.0.0.0/16"}, "podCidr", "give a range inside 100.64.0.0/10"),
        ({"cidr": "100.64.0.0/16"}, "podCidr", "100.64.0.0/14 overlaps 100.64.0.0/16"),
        ({"pod_cidr": "no"}, "podCidr", "'no' is not an IPv4 range"),
        ({"zones": ZONES[:1]}, "zones", "1 given; an EKS cluster needs 2"),
        ({"zones": []}, "zones", "0 given; an EKS cluster needs 2"),
        ({"zones": [*ZONES, "us-east-1g"]}, "zones[3]", "with a letter from a to f"),
        ({"zones": [*ZONES, "us-west-2-lax-1a"]}, "zones[3]", "is not an availability zone"),
        ({"zones": [*ZONES, "us-east-1a"]}, "zones[3]", "'us-east-1a' is there twice"),
        ({"zones": [*ZONES, "us-east-2a"]}, "zones[3]", "is in another region than 'us-east-1a'"),
        ({"nat": "two"}, "nat", "'two' is not one of none, one, per-zone"),
        ({"nat": "one", "fully_private": True}, "nat", "leads to the internet, but the network is fullyPrivate"),
        ({"nat_zone": "us-east-1a"}, "natZone", "nat is 'per-zone'; leave it out"),
        ({"nat": "one", "nat_zone": "us-east-1d"}, "natZone", "'us-east-1d' is not one of us-east-1a"),
        ({"gateway_endpoints": ["s3", "sqs"]}, "gatewayEndpoints[1]", "'sqs' is not one of dynamodb, s3, s3express"),
        ({"interface_endpoints": ["ECR"]}, "interfaceEndpoints[0]", "write it like ecr.api"),
        ({"flow_logs": "some"}, "flowLogs", "is not one of all, accept, reject, none"),
        ({"flow_log_retention": 100}, "flowLogRetention", "does not keep logs for 100 days; give 120, say"),
        ({"flow_log_retention": 10_000}, "flowLogRetention", "for 10,000 days; give 3,653, say"),
        ({"flow_log_retention": 30, "flow_logs": "none"}, "flowLogRetention", "but flowLogs is none"),
        ({"cluster_name": "my cluster"}, "clusterName", "is not the name of an EKS cluster"),
        ({"encryption_key": "alias/logs"}, "encryptionKey", "is not an ARN"),
        ({"permissions_boundary": "boundary"}, "permissionsBoundary", "is not an ARN"),
        ({"subnets": 3}, "subnets", "unknown key"),
    ],
)
def test_a_wrong_field_is_named(args: dict[str, Any], path: str, words: str) -> None:
    ((found, reason),) = wrong(**args)
    assert found == path
    assert words in reason


def test_all_problems_are_listed_at_once() -> None:
    found = wrong(cidr="10.0.0.0/24", zones=["us-east-1a"], nat="many", flow_log_retention=2)
    assert [path for path, _ in found] == ["zones", "cidr", "nat", "flowLogRetention"]


def test_china_needs_whole_names() -> None:
    zones = ["cn-north-1a", "cn-north-1b"]
    whole = "cn.com.amazonaws.cn-north-1.ecr.api"
    assert wrong(zones=zones, interface_endpoints=[whole, "sqs"])[0][0] == "interfaceEndpoints[1]"
    assert plan(zones=zones, interface_endpoints=[whole]).interface_services == [whole]


def test_a_key_of_this_account_is_taken() -> None:
    assert plan(encryption_key=KEY).encryption_key == KEY
