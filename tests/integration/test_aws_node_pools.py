"""Node pools for EC2 against the real API server with Karpenter's own definitions, as its AWS provider ships them."""

import os
from pathlib import Path

import pytest
import yaml

from aidc.components.compute import Ec2NodeClass, GpuNodePool
from aidc.controlplane.applying import apply_all
from aidc.controlplane.cluster import Cluster, ClusterSettings
from aidc.controlplane.definitions import wait_until_served
from aidc.evaluation import evaluate
from aidc.evaluation.manifests import manifests_of
from aidc.planning.catalog import network_layouts
from aidc.tools.progress import Silence

# Operators' definitions that the control plane does not install itself: AIDC_CRDS, or beside the checkout.
PUBLISHED = Path(os.environ.get("AIDC_CRDS", Path(__file__).parents[3] / "shared/crds"))
FILES = ("karpenter.yaml", "karpenter-aws-core.yaml")
AWS = {"cluster_name": "prod"}


@pytest.fixture(scope="module")
def client(state):
    """A cluster of this module's own, whose NodePools have the rules of the AWS provider."""
    missing = [name for name in FILES if not (PUBLISHED / name).is_file()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not in {PUBLISHED}; name their folder in AIDC_CRDS")
    cluster = Cluster("aws-pools")
    try:
        cluster.start(ClusterSettings(controllers=frozenset()), Silence())
        with cluster.client() as client:
            for name in FILES:
                found = [one for one in yaml.safe_load_all((PUBLISHED / name).read_text()) if one]
                for definition in found:
                    client.apply(definition, force=True)
                wait_until_served(client, [definition["metadata"]["name"] for definition in found])
            yield client
    finally:
        cluster.stop()


@pytest.fixture
def apply(client, request):
    owner = f"aws-{abs(hash(request.node.nodeid)) % 10**8}"
    yield lambda program: apply_all(client, manifests_of(evaluate(program)), owner=owner)
    apply_all(client, [], owner=owner)


def gpu_pool(name="pool", **more):
    args = {"provisioner": "karpenter-aws", "instance_types": ["p5.48xlarge"], "zones": ["us-east-1a"]}
    return lambda: GpuNodePool(name, {**args, "scaling": {"maximum_nodes": 4}, "aws": AWS, **more})


BLOCK = {"reservation": "cr-0123456789abcdef0", "ends": "2026-12-01T11:30:00Z"}
POOLS = {
    "plain": gpu_pool(),
    "efa-and-placement": gpu_pool(aws={**AWS, "efa": True, "placement_group": True}),
    "capacity-block": gpu_pool(capacity_types=["reserved"], aws={**AWS, "efa": True, "capacity_block": BLOCK}),
    "reservations": gpu_pool(
        capacity_types=["reserved"],
        aws={**AWS, "capacity_reservations": [BLOCK["reservation"]], "capacity_reservation_tags": {"team": "a"}},
    ),
    "static": gpu_pool(scaling={"maximum_nodes": 4, "static_nodes": 2}),
    "mig": gpu_pool(mig_profile="1g.10gb"),
    "time-slicing": gpu_pool(time_slicing_replicas=4, aws={**AWS, "ami_family": "al2023"}),
    "neuron": gpu_pool(instance_types=["trn1.32xlarge"], aws={**AWS, "efa": True}),
    "encrypted": gpu_pool(
        aws={
            **AWS,
            "encryption_key": "arn:aws:kms:us-east-1:123456789012:key/0f1e2d3c",
            "volume_gib": 16384,
            "volume_iops": 16000,
            "volume_throughput_mibps": 1000,
            "max_pods": 110,
            "tags": {"team": "research"},
            "subnets": {"us-east-1a": "subnet-0123456789abcdef0"},
            "security_group_ids": ["sg-0123456789abcdef0"],
        }
    ),
}


@pytest.mark.parametrize("name", POOLS)
def test_a_pool_and_its_node_class_are_accepted(name, apply):
    outcome = apply(POOLS[name])
    assert not outcome.refused, "\n".join(map(str, outcome.refused))
    assert {each.partition(" ")[0] for each in outcome.created} >= {"NodePool", "EC2NodeClass"}
    assert not apply(POOLS[name]).changed


@pytest.mark.parametrize("instance_type", network_layouts())
def test_every_network_layout_is_accepted(instance_type, apply):
    def program():
        aws = {**AWS, "efa": True}
        Ec2NodeClass("layout", {"aws": aws, "instance_types": [instance_type], "zones": ["us-east-1a"]})

    outcome = apply(program)
    assert not outcome.refused, "\n".join(map(str, outcome.refused))
    assert outcome.created == ["EC2NodeClass layout"]


def test_the_definitions_do_refuse_what_is_wrong(client):
    (wrong,) = manifests_of(evaluate(lambda: Ec2NodeClass("wrong", {"aws": AWS})))
    wrong["spec"]["networkInterfaces"] = [{"networkCardIndex": 0, "deviceIndex": 1, "interfaceType": "efa-only"}]
    outcome = apply_all(client, [wrong], owner="wrong")
    assert "must include a primary interface" in "\n".join(map(str, outcome.refused))
