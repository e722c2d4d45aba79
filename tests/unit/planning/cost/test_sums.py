"""Cost, power and capacity of any graph: sums of its parts, and never less for more of anything."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aidc.evaluation.graph import ResourceGraph
from aidc.planning.plan.summary import PlanSummary, summarise

Parts = list[tuple[str, str, dict[str, Any]]]

TYPES = ["p5.48xlarge", "p4d.24xlarge", "g6.xlarge", "m7i.large", "m7i.2xlarge", "r7i.8xlarge"]
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE_DISKS = {"blockDeviceMappings": [{"ebs": {"volumeSize": 100, "volumeType": "gp3"}}]}
fuzz = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


def node_group(name: str, types: list[str], least: int, more: int, capacity: str = "ON_DEMAND") -> Any:
    scaling = {"minSize": least, "maxSize": least + more, "desiredSize": least}
    return NODE_GROUP, name, {"instanceTypes": types, "scalingConfig": scaling, "capacityType": capacity}


groups = st.builds(
    lambda types, least, more, capacity: node_group("group", types, least, more, capacity),
    st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True),
    st.integers(0, 20),
    st.integers(0, 50),
    st.sampled_from(["ON_DEMAND", "SPOT"]),
)
others = st.sampled_from(
    [
        ("aws:ec2/natGateway:NatGateway", "nat", {}),
        ("aws:ec2/eip:Eip", "address", {}),
        ("aws:ec2/vpc:Vpc", "vpc", {}),
        ("aws:kms/key:Key", "key", {}),
        ("aws:s3/bucket:Bucket", "bucket", {}),
        ("aws:cloudwatch/logGroup:LogGroup", "logs", {"retentionInDays": 30}),
        ("aws:efs/fileSystem:FileSystem", "files", {"throughputMode": "elastic"}),
        ("aws:fsx/lustreFileSystem:LustreFileSystem", "lustre", {"storageCapacity": 1200}),
        ("aws:eks/cluster:Cluster", "cluster", {}),
        ("aws:rds/instance:Instance", "database", {}),
        ("aws:iam/role:Role", "role", {}),
    ]
)
volumes = st.builds(
    lambda type, size, iops: ("aws:ebs/volume:Volume", "volume", {"type": type, "size": size, "iops": iops}),
    st.sampled_from(["gp3", "io2", "gp2"]),
    st.integers(1, 10_000),
    st.integers(3000, 16_000),
)
inside = st.lists(st.one_of(groups, others, volumes), max_size=5)
datacenters = st.dictionaries(st.sampled_from(["Network a", "Cluster b", "Store c", "Pool d"]), inside, max_size=4)


def named(parts: dict[str, Parts]) -> dict[str, Parts]:
    """Give every resource a name of its own."""
    return {
        component: [(type, f"{name}-{index}", given) for index, (type, name, given) in enumerate(found)]
        for component, found in parts.items()
    }


def figures(found: PlanSummary) -> dict[str, float]:
    return {
        "cost least": found.cost.monthly.least,
        "cost most": found.cost.monthly.most,
        "power least": found.power.kilowatts.least,
        "power most": found.power.kilowatts.most,
        "energy most": found.power.energy_kwh.most,
        "carbon most": found.power.carbon_kg.most,
        "flops most": found.capacity.totals["dense_pflops"].most,
        "nodes most": found.capacity.nodes.most,
    }


@fuzz
@given(parts=datacenters)
def test_the_whole_is_the_sum_of_its_components(parts: Any, make_graph: Callable[..., ResourceGraph]) -> None:
    parts = named(parts)
    whole = summarise(make_graph(parts))
    alone = [figures(summarise(make_graph({name: found}))) for name, found in parts.items()]
    for name, value in figures(whole).items():
        assert value == pytest.approx(sum(each[name] for each in alone), rel=1e-9, abs=1e-9), name
    components = whole.cost.by_component
    assert sum(span.most for span in components.values()) == pytest.approx(whole.cost.monthly.most)
    assert sum(span.least for span in components.values()) == pytest.approx(whole.cost.monthly.least)
    assert whole.cost.monthly.least <= whole.cost.monthly.most + 1e-9
    assert all(line.monthly.least <= line.monthly.most for line in whole.cost.lines)


@fuzz
@given(parts=datacenters, more=st.one_of(groups, others, volumes))
def test_more_resources_never_cost_or_take_less(
    parts: Any, more: Any, make_graph: Callable[..., ResourceGraph]
) -> None:
    before = figures(summarise(make_graph(named(parts))))
    parts = {**parts, "Pool d": [*parts.get("Pool d", []), more]}
    after = summarise(make_graph(named(parts)))
    assert all(value >= before[name] - 1e-9 for name, value in figures(after).items())


@fuzz
@given(
    types=st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True),
    least=st.integers(0, 10),
    more=st.integers(0, 10),
    added=st.integers(0, 10),
    raised=st.integers(0, 10),
)
def test_more_nodes_never_cost_or_take_less(
    types: list[str], least: int, more: int, added: int, raised: int, make_graph: Callable[..., ResourceGraph]
) -> None:
    before = figures(summarise(make_graph({"Pool a": [node_group("a", types, least, more)]})))
    grown = node_group("a", types, least + raised, more + added)
    after = figures(summarise(make_graph({"Pool a": [grown]})))
    assert all(value >= before[name] - 1e-9 for name, value in after.items())


@pytest.mark.parametrize(("count", "size"), [(1, 10), (7, 10), (7, 500)])
def test_volumes_by_a_closed_form(count: int, size: int, make_graph: Callable[..., ResourceGraph]) -> None:
    given = {"type": "gp3", "size": size, "iops": 5000, "throughput": 300}
    found = summarise(make_graph({"Store a": [("aws:ebs/volume:Volume", f"v{i}", given) for i in range(count)]})).cost
    each = size * 0.08 + (5000 - 3000) * 0.005 + (300 - 125) * 0.04
    assert found.monthly.least == found.monthly.most == pytest.approx(count * each)


def test_nodes_by_a_closed_form(make_graph: Callable[..., ResourceGraph]) -> None:
    # m7i.large 0.1008 and m7i.2xlarge 0.4032 an hour; with 2 nodes at least and 5 at most.
    group = node_group("a", ["m7i.large", "m7i.2xlarge"], 2, 3)
    found = summarise(make_graph({"Pool a": [group]})).cost
    assert found.hourly.least == pytest.approx(2 * 0.1008)
    assert found.hourly.most == pytest.approx(5 * 0.4032)
    assert found.of_pool("a-0") is None
    assert found.by_pool.keys() == {"a"}
