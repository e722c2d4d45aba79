"""Pools as settings: names, zones, bounds, and what only AWS knows."""

from aidc.planning.allocation.demand import Demand, Need, Purpose
from aidc.planning.allocation.pools import Pool
from aidc.planning.allocation.settings import pool_settings

NEED = Need(name="gpus", unit="", amount=8, per_node={"p5.48xlarge": 8, "g6.xlarge": 1, "m7i.large": 1})
TRAINING = Demand(name="pretraining", needs=(NEED,), together=True, purpose=Purpose.TRAINING)
SERVING = Demand(name="chat", needs=(NEED,), survives_zone_loss=True)


def pool(demand: str, instance_type: str, nodes: dict[str, int], option: str = "on-demand", *reservations: str) -> Pool:
    return Pool(
        demand=demand,
        instance_type=instance_type,
        purchase_option=option,
        nodes=nodes,
        price=1.0,
        reservations=reservations,
    )


def test_a_training_pool_has_its_zone_its_bound_and_its_fast_network():
    settings = pool_settings([pool("pretraining", "p5.48xlarge", {"us-east-1a": 4})], [TRAINING])
    assert settings == {
        "aidc:gpuNodePools": {
            "pretraining-p5-48xlarge": {
                "instanceTypes": ["p5.48xlarge"],
                "capacityTypes": ["on-demand"],
                "zones": ["us-east-1a"],
                "scaling": {"maximumNodes": 4, "purpose": "training"},
                "aws": {"efa": True},
            }
        }
    }
    simulated = pool_settings([pool("pretraining", "p5.48xlarge", {"us-east-1a": 4})], [TRAINING], "simulated")
    assert "aws" not in simulated["aidc:gpuNodePools"]["pretraining-p5-48xlarge"]


def test_a_demand_that_outlives_a_zone_has_a_pool_for_each():
    settings = pool_settings([pool("chat", "g6.xlarge", {"us-east-1a": 3, "us-east-1b": 2}, "spot")], [SERVING])
    pools = settings["aidc:gpuNodePools"]
    assert {name: (each["zones"], each["scaling"]["maximumNodes"]) for name, each in pools.items()} == {
        "chat-g6-xlarge-spot-1a": (["us-east-1a"], 3),
        "chat-g6-xlarge-spot-1b": (["us-east-1b"], 2),
    }
    assert all(each["capacityTypes"] == ["spot"] for each in pools.values())


def test_reserved_pools_name_their_reservations_and_cpu_pools_have_a_section_of_their_own():
    settings = pool_settings(
        [
            pool("pretraining", "p5.48xlarge", {"us-east-1a": 1}, "reserved", "cr-b", "cr-a"),
            pool("chat", "m7i.large", {"us-east-1a": 2}),
        ],
        [TRAINING, SERVING],
    )
    reserved = settings["aidc:gpuNodePools"]["pretraining-p5-48xlarge-reserved"]
    assert reserved["aws"] == {"capacityReservations": ["cr-a", "cr-b"]}
    assert list(settings) == ["aidc:gpuNodePools", "aidc:cpuNodePools"]
    assert settings["aidc:cpuNodePools"]["chat-m7i-large"]["scaling"] == {"maximumNodes": 2, "purpose": "serving"}


def test_names_are_unique_and_short():
    long = Demand(name="a" * 30, needs=(NEED,))
    pools = [pool(long.name, "g6.xlarge", {"us-east-1a": 1}), pool(long.name, "g6.xlarge", {"us-east-1b": 1})]
    names = list(pool_settings(pools, [long])["aidc:gpuNodePools"])
    assert len(set(names)) == 2
    assert all(len(name) <= 52 for name in names)
