import json
import re

import pytest

from aidc.planning.catalog import all_instance_types, instance_type, karpenter_instance_types
from aidc.problems import InvalidInput

QUANTITY = re.compile(r"[1-9]\d*(m|Mi|Gi|G)?")


def only(name: str, **arguments) -> dict:
    (entry,) = karpenter_instance_types(names=[name], **arguments)
    return entry


def offered(entry: dict) -> dict[tuple[str, str], float]:
    found = {}
    for offering in entry["offerings"]:
        by_key = {each["key"]: each for each in offering["Requirements"]}
        assert all(each["operator"] == "In" for each in by_key.values())
        assert offering["Available"] is True
        (kind,) = by_key["karpenter.sh/capacity-type"]["values"]
        (zone,) = by_key["topology.kubernetes.io/zone"]["values"]
        assert (kind, zone) not in found
        found[kind, zone] = offering["Price"]
    return found


def test_the_list_has_every_type_that_is_sold_in_the_format_of_the_kwok_provider():
    listed = karpenter_instance_types()
    assert {entry["name"] for entry in listed} == set(all_instance_types()) - {"p5e.48xlarge", "trn2.48xlarge"}
    assert json.loads(json.dumps(listed)) == listed
    for entry in listed:
        assert set(entry) == {"name", "architecture", "operatingSystems", "resources", "offerings"}
        assert all(QUANTITY.fullmatch(quantity) for quantity in entry["resources"].values()), entry
        assert len(offered(entry)) == 6
        assert all(price > 0 for price in offered(entry).values())


def test_a_gpu_type_offers_what_an_ec2_node_has():
    entry = only("p5.48xlarge")
    assert entry["resources"] == {
        "cpu": "191550m",
        "memory": "1938420Mi",
        "ephemeral-storage": "30400G",
        "pods": "100",
        "nvidia.com/gpu": "8",
        "vpc.amazonaws.com/efa": "32",
    }
    assert offered(entry) == {(kind, f"us-east-1{letter}"): 55.04 for kind in ("on-demand", "spot") for letter in "abc"}


def test_a_neuron_type_offers_chips_and_cores_and_a_cpu_type_neither():
    assert only("trn1.32xlarge")["resources"]["aws.amazon.com/neuron"] == "16"
    assert only("trn1.32xlarge")["resources"]["aws.amazon.com/neuroncore"] == "32"
    plain = only("m7g.large", root_volume_gib=50)
    assert plain["architecture"] == "arm64"
    assert set(plain["resources"]) == {"cpu", "memory", "ephemeral-storage", "pods"}
    assert plain["resources"]["ephemeral-storage"] == "50Gi"


def test_a_fraction_of_a_gpu_offers_no_gpu():
    assert "nvidia.com/gpu" not in only("g6f.xlarge")["resources"]


def test_spot_costs_the_highest_price_seen_and_on_demand_where_none_was_seen():
    seen = offered(only("p5.48xlarge", region="us-east-2", zones=["us-east-2a"]))
    assert seen == {("on-demand", "us-east-2a"): 55.04, ("spot", "us-east-2a"): 11.99}
    unseen = offered(only("g5.xlarge", zones=["us-east-1a"]))
    assert unseen == {("on-demand", "us-east-1a"): 1.006, ("spot", "us-east-1a"): 1.006}


def test_a_type_without_an_on_demand_price_has_only_the_offerings_that_exist():
    assert offered(only("p5e.48xlarge", region="us-west-2", zones=["us-west-2b"])) == {("spot", "us-west-2b"): 19.54}
    with pytest.raises(InvalidInput, match=r"p5e\.48xlarge has no price in us-east-1"):
        only("p5e.48xlarge")
    with pytest.raises(InvalidInput, match="has no price in us-west-2 as on-demand"):
        only("p5e.48xlarge", region="us-west-2", capacity_types=["on-demand"])


def test_reserved_offerings_exist_only_when_asked_for_and_come_first_by_price():
    found = offered(only("p5.48xlarge", zones=["a"], capacity_types=["reserved", "on-demand"]))
    assert found[("on-demand", "a")] == 55.04
    assert 0 < found[("reserved", "a")] < 0.001
    cheaper = offered(only("g5.xlarge", zones=["a"], capacity_types=["reserved"]))
    assert cheaper[("reserved", "a")] < found[("reserved", "a")]


def test_names_keep_their_order_and_are_listed_once():
    listed = karpenter_instance_types(names=["p5.48xlarge", "M7I.large", "p5.48xlarge"])
    assert [entry["name"] for entry in listed] == ["p5.48xlarge", "m7i.large"]
    assert instance_type("m7i.large").vcpus == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"region": "us-est-1"}, "region: 'us-est-1' is not one of"),
        ({"zones": []}, "zones: none given"),
        ({"zones": ["a", "a"]}, "zones[1]: 'a' is given twice"),
        ({"zones": ["a/b"]}, "zones[0]: 'a/b' cannot be a label"),
        ({"zones": ["a\n"]}, "cannot be a label"),
        ({"names": ["p5.48xlarg"]}, "names[0]: 'p5.48xlarg' is not a known instance type"),
        ({"capacity_types": ["sport"]}, "capacityTypes[0]: 'sport' is not one of"),
        ({"root_volume_gib": 0}, "rootVolumeGib: 0 GiB is too little"),
    ],
)
def test_bad_arguments_are_refused(arguments, says):
    with pytest.raises(InvalidInput) as caught:
        karpenter_instance_types(**arguments)
    assert says in str(caught.value)
