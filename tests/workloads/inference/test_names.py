import pytest

from aidc.problems import InvalidInput
from aidc.workloads.inference.metrics import Metrics
from aidc.workloads.inference.settings import from_environment, serving_settings
from aidc.workloads.inference.vllm import METRICS, recording_rules


def test_vllm_is_given_names_that_the_server_has():
    kinds = {family.name: family.type for family in Metrics().registry.collect()}
    for mapping in METRICS:
        name = f"aidc_inference_{mapping.name}".removesuffix("_total")
        assert kinds[name] == mapping.kind, mapping.name


def test_a_histogram_has_a_rule_for_each_series():
    rules = {rule["record"]: rule["expr"] for rule in recording_rules()}
    for suffix in ("bucket", "sum", "count"):
        expression = rules[f"aidc_inference_time_to_first_token_seconds_{suffix}"]
        assert expression == f'{{__name__="vllm:time_to_first_token_seconds_{suffix}"}}'


def test_settings_are_taken_from_the_environment_and_the_last_layer_wins():
    variables = {
        "AIDC_INFERENCE_MODEL": "7",
        "AIDC_INFERENCE_BATCH": "3",
        "AIDC_INFERENCE_QUEUE_SECONDS": "2.5",
        "HOME": "/",
    }
    found = serving_settings({"batch": 1, "port": 9000}, from_environment(variables), {"batch": 5}, title="test")
    assert (found.model, found.batch, found.queue_seconds, found.port) == ("7", 5, 2.5, 9000)


def test_all_problems_are_told_together():
    with pytest.raises(InvalidInput) as caught:
        serving_settings(
            {"model": "m"}, from_environment({"AIDC_INFERENCE_BATCHES": "3", "AIDC_INFERENCE_PORT": "80"}), title="t"
        )
    assert {problem.path for problem in caught.value.problems} == {"batches", "port"}
