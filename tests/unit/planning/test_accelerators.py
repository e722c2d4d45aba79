import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.planning.catalog import (
    TIME_SLICING_REPLICAS,
    accelerator,
    accelerators,
    all_instance_types,
    check_time_slicing,
    find_accelerator,
    find_instance_type,
    instance_type,
    mig_profile,
)
from aidc.problems import InvalidInput, Problems


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("h100", "h100"),
        ("H100", "h100"),
        ("H100-SXM", "h100"),
        ("nvidia-h100-80gb", "h100"),
        ("NVIDIA H100 80GB HBM3", "h100"),
        (" NVIDIA_H200 ", "h200"),
        ("Tesla-T4", "t4"),
        ("A100-SXM4-80GB", "a100-80gb"),
        ("a100-40", "a100-40gb"),
        ("rtx-pro-server-6000", "rtx-pro-6000"),
        ("RTX PRO 6000 Blackwell Server Edition", "rtx-pro-6000"),
        ("AWS Trainium2", "trainium2"),
        ("trn1", "trainium"),
    ],
)
def test_an_accelerator_is_found_in_any_case_and_by_alias(given_name, name):
    assert accelerator(given_name).name == name


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("h1000", "did you mean 'h100'"),
        ("tranium", "did you mean 'trainium'"),
        ("mi300x", "'mi300x' is not a known accelerator"),
        ("", "'' is not a known accelerator"),
        ("a100", "several sizes of memory; say 'a100-40gb' or 'a100-80gb'"),
    ],
)
def test_an_unknown_accelerator_is_refused_with_close_matches(name, says):
    with pytest.raises(InvalidInput) as caught:
        accelerator(name)
    assert says in str(caught.value)
    problems = Problems()
    assert find_accelerator(name, problems, "gpuNodePools.h.accelerator") is None
    assert [problem.path for problem in problems] == ["gpuNodePools.h.accelerator"]


def test_aliases_are_unambiguous_but_for_models_of_several_sizes():
    seen: dict[str, str] = {}
    for each in accelerators().values():
        for alias in {each.name, *each.aliases}:
            assert seen.setdefault(alias, each.name) == each.name
            assert accelerator(alias) is each


@given(st.text(max_size=30))
def test_any_text_is_found_or_refused_but_never_crashes(text):
    problems = Problems()
    assert (find_accelerator(text, problems) is None) == (len(problems) == 1)
    problems = Problems()
    assert (find_instance_type(text, problems) is None) == (len(problems) == 1)


# model: profile, most instances (NVIDIA MIG User Guide r580, tables 6 to 11; B300: mig-parted)
MIG_TABLE = {
    "a100-40gb": "1g.5gb 7, 1g.5gb+me 1, 1g.10gb 4, 2g.10gb 3, 3g.20gb 2, 4g.20gb 1, 7g.40gb 1",
    "a100-80gb": "1g.10gb 7, 1g.10gb+me 1, 1g.20gb 4, 2g.20gb 3, 3g.40gb 2, 4g.40gb 1, 7g.80gb 1",
    "h100": "1g.10gb 7, 1g.10gb+me 1, 1g.20gb 4, 2g.20gb 3, 3g.40gb 2, 4g.40gb 1, 7g.80gb 1",
    "h200": "1g.18gb 7, 1g.18gb+me 1, 1g.35gb 4, 2g.35gb 3, 3g.71gb 2, 4g.71gb 1, 7g.141gb 1",
    "b200": "1g.23gb 7, 1g.23gb+me 1, 1g.45gb 4, 2g.45gb 3, 3g.90gb 2, 4g.90gb 1, 7g.180gb 1",
    "b300": "1g.34gb 7, 1g.34gb+me 1, 1g.67gb 4, 2g.67gb 3, 3g.135gb 2, 4g.135gb 1, 7g.269gb 1",
    "rtx-pro-6000": "1g.24gb 4, 1g.24gb+me 1, 1g.24gb+gfx 4, 1g.24gb+me.all 1, 1g.24gb-me 4, 2g.48gb 2, "
    "2g.48gb+gfx 2, 2g.48gb+me.all 1, 2g.48gb-me 2, 4g.96gb 1, 4g.96gb+gfx 1",
}


def test_mig_tables_agree_with_nvidia():
    found = {
        each.name: ", ".join(f"{profile.name} {profile.max_instances}" for profile in each.mig_profiles)
        for each in accelerators().values()
        if each.mig_profiles
    }
    assert found == MIG_TABLE


@pytest.mark.parametrize("each", [a for a in accelerators().values() if a.mig_profiles], ids=lambda a: a.name)
def test_mig_instances_fit_into_their_accelerator(each):
    slices = max(profile.compute_slices for profile in each.mig_profiles)
    for profile in each.mig_profiles:
        assert profile.name.startswith(f"{profile.compute_slices}g.")
        assert profile.max_instances * profile.memory_fraction <= 1
        assert profile.max_instances * profile.compute_slices <= slices
        share = profile.memory_fraction * each.memory_mib / 1024
        assert abs(profile.memory_gb - share) / share < 0.1, profile.name


@pytest.mark.parametrize(
    ("model", "name", "resource", "config"),
    [
        ("h100", "1g.10gb", "nvidia.com/mig-1g.10gb", "all-1g.10gb"),
        ("H100-SXM", "MIG 1G.10GB", "nvidia.com/mig-1g.10gb", "all-1g.10gb"),
        ("h100", "nvidia.com/mig-1g.10gb.me", "nvidia.com/mig-1g.10gb.me", "all-1g.10gb.me"),
        ("rtx-pro-6000", "1g.24gb+me.all", "nvidia.com/mig-1g.24gb.me.all", "all-1g.24gb.me.all"),
        ("rtx-pro-6000", "mig-1g.24gb-me", "nvidia.com/mig-1g.24gb-me", "all-1g.24gb-me"),
    ],
)
def test_a_mig_profile_is_found_and_names_its_resource_and_configuration(model, name, resource, config):
    profile = mig_profile(model, name)
    assert (profile.resource_name, profile.config_name) == (resource, config)


@pytest.mark.parametrize(
    ("model", "name", "says"),
    [
        ("h100", "1g.5gb", "give one of 1g.10gb (up to 7)"),
        ("h100", "8g.80gb", "7g.80gb (up to 1)"),
        ("a100-40gb", "7g.80gb", "7g.40gb (up to 1)"),
        ("h200", "1g.10gb", "1g.18gb (up to 7)"),
        ("b200", "3g.71gb", "3g.90gb (up to 2)"),
        ("h100", "", "give one of"),
        ("h100", "10gb", "give one of"),
        ("t4", "1g.5gb", "NVIDIA T4 has no MIG profiles; leave it out"),
        ("trainium2", "1g.5gb", "AWS Trainium2 has no MIG profiles"),
        ("h10", "1g.10gb", "did you mean 'h100'"),
    ],
)
def test_an_impossible_mig_profile_is_refused_with_those_that_exist(model, name, says):
    with pytest.raises(InvalidInput) as caught:
        mig_profile(model, name)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("model", "replicas", "says"),
    [
        ("t4", 2, None),
        ("h100", 48, None),
        ("h100", 1, "1 replica is too little; give 2 replicas or more"),
        ("h100", 0, "give 2 replicas or more"),
        ("h100", 49, "give 48 replicas or less"),
        ("trainium", 2, "cannot be shared by time-slicing"),
    ],
)
def test_time_slicing_is_bounded(model, replicas, says):
    problems = Problems()
    check_time_slicing(accelerator(model), replicas, problems)
    assert [says in str(problem) for problem in problems] == ([True] if says else [])
    assert TIME_SLICING_REPLICAS == (2, 48)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("p5.49xlarge", "p5 comes as p5.4xlarge, p5.48xlarge"),
        ("p4dd.24xlarge", "did you mean 'p4d.24xlarge' or 'p4de.24xlarge'"),
        ("banana", "'banana' is not a known instance type"),
    ],
)
def test_an_unknown_instance_type_is_refused_with_close_matches(name, says):
    with pytest.raises(InvalidInput) as caught:
        instance_type(name)
    assert says in str(caught.value)


def test_every_instance_type_is_found_in_any_case():
    for name, each in all_instance_types().items():
        assert instance_type(name.upper()) is each
