"""Findings that stay: the file, what is wrong with one, and the report."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.evaluation import evaluate
from aidc.infra.kubernetes import KubernetesObject
from aidc.infra.policies import RULES, Level, PolicyException, policy_report, read_exceptions
from aidc.problems import InvalidInput

_NAMES = [rule.name for rule in RULES]


def written(path: Path, document: Any) -> Path:
    file = path / "policies.yaml"
    file.write_text(yaml.safe_dump(document))
    return file


def problems_of(path: Path, document: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read_exceptions(written(path, document), _NAMES)
    return [each.path for each in caught.value.problems]


def program() -> None:
    for name in ("one", "two"):
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        KubernetesObject(name, manifest)


def test_a_file_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert read_exceptions(tmp_path / "none.yaml", _NAMES) == ()


def test_a_file_is_read(tmp_path: Path) -> None:
    entry = {"rule": "image-tag", "resources": ["a*"], "reason": "why"}
    first, second = read_exceptions(
        written(tmp_path, {"exceptions": [entry, {**entry, "stacks": ["dev", "prod-*"]}]}), _NAMES
    )
    assert first == PolicyException(rule="image-tag", resources=("a*",), reason="why", stacks=("*",))
    assert second.covers("image-tag", "prod-platform", "abc")
    assert not second.covers("image-tag", "staging", "abc")
    assert not second.covers("image-tag", "dev", "bcd")
    assert not second.covers("image-digest", "dev", "abc")


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ({}, ["exceptions"]),
        ({"exceptions": [], "rules": []}, ["rules"]),
        ({"exceptions": ["image-tag"]}, ["exceptions[0]"]),
        ({"exceptions": [{}]}, ["exceptions[0].rule", "exceptions[0].reason", "exceptions[0].resources"]),
        (
            {"exceptions": [{"rule": "image-tags", "resources": ["a"], "reason": " "}]},
            ["exceptions[0].rule", "exceptions[0].reason"],
        ),
        (
            {"exceptions": [{"rule": "image-tag", "resources": [], "reason": "x", "stacks": [1], "why": ""}]},
            ["exceptions[0].why", "exceptions[0].resources", "exceptions[0].stacks"],
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_named_by_its_path(tmp_path: Path, document: Any, paths: list[str]) -> None:
    assert problems_of(tmp_path, document) == paths


def test_the_report_tells_what_is_open_and_what_stays() -> None:
    graph = evaluate(program)
    stays = PolicyException(rule="namespace-pod-security", resources=("one",), reason="old")
    elsewhere = PolicyException(rule="image-tag", resources=("x",), reason="x", stacks=("another",))
    needless = PolicyException(rule="image-tag", resources=("x",), reason="x", stacks=(graph.stack,))
    of_all = PolicyException(rule="image-tag", resources=("x",), reason="x")
    report = policy_report(graph, [stays, elsewhere, needless, of_all])
    assert [(each.resource.name, each.exception) for each in report.findings] == [("one", stays), ("two", None)]
    assert [each.resource.name for each in report.at_level(Level.MANDATORY)] == ["two"]
    assert report.at_level(Level.ADVISORY) == ()
    assert report.unused == (needless,)
    assert report.judged == ("namespace-pod-security", "one-owner-of-objects")
    data = report.to_dict()
    assert (data["rules"], data["mandatory"], data["advisory"], data["excepted"]) == (len(RULES), 1, 0, 1)
    assert [each["reason"] for each in data["findings"]] == ["old", None]
    assert data["findings"][1]["name"] == "two"
