"""Manifests are kept as they were published, patched as their kustomization says."""

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.tools.manifests import keep
from aidc.tools.recipes import Manifests


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(stat.S_IRUSR)


def test_a_folder_is_copied_with_its_folders_and_can_be_changed(tmp_path: Path) -> None:
    write(tmp_path / "module/config/a.yaml", "kind: A\n")
    write(tmp_path / "module/config/deep/b.yaml", "kind: B\n")
    write(tmp_path / "module/config/go.mod", "module x\n")
    target = tmp_path / "target"

    keep([Manifests(source="config", target="crds")], tmp_path / "module", target)

    copies = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    assert copies == ["crds/a.yaml", "crds/deep/b.yaml"]
    assert (target / "crds/a.yaml").stat().st_mode & stat.S_IWUSR


def test_two_folders_may_share_a_target(tmp_path: Path) -> None:
    write(tmp_path / "one/a.yaml", "kind: A\n")
    write(tmp_path / "two/b.yaml", "kind: B\n")

    folders = [Manifests(source="one", target="crds"), Manifests(source="two", target="crds")]
    keep(folders, tmp_path, tmp_path / "target")

    assert sorted(path.name for path in (tmp_path / "target/crds").iterdir()) == ["a.yaml", "b.yaml"]


DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: jobs.keda.sh}
spec:
  versions:
  - name: v1
    schema: {required: [port], properties: {a/b: 1, gone: 2}}
"""


def kustomized(tmp_path: Path, patches: list[dict[str, Any]], target: dict[str, str]) -> list[Any]:
    write(tmp_path / "crd/bases/jobs.yaml", f"---{DEFINITION}---{DEFINITION.replace('jobs', 'other')}---\n")
    write(tmp_path / "crd/bases/more/one.yaml", "kind: One\n")
    write(tmp_path / "crd/bases/more/kustomization.yaml", "resources: [one.yaml]\n")
    write(tmp_path / "crd/patches/jobs.yaml", yaml.safe_dump(patches))
    kustomization = {
        "resources": ["bases/jobs.yaml", "bases/more"],
        "patches": [{"path": "patches/jobs.yaml", "target": target}],
    }
    write(tmp_path / "crd/kustomization.yaml", yaml.safe_dump(kustomization))
    keep([Manifests(source="crd", target="crds", kustomized=True)], tmp_path, tmp_path / "target")
    assert sorted(path.name for path in (tmp_path / "target/crds").iterdir()) == ["jobs.yaml", "one.yaml"]
    return list(yaml.safe_load_all((tmp_path / "target/crds/jobs.yaml").read_text()))


def test_a_kustomization_patches_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    schema = "/spec/versions/0/schema"
    patches = [
        {"op": "add", "path": f"{schema}/required/-", "value": "protocol"},
        {"op": "add", "path": f"{schema}/required/0", "value": "first"},
        {"op": "add", "path": f"{schema}/properties/new", "value": {"minimum": 0}},
        {"op": "replace", "path": f"{schema}/properties/a~1b", "value": 3},
        {"op": "remove", "path": f"{schema}/properties/gone"},
        {"op": "replace", "path": "/spec/versions/0/name", "value": "v2"},
    ]
    target = {"group": "apiextensions.k8s.io", "version": "v1", "kind": "CustomResourceDefinition"}

    patched, other = kustomized(tmp_path, patches, {**target, "name": "jobs.keda.sh"})

    assert patched["spec"]["versions"] == [
        {
            "name": "v2",
            "schema": {
                "required": ["first", "port", "protocol"],
                "properties": {"a/b": 3, "new": {"minimum": 0}},
            },
        }
    ]
    assert other == yaml.safe_load(DEFINITION.replace("jobs", "other"))


def test_an_operation_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="operation 'move' is not known"):
        kustomized(tmp_path, [{"op": "move", "path": "/spec"}], {"kind": "CustomResourceDefinition"})
