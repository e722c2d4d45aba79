"""Shared filesystems and datasets: exact children, binding, read-only, protection."""

from typing import Any

import pulumi
import pytest

from aidc.components.storage import DatasetVolume, SharedFilesystem
from aidc.components.tenancy import Tenancy
from aidc.evaluation import ResourceGraph, evaluate
from aidc.problems import InvalidInput

CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
VOLUME = "kubernetes:core/v1:PersistentVolume"
CLASS: dict[str, Any] = {
    "namespace": "research",
    "size": "1Ti",
    "backend": "storage-class",
    "storage_class": "cephfs",
}
NFS: dict[str, Any] = {
    "namespace": "research",
    "size": "1Ti",
    "backend": "nfs",
    "nfs": {"server": "10.0.0.5", "path": "/shared"},
}
HOST: dict[str, Any] = {"namespace": "research", "size": "1Ti", "backend": "host-path", "host_path": "/data"}


def filesystem(args: dict[str, Any], *, preview: bool = False) -> ResourceGraph:
    return evaluate(lambda: SharedFilesystem("shared", args), preview=preview)  # type: ignore[arg-type]


def dataset(args: dict[str, Any], *, preview: bool = False) -> ResourceGraph:
    everything: Any = {"namespace": "research", "size": "200Gi", **args}
    return evaluate(lambda: DatasetVolume("imagenet", everything), preview=preview)


def children(graph: ResourceGraph, name: str, kind: str) -> list[tuple[str, str]]:
    return sorted((r.type, r.name) for r in graph.descendants(graph.named(name, f"aidc:index:{kind}").urn))


def test_a_storage_class_makes_the_volume() -> None:
    graph = filesystem(CLASS)
    assert children(graph, "shared", "SharedFilesystem") == [(CLAIM, "shared")]
    assert graph.named("shared", CLAIM).inputs["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "1Ti"}},
        "storageClassName": "cephfs",
    }


@pytest.mark.parametrize("args", [NFS, HOST])
def test_a_volume_that_exists_is_bound_to_its_claim_and_no_other(args: dict[str, Any]) -> None:
    graph = filesystem(args)
    assert children(graph, "shared", "SharedFilesystem") == [(VOLUME, "shared-volume"), (CLAIM, "shared")]
    volume, claim = graph.named("shared-volume"), graph.named("shared", CLAIM)
    assert volume.inputs["metadata"]["name"] == claim.inputs["spec"]["volumeName"] == "research-shared"
    reference = volume.inputs["spec"]["claimRef"]
    assert (reference["namespace"], reference["name"]) == ("research", claim.inputs["metadata"]["name"])
    # The binding controller compares these three before it binds at once, without a provisioner.
    assert volume.inputs["spec"]["storageClassName"] == claim.inputs["spec"]["storageClassName"] == ""
    assert volume.inputs["spec"]["accessModes"] == claim.inputs["spec"]["accessModes"] == ["ReadWriteMany"]
    assert volume.inputs["spec"]["capacity"] == claim.inputs["spec"]["resources"]["requests"]
    assert volume.inputs["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert claim.dependencies == (volume.urn,)


def test_nfs_waits_for_its_server_unless_told_otherwise() -> None:
    assert filesystem(NFS).named("shared-volume").inputs["spec"]["mountOptions"] == ["hard", "nfsvers=4.1"]
    options = {**NFS, "nfs": {**NFS["nfs"], "mount_options": ["nconnect=8", "hard"]}}
    assert filesystem(options).named("shared-volume").inputs["spec"]["mountOptions"] == ["hard", "nconnect=8"]


def test_a_directory_of_the_node_is_made_if_it_is_missing() -> None:
    spec = filesystem(HOST).named("shared-volume").inputs["spec"]
    assert spec["hostPath"] == {"path": "/data", "type": "DirectoryOrCreate"}
    assert "mountOptions" not in spec


def test_what_holds_data_is_protected_unless_told_otherwise() -> None:
    assert all(r.protect for r in filesystem(NFS) if r.package == "kubernetes")
    assert not any(r.protect for r in filesystem({**NFS, "protect": False}) if r.package == "kubernetes")


@pytest.mark.parametrize("preview", [False, True])
def test_workloads_are_told_the_claim(preview: bool) -> None:
    outputs = filesystem(NFS, preview=preview).named("shared", "aidc:index:SharedFilesystem").outputs
    assert outputs == {
        "claim": "shared",
        "volume": "research-shared",
        "access_mode": "ReadWriteMany",
        "size": "1Ti",
        "file_system_id": "",
        "file_system_arn": "",
        "dns_name": "",
        "mount_name": "",
    }
    assert filesystem(CLASS).named("shared", "aidc:index:SharedFilesystem").outputs["volume"] == ""


def test_a_claim_in_a_tenancy_comes_after_its_namespace() -> None:
    def program() -> None:
        tenancy = Tenancy("research", {})
        SharedFilesystem("shared", {**HOST, "namespace": tenancy.namespace})  # type: ignore[typeddict-item]

    for preview in (False, True):
        graph = evaluate(program, preview=preview)
        namespace = graph.named("research", "kubernetes:core/v1:Namespace")
        assert namespace.urn in graph.named("shared", CLAIM).dependencies
        assert graph.named("shared-volume").inputs["metadata"]["name"] == "research-shared"


def test_claims_of_one_name_in_two_namespaces_have_two_volumes() -> None:
    def program() -> None:
        for namespace in ("research", "serving"):
            args: Any = {**HOST, "namespace": namespace, "claim_name": "shared"}
            SharedFilesystem(f"{namespace}-shared", args)

    names = [r.inputs["metadata"]["name"] for r in evaluate(program).of_type(VOLUME)]
    assert sorted(names) == ["research-shared", "serving-shared"]


def test_a_dataset_is_read_only_in_the_volume_and_in_the_mount() -> None:
    graph = dataset({"nfs": {"server": "10.0.0.5", "path": "/datasets/"}, "subpath": "imagenet/train"})
    assert children(graph, "imagenet", "DatasetVolume") == [(VOLUME, "imagenet-volume"), (CLAIM, "imagenet")]
    spec = graph.named("imagenet-volume").inputs["spec"]
    assert spec["nfs"] == {"server": "10.0.0.5", "path": "/datasets/imagenet/train", "readOnly": True}
    assert "ro" in spec["mountOptions"]
    assert spec["accessModes"] == ["ReadOnlyMany"]
    assert graph.named("imagenet", CLAIM).inputs["spec"]["accessModes"] == ["ReadOnlyMany"]


def test_a_dataset_on_the_node_must_be_there() -> None:
    spec = dataset({"host_path": "/datasets", "subpath": "imagenet"}).named("imagenet-volume").inputs["spec"]
    assert spec["hostPath"] == {"path": "/datasets/imagenet", "type": "Directory"}


def test_a_clone_starts_as_a_copy_of_a_shared_filesystem() -> None:
    def program() -> None:
        shared = SharedFilesystem("shared", CLASS)  # type: ignore[arg-type]
        clone: Any = {"claim": shared.claim, "storage_class": "cephfs"}
        DatasetVolume("snapshot", {"namespace": "research", "size": "1Ti", "clone_of": clone})

    for preview in (False, True):
        graph = evaluate(program, preview=preview)
        assert children(graph, "snapshot", "DatasetVolume") == [(CLAIM, "snapshot")]
        clone = graph.named("snapshot", CLAIM)
        assert clone.inputs["spec"]["dataSource"] == {"kind": "PersistentVolumeClaim", "name": "shared"}
        assert clone.inputs["spec"]["storageClassName"] == "cephfs"
        assert clone.dependencies == (graph.named("shared", CLAIM).urn,)
        assert clone.protect


def test_a_server_that_is_not_known_yet_is_left_open() -> None:
    class FileServer(pulumi.CustomResource):
        address: pulumi.Output[str]

        def __init__(self) -> None:
            super().__init__("test:index:FileServer", "server", {"address": None})

    def program() -> None:
        server = FileServer()
        export: Any = {"server": server.address, "path": server.address}
        DatasetVolume("imagenet", {"namespace": "x", "size": "1Gi", "nfs": export, "subpath": "train"})

    volume = evaluate(program, preview=True).named("imagenet-volume")
    assert {"spec.nfs.server", "spec.nfs.path"} <= volume.unknowns


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match="SharedFilesystem 'shared'"):
        filesystem({**CLASS, "size": "0"})
    with pytest.raises(InvalidInput, match="DatasetVolume 'imagenet'"):
        dataset({})


@pytest.mark.parametrize("args", [NFS, HOST])
def test_a_static_volume_is_made_anew_when_its_size_changes(args: dict[str, Any]) -> None:
    graph = filesystem(args)
    for resource in (*graph.of_type(CLAIM), *graph.of_type(VOLUME)):
        assert set(resource.replace_on_changes) == {"spec.capacity", "spec.resources"}


def test_a_volume_of_a_storage_class_is_resized_in_place() -> None:
    (claim,) = filesystem(CLASS).of_type(CLAIM)
    assert claim.replace_on_changes == ()
