"""Which Kubernetes versions go together."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.infra.eks.version_skew import (
    addon_versions,
    check_karpenter,
    check_minor_version,
    check_node_skew,
    check_upgrade,
)
from aidc.infra.versions import EKS_ADDONS, EKS_KUBERNETES, EKS_KUBERNETES_VERSIONS, KARPENTER_CHART, KUBERNETES
from aidc.problems import Problems


def reasons(check: Callable[[Problems], object]) -> list[str]:
    problems = Problems()
    check(problems)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize("version", ["1.36", "1.9", "2.0"])
def test_a_minor_version(version: str) -> None:
    assert reasons(lambda problems: check_minor_version(problems, "v", version)) == []


@pytest.mark.parametrize("version", ["1", "1.36.3", "v1.36", "latest", ""])
def test_what_is_no_minor_version(version: str) -> None:
    assert reasons(lambda problems: check_minor_version(problems, "v", version)) == [
        f"v: '{version}' is not a minor version; write it like 1.36, in quotes"
    ]


@pytest.mark.parametrize("nodes", ["1.36", "1.35", "1.34", "1.33"])
def test_nodes_that_the_control_plane_talks_to(nodes: str) -> None:
    assert reasons(lambda problems: check_node_skew(problems, "v", control_plane="1.36", nodes=nodes)) == []


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ("1.37", "v: 1.37 is newer than the control plane's 1.36; upgrade that first"),
        ("1.32", "v: 1.32 is 4 minor versions behind the control plane's 1.36; give 1.33 or newer"),
    ],
)
def test_nodes_that_it_does_not_talk_to(nodes: str, reason: str) -> None:
    assert reasons(lambda problems: check_node_skew(problems, "v", control_plane="1.36", nodes=nodes)) == [reason]


@pytest.mark.parametrize(
    ("current", "wanted", "expected"),
    [
        ("1.35", "1.35", []),
        ("1.35", "1.36", []),
        ("1.34", "1.36", ["v: 1.36 is 2 minor versions after the cluster's 1.34; go by one, to 1.35 first"]),
        ("1.36", "1.35", ["v: 1.35 is older than the cluster's 1.36; EKS never goes back, give 1.36"]),
    ],
)
def test_upgrades_go_one_minor_version_at_a_time(current: str, wanted: str, expected: list[str]) -> None:
    assert reasons(lambda problems: check_upgrade(problems, "v", current=current, wanted=wanted)) == expected


@pytest.mark.parametrize(
    ("kubernetes", "karpenter", "is_right"),
    [
        ("1.36", "1.13.0", True),
        ("1.36", "1.14.1", True),
        ("1.36", "1.12.9", False),
        ("1.35", "1.9.0", True),
        ("1.35", "1.8.2", False),
        ("1.31", "1.0.5", True),
        ("1.31", "1.0.4", False),
        ("1.30", "0.37.0", True),
    ],
)
def test_karpenter_knows_the_kubernetes_version(kubernetes: str, karpenter: str, is_right: bool) -> None:
    found = reasons(lambda problems: check_karpenter(problems, "v", kubernetes=kubernetes, karpenter=karpenter))
    assert (not found) is is_right
    assert all("or later" in reason for reason in found)


def test_a_kubernetes_version_that_no_karpenter_knows() -> None:
    assert reasons(lambda problems: check_karpenter(problems, "v", kubernetes="1.37", karpenter="9.9.9")) == [
        "v: no Karpenter is known to run on Kubernetes 1.37; give one of 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36"
    ]


@pytest.mark.parametrize("version", EKS_KUBERNETES_VERSIONS)
def test_what_is_pinned_goes_together(version: str) -> None:
    assert reasons(lambda p: check_karpenter(p, "v", kubernetes=version, karpenter=KARPENTER_CHART.number)) == []
    pinned = {name: each.tag for name, each in EKS_ADDONS[version].items()}
    assert reasons(lambda problems: addon_versions(problems, version, list(pinned), pinned)) == []
    assert pinned["kube-proxy"].startswith(f"v{version}.")


def test_the_cluster_is_of_the_version_that_manifests_are_proved_against() -> None:
    assert EKS_KUBERNETES.number == KUBERNETES.minor


def test_a_version_that_is_given_goes_before_the_pinned_one() -> None:
    problems = Problems()
    found = addon_versions(problems, "1.36", ["coredns", "vpc-cni"], {"coredns": "v1.14.3-eksbuild.99"})
    assert list(problems) == []
    assert found == {"coredns": "v1.14.3-eksbuild.99", "vpc-cni": EKS_ADDONS["1.36"]["vpc-cni"].tag}


@pytest.mark.parametrize(
    ("version", "given", "reason"),
    [
        ("1.36", {"coredns": "1.14.3"}, "addonVersions.coredns: '1.14.3' is not a build of EKS; write it like"),
        (
            "1.36",
            {"calico": "v3.0.0-eksbuild.1"},
            "addonVersions.calico: no such add-on is installed; name it in addons",
        ),
        ("1.36", {"coredns": "v1.14.3-eksbuild.1", "kube-proxy": "v1.37.0-eksbuild.1"}, "1.37 is newer than"),
        (
            "1.34",
            {},
            "addonVersions.coredns: no version is pinned for Kubernetes 1.34, only for 1.36, 1.35; name one of",
        ),
    ],
)
def test_versions_of_add_ons_that_do_not_fit(version: str, given: dict[str, str], reason: str) -> None:
    found = reasons(lambda problems: addon_versions(problems, version, ["coredns", "kube-proxy"], given))
    assert any(reason in each for each in found), found


@given(st.integers(0, 60), st.integers(0, 60))
def test_any_two_minor_versions_are_judged_by_their_distance(control_plane: int, nodes: int) -> None:
    found = reasons(
        lambda problems: check_node_skew(problems, "v", control_plane=f"1.{control_plane}", nodes=f"1.{nodes}")
    )
    assert (not found) is (0 <= control_plane - nodes <= 3)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_way_out_of_a_refused_upgrade_is_an_upgrade_that_is_accepted(current: int, wanted: int) -> None:
    found = reasons(lambda problems: check_upgrade(problems, "v", current=f"1.{current}", wanted=f"1.{wanted}"))
    assert (not found) is (wanted - current in (0, 1))
    if wanted - current > 1:
        assert f"to 1.{current + 1} first" in found[0]
