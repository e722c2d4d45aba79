from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from aidc.problems import InvalidInput, Problems
from aidc.workloads.settings import Settings, Unit, override, read_file, read_settings


class Cat(Settings):
    kind: Literal["cat"] = "cat"
    legs: Annotated[int, Field(ge=1, le=9), Unit("legs")] = 4
    """Legs."""


class Dog(Settings):
    kind: Literal["dog"] = "dog"
    colour: Literal["black", "brown"] = "black"


class House(Settings):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Cat()
    rooms: tuple[Cat, ...] = ()
    address: str
    steps: Annotated[int, Field(gt=0), Unit("steps")] = 3
    rate: float | None = None
    runs: Annotated[int, Field(ge=1), Unit("processes")] | None = None
    tries: Annotated[int, Field(ge=1), Unit("batches")] = 1

    @model_validator(mode="after")
    def _fits(self) -> "House":
        problems = Problems()
        if self.steps == 13:
            problems.add("steps", "13 is unlucky")
            problems.add("pet", "would run away")
        problems.raise_if_any("house")
        return self


def problems_of(values: dict[str, object]) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read_settings(House, values, "house.yaml")
    assert str(caught.value).startswith("house.yaml: ")
    return [str(problem) for problem in caught.value.problems]


def test_good_settings_are_read() -> None:
    house = read_settings(House, {"address": "here", "pet": {"kind": "dog"}, "rate": "1e-3"}, "house.yaml")
    assert house.pet == Dog()
    assert house.rate == 0.001


def test_all_problems_are_reported_by_path_value_bound_and_close_match() -> None:
    found = problems_of(
        {
            "pet": {"kind": "cat", "legs": 10, "leg": 3},
            "rooms": [{"legs": 0}],
            "stepps": 4,
            "steps": 0,
            "rate": "fast",
        }
    )
    assert found == [
        "pet.legs: 10 legs is too much; give 9 legs or less",
        "pet.leg: unknown key; did you mean 'legs'?",
        "rooms[0].legs: 0 legs is too little; give 1 leg or more",
        "address: missing; it has no default",
        "steps: 0 steps is too little; give more than 0 steps",
        "rate: 'fast' is not a number",
        "stepps: unknown key; did you mean 'steps'?",
    ]


def test_a_union_is_told_by_its_tag() -> None:
    assert problems_of({"address": "", "pet": {"kind": "dogg"}}) == [
        "pet: kind 'dogg' is not one of cat, dog; did you mean 'dog'?"
    ]
    assert problems_of({"address": "", "pet": {"kind": "dog", "colour": "blak"}}) == [
        "pet.colour: 'blak' is not one of black, brown; did you mean 'black'?"
    ]
    assert problems_of({"address": "", "pet": {}}) == ["pet: give its kind, one of cat, dog"]


def test_units_are_named_in_the_singular_and_where_a_value_may_be_left_out() -> None:
    assert problems_of({"address": None, "runs": 0, "tries": 0}) == [
        "address: nothing is not text",
        "runs: 0 processes is too little; give 1 process or more",
        "tries: 0 batches is too little; give 1 batch or more",
    ]


def test_what_a_validator_finds_keeps_its_paths() -> None:
    assert problems_of({"address": "", "steps": 13}) == ["steps: 13 is unlucky", "pet: would run away"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), ".nan"])
def test_numbers_are_finite(value: object) -> None:
    (found,) = problems_of({"address": "", "rate": value})
    assert found in (f"rate: {value!r} is not a finite number", f"rate: {value!r} is not a number")


def test_overrides_are_yaml_by_path() -> None:
    values = {"pet": {"kind": "cat"}, "steps": 1}
    found = override(values, ["pet.legs=2", "steps=5", "rooms=[{legs: 3}]", "address=a=b", "new.deep.key=~"])
    assert found == {
        "pet": {"kind": "cat", "legs": 2},
        "steps": 5,
        "rooms": [{"legs": 3}],
        "address": "a=b",
        "new": {"deep": {"key": None}},
    }
    assert values == {"pet": {"kind": "cat"}, "steps": 1}


def test_bad_overrides_are_all_reported() -> None:
    with pytest.raises(InvalidInput) as caught:
        override({"steps": 1}, ["steps", "a..b=1", "steps.deep=1", "x=[1"])
    assert [str(problem) for problem in caught.value.problems] == [
        "'steps' is no override; write it like optimizer.learning_rate=0.001",
        "'a..b=1' is no override; write it like optimizer.learning_rate=0.001",
        "steps.deep: steps is 1, which has nothing below it",
        "x: '[1' is no YAML value; put text with special characters into quotes",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"steps: 1\nsteps: 2\n", "key 'steps' is given twice"),
        (b"- 1\n", "holds a list"),
        (b"", "holds nothing"),
        (b"steps: [1\n", "is no YAML"),
        (b"steps: \xff\n", "byte 7 is 0xff"),
    ],
)
def test_a_bad_file_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "house.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"house\.yaml") as caught:
        read_file(path)
    assert said in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        read_file(tmp_path / "nothing.yaml")
