"""Every environment keeps every rule, or says why not."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.project import load_project
from aidc.infra.policies import RULES, PolicyException, PolicyReport, policy_report, read_exceptions

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("local", "dev", "staging", "prod")
_ABSENT = {
    "rbac-wildcard": "no program here writes roles of the cluster; charts do, with their own",
    "rbac-escalation": "no program here writes roles of the cluster; charts do, with their own",
    "rbac-administrators": "no program here binds roles of the cluster; charts do, with their own",
    "one-owner-of-requests": "no environment scales vertically",
    "api-version": "no object has a version that Kubernetes no longer has",
}
"""Rules that have nothing to judge in our environments, and why."""


@pytest.fixture(scope="module")
def exceptions() -> tuple[PolicyException, ...]:
    return read_exceptions(ROOT / "stacks/policies.yaml", [rule.name for rule in RULES])


@pytest.fixture(scope="module")
def reports(exceptions: tuple[PolicyException, ...]) -> Mapping[str, PolicyReport]:
    project = load_project(ROOT)
    return {name: policy_report(joined(evaluate_layers(project, name)), exceptions) for name in ENVIRONMENTS}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_finding_has_a_reason(environment: str, reports: Mapping[str, PolicyReport]) -> None:
    assert not reports[environment].open, "\n" + "\n".join(map(str, reports[environment].open))


def test_every_exception_is_needed(
    exceptions: tuple[PolicyException, ...], reports: Mapping[str, PolicyReport]
) -> None:
    needed = {id(each.exception) for report in reports.values() for each in report.findings}
    assert [each for each in exceptions if id(each) not in needed] == []


def test_every_rule_has_judged_something(reports: Mapping[str, PolicyReport]) -> None:
    judged = {name for report in reports.values() for name in report.judged}
    assert {rule.name for rule in RULES} - judged == set(_ABSENT)


def test_a_layer_alone_keeps_the_rules_too(exceptions: tuple[PolicyException, ...]) -> None:
    # `pulumi preview --policy-pack` sees one stack, and knows little of it.
    graphs = evaluate_layers(load_project(ROOT), "prod", preview=True)
    assert len(graphs) == 3
    for graph in graphs:
        report = policy_report(graph, exceptions)
        assert not report.open, "\n" + "\n".join(map(str, report.open))
