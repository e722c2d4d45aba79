"""User data: TOML that Bottlerocket reads, a NodeConfig that AL2023 reads, nothing where nothing is to be said."""

import json
import tomllib
from email import message_from_string
from typing import Any

import pytest

from aidc.components.compute import plan_gpu_node_pool
from aidc.components.compute.node_user_data import group_user_data, karpenter_user_data

BASE: dict[str, Any] = {
    "provisioner": "managed-node-group",
    "instance_types": ["p5.48xlarge"],
    "scaling": {"maximum_nodes": 4, "static_nodes": 2},
}
AWS = {"cluster_name": "prod", "subnets": {"us-east-1a": "subnet-1"}, "security_group_ids": ["sg-1"]}


def boot(aws: dict[str, Any] | None = None, **more: Any) -> Any:
    pool = plan_gpu_node_pool({**BASE, **more, "aws": {**AWS, **(aws or {})}}, "pool")  # type: ignore[typeddict-item]
    assert pool.aws is not None
    return pool.aws.boot_settings(pool.shape.accelerator, pool.sharing)


def nvidia(text: str | None) -> Any:
    assert text is not None
    return tomllib.loads(text)["settings"]["kubelet-device-plugins"]["nvidia"]


def test_bottlerocket_shares_gpus_by_its_own_plugin() -> None:
    assert nvidia(karpenter_user_data(boot(time_slicing_replicas=4))) == {
        "device-sharing-strategy": "time-slicing",
        "time-slicing": {"replicas": 4, "rename-by-default": True, "fail-requests-greater-than-one": True},
    }
    assert nvidia(karpenter_user_data(boot(mig_profile="1g.10gb"))) == {
        "device-partitioning-strategy": "mig",
        "mig": {"profile": {"h100.80gb": "1g.10gb"}},
    }


@pytest.mark.parametrize(
    ("name", "profile", "model"),
    [
        ("p4d.24xlarge", "1g.5gb", "a100.40gb"),
        ("p4de.24xlarge", "1g.10gb", "a100.80gb"),
        ("p5en.48xlarge", "1g.18gb", "h200.141gb"),
    ],
)
def test_bottlerocket_has_its_own_names_of_models(name: str, profile: str, model: str) -> None:
    found = nvidia(karpenter_user_data(boot(instance_types=[name], mig_profile=profile)))
    assert found["mig"]["profile"] == {model: profile}


def test_resource_claims_turn_the_built_in_plugin_off() -> None:
    assert nvidia(karpenter_user_data(boot({"gpu_software": "dra"}))) == {"enabled": False}


def test_containers_without_root_get_neuron_devices() -> None:
    text = karpenter_user_data(boot(instance_types=["trn1.32xlarge"]))
    assert tomllib.loads(text or "") == {"settings": {"kubernetes": {"device-ownership-from-security-context": True}}}


@pytest.mark.parametrize("family", ["bottlerocket", "al2023"])
def test_karpenter_says_the_rest_itself(family: str) -> None:
    assert karpenter_user_data(boot({"ami_family": family, "max_pods": 110})) is None


def test_a_managed_group_of_bottlerocket_is_told_everything() -> None:
    text = group_user_data(boot({"max_pods": 110}, instance_types=["trn1.32xlarge"]))
    settings = tomllib.loads(text or "")["settings"]
    assert settings["kubernetes"] == {"device-ownership-from-security-context": True, "max-pods": 110}
    (command,) = settings["bootstrap-commands"].values()
    assert command["commands"] == [
        ["apiclient", "ephemeral-storage", "init"],
        ["apiclient", "ephemeral-storage", "bind"],
    ]
    assert (command["essential"], command["mode"]) == (True, "always")


def test_a_managed_group_of_al2023_gets_a_node_config() -> None:
    message = message_from_string(group_user_data(boot({"ami_family": "al2023", "max_pods": 110})) or "")
    (part,) = message.get_payload()  # type: ignore[misc]
    assert message.get_content_type() == "multipart/mixed"
    assert part.get_content_type() == "application/node.eks.aws"  # type: ignore[union-attr]
    assert json.loads(part.get_payload()) == {  # type: ignore[union-attr, arg-type]
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {"instance": {"localStorage": {"strategy": "RAID0"}}, "kubelet": {"config": {"maxPods": 110}}},
    }


@pytest.mark.parametrize("family", ["bottlerocket", "al2023"])
def test_a_group_with_nothing_to_say_says_nothing(family: str) -> None:
    assert group_user_data(boot({"ami_family": family, "instance_store": False})) is None
