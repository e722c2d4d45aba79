"""What single resources cost, and what is said where no price can be told."""

from collections.abc import Callable
from typing import Any

import pytest

from aidc.evaluation.graph import UNKNOWN, Resource, ResourceGraph
from aidc.planning.catalog.service_prices import (
    find_service_price,
    is_without_charge,
    service_price_names,
    service_price_regions,
)
from aidc.planning.cost.assumptions import CostAssumptions
from aidc.planning.plan.assumptions import PlanAssumptions, read_plan_assumptions
from aidc.planning.plan.summary import summarise
from aidc.problems import InvalidInput

Make = Callable[..., ResourceGraph]


def lines(make: Make, type: str, inputs: dict[str, Any], **more: Any) -> dict[str, float]:
    found = summarise(make({"Thing a": [(type, "thing", inputs)]}, **more)).cost
    return {line.price: line.quantity.most for line in found.lines}


def reasons(make: Make, type: str, inputs: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    found = summarise(make({"Thing a": [(type, "thing", inputs)]}, **more)).cost
    assert found.monthly.most == sum(line.monthly.most for line in found.lines)
    return [(each.what, each.reason) for each in found.unpriced]


def test_every_price_is_positive_and_known_in_some_region_or_nowhere() -> None:
    for name in service_price_names():
        for region in service_price_regions(name):
            price = find_service_price(name, "eu-west-9" if region == "everywhere" else region)
            assert price is not None
            assert price.amount > 0
            assert price.unit
    assert find_service_price("nat-gateway", "us-east-1") is not None


@pytest.mark.parametrize("region", ["eu-west-1", "moon-1", ""])
def test_a_price_of_one_region_is_not_taken_for_another(region: str) -> None:
    assert find_service_price("nat-gateway", region) is None
    assert find_service_price("no-such-thing", "us-east-1") is None
    assert (find_service_price("kms-key", region) is None) == (region == "")


def test_a_region_without_prices_is_said_and_counts_nothing(make_graph: Make) -> None:
    found = reasons(make_graph, "aws:ec2/natGateway:NatGateway", {}, region="moon-1")
    assert found == [
        ("NAT gateway", "no price is known in moon-1"),
        ("data through a NAT gateway", "no price is known in moon-1"),
    ]


def test_where_nothing_says_a_region_no_region_is_guessed(make_graph: Make) -> None:
    graph = make_graph({"Thing a": [("aws:ec2/natGateway:NatGateway", "thing", {})]}, region=None)
    assert {each.reason for each in summarise(graph).cost.unpriced} == {"nothing says its region"}
    given = summarise(graph, PlanAssumptions(region="us-east-1")).cost
    assert (given.unpriced, given.monthly.most) == ((), pytest.approx(0.045 * 730 + 0.045 * 1000))


def test_a_resource_in_a_region_of_its_own_has_its_prices(make_graph: Make) -> None:
    found = summarise(make_graph({"Thing a": [("aws:kms/key:Key", "key", {"region": "us-west-2"})]})).cost
    assert [(line.price, line.region) for line in found.lines] == [("kms-key", "us-west-2")]
    assert [each.reason for each in found.unpriced] == ["no price is known in us-west-2"]


def test_a_type_that_nobody_knows_is_named(make_graph: Make) -> None:
    assert reasons(make_graph, "aws:rds/instance:Instance", {}) == [
        ("aws:rds/instance:Instance", "what this type of resource costs is not known here")
    ]
    assert reasons(make_graph, "aws:iam/role:Role", {}) == []
    assert is_without_charge("aws:ec2/routeTable:RouteTable")
    assert not is_without_charge("aws:ec2/natGateway:NatGateway")


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"vpcEndpointType": "Gateway"}, {}),
        ({"vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]}, {"interface-endpoint": 3 * 730}),
    ],
)
def test_endpoints_cost_by_zone_and_gateways_nothing(
    inputs: dict[str, Any], expected: dict[str, float], make_graph: Make
) -> None:
    found = lines(make_graph, "aws:ec2/vpcEndpoint:VpcEndpoint", inputs)
    assert {name: amount for name, amount in found.items() if not name.endswith("data")} == expected


@pytest.mark.parametrize(
    ("inputs", "price"),
    [
        ({"storageCapacity": 1200, "deploymentType": "SCRATCH_2"}, "fsx-lustre-scratch-2-ssd"),
        (
            {"storageCapacity": 1200, "deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 125},
            "fsx-lustre-persistent-2-ssd-125",
        ),
        (
            {"storageCapacity": 1200, "deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 500},
            "fsx-lustre-persistent-2-ssd-500",
        ),
        ({"storageCapacity": 1200, "deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 700}, None),
        ({"storageCapacity": 6000, "deploymentType": "PERSISTENT_1", "storageType": "HDD"}, None),
    ],
)
def test_lustre_costs_by_kind_and_throughput(inputs: dict[str, Any], price: str | None, make_graph: Make) -> None:
    found = lines(make_graph, "aws:fsx/lustreFileSystem:LustreFileSystem", inputs)
    assert found == ({price: 1200.0} if price else {})
    assert bool(reasons(make_graph, "aws:fsx/lustreFileSystem:LustreFileSystem", inputs)) == (price is None)


FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EBS_MALWARE_PROTECTION", {"guardduty-malware-scans": 100.0}),
        ("EKS_AUDIT_LOGS", {"guardduty-eks-audit-logs": 10.0}),
        ("S3_DATA_EVENTS", {"guardduty-s3-data-events": 10.0}),
    ],
)
def test_a_protection_plan_costs_by_what_it_reads(name: str, expected: dict[str, float], make_graph: Make) -> None:
    assert lines(make_graph, FEATURE, {"name": name, "status": "ENABLED"}) == expected
    assert lines(make_graph, FEATURE, {"name": name, "status": "DISABLED"}) == {}
    assert reasons(make_graph, FEATURE, {"name": name, "status": "DISABLED"}) == []


def test_a_protection_plan_that_nobody_knows_is_said(make_graph: Make) -> None:
    assert reasons(make_graph, FEATURE, {"name": "RDS_LOGIN_EVENTS", "status": "ENABLED"}) == [
        ("GuardDuty, another protection plan", "no price is known in us-east-1")
    ]


def watched(make: Make, groups: dict[str, dict[str, Any]]) -> Any:
    nodes = [("aws:eks/nodeGroup:NodeGroup", name, inputs) for name, inputs in groups.items()]
    plan = (FEATURE, "agents", {"name": "RUNTIME_MONITORING", "status": "ENABLED"})
    return summarise(make({"Thing a": [*nodes, plan]})).cost


@pytest.mark.parametrize(
    ("fewest", "largest", "expected"),
    [
        # 8 vCPUs a node; 62 nodes have 496 of them, 63 have 504.
        (2, 62, {"": (16, 496)}),
        (2, 63, {"": (16, 500), "-more": (0, 4)}),
        (100, 200, {"": (500, 500), "-more": (300, 1100)}),
    ],
)
def test_runtime_monitoring_costs_by_the_virtual_cpus_of_all_nodes_in_two_tiers(
    fewest: int, largest: int, expected: dict[str, tuple[int, int]], make_graph: Make
) -> None:
    scaling = {"minSize": fewest, "maxSize": largest, "desiredSize": fewest}
    found = watched(make_graph, {"a": {"instanceTypes": ["m7i.2xlarge"], "scalingConfig": scaling}})
    name = "guardduty-runtime-monitoring"
    counted = {line.price: line.quantity for line in found.lines if line.price.startswith(name)}
    assert {key.removeprefix(name): (each.least, each.most) for key, each in counted.items()} == expected


def test_runtime_monitoring_is_not_free_where_nobody_knows_the_nodes(make_graph: Make) -> None:
    said = [(each.what, each.reason) for each in watched(make_graph, {}).unpriced]
    assert said == [("GuardDuty, runtime monitoring, the first 500 vCPUs", "no machines are here")]
    scaling = {"minSize": 1, "maxSize": 2, "desiredSize": 1}
    found = watched(make_graph, {"odd": {"instanceTypes": ["m99.large"], "scalingConfig": scaling}})
    assert "how many vCPUs odd may have is not known" in {each.reason for each in found.unpriced}


def test_every_price_of_services_carries_a_date() -> None:
    for name in service_price_names():
        for region in service_price_regions(name):
            price = find_service_price(name, "eu-west-9" if region == "everywhere" else region)
            assert price is not None
            assert price.date, name


def test_logs_that_are_kept_for_ever_have_no_price(make_graph: Make) -> None:
    type = "aws:cloudwatch/logGroup:LogGroup"
    assert lines(make_graph, type, {}) == {"logs-ingested": 50.0}
    assert reasons(make_graph, type, {}) == [("CloudWatch logs, data stored", "it keeps logs for ever")]
    assert lines(make_graph, type, {"retentionInDays": 365}) == {"logs-ingested": 50.0, "logs-stored": 600.0}


def test_what_only_a_deployment_can_size_is_not_free(make_graph: Make) -> None:
    said = "the program does not say its size"
    for type, inputs in (
        ("aws:ebs/volume:Volume", {"type": "gp3", "size": UNKNOWN}),
        ("aws:fsx/lustreFileSystem:LustreFileSystem", {"storageCapacity": UNKNOWN, "deploymentType": "SCRATCH_2"}),
    ):
        assert [reason for _, reason in reasons(make_graph, type, inputs)] == [said]
        assert lines(make_graph, type, inputs) == {}
    group = {"instanceTypes": ["m7i.large"], "scalingConfig": {"minSize": 1, "maxSize": UNKNOWN}}
    found = reasons(make_graph, "aws:eks/nodeGroup:NodeGroup", group)
    assert found == [("nodes of thing (m7i.large)", "nothing bounds how many they are")]


def test_a_trail_costs_for_data_events_alone(make_graph: Make) -> None:
    def selector(category: str) -> dict[str, Any]:
        return {"advancedEventSelectors": [{"fieldSelectors": [{"field": "eventCategory", "equals": [category]}]}]}

    type = "aws:cloudtrail/trail:Trail"
    assert lines(make_graph, type, selector("Management")) == {}
    assert lines(make_graph, type, selector("Data")) == {"trail-data-events": 100.0}


def test_capacity_blocks_have_prices_of_their_own_where_they_are_known(make_graph: Make) -> None:
    group = {
        "instanceTypes": ["p5en.48xlarge"],
        "capacityType": "CAPACITY_BLOCK",
        "scalingConfig": {"minSize": 0, "maxSize": 4},
    }
    found = summarise(make_graph({"Pool a": [("aws:eks/nodeGroup:NodeGroup", "g", group)]}, region="us-east-2")).cost
    (line,) = found.lines
    # A block is paid for beforehand, used or not.
    assert (line.price, line.monthly.least) == ("capacity-block", pytest.approx(4 * 41.61 * 730))
    nowhere = reasons(make_graph, "aws:eks/nodeGroup:NodeGroup", group)
    assert nowhere[0][1] == "no capacity-block price of p5en.48xlarge is known in us-east-1"


def test_spot_is_a_range_and_on_demand_where_none_was_seen(make_graph: Make) -> None:
    def group(type: str) -> dict[str, Any]:
        return {"instanceTypes": [type], "capacityType": "SPOT", "scalingConfig": {"minSize": 1, "maxSize": 1}}

    make = make_graph({"Pool a": [("aws:eks/nodeGroup:NodeGroup", "g", group("p5.48xlarge"))]})
    (line,) = summarise(make).cost.lines
    assert (line.hourly.least, line.hourly.most) == (pytest.approx(10.24), pytest.approx(55.04))
    make = make_graph({"Pool a": [("aws:eks/nodeGroup:NodeGroup", "g", group("m7i.large"))]})
    (line,) = summarise(make).cost.lines
    assert (line.monthly.is_one, line.note) == (True, "no spot price is known: the on-demand price counts")


def test_a_type_that_the_catalog_does_not_know_and_a_group_without_types(make_graph: Make) -> None:
    type, scaling = "aws:eks/nodeGroup:NodeGroup", {"minSize": 1, "maxSize": 1}
    found = reasons(make_graph, type, {"instanceTypes": ["x9.huge"], "scalingConfig": scaling})
    assert [reason for _, reason in found] == [
        "the catalog does not know x9.huge",
        "the program leaves them to the machine image",
    ]
    found = reasons(make_graph, type, {"scalingConfig": scaling})
    assert found[0] == ("nodes of thing", "the program names no instance types")


def kubernetes(make: Make, *objects: dict[str, Any]) -> ResourceGraph:
    """A cluster on AWS with objects in it."""
    graph = make({"Cluster a": [("aws:eks/cluster:Cluster", "cluster", {})]})
    added = {}
    for content in objects:
        kind, name = content["kind"], content["metadata"]["name"]
        urn = f"urn:pulumi:dev::shop::kubernetes:core/v1:{kind}::{name}"
        inputs = {"apiVersion": "v1", **content}
        added[urn] = Resource(
            urn=urn, type=f"kubernetes:core/v1:{kind}", name=name, parent=graph.root.urn, inputs=inputs
        )
    return ResourceGraph(project="shop", stack="dev", preview=False, resources={**graph.resources, **added})


STORAGE_CLASS = {
    "kind": "StorageClass",
    "metadata": {"name": "fast"},
    "provisioner": "ebs.csi.aws.com",
    "parameters": {"type": "gp3", "iops": "4000"},
}


def claim(name: str, storage_class: str | None) -> dict[str, Any]:
    chosen = {} if storage_class is None else {"storageClassName": storage_class}
    spec = {"resources": {"requests": {"storage": "100Gi"}}, **chosen}
    return {"kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "n"}, "spec": spec}


def test_claims_cost_what_their_storage_class_makes_and_bound_ones_nothing(make_graph: Make) -> None:
    found = summarise(
        kubernetes(
            make_graph, STORAGE_CLASS, claim("a", "fast"), claim("bound", ""), claim("b", "other"), claim("c", None)
        )
    ).cost
    (storage, iops) = [line for line in found.lines if line.price.startswith("ebs")]
    assert (storage.quantity.most, iops.quantity.most) == (100.0, 1000.0)
    assert [(each.owner.name, each.reason) for each in found.unpriced] == [
        ("b", "its storage class other is not in the program"),
        ("c", "the default storage class is not in the program"),
    ]


def test_load_balancers_of_services_and_of_ingresses_that_share_one(make_graph: Make) -> None:
    def service(name: str, **spec: Any) -> dict[str, Any]:
        return {"kind": "Service", "metadata": {"name": name, "namespace": "n"}, "spec": spec}

    def ingress(name: str, group: str) -> dict[str, Any]:
        notes = {"alb.ingress.kubernetes.io/group.name": group, "alb.ingress.kubernetes.io/scheme": "internet-facing"}
        metadata = {"name": name, "namespace": "n", "annotations": notes}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": metadata,
            "spec": {"ingressClassName": "alb"},
        }

    found = summarise(
        kubernetes(
            make_graph,
            service("inside", type="ClusterIP"),
            service("network", type="LoadBalancer", loadBalancerClass="service.k8s.aws/nlb"),
            service("classic", type="LoadBalancer"),
            ingress("one", "shared"),
            ingress("two", "shared"),
        )
    ).cost
    prices = [line.price for line in found.lines if "balancer" in line.price or line.price == "public-ipv4"]
    assert sorted(prices) == [
        "application-load-balancer",
        "application-load-balancer-capacity",
        "classic-load-balancer",
        "network-load-balancer",
        "network-load-balancer-capacity",
        "public-ipv4",
    ]
    assert found.unpriced == ()


def test_assumptions_are_read_by_name_and_all_that_is_wrong_is_told_at_once() -> None:
    found = read_plan_assumptions({"cost": {"natGatewayGb": 5, "prices": {"p5.48xlarge": 40}}})
    assert (found.cost.nat_gateway_gb, found.cost.prices) == (5.0, {"p5.48xlarge": 40.0})
    assert read_plan_assumptions({}).cost == CostAssumptions()
    assert read_plan_assumptions({"cost": CostAssumptions().to_dict()}).cost == CostAssumptions()
    wrong = {
        "cost": {"natGatewayGB": 1, "bucketGb": -1, "logGb": True, "prices": {"p5.48xlarg": 4, "kms-key": "x"}},
        "energy": {"acceleratorLoad": 3, "cpuLoad": "much"},
        "prices": {},
    }
    with pytest.raises(InvalidInput) as caught:
        read_plan_assumptions(wrong)
    told = str(caught.value)
    for part in (
        "cost.natGatewayGB: unknown key; did you mean 'natGatewayGb'",
        "cost.bucketGb: -1 is not an amount; give a number, 0 or more",
        "cost.logGb: True is not an amount",
        "cost.prices.p5.48xlarg: unknown price; did you mean 'p5.48xlarge'",
        "cost.prices.kms-key: 'x' is not an amount",
        "energy.acceleratorLoad: 3 is out of bounds; give a number from 0 to 1",
        "energy.cpuLoad: 'much' is not a number",
        "prices: unknown key",
    ):
        assert part in told, told
    with pytest.raises(InvalidInput, match="is no mapping of names to numbers"):
        read_plan_assumptions({"cost": [1]})
