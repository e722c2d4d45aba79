"""Every rule: programs that keep it, programs that break it, and what it says then."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from aidc.evaluation.graph import STACK_TYPE, Resource, ResourceGraph
from aidc.infra.policies import RULES, Level, ResourceRule, findings
from aidc.infra.policies.report import broken

_FIXTURES = runpy.run_path(str(Path(__file__).with_name("fixtures.py")))
KEPT: dict[str, list[list[Resource]]] = _FIXTURES["KEPT"]
BROKEN: dict[str, list[list[Resource]]] = _FIXTURES["BROKEN"]
_BY_NAME = {rule.name: rule for rule in RULES}


def graph(resources: list[Resource]) -> ResourceGraph:
    root = Resource(urn="urn:pulumi:test::fixtures::pulumi:pulumi:Stack::test", type=STACK_TYPE, name="test")
    return ResourceGraph(
        project="fixtures", stack="test", preview=False, resources={each.urn: each for each in (root, *resources)}
    )


def programs(given: dict[str, list[list[Resource]]]) -> list[Any]:
    return [
        pytest.param(name, each, id=f"{name}-{number}")
        for name in _BY_NAME
        for number, each in enumerate(given.get(name, ()))
    ]


def test_every_rule_has_programs_that_keep_it_and_programs_that_break_it() -> None:
    assert set(KEPT) == set(BROKEN) == set(_BY_NAME)
    assert all(KEPT.values())
    assert all(BROKEN.values())


def test_every_rule_says_what_it_is() -> None:
    assert len(_BY_NAME) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name)
        assert rule.title.endswith(".")
        assert rule.title[0].isupper()
        assert rule.way_out[0].islower()
        assert not rule.way_out.endswith(".")
        assert rule.published
        assert rule.types
        assert rule.level in Level


def test_the_page_lists_every_rule_as_it_is() -> None:
    page = (Path(__file__).parents[3] / "docs/policies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (\w+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    assert rows == [(rule.name, str(rule.level), rule.title, ", ".join(rule.published)) for rule in RULES]
    assert f"There are {len(RULES)}," in page


@pytest.mark.parametrize(("name", "program"), programs(KEPT))
def test_a_rule_that_is_kept_has_judged_and_says_nothing(name: str, program: list[Resource]) -> None:
    rule = _BY_NAME[name]
    assert [message for _, message in broken(rule, graph(program))] == []
    about = {"bucket-public-policy": "BucketPolicy", "api-version": "PodDisruptionBudget"}
    assert any(map(rule.concerns, program)) or any(each.type.endswith(about.get(name, "?")) for each in program)


@pytest.mark.parametrize(("name", "program"), programs(BROKEN))
def test_a_rule_that_is_broken_says_so_once(name: str, program: list[Resource]) -> None:
    found = [each for each in findings(graph(program)) if each.rule.name == name]
    assert len(found) == 1
    (finding,) = found
    assert finding.resource in program
    assert finding.message
    assert not finding.message.endswith(".")
    assert str(finding).endswith(finding.rule.way_out)


@pytest.mark.parametrize("rule", [rule for rule in RULES if isinstance(rule, ResourceRule)], ids=lambda rule: rule.name)
def test_a_resource_with_nothing_in_it_is_judged_without_a_fault(rule: ResourceRule) -> None:
    for type in rule.types:
        concrete = type.replace("*", "v1")
        for inputs in ({}, {"spec": None, "metadata": None}, {"spec": "text", "policy": "text", "rules": 3}):
            resource = Resource(urn=f"urn:pulumi:test::p::{concrete}::x", type=concrete, name="x", inputs=inputs)
            assert all(isinstance(message, str) for message in rule.check(resource))


def test_what_a_program_only_reads_is_not_judged() -> None:
    (bad,) = BROKEN["eks-endpoint-public"][0]
    read = Resource(urn=bad.urn, type=bad.type, name=bad.name, inputs=bad.inputs, read=True)
    assert list(findings(graph([read]))) == []
