"""Power of nodes and pools: closed forms, a measured node, own machines, and what is not known."""

from typing import Any

import pytest

from aidc.planning.catalog import all_instance_types, instance_type
from aidc.planning.catalog.power import grid_intensity, grid_regions, power_usage_effectiveness
from aidc.planning.energy import EnergyAssumptions, estimate_power, node_watts
from aidc.planning.nodes.machines import MachineDemand, MachineOrigin

FULL = EnergyAssumptions(accelerator_load=1.0, cpu_load=1.0)
IDLE = EnergyAssumptions(accelerator_load=0.0, cpu_load=0.0)


def machines(types: list[str], least: int, most: int | None, **more: Any) -> MachineDemand:
    given = {"region": "us-east-1", **more}
    return MachineDemand(
        pool="a", instance_types=types, zones=[], capacity_types=["on-demand"], least=least, most=most, **given
    )


def test_a_node_of_8_h100_takes_what_was_measured_on_one() -> None:
    # Latif and others: 8.4 kW at most, with 112 cores of 2 threads and 2 TB.
    watts = node_watts(instance_type("p5.48xlarge"), FULL)
    assert watts == pytest.approx(8400, rel=0.03)


@pytest.mark.parametrize("each", all_instance_types().values(), ids=lambda each: each.name)
def test_a_busy_node_takes_more_than_an_idle_one_and_no_less_than_its_accelerators(each: Any) -> None:
    idle, full = node_watts(each, IDLE), node_watts(each, FULL)
    if idle is None or full is None:
        assert each.is_accelerator_fraction or each.accelerator.tdp_watts is None
        return
    assert 0 < idle < full
    if each.accelerator:
        assert full > each.accelerator_count * each.accelerator.tdp_watts


def test_energy_carbon_and_the_building_by_a_closed_form() -> None:
    found = estimate_power([machines(["m7i.large"], 2, 10)])
    (pool,) = found.pools
    watts = (2 * (0.74 + 0.5 * (3.5 - 0.74)) + 8 * 2**30 / 1e9 * 0.392) * 1.16
    assert pool.kilowatts.most == pytest.approx(10 * watts / 1000)
    assert pool.kilowatts.least == pytest.approx(2 * watts / 1000)
    assert found.energy_kwh.most == pytest.approx(10 * watts / 1000 * 1.15 * 730)
    assert found.carbon_kg.most == pytest.approx(found.energy_kwh.most * 396.25 / 1000)
    assert pool.idle_kilowatts < pool.kilowatts.most
    assert found.own_monthly.most == 0


def test_a_region_without_figures_says_so() -> None:
    found = estimate_power([machines(["m7i.large"], 1, 1, region="moon-1")])
    assert found.without_carbon == ("a",)
    assert found.pools[0].carbon_kg is None
    assert found.pools[0].effectiveness.is_average
    assert grid_intensity("moon-1") is None
    assert power_usage_effectiveness("eu-west-1").value == 1.10
    assert {"us-east-1", "eu-north-1"} <= set(grid_regions())


def test_what_is_not_known_is_in_no_sum() -> None:
    lacking = next(each.name for each in all_instance_types().values() if each.is_accelerator_fraction)
    found = estimate_power([machines(["x9.huge"], 1, 1), machines(["m7i.large"], 1, None), machines([lacking], 1, 1)])
    assert found.pools == ()
    assert [reason for _, reason in found.unknown] == [
        "its instance types are not known",
        "nothing bounds how many they are",
        f"no power of the accelerators of {lacking} is known",
    ]


def test_machines_of_ones_own_cost_their_power() -> None:
    own = machines([], 4, 4, origin=MachineOrigin.EXISTING, accelerator="h100", accelerators=8, region="")
    known = EnergyAssumptions(
        accelerator_load=1.0, own_power_usage_effectiveness=1.5, own_dollars_per_kwh=0.2, own_grams_per_kwh=100
    )
    found = estimate_power([own], known)
    kilowatts = 4 * 8 * 700 * 1.5 / 1000
    assert found.kilowatts.least == found.kilowatts.most == pytest.approx(kilowatts)
    assert found.own_monthly.most == pytest.approx(kilowatts * 1.5 * 730 * 0.2)
    assert found.carbon_kg.most == pytest.approx(kilowatts * 1.5 * 730 * 0.1)
    unknown = estimate_power([own])
    assert (unknown.without_cost, unknown.without_carbon) == (("a",), ("a",))
    nothing = machines([], 4, 4, origin=MachineOrigin.EXISTING, region="")
    assert estimate_power([nothing]).unknown == (("a", "the program does not say what these machines are"),)
