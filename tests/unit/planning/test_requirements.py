import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.planning.catalog import Requirement, all_instance_types, find_instance_types, instance_types
from aidc.problems import InvalidInput, Problems


def names(requirement: Requirement) -> list[str]:
    return [each.name for each in find_instance_types(requirement, Problems())]


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        (Requirement(accelerator="H100-SXM"), ["p5.4xlarge", "p5.48xlarge"]),
        (Requirement(accelerator="h100", accelerators=8), ["p5.48xlarge"]),
        (Requirement(accelerator="h200"), ["p5en.48xlarge", "p5e.48xlarge"]),
        (Requirement(accelerator="a100"), ["p4d.24xlarge", "p4de.24xlarge"]),
        (Requirement(accelerator="a100", accelerator_memory_gib=80), ["p4de.24xlarge"]),
        (
            Requirement(accelerators_at_least=16, efa=True, max_price=25),
            ["inf1.24xlarge", "trn1.32xlarge", "trn1n.32xlarge"],
        ),
        (
            Requirement(accelerators=8, network_gbps=3200, local_nvme_gb=30000, max_price=100),
            ["p5.48xlarge", "p5en.48xlarge"],
        ),
        (Requirement(accelerators=0, architecture="arm64", vcpus=64, max_price=2.5), ["c7g.16xlarge"]),
        (Requirement(accelerator="l4", accelerators=0), []),
        (Requirement(accelerator="h100", max_price=60, region="eu-west-2"), ["p5.4xlarge"]),
    ],
)  # fmt: skip
def test_types_are_chosen_by_requirement_cheapest_first(requirement, expected):
    assert names(requirement) == expected


def test_without_a_condition_everything_fits_and_a_fraction_is_not_an_accelerator():
    assert set(names(Requirement())) == set(all_instance_types())
    assert not any(name.startswith(("g6f", "gr6f")) for name in names(Requirement(accelerators_at_least=1)))
    assert not any(name.startswith(("g6f", "gr6f")) for name in names(Requirement(accelerators=0)))
    assert names(Requirement(accelerator="l4", max_price=0.25)) == ["g6f.large", "g6f.xlarge"]


def refusal(requirement: Requirement) -> str:
    with pytest.raises(InvalidInput) as caught:
        instance_types(requirement)
    return str(caught.value)


def test_when_nothing_fits_the_conditions_that_excluded_the_closest_types_are_named():
    said = refusal(Requirement(accelerator="h100", network_gbps=5000))
    assert "networkGbps: 5,000 Gbps or more fits no instance type" in said
    assert "p5.48xlarge has 3,200 Gbps, p5.4xlarge has 100 Gbps" in said
    assert "1 problem" in said


def test_when_several_conditions_are_each_alone_in_the_way_all_are_named():
    said = refusal(Requirement(accelerator="h100", accelerators=8, vcpus=200, max_price=7))
    assert "vcpus: 200 vCPU or more" in said
    assert "maxPrice: $7 an hour or less in us-east-1" in said


@pytest.mark.parametrize(
    ("requirement", "says"),
    [
        (Requirement(accelerator="h10"), "accelerator: 'h10' is not a known accelerator; did you mean 'h100'"),
        (Requirement(vcpus=-1), "vcpus: -1 is not a quantity"),
        (Requirement(memory_gib=math.nan), "memoryGib: nan is not a quantity"),
        (Requirement(max_price=math.inf), "maxPrice: inf is not a quantity"),
        (Requirement(vcpus="8"), "vcpus: '8' is not a quantity; give a number"),  # type: ignore[arg-type]
        (Requirement(architecture="x86"), "architecture: 'x86' is not one of amd64, arm64"),
        (Requirement(region="us-est-1"), "did you mean 'us-west-1' or 'us-east-1'"),
        (Requirement(accelerators=1, accelerators_at_least=1), "given together with accelerators"),
        (Requirement(accelerator="h100", max_price=9, region="us-west-1"), "p5.48xlarge has $68.8"),
        (Requirement(accelerator="trainium2", max_price=1000), "trn2.48xlarge has no price"),
    ],
)
def test_a_requirement_that_makes_no_sense_is_refused(requirement, says):
    assert says in refusal(requirement)


def test_all_problems_are_reported_at_once():
    said = refusal(Requirement(accelerator="h10", vcpus=-1, architecture="x86"))
    assert "3 problems" in said


CONDITIONS = {
    "accelerator": st.sampled_from(["a100", "h100", "l4", "trainium", "b200"]),
    "accelerators": st.integers(0, 16),
    "accelerators_at_least": st.integers(0, 16),
    "accelerator_memory_gib": st.floats(0, 300),
    "vcpus": st.integers(0, 256),
    "memory_gib": st.floats(0, 4096),
    "network_gbps": st.floats(0, 6400),
    "efa": st.booleans(),
    "architecture": st.sampled_from(["amd64", "arm64"]),
    "local_nvme_gb": st.floats(0, 40000),
    "max_price": st.floats(0, 150),
}


@given(st.fixed_dictionaries({}, optional=CONDITIONS), st.sampled_from(sorted(CONDITIONS)))
def test_leaving_out_a_condition_never_loses_a_type(conditions, dropped):
    if "accelerators" in conditions:
        conditions.pop("accelerators_at_least", None)
    full = Requirement(**conditions)
    assert set(names(full)) <= set(names(dataclasses.replace(full, **{dropped: None})))


@given(st.fixed_dictionaries({}, optional=CONDITIONS), st.sampled_from(["us-east-1", "us-west-2", "eu-north-1"]))
def test_the_answer_is_sorted_by_price_with_unpriced_types_last_then_by_name(conditions, region):
    if "accelerators" in conditions:
        conditions.pop("accelerators_at_least", None)
    problems = Problems()
    found = find_instance_types(Requirement(**conditions, region=region), problems)
    prices = [each.price(region) for each in found]
    keys = [(p.amount if p else math.inf, each.name) for p, each in zip(prices, found, strict=True)]
    assert keys == sorted(keys)
    assert bool(found) != bool(len(problems))


@given(
    st.sampled_from(["vcpus", "memory_gib", "network_gbps", "local_nvme_gb"]),
    st.integers(0, 5000),
    st.integers(0, 5000),
)
def test_asking_for_more_never_adds_a_type(field, one, other):
    least, most = sorted((one, other))
    assert set(names(Requirement(**{field: most}))) <= set(names(Requirement(**{field: least})))
