"""What strangers do that we do not: manifests from files, charts, references to stacks that nobody knows."""

from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s
import pytest

from aidc.evaluation import UNKNOWN, EvaluationError, evaluate
from aidc.evaluation.documents import parse_documents
from aidc.evaluation.manifests import makes_objects_later
from aidc.problems import InvalidInput

MANIFESTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop, annotations: {day: 2026-11-21}}
---
# Nothing here.
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: shop}}
"""


@pytest.mark.parametrize("preview", [False, True])
def test_manifests_from_a_file_become_resources(tmp_path: Path, preview: bool) -> None:
    file = tmp_path / "objects.yaml"
    file.write_text(MANIFESTS)
    graph = evaluate(lambda: k8s.yaml.ConfigFile("objects", str(file)), preview=preview)
    (settings,) = graph.of_type("kubernetes:core/v1:ConfigMap")
    assert settings.name == "shop/settings"
    assert settings.inputs["metadata"]["annotations"] == {"day": "2026-11-21"}
    assert graph[settings.parent].name == "objects"
    assert graph.counts()["kubernetes:core/v1:Namespace"] == 1
    assert not any(makes_objects_later(graph, resource) for resource in graph)


def test_a_broken_manifest_is_the_programs_failure(tmp_path: Path) -> None:
    (tmp_path / "objects.yaml").write_text("a: [1")
    with pytest.raises(EvaluationError, match="ParserError"):
        evaluate(lambda: k8s.yaml.ConfigFile("objects", str(tmp_path / "objects.yaml")))


def test_documents() -> None:
    assert [each["kind"] for each in parse_documents(MANIFESTS)] == ["ConfigMap", "Namespace", "ServiceAccount"]
    assert parse_documents("") == parse_documents("---\n---\n") == []


def test_a_chart_makes_its_objects_later() -> None:
    graph = evaluate(lambda: k8s.helm.v3.Release("web", chart="nginx"))
    assert [resource.name for resource in graph if makes_objects_later(graph, resource)] == ["web"]


@pytest.mark.parametrize("preview", [False, True])
def test_outputs_of_a_stack_that_nobody_answers_for_are_unknown(preview: bool) -> None:
    def program() -> None:
        reference = pulumi.StackReference("acme/base/dev")
        data = {"one": reference.get_output("vpc"), "other": reference.require_output("vpc")}
        k8s.core.v1.ConfigMap("c", metadata={"name": "c"}, data=data)

    found = evaluate(program, preview=preview).named("c")
    assert found.inputs["data"] == {"one": UNKNOWN, "other": UNKNOWN}
    assert found.unknowns == {"data.one", "data.other"}


@pytest.mark.parametrize("stack", ["", "../dev", "my stack", "d" * 101])
def test_a_name_that_no_stack_has_is_refused_in_a_project_without_settings_too(tmp_path: Path, stack: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "__main__.py").write_text("")
    assert len(evaluate(tmp_path, "dev-1.2_x")) == 1
    with pytest.raises(InvalidInput, match="no name of a stack"):
        evaluate(tmp_path, stack)
