"""A component made in process and one made through the component provider are the same resources."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from aidc.components.provider import AidcProvider
from aidc.evaluation import ResourceGraph, evaluate
from aidc.problems import InvalidInput, camel_case


def constructed(provider: AidcProvider, component: str, inputs: Mapping[str, Any]) -> ResourceGraph:
    def program() -> None:
        result = provider.construct("thing", f"aidc:index:{component}", inputs, pulumi.ResourceOptions())
        for key, value in result.state.items():
            pulumi.export(key, value)

    return evaluate(program)


def described(graph: ResourceGraph) -> list[dict[str, Any]]:
    """Everything but the stack, with what tells an integer from a float."""
    data = [json.loads(json.dumps(each)) for each in graph.to_dict()["resources"]]
    return [each for each in data if each["custom"]]


def test_it_makes_the_same_resources(example: Any, provider: AidcProvider) -> None:
    in_process = evaluate(lambda: example.kind("thing", example.args))
    through = constructed(provider, example.component, example.inputs)
    assert described(through) == described(in_process)
    assert {r.urn for r in through} == {r.urn for r in in_process}


def test_no_number_shows_that_it_came_as_a_float(example: Any, provider: AidcProvider) -> None:
    def texts(value: Any) -> list[str]:
        if isinstance(value, Mapping):
            return [text for item in value.values() for text in texts(item)]
        if isinstance(value, list):
            return [text for item in value for text in texts(item)]
        return [value] if isinstance(value, str) else []

    in_process = evaluate(lambda: example.kind("thing", example.args))
    through = constructed(provider, example.component, example.inputs)
    for before, after in zip(in_process, through, strict=True):
        assert texts(after.inputs if after.custom else {}) == texts(before.inputs if before.custom else {})


def test_it_sets_every_output(example: Any, provider: AidcProvider) -> None:
    outputs = json.loads(provider.schema)["resources"][f"aidc:index:{example.component}"]
    through = constructed(provider, example.component, example.inputs)
    assert set(outputs["required"]) <= set(through.outputs) <= set(outputs["properties"])
    assert None not in through.outputs.values()


def test_it_registers_every_output(example: Any, provider: AidcProvider) -> None:
    outputs = json.loads(provider.schema)["resources"][f"aidc:index:{example.component}"]
    graph = evaluate(lambda: example.kind("thing", example.args))
    registered = {camel_case(key) for key in graph.named("thing", f"aidc:index:{example.component}").outputs}
    assert set(outputs["required"]) <= registered <= set(outputs["properties"])


@pytest.mark.parametrize(
    ("kind", "inputs", "path", "words"),
    [
        ("Tenancy", {"podSecurty": "restricted"}, "podSecurty", "did you mean 'podSecurity'?"),
        ("Tenancy", {"quota": {"gpu": "8"}}, "quota.gpu", "did you mean 'gpus'"),
        ("Tenancy", {"isolatePods": "false"}, "isolatePods", "neither true nor false"),
        ("Tenancy", {"podSecurity": "restrict"}, "podSecurity", "did you mean 'restricted'?"),
        ("Tenancy", {"egressCidrs": {"a": "b"}}, "egressCidrs", "is not a list"),
        ("HorizontalScaling", {"maxReplicas": "8"}, "maxReplicas", "is not a whole number"),
        ("HorizontalScaling", {"maxReplicas": [8]}, "maxReplicas", "is not a whole number"),
        ("HorizontalScaling", {"maxReplicas": 8.5}, "maxReplicas", "is not a whole number"),
        ("HorizontalScaling", {"target": "chat"}, "target", "is not a map of keys to values"),
    ],
)
def test_a_wrong_input_is_named(
    provider: AidcProvider, kind: str, inputs: Mapping[str, Any], path: str, words: str
) -> None:
    needed: dict[str, Any] = {}
    if kind == "HorizontalScaling":
        needed = {"namespace": "ai", "target": {"name": "chat"}, "maxReplicas": 8.0, "cpuPercent": 70.0}
    with pytest.raises(InvalidInput) as caught:
        constructed(provider, kind, {**needed, **inputs})
    (problem,) = caught.value.problems
    assert problem.path == path
    assert words in problem.reason


def test_missing_inputs_are_listed_at_once(provider: AidcProvider) -> None:
    with pytest.raises(InvalidInput) as caught:
        constructed(provider, "HorizontalScaling", {"cpuPercent": 70.0})
    assert [problem.path for problem in caught.value.problems] == ["maxReplicas", "namespace", "target"]


def test_an_input_without_a_value_is_not_there(provider: AidcProvider) -> None:
    with_null = constructed(provider, "Tenancy", {"namespace": None, "quota": {"gpus": "8", "cpu": None}})
    without = constructed(provider, "Tenancy", {"quota": {"gpus": "8"}})
    assert with_null.to_dict() == without.to_dict()


def test_an_output_of_another_resource_is_renamed_once_it_is_known(provider: AidcProvider) -> None:
    def program(backend: Callable[[], Any]) -> None:
        inputs = {
            "namespace": "ai",
            "existingGateway": {"name": "edge"},
            "rules": {"all": {"backends": {"stable": {"service": backend(), "port": 8000.0}}}},
        }
        provider.construct("thing", "aidc:index:GatewayRoute", inputs, pulumi.ResourceOptions())

    through = evaluate(lambda: program(lambda: pulumi.Output.from_input("chat")))
    plain = evaluate(lambda: program(lambda: "chat"))
    assert described(through) == described(plain)
