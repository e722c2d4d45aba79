"""Manifests: order by dependency, refusal of unknowns, and folders that appear whole."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from aidc.evaluation import evaluate
from aidc.evaluation.manifests import manifests_of, ordered_manifests
from aidc.evaluation.render import render, to_yaml
from aidc.infra.kubernetes import KubernetesObject
from aidc.problems import InvalidInput


def thing(name: str, kind: str = "ConfigMap", version: str = "v1", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **fields}


class Group(pulumi.ComponentResource):
    """A component with one object inside."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Group", name, {}, opts)
        KubernetesObject(f"{name}-inside", thing(f"{name}-inside"), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def test_namespaces_come_first_and_workloads_last_without_any_dependency() -> None:
    def program() -> None:
        KubernetesObject("d", thing("d", "Deployment", "apps/v1", spec={}))
        KubernetesObject("c", thing("c"))
        KubernetesObject("n", thing("n", "Namespace"))

    assert [m.kind for m in ordered_manifests(evaluate(program))] == ["Namespace", "ConfigMap", "Deployment"]


def test_dependencies_win_over_kinds_also_through_components() -> None:
    def program() -> None:
        late = KubernetesObject("d", thing("d", "Deployment", "apps/v1", spec={}))
        KubernetesObject("n", thing("n", "Namespace"), pulumi.ResourceOptions(depends_on=[late, Group("g")]))

    assert [m.name for m in ordered_manifests(evaluate(program))] == ["g-inside", "d", "n"]


def test_what_a_component_depends_on_comes_before_all_inside_it() -> None:
    def program() -> None:
        late = KubernetesObject("d", thing("d", "Deployment", "apps/v1", spec={}))
        Group("g", pulumi.ResourceOptions(depends_on=[late]))

    assert [m.name for m in ordered_manifests(evaluate(program))] == ["d", "g-inside"]


def test_a_value_only_a_deployment_can_tell_is_refused_by_path() -> None:
    def program() -> None:
        first = KubernetesObject("a", thing("a"))
        KubernetesObject("b", thing("b", data={"uid": first.id}))

    assert len(manifests_of(evaluate(program))) == 2
    with pytest.raises(InvalidInput, match=r"ConfigMap/b: data\.uid is only known at deployment"):
        manifests_of(evaluate(program, preview=True))


@pytest.mark.parametrize(
    "text", ["1e3", "0777", "yes", "No", "~", "null", "1_000", ".5", "2026-11-21", "", "on", "0x1f"]
)
def test_text_stays_text_for_every_yaml_reader(text: str) -> None:
    written = to_yaml({"value": text})
    assert yaml.safe_load(written) == {"value": text}
    assert written.strip().split(": ", 1)[1][0] in "\"'"


def program_with_secret() -> None:
    KubernetesObject("n", thing("n", "Namespace"))
    KubernetesObject("s", thing("s", "Secret", stringData={"word": pulumi.Output.secret("open sesame")}))


def test_a_folder_is_written_whole_and_again_the_same_without_secrets(tmp_path: Path) -> None:
    graph = evaluate(program_with_secret)
    folder = tmp_path / "out"
    first = {path.name: path.read_bytes() for path in render(graph, folder)}
    assert list(first) == ["0001-namespace-n.yaml"]
    (folder / "stale.yaml").write_text("old: true")
    again = {path.name: path.read_bytes() for path in render(graph, folder)}
    assert again == first
    assert not (folder / "stale.yaml").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    listed = json.loads((folder / "resources.json").read_text())["resources"]
    (secret,) = [entry for entry in listed if entry["name"] == "s"]
    assert secret["file"] is None
    assert secret["secrets"]
    assert not any(b"open sesame" in path.read_bytes() for path in folder.iterdir())


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InvalidInput, match="is not empty and was not rendered before"):
        render(evaluate(program_with_secret), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InvalidInput, match="is a file"):
        render(evaluate(program_with_secret), tmp_path / "out")
    with pytest.raises(InvalidInput, match="cannot be written"):
        render(evaluate(program_with_secret), tmp_path / "out" / "deeper")


def test_a_patch_of_somebody_elses_object_is_listed_but_never_written(tmp_path: Path) -> None:
    def program() -> None:
        KubernetesObject("n", thing("n", "Namespace"))
        KubernetesObject("gpu-1", thing("gpu-1", "Node"), patch=True)

    graph = evaluate(program)
    assert [path.name for path in render(graph, tmp_path / "out")] == ["0001-namespace-n.yaml"]
    listed = json.loads((tmp_path / "out" / "resources.json").read_text())["resources"]
    (patch,) = [entry for entry in listed if entry["name"] == "gpu-1"]
    assert patch["file"] is None
    assert "pulumi up" in patch["reason"]


def test_every_process_writes_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom aidc.components.tenancy import Tenancy\n"
        "from aidc.evaluation import evaluate\nfrom aidc.evaluation.render import render\n"
        "render(evaluate(lambda: Tenancy('t', {'quota': {'cpu': '1', 'gpus': '2'}})), Path(sys.argv[1]))\n"
    )
    written = []
    for run in ("a", "b", "c"):
        subprocess.run([sys.executable, "-c", program, str(tmp_path / run)], check=True)
        written.append({path.name: path.read_bytes() for path in (tmp_path / run).iterdir()})
    assert written[0] == written[1] == written[2]
