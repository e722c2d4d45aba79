import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.planning.scaling import NodeGroup, scaled_totals, total_compute, total_energy
from aidc.problems import InvalidInput


def test_the_example_of_the_source_is_40_tflops_though_it_prints_30():
    computed = total_compute(existing_nodes=10, existing_tflops_per_node=2, added_nodes=5, added_tflops_per_node=4)
    assert computed == 40


def test_energy_is_what_one_node_uses_times_the_nodes():
    assert total_energy(energy_kwh_per_node=2.5, nodes=8) == 20


def test_totals_of_several_generations_of_nodes():
    totals = scaled_totals(
        [
            NodeGroup(nodes=10, tflops_per_node=2, energy_kwh_per_node=1, tasks_per_node=3, applications_per_node=0.5),
            NodeGroup(nodes=5, tflops_per_node=4, energy_kwh_per_node=1.5, tasks_per_node=6, applications_per_node=1),
        ]
    )  # fmt: skip
    assert (totals.nodes, totals.tflops, totals.energy_kwh) == (15, 40, 17.5)
    assert (totals.tasks, totals.applications) == (60, 10)


def test_no_nodes_add_up_to_nothing():
    assert scaled_totals([]).tflops == 0
    assert total_compute(existing_nodes=0, existing_tflops_per_node=2) == 0


counts = st.integers(0, 10_000)
figures = st.floats(0, 1e6)


@given(counts, figures, counts, figures)
def test_the_order_of_the_groups_does_not_matter_and_the_two_forms_agree(n0, c0, m, c):
    one, other = NodeGroup(nodes=n0, tflops_per_node=c0), NodeGroup(nodes=m, tflops_per_node=c)
    assert scaled_totals([one, other]) == scaled_totals([other, one])
    single = total_compute(existing_nodes=n0, existing_tflops_per_node=c0, added_nodes=m, added_tflops_per_node=c)
    assert math.isclose(scaled_totals([one, other]).tflops, single)


def test_bad_figures_are_refused_all_at_once():
    with pytest.raises(InvalidInput) as caught:
        total_compute(
            existing_nodes=-1,
            existing_tflops_per_node=math.nan,
            added_nodes=2.5,  # type: ignore[arg-type]
            added_tflops_per_node=math.inf,
        )
    paths = [problem.path for problem in caught.value.problems]
    assert paths == ["existingNodes", "existingTflopsPerNode", "addedNodes", "addedTflopsPerNode"]
    with pytest.raises(InvalidInput, match="nodes: True is not a count"):
        total_energy(energy_kwh_per_node=1, nodes=True)
    with pytest.raises(InvalidInput, match=r"groups\[1\]\.tasksPerNode: -1 is not a quantity"):
        scaled_totals([NodeGroup(nodes=1), NodeGroup(nodes=1, tasks_per_node=-1)])
