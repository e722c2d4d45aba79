"""Who owns the software of GPUs: the whole table, and what contradicts it."""

import itertools

import pytest

from aidc.infra.addons import AmiFamily, GpuOwner, GpuSoftware, gpu_ownership
from aidc.infra.addons.gpu_software import OWNERSHIP
from aidc.problems import Problems

TABLE = {
    ("ami", "al2023"): ("nvidia-device-plugin", None, "nvidia-device-plugin", False),
    ("ami", "bottlerocket"): ("image", None, None, False),
    ("gpu-operator", "al2023"): ("gpu-operator", None, "gpu-operator", False),
    ("dra", "al2023"): (None, "dra-driver-nvidia-gpu", "dra-driver-nvidia-gpu", False),
    ("dra", "bottlerocket"): (None, "dra-driver-nvidia-gpu", "dra-driver-nvidia-gpu", True),
}


@pytest.mark.parametrize(("choice", "expected"), list(TABLE.items()))
def test_each_part_has_the_owner_of_the_table(choice, expected):
    problems = Problems()
    owned = gpu_ownership(problems, *choice, kubernetes_version="1.36")
    assert not problems
    assert owned is not None
    assert (owned.device_plugin, owned.dra_driver, owned.addon, owned.disables_built_in_plugin) == expected
    assert (owned.driver, owned.toolkit) == (GpuOwner.IMAGE, GpuOwner.IMAGE)
    assert owned.guards_gpus is (choice[1] == "bottlerocket")
    assert owned.offers_gpu_resource is (expected[0] is not None)


@pytest.mark.parametrize("choice", list(itertools.product(GpuSoftware, AmiFamily)))
def test_every_choice_is_in_the_table_or_refused(choice):
    problems = Problems()
    owned = gpu_ownership(problems, *choice)
    assert (owned is None) == bool(problems) == (choice not in OWNERSHIP)


@pytest.mark.parametrize("owned", list(OWNERSHIP.values()))
def test_gpus_are_handed_out_once(owned):
    handing_out = {each for each in (owned.device_plugin, owned.dra_driver) if each is not None}
    assert len(handing_out) == 1
    assert owned.addon is None or handing_out == {owned.addon}


def refusals(*args, **options):
    problems = Problems()
    gpu_ownership(problems, *args, **options)
    return [str(problem) for problem in problems]


def test_the_operator_on_bottlerocket_is_refused_with_both_ways_out():
    (refusal,) = refusals("gpu-operator", "bottlerocket")
    assert refusal.startswith("gpuSoftware: ")
    assert "amiFamily al2023" in refusal
    assert "gpuSoftware ami" in refusal


@pytest.mark.parametrize(("version", "is_refused"), [("1.33", True), ("1.34", False), ("1.36", False), ("2.0", False)])
def test_resource_claims_need_a_kubernetes_that_has_them(version, is_refused):
    assert bool(refusals("dra", "al2023", kubernetes_version=version)) is is_refused


def test_a_word_that_is_no_choice_is_refused_by_its_field():
    assert refusals("operator", "ubuntu") == [
        "gpuSoftware: 'operator' is not one of ami, gpu-operator, dra; did you mean 'gpu-operator'?",
        "amiFamily: 'ubuntu' is not one of bottlerocket, al2023",
    ]
