"""A wrong value of any field of any component is refused by the path of the field, never with a traceback."""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest

from aidc.evaluation import evaluate
from aidc.problems import camel_case

Path = tuple[str | int, ...]

WRONG = (
    None,
    True,
    3.5,
    -1,
    0,
    10**9,
    float("inf"),
    "",
    "three",
    "-1",
    "\n",
    "\u00e9",
    "9" * 400,
    [],
    {},
    [{}],
    {"": {}},
)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value inside the inputs, the containers too."""
    if path:
        yield path
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def replaced(value: Any, path: Path, by: Any) -> Any:
    changed = copy.deepcopy(value)
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = by
    return changed


def test_a_wrong_value_is_taken_or_refused_by_path(example: Any) -> None:
    failures: list[str] = []
    fields = {camel_case(key) for key in example.args_type.__annotations__} | {"", "name"}
    counts = {"taken": 0, "refused": 0}

    def program() -> None:
        number = 0
        for path in places(example.args):
            for wrong in WRONG:
                number += 1
                failures.extend(tried(path, wrong, f"thing-{number}"))

    def tried(path: Path, wrong: Any, name: str) -> Iterator[str]:
        where = f"{'.'.join(map(str, path))} = {wrong!r:.40}"
        try:
            example.kind(name, replaced(example.args, path, wrong))
        except pulumi.InputPropertiesError as error:
            counts["refused"] += 1
            for each in error.errors or []:
                if re.split(r"[.\[]", each["property_path"])[0] not in fields:
                    yield f"{where}: names {each['property_path']}"
                if not each["reason"] or len(each["reason"]) > 700:
                    yield f"{where}: says {each['reason']:.100}"
        except Exception as error:
            yield f"{where}: {type(error).__name__}: {error}"
        else:
            counts["taken"] += 1
            if wrong is None:
                yield f"{where}: is taken"

    evaluate(program)
    assert failures == []
    assert counts["refused"] >= sum(len(WRONG) for _ in places(example.args)) / 2


def test_a_value_of_the_wrong_type_is_refused_where_it_is(example: Any) -> None:
    failures: list[str] = []

    def program() -> None:
        for key in example.args:
            try:
                example.kind("thing", {**example.args, key: object()})
            except pulumi.InputPropertiesError as error:
                if [each["property_path"] for each in error.errors or []] != [camel_case(key)]:
                    failures.append(f"{key}: {error}")
            else:
                failures.append(f"{key}: is taken")

    evaluate(program)
    assert failures == []


@pytest.mark.parametrize("key", ["name_space", "Namespace", "opts", ""])
def test_an_unknown_key_is_refused(example: Any, key: str) -> None:
    def program() -> None:
        with pytest.raises(pulumi.InputPropertiesError, match="unknown key") as caught:
            example.kind("thing", {**example.args, key: "x"})
        assert [each["property_path"] for each in caught.value.errors or []] == [camel_case(key)]

    evaluate(program)


@pytest.mark.parametrize("name", ["Upper", "a b", "a.b", "-a", "a" * 300, "", "\u00e9", "1a"])
def test_a_name_that_kubernetes_refuses_is_refused(example: Any, name: str) -> None:
    if name == "1a" and example.component not in ("InferenceService", "LoadBalancer", "Microservice", "TrainingJob"):
        return

    def program() -> None:
        with pytest.raises(pulumi.InputPropertiesError) as caught:
            example.kind(name, example.args)
        assert "name" in {each["property_path"] for each in caught.value.errors or []}

    evaluate(program)
