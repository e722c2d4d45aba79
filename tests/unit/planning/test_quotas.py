"""Quotas: which one an instance counts against."""

import re

import pytest

from aidc.planning.catalog import all_instance_types, quota_of, quotas, sources
from aidc.problems import InvalidInput


@pytest.mark.parametrize(
    ("name", "on_demand", "spot"),
    [
        ("p4d.24xlarge", "L-417A185B", "L-7212CCBC"),
        ("p5en.48xlarge", "L-417A185B", "L-C4BD4855"),
        ("g6e.48xlarge", "L-DB2E81BA", "L-3819A6DF"),
        ("gr6.8xlarge", "L-DB2E81BA", "L-3819A6DF"),
        ("inf2.xlarge", "L-1945791B", "L-B5D1601B"),
        ("trn1n.32xlarge", "L-2C3B7624", "L-6B0D517C"),
        ("m7i.large", "L-1216C47A", "L-34B43A08"),
        ("i4i.large", "L-1216C47A", "L-34B43A08"),
        ("t3.medium", "L-1216C47A", "L-34B43A08"),
    ],
)
def test_the_quota_is_that_of_the_family(name, on_demand, spot):
    found = quota_of(name, "on-demand"), quota_of(name, "spot")
    assert [quota and quota.code for quota in found] == [on_demand, spot]


def test_where_none_is_known_there_is_none():
    assert quota_of("p6-b200.48xlarge", "spot") is None
    assert quota_of("p5.48xlarge", "reserved") is None
    with pytest.raises(InvalidInput, match="not a known instance type"):
        quota_of("p5.49xlarge", "on-demand")


def test_every_type_has_an_on_demand_quota_and_all_but_p6_a_spot_one():
    assert all(quota_of(name, "on-demand") for name in all_instance_types())
    without = {name for name in all_instance_types() if quota_of(name, "spot") is None}
    assert without == {name for name in all_instance_types() if name.startswith("p6-")}


def test_a_quota_is_complete():
    assert len({quota.code for quota in quotas()}) == len(quotas())
    for quota in quotas():
        assert re.fullmatch(r"L-[0-9A-F]{8}", quota.code)
        assert (quota.service, quota.unit) == ("ec2", "vCPU")
        assert ("Spot" in quota.name) == (quota.capacity_type == "spot")
        assert quota.source in sources()
