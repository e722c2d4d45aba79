"""Defaults and errors of Karpenter's controller."""

from typing import Any

import pytest

from aidc.infra.karpenter import KarpenterControllerPlan, plan_karpenter_controller
from aidc.problems import InvalidInput

ARGS: dict[str, Any] = {"cluster_name": "prod", "node_role_arn": "arn:aws:iam::123456789012:role/prod-node"}


def plan(name: str = "karpenter", **more: Any) -> KarpenterControllerPlan:
    return plan_karpenter_controller({**ARGS, **more}, name)  # type: ignore[typeddict-item]


def problems_of(name: str = "karpenter", **more: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        plan(name, **more)
    return [str(problem) for problem in caught.value.problems]


def test_the_defaults() -> None:
    planned = plan()
    assert (planned.queue_name, planned.namespace, planned.replicas) == ("prod-karpenter", "kube-system", 2)
    assert (planned.cpu, planned.memory, planned.interruption) == ("1", "1Gi", True)
    assert planned.feature_gates == {
        "capacityBuffer": False,
        "nodeOverlay": False,
        "nodeRepair": False,
        "reservedCapacity": True,
        "spotToSpotConsolidation": False,
        "staticCapacity": False,
    }


def test_features_are_switched_one_by_one() -> None:
    gates = plan(feature_gates={"static_capacity": True, "reserved_capacity": False}).feature_gates
    assert {key for key, is_on in gates.items() if is_on} == {"staticCapacity"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"cluster_name": "Prod"}, "clusterName: 'Prod' is not a DNS label"),
        ({"cluster_name": "x" * 54}, f"clusterName: '{'x' * 54}' has 54 characters; give 53 or fewer"),
        ({"replicas": 0}, "replicas: 0 replicas is too little; give 1 replica or more"),
        ({"replicas": 6}, "replicas: 6 replicas is too much; give 5 replicas or less"),
        ({"cpu": "fast"}, "cpu: "),
        ({"memory": "0"}, "memory: '0' is too little; give more than 0 bytes"),
        ({"kubernetes_version": "1.37"}, "kubernetesVersion: no Karpenter is known to run on Kubernetes 1.37"),
        ({"kubernetes_version": "newest"}, "kubernetesVersion: 'newest' is not a minor version"),
        ({"reserved_network_interfaces": 16}, "reservedNetworkInterfaces: 16 interfaces is too much"),
        ({"feature_gates": {"drift": True}}, "featureGates.drift: unknown key"),
        ({"identity": "service-account"}, "oidcProviderArn: missing; IRSA needs it"),
        ({"oidc_issuer": "https://x"}, "oidcIssuer: belongs to service-account; leave it out"),
        ({"interruption": False, "encryption_key": "arn"}, "encryptionKey: encrypts the interruption queue, which is"),
    ],
)
def test_what_is_wrong_is_said_by_field(more: dict[str, Any], expected: str) -> None:
    assert any(each.startswith(expected) for each in problems_of(**more)), problems_of(**more)


def test_a_name_leaves_room_for_the_longer_one_of_the_two_releases() -> None:
    assert plan("x" * 49)
    assert problems_of("x" * 50) == [f"name: '{'x' * 50}' has 50 characters; give 49 or fewer"]
