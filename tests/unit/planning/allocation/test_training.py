"""What training needs, by hand: operations, bytes, layouts, days."""

import math
from dataclasses import replace

import pytest

from aidc.planning.allocation.training import (
    TrainingDemand,
    accelerator_memory,
    check_training,
    traffic,
    training_demand,
    training_layout,
)
from aidc.planning.catalog import InstanceType, all_instance_types, instance_type, language_models
from aidc.problems import Problems

P5 = instance_type("p5.48xlarge")
EIGHT = TrainingDemand(
    name="t", model=language_models()["llama-3-8b"], tokens=300e9, days=14, context=8192, is_utilisation_known=True
)


def test_seven_billion_on_300_billion_tokens_in_14_days():
    model = language_models()["llama-2-7b"]
    demand = TrainingDemand(name="t", model=model, tokens=300e9, days=14, context=4096)
    # 6 * 6.6e9 * 300e9 and causal attention, 6 * 32 * 4096 * 4096 a token.
    flops = 300e9 * (6 * (6_738_415_616 - 32000 * 4096) + 6 * 32 * 4096 * 4096)
    assert demand.flops == flops
    node = 8 * 989e12 * 0.4 * 0.9
    nodes = math.ceil(flops / (node * 14 * 86400))
    layout, reason = training_layout(demand, P5)
    assert reason == ""
    assert layout.nodes == nodes == 4
    assert layout.days == pytest.approx(flops / (node * nodes) / 86400)
    assert layout.data * layout.tensor * layout.pipeline == layout.accelerators == 32
    assert not layout.is_network_bound


def test_the_state_is_sixteen_bytes_a_parameter_over_all_accelerators():
    demand = replace(EIGHT, context=1, batch_tokens=1024)
    alone = accelerator_memory(demand, tensor=1, pipeline=1, data=1, recomputes=False)
    parameters, layers = demand.model.parameters, demand.model.layers
    rest = 2 * 2 * parameters / layers + 34 * 4096 * layers + 6 * 128256
    assert alone == pytest.approx(16 * parameters + rest)
    for tensor, pipeline, data in ((1, 1, 64), (8, 1, 8), (2, 4, 8)):
        split = accelerator_memory(demand, tensor=tensor, pipeline=pipeline, data=data, recomputes=False)
        assert split - rest / tensor == pytest.approx(16 * parameters / 64)


def test_activations_are_34_bytes_or_2_with_one_layer_at_work():
    kept = accelerator_memory(EIGHT, tensor=1, pipeline=1, data=64, recomputes=False)
    again = accelerator_memory(EIGHT, tensor=1, pipeline=1, data=64, recomputes=True)
    token_layer = 8192 * 4096
    assert kept - again == pytest.approx(34 * token_layer * 32 - (2 * token_layer * 32 + 34 * token_layer))


@pytest.mark.parametrize("name", ["p4d.24xlarge", "p5.48xlarge", "p5en.48xlarge", "g6e.48xlarge", "g5.48xlarge"])
@pytest.mark.parametrize("model", ["gpt2-xl", "llama-3-8b", "llama-3-70b"])
def test_a_layout_fits_ends_in_time_and_one_node_less_does_not(name, model):
    each = instance_type(name)
    demand = replace(EIGHT, model=language_models()[model])
    layout, reason = training_layout(demand, each)
    assert (layout is None) == bool(reason)
    if layout is None:
        return
    assert layout.days <= demand.days * (1 + 1e-9)
    assert layout.data * layout.tensor * layout.pipeline == layout.accelerators
    assert layout.nodes * each.accelerator_count == layout.accelerators
    assert layout.tensor <= each.accelerator_count
    assert layout.pipeline <= demand.model.layers
    assert layout.data * layout.pipeline <= demand.sequences
    memory = accelerator_memory(
        demand, tensor=layout.tensor, pipeline=layout.pipeline, data=layout.data, recomputes=layout.recomputes
    )
    assert layout.memory_gib == memory / 2**30
    assert memory <= 0.9 * each.accelerator_memory_mib * 2**20
    speed = each.accelerator.dense_bf16_tflops * 1e12 * each.accelerator_count * 0.4 * 0.9
    assert demand.flops / (speed * layout.nodes) / 86400 <= layout.days
    if layout.nodes > 1 and layout.nodes < 64:
        fewer, _ = training_layout(replace(demand, days=layout.days * 0.999), each)
        assert fewer is None or fewer.nodes > layout.nodes


def test_more_tokens_or_fewer_days_never_take_fewer_nodes():
    nodes = [training_layout(replace(EIGHT, tokens=tokens), P5)[0].nodes for tokens in (1e11, 3e11, 1e12, 3e12)]
    assert nodes == sorted(nodes)
    assert nodes[-1] > nodes[0]
    nodes = [training_layout(replace(EIGHT, days=days), P5)[0].nodes for days in (30, 14, 7, 3)]
    assert nodes == sorted(nodes)


def slower(each: InstanceType, gbps: float) -> InstanceType:
    return replace(each, network_mbps=int(gbps * 1000))


def test_a_slow_network_bounds_the_step_by_three_times_the_weights():
    quick, _ = training_layout(EIGHT, P5)
    assert not quick.is_network_bound

    def days(nodes: int) -> float:
        # Two bytes a weight, three times a step, but for the node's own part.
        seconds = 3 * 2 * EIGHT.model.parameters * (1 - 1 / nodes) / (5e9 / 8)
        return EIGHT.tokens / EIGHT.batch_tokens * seconds / 0.9 / 86400

    assert days(quick.nodes) > 14
    layout, reason = training_layout(EIGHT, slower(P5, 5))
    assert layout is None
    assert reason == "its network of 5 Gbps is too slow for any number of nodes"
    slow, _ = training_layout(replace(EIGHT, days=days(quick.nodes - 1) * 1.01), slower(P5, 5))
    assert slow.nodes < quick.nodes
    assert slow.days <= days(quick.nodes - 1) * 1.01


def test_what_a_node_receives_follows_from_where_the_stages_are():
    weights, tokens, width = EIGHT.model.parameters, EIGHT.batch_tokens, 4096
    # All stages on each of 4 nodes: three times the weights, but for a quarter.
    assert traffic(EIGHT, 8, 4, (1, 1, 32)) == 6 * weights * 3 / 4
    assert traffic(EIGHT, 8, 4, (8, 1, 4)) == 6 * weights * 3 / 4
    # A stage on each of 4 nodes, whose 8 accelerators are all data-parallel groups: activations and gradients alone.
    assert traffic(EIGHT, 8, 4, (1, 4, 8)) == min(4 * width * tokens, 6 * weights * 3 / 4)
    few = replace(EIGHT, batch_tokens=2**17)
    assert traffic(few, 8, 4, (1, 4, 8)) == 4 * width * 2**17
    # Two nodes for each of 4 stages: half of the tokens each, and a quarter of the weights in rings of two.
    assert traffic(few, 8, 8, (1, 4, 16)) == 6 * weights / 4 / 2 + 4 * width * 2**17 / 2


def test_405_billion_parameters_need_tensor_and_pipeline_parallelism():
    demand = TrainingDemand(
        name="t",
        model=language_models()["llama-3.1-405b"],
        tokens=15.6e12,
        days=90,
        context=8192,
        batch_tokens=16 * 2**20,
    )
    layout, _ = training_layout(demand, P5)
    assert layout.tensor * layout.pipeline >= 8
    # The report: 16,384 of them, 380 to 430 TFLOPS each, 54 days of the snapshot that is described.
    assert 8_000 <= layout.accelerators <= 17_000


def test_what_cannot_train_says_why():
    types = [instance_type(name) for name in ("inf1.24xlarge", "g7e.48xlarge", "g4dn.xlarge", "m7i.large", "g6f.large")]
    demand, layouts = training_demand(EIGHT, types)
    assert layouts == {}
    assert demand.instance_types == []
    assert "inference alone" in demand.excluded["inf1.24xlarge"]
    assert "no trusted figure" in demand.excluded["g7e.48xlarge"]
    assert demand.excluded["g4dn.xlarge"]
    assert not {"m7i.large", "g6f.large"} & demand.excluded.keys()


def test_without_a_fast_link_the_utilisation_has_to_be_known():
    assumed = replace(EIGHT, is_utilisation_known=False)
    layout, reason = training_layout(assumed, instance_type("g6e.48xlarge"))
    assert layout is None
    assert reason == "no fast link between several NVIDIA L40S: say what utilisation it reaches"
    assert training_layout(assumed, P5)[0] is not None


def test_the_demand_of_every_type_is_met_by_its_layouts_nodes():
    demand, layouts = training_demand(EIGHT, all_instance_types().values())
    assert demand.together
    assert len(layouts) > 10
    assert {name: demand.nodes_alone(name) for name in demand.instance_types} == {
        name: layout.nodes for name, layout in layouts.items()
    }


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"tokens": -1.0}, "tokens"),
        ({"tokens": math.inf}, "tokens"),
        ({"days": 0.0}, "days"),
        ({"days": math.nan}, "days"),
        ({"utilisation": 1.2}, "utilisation"),
        ({"goodput": 0.0}, "goodput"),
        ({"context": 0}, "context"),
        ({"batch_tokens": 100}, "batchTokens"),
    ],
)
def test_nonsense_is_refused(change, path):
    problems = Problems()
    check_training(replace(EIGHT, **change), problems)
    assert [problem.path for problem in problems] == [path]
