"""Arguments: every key and every value is checked against its TypedDict, nested ones too."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NotRequired, TypedDict

import pulumi
import pytest

from aidc.infra.arguments import check_keys
from aidc.problems import InvalidInput, Problems


class Colour(StrEnum):
    RED = "red"


class Part(TypedDict):
    weight: float
    label: NotRequired[pulumi.Input[str]]


class WholeArgs(TypedDict):
    count: int
    colour: NotRequired[Colour]
    enabled: NotRequired[bool]
    names: NotRequired[list[str]]
    parts: NotRequired[list[Part]]
    parts_by_key: NotRequired[dict[str, Part]]
    labels: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    anything: NotRequired[Any]


def wrong(args: Mapping[str, Any]) -> list[str]:
    problems = Problems()
    right = check_keys(problems, args, WholeArgs)
    assert right is (len(problems) == 0)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    "args",
    [
        {"count": 0},
        {"count": 2.0},
        {"count": 1_000_000, "colour": "red", "enabled": False, "names": (), "anything": object()},
        {"count": 1, "colour": Colour.RED, "parts": [{"weight": 1}, {"weight": 0.5, "label": "x"}]},
        {"count": 1, "parts_by_key": {"a": {"weight": 1, "label": pulumi.Output.from_input("x")}}},
        {"count": 1, "labels": pulumi.Output.from_input("known later")},
        {"count": 1, "labels": {"a": pulumi.Output.from_input("b")}, "anything": None},
    ],
)
def test_right_values_pass(args: Mapping[str, Any]) -> None:
    expected = ["anything: has no value; give one, or leave the key out"] if args.get("anything", 1) is None else []
    assert wrong(args) == expected


def test_a_key_in_the_spelling_of_another_language_is_told_how_it_is_written_here() -> None:
    assert wrong({"count": 1, "partsByKey": {}, "parts_by_kex": {}}) == [
        "partsByKey: unknown key 'partsByKey'; it is written 'parts_by_key' here",
        "partsByKex: unknown key; did you mean 'partsByKey' or 'parts'?",
    ]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"count": True}, "count: True is not a whole number"),
        ({"count": 2.5}, "count: 2.5 is not a whole number"),
        ({"count": float("nan")}, "count: nan is not a whole number"),
        ({"count": "2"}, "count: '2' is not a whole number"),
        ({"count": None}, "count: has no value; give one, or leave the key out"),
        ({"enabled": "false"}, "enabled: 'false' is neither true nor false; write it without quotes"),
        ({"enabled": 0}, "enabled: 0 is neither true nor false; write it without quotes"),
        ({"colour": 3}, "colour: 3 is not text; put it in quotes"),
        ({"names": "ab"}, "names: 'ab' is not a list"),
        ({"names": ["a", 1]}, "names[1]: 1 is not text; put it in quotes"),
        ({"parts": [{"weight": "1"}]}, "parts[0].weight: '1' is not a number"),
        ({"parts": [{"weight": float("inf")}]}, "parts[0].weight: inf is not a number"),
        ({"parts": ["x"]}, "parts[0]: 'x' is not a map of keys to values"),
        ({"parts_by_key": {"a": {"weights": 1, "weight": 1}}}, "partsByKey.a.weights: unknown key; did you mean"),
        ({"parts_by_key": {1: {"weight": 1}}}, "partsByKey: {1: {'weight': 1}} is not a map of keys to values"),
        ({"labels": {"a": 1}}, "labels.a: 1 is not text; put it in quotes"),
        ({"cuont": 1}, "cuont: unknown key; did you mean 'count'?"),
    ],
)
def test_a_wrong_value_is_named(field: Mapping[str, Any], message: str) -> None:
    (problem,) = wrong({"count": 1, **field})
    assert problem.startswith(message)


def test_a_missing_key_is_named() -> None:
    assert wrong({}) == ["count: missing; it has no default"]


@pytest.mark.parametrize("field", ["count", "colour", "enabled", "names"])
def test_an_output_is_refused_where_the_program_must_know(field: str) -> None:
    (problem,) = wrong({"count": 1, field: pulumi.Output.from_input(None)})
    assert problem == f"{field}: comes from another resource; what is made depends on it, so give a plain value"


def test_a_long_value_is_shortened() -> None:
    (problem,) = wrong({"count": "x" * 10_000})
    assert len(problem) < 80


class Place(TypedDict):
    claim: pulumi.Input[str]


class NamesArgs(TypedDict):
    namespace: pulumi.Input[str]
    service_account: NotRequired[pulumi.Input[str]]
    queue_name: NotRequired[str]
    mounts: NotRequired[list[Place]]
    by_key: NotRequired[dict[str, Place]]
    selector: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    environment: NotRequired[dict[str, str]]
    settings: NotRequired[Any]


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({"namespace": "My Team"}, "namespace", "not a DNS label"),
        ({"namespace": ""}, "namespace", "not a DNS label"),
        ({"namespace": "n" * 64}, "namespace", "give 63 or fewer"),
        ({"service_account": "Server"}, "serviceAccount", "not a DNS subdomain"),
        ({"service_account": "s" * 254}, "serviceAccount", "not a DNS subdomain"),
        ({"queue_name": "team queue"}, "queueName", "cannot be a label's value"),
        ({"mounts": [{"claim": "ok"}, {"claim": "not_ok"}]}, "mounts[1].claim", "not a DNS subdomain"),
        ({"by_key": {"a": {"claim": "not_ok"}}}, "byKey.a.claim", "not a DNS subdomain"),
        ({"selector": {"app!": "x"}}, "selector.app!", "not a qualified name"),
        ({"selector": {"app": "x y"}}, "selector.app", "cannot be a label's value"),
    ],
)
def test_a_name_that_no_object_can_have_is_named_although_keys_and_types_are_right(
    args: Mapping[str, Any], path: str, words: str
) -> None:
    problems = Problems()
    assert check_keys(problems, {"namespace": "team", **args}, NamesArgs)
    (problem,) = problems
    assert problem.path == path
    assert words in problem.reason


def test_names_that_are_fine_or_not_known_yet_or_no_names_of_objects_pass() -> None:
    later = pulumi.Output.from_input("Not A Name")
    problems = Problems()
    args = {
        "namespace": later,
        "service_account": "server.v2",
        "queue_name": "Team_1",
        "mounts": [{"claim": later}],
        "selector": {"app.kubernetes.io/name": "", "tier": later},
        "environment": {"namespace": "My Team"},
        "settings": {"namespace": "My Team"},
    }
    assert check_keys(problems, args, NamesArgs)
    assert list(problems) == []


def test_what_two_checks_find_is_said_once() -> None:
    problems = Problems()
    with problems.under("tenants.a"):
        problems.add("namespace", "is wrong")
        problems.add("namespace", "is wrong")
        problems.add("name", "is wrong")
    assert [problem.path for problem in problems] == ["tenants.a.namespace", "tenants.a.name"]


def test_what_was_found_twice_is_said_once_and_still_seen_by_whoever_looks_for_it() -> None:
    problems = Problems()
    problems.add("nodes", "0 is too little")
    before = len(problems)
    with problems.under(""):
        problems.add("nodes", "0 is too little")
    assert len(problems) > before
    assert [str(problem) for problem in problems] == ["nodes: 0 is too little"]
    with pytest.raises(InvalidInput, match="1 problem\n"):
        problems.raise_if_any("Test")
