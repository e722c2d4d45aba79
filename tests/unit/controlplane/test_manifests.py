import json

import pytest

from aidc.controlplane.manifests import read_manifests, wanted_controllers, zones_of
from aidc.problems import InvalidInput


def config_map(name):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def test_files_are_read_in_the_order_of_their_names_and_lists_are_opened(tmp_path):
    (tmp_path / "20.json").write_text(json.dumps(config_map("third")))
    (tmp_path / "10.yaml").write_text(
        "---\n"
        + json.dumps(config_map("first"))
        + "\n---\n---\n"
        + json.dumps({"apiVersion": "v1", "kind": "List", "items": [config_map("second")]})
    )
    (tmp_path / "notes.txt").write_text("not a manifest")
    assert [thing["metadata"]["name"] for thing in read_manifests(tmp_path)] == ["first", "second", "third"]


def test_every_wrong_document_is_named_at_once(tmp_path):
    (tmp_path / "a.yaml").write_text("a: [")
    (tmp_path / "b.yaml").write_text("kind: Pod\nmetadata: {name: x}\n---\napiVersion: v1\nkind: Pod\n---\njust text\n")
    with pytest.raises(InvalidInput) as refused:
        read_manifests(tmp_path)
    paths = [problem.path for problem in refused.value.problems]
    assert paths == ["a.yaml", "b.yaml[0]", "b.yaml[1]", "b.yaml[2]"]
    assert "no apiVersion" in refused.value.problems[1].reason
    assert "metadata.name" in refused.value.problems[2].reason


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_a_missing_or_empty_folder_is_refused(tmp_path, make):
    folder = tmp_path / "manifests"
    make(folder)
    with pytest.raises(InvalidInput, match=str(folder)):
        read_manifests(folder)


def test_yaml_tags_run_no_code(tmp_path):
    (tmp_path / "a.yaml").write_text("!!python/object/apply:os.system ['true']")
    with pytest.raises(InvalidInput, match="not YAML"):
        read_manifests(tmp_path)


@pytest.mark.parametrize(
    ("groups", "controllers"),
    [
        (["v1", "apps/v1"], set()),
        (["karpenter.sh/v1"], {"karpenter"}),
        (["karpenter.kwok.sh/v1alpha1", "jobset.x-k8s.io/v1alpha2"], {"karpenter", "jobset"}),
        (["trainer.kubeflow.org/v1alpha1", "keda.sh/v1alpha1"], {"trainer", "keda"}),
        (["autoscaling/v2"], set()),
        (["autoscaling.k8s.io/v1"], {"vertical-pod-autoscaler"}),
    ],
)
def test_controllers_follow_from_api_groups(groups, controllers):
    assert wanted_controllers({"apiVersion": group, "kind": "X"} for group in groups) == controllers


def test_zones_come_from_node_pools():
    requirement = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-west-1b", "eu-west-1a"]}
    pool = {"kind": "NodePool", "spec": {"template": {"spec": {"requirements": [requirement]}}}}
    assert zones_of([pool, {"kind": "NodePool"}, config_map("x")]) == ["eu-west-1a", "eu-west-1b"]
