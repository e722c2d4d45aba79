"""Examples of every public component, shared by the tests of the contract: together they use every field."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints, is_typeddict

import pulumi
import pytest

from aidc.components.provider import AidcProvider, component_classes, component_provider, public_names
from aidc.problems import camel_case


def _examples() -> dict[str, list[dict[str, Any]]]:
    # Test folders are no packages, so a module beside this one is loaded by its path.
    spec = importlib.util.spec_from_file_location("examples", Path(__file__).with_name("examples.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXAMPLES


@dataclass(frozen=True)
class Example:
    """One component with inputs that it accepts."""

    component: str
    number: int
    args: Mapping[str, Any]

    @property
    def kind(self) -> type[pulumi.ComponentResource]:
        return public_names()[self.component]

    @property
    def args_type(self) -> type:
        return public_names()[f"{self.component}Args"]

    @property
    def inputs(self) -> dict[str, Any]:
        """As a program in another language sends it: camelCase names, and floating point only."""
        return as_sent(self.args, self.args_type)

    def hints_of(self, kind: type) -> dict[str, Any]:
        """The types of the fields of a TypedDict."""
        return hints_of(kind)

    def __str__(self) -> str:
        return f"{self.component}-{self.number}"


def all_examples() -> list[Example]:
    return [
        Example(component, number, args)
        for component, listed in _examples().items()
        for number, args in enumerate(listed, start=1)
    ]


def as_sent(value: Any, hint: Any) -> Any:
    """Rename the keys of TypedDicts and turn integers into floats; keys that a user chose stay as they are."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return float(value)
    if isinstance(value, Mapping):
        kind = typed_dict_in(hint)
        if kind is not None and set(value) <= set(kind.__annotations__):
            hints = hints_of(kind)
            return {camel_case(key): as_sent(item, hints[key]) for key, item in value.items()}
        return {key: as_sent(item, hint) for key, item in value.items()}
    if isinstance(value, list):
        return [as_sent(item, hint) for item in value]
    return value


def typed_dict_in(hint: Any) -> Any:
    """The TypedDict at any depth of a hint, such as of `NotRequired[dict[str, ServicePort]]`."""
    if is_typeddict(hint):
        return hint
    return next((found for inner in get_args(hint) if (found := typed_dict_in(inner))), None)


def hints_of(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, localns={"Output": pulumi.Output, "T": Any}, include_extras=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "example" in metafunc.fixturenames:
        metafunc.parametrize("example", all_examples(), ids=str)
    if "component" in metafunc.fixturenames:
        metafunc.parametrize("component", component_classes(), ids=lambda kind: kind.__name__)


@pytest.fixture(scope="session")
def provider() -> AidcProvider:
    return component_provider()


@pytest.fixture(scope="session")
def examples() -> dict[str, list[dict[str, Any]]]:
    """The inputs of all examples by component, as another language sends them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in all_examples():
        found.setdefault(each.component, []).append(each.inputs)
    return found
