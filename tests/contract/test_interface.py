"""The interface of the component package: recorded, described, complete.

`make record` (or AIDC_RECORD=1) writes schema.json anew. Its diff is a change of the interface: read it, and say in
CHANGELOG.md what a user must do.
"""

import ast
import enum
import inspect
import json
import os
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, is_typeddict

import pulumi
import pytest
from pulumi.provider.experimental.component import ComponentProvider

import aidc
import aidc.components
from aidc.components.provider import AidcProvider, component_classes, component_provider, public_names

_RECORDED = Path(__file__).with_name("schema.json")
_TOP = {"name": "aidc", "version": aidc.__version__}


@pytest.fixture(scope="module")
def schema(provider: AidcProvider) -> dict[str, Any]:
    return json.loads(provider.schema)


def test_the_interface_is_the_recorded_one(schema: dict[str, Any]) -> None:
    # The version of the library is no part of the interface.
    text = json.dumps({**schema, "version": "0.0.0"}, indent=2, sort_keys=True) + "\n"
    if os.environ.get("AIDC_RECORD"):
        _RECORDED.write_text(text, encoding="utf-8")
    assert json.loads(text) == json.loads(_RECORDED.read_text(encoding="utf-8")), "the interface changed: make record"


def test_the_package_has_the_name_and_version_of_the_library(schema: dict[str, Any]) -> None:
    assert {key: schema[key] for key in _TOP} == _TOP


def test_pulumi_accepts_each_component_alone(component: type[pulumi.ComponentResource]) -> None:
    alone = json.loads(ComponentProvider([component], "aidc", version="1.0.0").schema)
    assert list(alone["resources"]) == [f"aidc:index:{component.__name__}"]


def test_everything_is_described(schema: dict[str, Any]) -> None:
    missing = [where for where, text in descriptions(schema) if not (text or "").endswith((".", "`"))]
    assert missing == []
    indented = [where for where, text in descriptions(schema) if "\n    " in (text or "")]
    assert indented == []


def test_descriptions_say_the_default_of_what_may_be_left_out(schema: dict[str, Any]) -> None:
    missing: list[str] = []
    for name, each in {**schema["resources"], **schema["types"]}.items():
        required = set(each.get("requiredInputs", each.get("required", [])))
        for key, field in each.get("inputProperties", each.get("properties", {})).items():
            text = " ".join(field["description"].split())
            # Where one of two is needed, the text says so in the place of a default.
            if key not in required and not any(
                words in text for words in ("Default:", "this or `", "these or `", "needed there")
            ):
                missing.append(f"{name.rpartition(':')[2]}.{key}")
    assert missing == []


def descriptions(schema: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    for name, each in {**schema["resources"], **schema["types"]}.items():
        yield name, each.get("description")
        for key, field in {**each.get("properties", {}), **each.get("inputProperties", {})}.items():
            yield f"{name}.{key}", field.get("description")


def test_no_input_is_a_whole_number_that_another_resource_may_give(schema: dict[str, Any]) -> None:
    # The SDK fails on an Output there: see AidcProvider, which other packages of components do not have.
    found = [
        f"{name}.{key}"
        for name, each in {**schema["resources"], **schema["types"]}.items()
        for key, field in each.get("inputProperties", each.get("properties", {})).items()
        if field.get("type") == "integer" and not field.get("plain")
    ]
    assert found == []


def test_the_public_names_are_sorted_and_all_there() -> None:
    names = aidc.components.__all__
    assert names == sorted(names)
    found = {key for key, value in vars(aidc.components).items() if is_public(value)}
    assert found == set(names)
    families = [each.name for each in pkgutil.iter_modules(aidc.components.__path__) if each.ispkg]
    offered = {
        name
        for family in families
        for name in vars(getattr(aidc.components, family))["__all__"]
        if is_public(getattr(getattr(aidc.components, family), name))
    }
    assert offered <= set(names)


def is_public(value: object) -> bool:
    return is_typeddict(value) or (inspect.isclass(value) and issubclass(value, (enum.Enum, pulumi.ComponentResource)))


def test_every_type_of_the_interface_can_be_imported(schema: dict[str, Any]) -> None:
    named = {name.rpartition(":")[2] for name in [*schema["types"], *schema["resources"]]}
    assert named <= set(public_names())
    assert {f"{kind.__name__}Args" for kind in component_classes()} <= set(public_names())
    assert not [name for name in schema["types"] if name.endswith("Args")]


def test_the_token_is_that_of_the_package(example: Any) -> None:
    from aidc.evaluation import evaluate

    graph = evaluate(lambda: example.kind("thing", example.args))
    assert graph.named("thing", f"aidc:index:{example.component}").custom is False


def test_modules_with_types_of_the_interface_keep_their_annotations() -> None:
    # `from __future__ import annotations` turns them into text, which the analyzer cannot read.
    root = Path(inspect.getfile(aidc.components)).parent
    found = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    assert found == []


def test_the_examples_use_every_field(schema: dict[str, Any], examples: Mapping[str, list[Any]]) -> None:
    used: set[str] = set()
    for component, inputs in examples.items():
        for each in inputs:
            fields_used(schema, f"aidc:index:{component}", each, used)
    declared = {
        f"{name}.{key}"
        for name, each in {**schema["resources"], **schema["types"]}.items()
        for key in each.get("inputProperties", each.get("properties", {}))
    }
    assert sorted(declared - used) == []


def fields_used(schema: dict[str, Any], name: str, value: Mapping[str, Any], used: set[str]) -> None:
    each = schema["resources"].get(name) or schema["types"][name]
    fields = each.get("inputProperties", each.get("properties", {}))
    for key, item in value.items():
        used.add(f"{name}.{key}")
        for found, kind in typed(item, fields[key]):
            fields_used(schema, kind, found, used)


def typed(value: Any, field: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    if field.get("$ref") == "pulumi.json#/Any":
        return
    if "$ref" in field and isinstance(value, Mapping):
        yield value, field["$ref"].removeprefix("#/types/")
    elif "items" in field and isinstance(value, list):
        for item in value:
            yield from typed(item, field["items"])
    elif "additionalProperties" in field and isinstance(value, Mapping):
        for item in value.values():
            yield from typed(item, field["additionalProperties"])


def test_importing_the_components_imports_no_cloud_and_no_client() -> None:
    import subprocess
    import sys

    script = "import sys, aidc.components; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.split())
    assert "aidc" in loaded
    heavy = {"pulumi_kubernetes", "pulumi_aws", "boto3", "pydantic", "typer", "rich", "httpx", "torch", "cryptography"}
    assert loaded & heavy == set()


def test_the_provider_offers_every_component() -> None:
    offered = json.loads(component_provider().schema)["resources"]
    assert set(offered) == {f"aidc:index:{kind.__name__}" for kind in component_classes()}
    assert len(offered) >= 15
