"""What serving needs: closed forms of memory, bandwidth, Little's law and the queue, and what follows from them."""

import math
import random
from dataclasses import replace

import pytest

from aidc.planning.allocation.serving import check_serving, serving_demand, serving_node
from aidc.planning.allocation.serving_replica import (
    ServingDemand,
    accelerator_room,
    decode_seconds,
    first_token_wait,
    prefill_seconds,
    replica_on,
)
from aidc.planning.catalog import accelerator, instance_type, language_models
from aidc.problems import Problems

EIGHT = ServingDemand(
    name="chat", model=language_models()["llama-3-8b"], requests_per_second=200, time_to_first_token=0.2
)
H100, L4 = accelerator("h100"), accelerator("l4")
READ = 8_030_261_248 - 128256 * 4096


def test_reading_a_prompt_is_bound_by_flops():
    flops = 2 * READ * 1155 + 2 * 32 * 4096 * 1155**2
    assert prefill_seconds(EIGHT, H100, 1) == pytest.approx(flops / (989e12 * 0.4))
    # Four are two doublings, of which each leaves nine tenths.
    assert prefill_seconds(EIGHT, H100, 4) == pytest.approx(flops / (989e12 * 0.4) / (4 * 0.9**2))


def test_generating_reads_the_weights_once_and_the_cache_of_every_answer():
    weights = 2 * READ / (3350e9 * 0.6)
    cache = 131072 * (1155 + 211 / 2) / (3350e9 * 0.6)
    assert decode_seconds(EIGHT, H100, 1, 0) == pytest.approx(weights)
    assert decode_seconds(EIGHT, H100, 1, 10) == pytest.approx(weights + 10 * cache)
    # Without a cache to read, many answers at once are bound by FLOPS.
    short = replace(EIGHT, input_tokens=1, output_tokens=1)
    assert decode_seconds(short, H100, 1, 2000) == pytest.approx(2 * READ * 2000 / (989e12 * 0.4))


def test_room_is_what_weights_leave():
    assert accelerator_room(EIGHT, 1, 81920) == pytest.approx(0.9 * 80 * 2**30 - 2 * 8_030_261_248)
    assert accelerator_room(EIGHT, 1, 16384) < 0


def test_a_queue_with_one_server_waits_as_pollaczek_and_khinchin_say():
    # The tail is exponential from the probability of waiting on, so its mean is the mean wait.
    service, busy, variation = 0.05, 0.8, 0.92
    mean = busy * service * (1 + variation) / (2 * (1 - busy))
    steps = [first_token_wait(service, busy, variation, (number + 0.5) / 10000) for number in range(10000)]
    assert sum(steps) / len(steps) == pytest.approx(mean, rel=0.01)
    assert first_token_wait(service, 0.04, variation, 0.95) == 0


def test_the_wait_is_about_that_of_a_simulated_queue():
    chance = random.Random(1)
    service, busy = 0.05, 0.7
    waits: list[float] = []
    free = now = 0.0
    for _ in range(100_000):
        now += chance.expovariate(busy / service)
        waits.append(max(0.0, free - now))
        free = max(free, now) + chance.expovariate(1 / service)
    seen = sorted(waits)[int(0.95 * len(waits))]
    # Exponential service times have a variation of 1, and then the formula is exact.
    assert first_token_wait(service, busy, 1.0, 0.95) == pytest.approx(seen, rel=0.06)


@pytest.mark.parametrize("model", ["l4", "a10g", "l40s", "a100-80gb", "h100", "h200", "b200"])
@pytest.mark.parametrize("accelerators", [1, 2, 8])
def test_a_replica_keeps_its_latencies_and_its_memory_and_littles_law(model, accelerators):
    chosen = accelerator(model)
    demand = replace(EIGHT, time_to_first_token=1.0)
    replica, reason = replica_on(demand, chosen, accelerators, chosen.memory_mib)
    if replica is None:
        assert reason
        return
    assert replica.time_to_first_token <= 1.0
    assert replica.time_per_output_token <= 0.05
    assert replica.cache_gib + replica.weights_gib <= 0.9 * accelerators * chosen.memory_mib / 1024 + 1e-6
    busy = replica.requests_per_second * prefill_seconds(demand, chosen, accelerators)
    assert 0 < busy < 1
    step = decode_seconds(demand, chosen, accelerators, replica.concurrency)
    assert replica.time_per_output_token == pytest.approx(step / (1 - busy))
    little = replica.requests_per_second * 211 * replica.time_per_output_token
    assert replica.concurrency == pytest.approx(little, rel=1e-6)
    # A little more would miss what it is bound by.
    more = {
        "time to first token": replica.time_to_first_token / 1.0,
        "time per output token": replica.time_per_output_token / 0.05,
        "memory": replica.cache_gib * 2**30 / accelerator_room(demand, accelerators, chosen.memory_mib),
    }
    assert more[replica.bound_by] == pytest.approx(1.0, rel=1e-3) or not math.isfinite(1 / (1 - min(busy, 1 - 1e-12)))


def test_two_hundred_requests_a_second_of_8b_at_200_ms():
    node, reason = serving_node(EIGHT, instance_type("p5.48xlarge"))
    assert reason == ""
    assert 2 * node.replica.requests_per_second < 2 / prefill_seconds(EIGHT, H100, node.replica.accelerators)
    demand, nodes = serving_demand(EIGHT, [instance_type("p5.48xlarge"), instance_type("g6.xlarge")])
    assert demand.nodes_alone("p5.48xlarge") == math.ceil(200 / nodes["p5.48xlarge"].requests_per_second)
    # Reading a prompt of 1,155 tokens takes an L4 longer than 200 ms.
    assert demand.excluded == {"g6.xlarge": "a single request misses its time to first token on 1 x NVIDIA L4"}
    assert prefill_seconds(EIGHT, L4, 1) > 0.2


def test_harder_latencies_and_longer_texts_never_give_more():
    def rate(**change: float) -> float:
        replica, _ = replica_on(replace(EIGHT, **change), H100, 1, 81920)
        return replica.requests_per_second if replica else 0.0

    for field, values in (
        ("time_to_first_token", (2.0, 1.0, 0.5, 0.2, 0.1, 0.05)),
        ("time_per_output_token", (0.2, 0.05, 0.02, 0.01)),
        ("input_tokens", (100, 1000, 4000)),
        ("output_tokens", (50, 500, 5000)),
        ("quantile", (0.5, 0.9, 0.99)),
    ):
        rates = [rate(**{field: value}) for value in values]
        assert rates == sorted(rates, reverse=True), field
        assert rates[0] > rates[-1], field


def test_a_model_that_does_not_fit_is_refused_until_it_is_split():
    big = replace(EIGHT, model=language_models()["llama-3-70b"], time_to_first_token=2.0)
    replica, reason = replica_on(big, H100, 1, 81920)
    assert replica is None
    assert reason == "Llama 3 70B does not fit 1 x 80 GiB"
    node, _ = serving_node(big, instance_type("p5.48xlarge"))
    assert node.replica.accelerators in (2, 4, 8)


@pytest.mark.parametrize("field", ["requests_per_second", "time_to_first_token", "input_tokens", "output_tokens"])
@pytest.mark.parametrize("value", [-1.0, 0.0, math.nan, math.inf])
def test_nonsense_is_refused(field, value):
    problems = Problems()
    check_serving(replace(EIGHT, **{field: value}), problems)
    assert len(problems) == 1


def test_requests_longer_than_the_model_reads_are_said():
    h100 = [instance_type("p5.48xlarge")]
    plain, _ = serving_demand(EIGHT, h100)
    long, _ = serving_demand(replace(EIGHT, input_tokens=30_000, time_to_first_token=30), h100)
    said = "requests of 30,211 tokens on average are more than the 8,192 that Llama 3 8B was trained to read"
    assert any(said in note for note in long.notes)
    assert not any("trained to read" in note for note in plain.notes)
