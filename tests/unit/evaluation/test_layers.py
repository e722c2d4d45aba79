"""Stacks that refer to stacks of the same project are evaluated with the outputs of those beneath."""

from pathlib import Path

import pytest

from aidc.evaluation import UNKNOWN
from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.project import Project, load_project
from aidc.problems import InvalidInput

PROGRAM = """
import pulumi
from aidc.infra.kubernetes import KubernetesObject

config = pulumi.Config()
beneath = config.get("beneath")
data = {"own": pulumi.get_stack()}
if beneath:
    below = pulumi.StackReference(beneath)
    data |= {key: below.get_output(key) for key in ("found", "secret")}
metadata = {"name": "thing"}
thing = KubernetesObject("thing", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
pulumi.export("found", f"from {pulumi.get_stack()}")
pulumi.export("id", thing.id)
pulumi.export("secret", pulumi.Output.secret("hidden"))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "Pulumi.yaml").write_text("name: layered\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    for stack, beneath in {"low": "", "middle": "low", "high": "organization/layered/middle", "other": "x/y/z"}.items():
        config = f"{{layered:beneath: {beneath}}}" if beneath else "{}"
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(f"config: {config}\n")
    return load_project(tmp_path)


def test_the_graphs_come_lowest_first_and_outputs_go_up(project: Project) -> None:
    graphs = evaluate_layers(project, "high")
    assert [graph.stack for graph in graphs] == ["low", "middle", "high"]
    assert graphs[2].named("thing").inputs["data"]["found"] == "from middle"
    assert graphs[1].named("thing").inputs["data"]["found"] == "from low"


def test_one_stack_alone_is_one_graph(project: Project) -> None:
    (graph,) = evaluate_layers(project, "low")
    assert graph.named("thing").inputs["data"] == {"own": "low"}


def test_a_secret_stays_one_on_its_way_up(project: Project) -> None:
    *_, graph = evaluate_layers(project, "high")
    assert graph.named("thing").secrets == {"data.secret"}
    assert "hidden" not in graph.to_json()


def test_a_stack_of_another_project_stays_unknown(project: Project) -> None:
    (graph,) = evaluate_layers(project, "other")
    assert graph.named("thing").inputs["data"]["found"] is UNKNOWN


def test_what_a_first_preview_does_not_know_stays_unknown_above(project: Project) -> None:
    graphs = evaluate_layers(project, "high", preview=True)
    assert graphs[0].outputs["id"] is UNKNOWN
    # Pulumi knows the outputs of a stack all together or not at all.
    assert graphs[2].named("thing").inputs["data"] == {"own": "high", "found": UNKNOWN, "secret": UNKNOWN}


def test_a_circle_is_named(project: Project) -> None:
    (project.folder / "Pulumi.low.yaml").write_text("config: {layered:beneath: high}\n")
    with pytest.raises(InvalidInput, match="high -> middle -> low -> high"):
        evaluate_layers(project, "high")


def test_what_is_wrong_beneath_is_told(project: Project) -> None:
    (project.folder / "Pulumi.low.yaml").write_text("config: [\n")
    with pytest.raises(InvalidInput, match=r"Pulumi\.low\.yaml"):
        evaluate_layers(project, "high")


def test_joined_they_are_one_graph_under_the_uppermost_stack(project: Project) -> None:
    graphs = evaluate_layers(project, "high")
    graph = joined(graphs)
    assert (graph.stack, graph.stacks) == ("high", ("low", "middle", "high"))
    assert len(graph) == sum(len(each) - 1 for each in graphs) + 1
    assert set(graph.resources) >= {each.named("thing").urn for each in graphs}
    assert {each.urn for each in graph.descendants(graph.root.urn)} == set(graph.resources) - {graph.root.urn}


def test_one_stack_joined_is_itself(project: Project) -> None:
    graphs = evaluate_layers(project, "low")
    assert joined(graphs) is graphs[0]
