"""What a component makes does not hang on how the program is written: order, outputs, several of them."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args, get_origin

import pulumi
import pytest

from aidc.evaluation import ResourceGraph, evaluate
from aidc.infra.kubernetes import KubernetesObject

Path = tuple[str | int, ...]


def reversed_maps(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: reversed_maps(item) for key, item in reversed(value.items())}
    return [reversed_maps(item) for item in value] if isinstance(value, list) else value


def test_the_order_of_keys_does_not_matter(example: Any) -> None:
    forward = evaluate(lambda: example.kind("thing", example.args))
    backward = evaluate(lambda: example.kind("thing", reversed_maps(example.args)))
    assert backward.to_json() == forward.to_json()


def test_the_inputs_are_left_as_they_were(example: Any) -> None:
    given = copy.deepcopy(example.args)
    evaluate(lambda: example.kind("thing", given))
    assert given == example.args


def test_its_objects_have_names_of_their_own_and_carry_its_labels(example: Any) -> None:
    graph = evaluate(lambda: example.kind("thing", example.args))
    assert [each for each in graph if each.package in ("kubernetes", "aws", "docker")]
    objects = [each for each in graph if each.package == "kubernetes" and "metadata" in each.inputs]
    keys = [(each.type, each.inputs["metadata"].get("namespace"), each.inputs["metadata"]["name"]) for each in objects]
    assert len(set(keys)) == len(keys)
    for each in objects:
        if not each.type.endswith("Patch"):
            labels = each.inputs["metadata"]["labels"]
            assert labels["app.kubernetes.io/managed-by"] == "aidc"
            # Where the inputs name the object, the label has that name.
            assert labels["app.kubernetes.io/name"] in {"thing", *map(str, example.args.values())}


def test_it_takes_the_provider_of_the_caller(example: Any) -> None:
    packages = ("kubernetes", "aws", "docker")

    def program() -> None:
        providers = [OwnProvider(package, f"own-{package}", {}) for package in packages]
        example.kind("thing", example.args, pulumi.ResourceOptions(providers=providers))

    graph = evaluate(program)
    made = [each for each in graph if each.package in packages and not each.is_provider]
    assert made
    for each in made:
        assert each.provider == graph.named(f"own-{each.package}").urn


class OwnProvider(pulumi.ProviderResource):
    """A provider without the SDK of its package."""


@pytest.mark.parametrize("preview", [True, False])
def test_what_may_come_from_another_resource_may_be_unknown(example: Any, preview: bool) -> None:
    paths = list(waiting(example.args, example.args_type, example.hints_of))
    assert paths or "namespace" not in example.args or example.component == "Tenancy"
    for path in paths:
        graph = evaluate(lambda path=path: declared(example, path), preview=preview)
        assert uses_unknown(graph), path


def waiting(value: Any, hint: Any, hints_of: Callable[[type], Mapping[str, Any]], path: Path = ()) -> Iterator[Path]:
    """The path of everything in the inputs that is declared as `pulumi.Input`."""
    if path and any(get_origin(each) is pulumi.Output for each in choices(hint)):
        yield path
    inner = next((each for each in choices(hint) if get_origin(each) is not pulumi.Output), hint)
    if inner is Any:  # plain data whose shape the component does not declare
        return
    if isinstance(value, Mapping):
        fields = hints_of(inner) if hasattr(inner, "__required_keys__") else None
        for key, item in value.items():
            yield from waiting(item, fields[key] if fields else get_args(inner)[-1], hints_of, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from waiting(item, get_args(inner)[-1], hints_of, (*path, index))


def choices(hint: Any) -> tuple[Any, ...]:
    """The members of `NotRequired[pulumi.Input[T]]`: T first, then what yields a T."""
    name = str(get_origin(hint))
    if "Required" in name:
        return choices(get_args(hint)[0])
    return get_args(hint) if "Union" in name else (hint,)


def declared(example: Any, path: Path) -> None:
    other = KubernetesObject("other", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "other"}})
    args = copy.deepcopy(dict(example.args))
    inside: Any = args
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = other.status.apply(lambda status: status["value"])
    example.kind("thing", args)


def uses_unknown(graph: ResourceGraph) -> bool:
    return any(each.unknowns for each in graph if each.name != "other")
