"""The floors of an all-reduce: for types that exist, each with its source."""

import pytest

from aidc.planning.catalog import all_instance_types, all_reduce_floors, sources


@pytest.mark.parametrize("floor", all_reduce_floors().values(), ids=lambda floor: floor.instance_type)
def test_a_floor_is_of_a_type_with_a_fabric_and_names_its_source(floor):
    kind = all_instance_types()[floor.instance_type]
    assert floor.accelerators == kind.accelerator_count > 1
    assert floor.efa_interfaces == kind.efa_interfaces > 0
    assert floor.source in sources()
    # More than the network of the node: the links between its accelerators carry their part of the exchange.
    assert 0 < floor.minimum_gb_per_second < floor.bus_gb_per_second < 1000


def test_the_figure_of_h100_nodes():
    floor = all_reduce_floors()["p5.48xlarge"]
    assert (floor.bus_gb_per_second, floor.minimum_gb_per_second) == (300, pytest.approx(270))
