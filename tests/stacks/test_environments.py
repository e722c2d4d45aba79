"""Every environment that exists: it loads, evaluates both ways, is deterministic, and keeps its URNs."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.manifests import manifests_of
from aidc.evaluation.project import load_project
from aidc.evaluation.testing import assert_known, assert_recorded_urns
from aidc.planning.plan.summary import summarise
from aidc.stacks import json_schema

ROOT = Path(__file__).parents[2]
RECORDED = Path(__file__).parent / "urns"
ENVIRONMENTS = load_project(ROOT).stacks()


def test_there_are_four_and_prod_has_three_layers() -> None:
    assert ENVIRONMENTS == ["dev", "local", "prod", "prod-foundation", "prod-platform", "staging"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_is_left_unknown_and_no_pool_is_too_small(
    environment: str, evaluate_stack: Callable[..., ResourceGraph]
) -> None:
    graph = evaluate_stack(ROOT, environment)
    assert_known(graph)
    assert summarise(graph).warnings == ()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_first_preview_ends_well_with_the_same_resources(
    environment: str, evaluate_stack: Callable[..., ResourceGraph]
) -> None:
    first = evaluate_stack(ROOT, environment, preview=True)
    assert set(first.resources) == set(evaluate_stack(ROOT, environment).resources)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_urns_are_the_recorded_ones(environment: str, evaluate_stack: Callable[..., ResourceGraph]) -> None:
    assert_recorded_urns(evaluate_stack(ROOT, environment), RECORDED / f"{environment}.txt")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_order_of_lists_and_keys_changes_nothing(environment: str, tmp_path: Path) -> None:
    shuffle = random.Random(7)

    def shuffled(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            items = list(value.items())
            shuffle.shuffle(items)
            return {key: shuffled(item, key) for key, item in items}
        if isinstance(value, list):
            # The order of a command's words and of mounts has a meaning.
            items = [shuffled(item) for item in value]
            return items if key in ("args", "command", "mounts") else shuffle.sample(items, len(items))
        return value

    source = ROOT / "stacks" / f"Pulumi.{environment}.yaml"
    (tmp_path / "Pulumi.yaml").write_text("name: aidc\nruntime: python\n")
    (tmp_path / "__main__.py").write_text((ROOT / "stacks/__main__.py").read_text())
    for file in source.parent.glob("Pulumi.*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    before = evaluated(tmp_path, environment).to_json()
    document = shuffled(yaml.safe_load(source.read_text()))
    (tmp_path / source.name).write_text(yaml.safe_dump(document, sort_keys=False))
    assert evaluated(tmp_path, environment).to_json() == before


def evaluated(folder: Path, environment: str) -> ResourceGraph:
    return joined(evaluate_layers(load_project(folder), environment))


def test_the_manifests_of_local_are_deterministic(evaluate_stack: Callable[..., ResourceGraph]) -> None:
    first = manifests_of(evaluate_stack(ROOT, "local"))
    assert first == manifests_of(evaluate(ROOT, "local"))
    assert first


def test_the_schema_for_editors_is_the_present_one() -> None:
    recorded = json.loads((ROOT / "stacks/settings.schema.json").read_text())
    assert recorded == json_schema(), "run `make docs`"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_file_names_the_schema(environment: str) -> None:
    first = (ROOT / f"stacks/Pulumi.{environment}.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=settings.schema.json"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_schema_accepts_every_file(environment: str) -> None:
    import jsonschema

    document = yaml.safe_load((ROOT / f"stacks/Pulumi.{environment}.yaml").read_text())
    jsonschema.Draft202012Validator(json_schema()).validate(document)
