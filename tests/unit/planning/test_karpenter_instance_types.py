import json
import re

import pytest

from aidc.planning.catalog import SharedNode, all_instance_types, instance_type, karpenter_instance_types
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


@pytest.mark.parametrize(
    ("node", "name", "extended"),
    [
        (
            SharedNode(instance_type="p5.48xlarge", mig_profile="1g.10gb"),
            "p5.48xlarge-mig-1g.10gb",
            {"nvidia.com/mig-1g.10gb": "56", "vpc.amazonaws.com/efa": "32"},
        ),
        (
            SharedNode(instance_type="p4d.24xlarge", mig_profile="1g.5gb+me"),
            "p4d.24xlarge-mig-1g.5gb.me",
            {"nvidia.com/mig-1g.5gb.me": "8", "vpc.amazonaws.com/efa": "4"},
        ),
        (
            SharedNode(instance_type="g6.12xlarge", time_slicing_replicas=4),
            "g6.12xlarge-shared-4",
            {"nvidia.com/gpu": "16", "vpc.amazonaws.com/efa": "1"},
        ),
        (
            SharedNode(instance_type="g7e.2xlarge", mig_profile="2g.48gb", time_slicing_replicas=2),
            "g7e.2xlarge-mig-2g.48gb-shared-2",
            {"nvidia.com/mig-2g.48gb": "4"},
        ),
    ],
)
def test_a_shared_node_is_a_type_of_its_own_that_offers_what_its_device_plugin_would(node, name, extended):
    (entry,) = karpenter_instance_types(names=[], shared=[node])
    assert entry["name"] == node.name == name
    plain = {"cpu", "memory", "ephemeral-storage", "pods"}
    assert {key: count for key, count in entry["resources"].items() if key not in plain} == extended
    whole = only(node.instance_type)
    assert offered(entry) == offered(whole)
    assert {key: entry["resources"][key] for key in plain} == {key: whole["resources"][key] for key in plain}


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (SharedNode(instance_type="p5.48xlarge", mig_profile="1g.5gb"), "shared[0].migProfile: '1g.5gb' is not a MIG"),
        (SharedNode(instance_type="g5.xlarge", time_slicing_replicas=1), "shared[0].timeSlicingReplicas: 1 replica"),
        (SharedNode(instance_type="trn1.32xlarge", time_slicing_replicas=2), "cannot be shared by time-slicing"),
        (SharedNode(instance_type="m7i.large", mig_profile="1g.5gb"), "m7i.large has no whole accelerator to share"),
        (SharedNode(instance_type="g6f.large", time_slicing_replicas=2), "g6f.large has no whole accelerator"),
        (SharedNode(instance_type="p5", mig_profile="1g.10gb"), "shared[0].instanceType: 'p5' is not a known"),
        (SharedNode(instance_type="p5e.48xlarge", mig_profile="1g.18gb"), "p5e.48xlarge-mig-1g.18gb has no price"),
    ],
)
def test_an_impossible_shared_node_is_refused(node, says):
    with pytest.raises(InvalidInput) as caught:
        karpenter_instance_types(shared=[node])
    assert says in str(caught.value)
