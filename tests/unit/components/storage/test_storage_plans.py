"""Plans of filesystems, datasets and buckets: every error by its path."""

from typing import Any

import pytest

from aidc.components.storage import ClaimPlan, plan_dataset_volume, plan_object_store, plan_shared_filesystem
from aidc.problems import InvalidInput

FILESYSTEM = {"namespace": "research", "size": "1Ti", "backend": "storage-class", "storage_class": "cephfs"}
NFS = {
    "namespace": "research",
    "size": "1Ti",
    "backend": "nfs",
    "nfs": {"server": "10.0.0.5", "path": "/shared"},
}
HOST = {"namespace": "research", "size": "1Ti", "backend": "host-path", "host_path": "/data/shared"}
DATASET = {"namespace": "research", "size": "1Ti", "nfs": {"server": "10.0.0.5", "path": "/datasets"}}
CLONE = {"namespace": "research", "size": "1Ti", "clone_of": {"claim": "shared", "storage_class": "cephfs"}}
LOCAL = {"namespace": "research", "size": "1Ti", "host_path": "/datasets"}
BUCKET = {
    "namespace": "research",
    "kind": "bucket-claim",
    "endpoint": "http://store.rook-ceph.svc",
    "storage_class": "ceph-bucket",
}
EXISTING = {"namespace": "research", "kind": "existing", "endpoint": "https://s3.example.com:8443"}
KEYS = {"access_key_id": "id", "secret_access_key": "key"}


def plan_claim(args: Any, name: str) -> ClaimPlan:
    return plan_shared_filesystem(args, name).claim


PLANS: dict[str, Any] = {
    "filesystem": plan_claim,
    "dataset": plan_dataset_volume,
    "store": plan_object_store,
}


def without(args: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in args.items() if name != key}


def nfs(**fields: Any) -> dict[str, Any]:
    return {"nfs": {"server": "10.0.0.5", "path": "/shared", **fields}}


@pytest.mark.parametrize(
    ("plan", "args"),
    [
        ("filesystem", FILESYSTEM),
        ("filesystem", NFS),
        ("filesystem", {**NFS, **nfs(server="fd00::1", mount_options=["hard", "nconnect=8"])}),
        ("filesystem", HOST),
        ("dataset", DATASET),
        ("dataset", {**DATASET, "subpath": "imagenet/train"}),
        ("dataset", CLONE),
        ("dataset", LOCAL),
        ("dataset", {**LOCAL, "host_path": "/run/desktop/mnt/host/c/data"}),
        ("filesystem", {**HOST, "host_path": "/root/data"}),
        ("store", BUCKET),
        ("store", EXISTING),
        ("store", {**EXISTING, "credentials": KEYS}),
        ("store", {**EXISTING, "credentials_secret": "keys", "bucket": "my.models"}),
    ],
)
def test_what_is_right_is_accepted(plan: str, args: dict[str, Any]) -> None:
    assert PLANS[plan](args, "shared-data").namespace == "research"


@pytest.mark.parametrize(
    ("plan", "args", "path", "words"),
    [
        ("filesystem", {**FILESYSTEM, "sise": "1Gi"}, "sise", "did you mean 'size'"),
        ("filesystem", without(FILESYSTEM, "size"), "size", "missing"),
        ("filesystem", {**FILESYSTEM, "size": "0"}, "size", "give more than 0 bytes"),
        ("filesystem", {**FILESYSTEM, "size": "1TB"}, "size", "not a quantity"),
        ("filesystem", {**FILESYSTEM, "size": 1_000_000}, "size", "put it in quotes"),
        ("filesystem", {**FILESYSTEM, "namespace": "No"}, "namespace", "not a DNS label"),
        ("filesystem", {**FILESYSTEM, "claim_name": "No"}, "claimName", "not a DNS label"),
        ("filesystem", {**HOST, "backend": "hostpath"}, "backend", "did you mean 'host-path'"),
        ("filesystem", without(FILESYSTEM, "storage_class"), "storageClass", "needs it"),
        ("filesystem", without(NFS, "nfs"), "nfs", "the backend nfs needs it"),
        ("filesystem", without(HOST, "host_path"), "hostPath", "the backend host-path needs it"),
        ("filesystem", {**HOST, "storage_class": "x"}, "storageClass", "belongs to the backend storage-class"),
        ("filesystem", {**HOST, "host_path": "data"}, "hostPath", "start it with /"),
        ("filesystem", {**HOST, "host_path": "/"}, "hostPath", "the node itself"),
        ("filesystem", {**HOST, "host_path": "//"}, "hostPath", "the node itself"),
        ("filesystem", {**HOST, "host_path": "/etc/kubernetes"}, "hostPath", "holds what runs the node"),
        ("filesystem", {**HOST, "host_path": "/var/lib"}, "hostPath", "holds what runs the node"),
        ("filesystem", {**HOST, "host_path": "/root"}, "hostPath", "holds what runs the node"),
        ("filesystem", {**HOST, "host_path": "/run/media"}, "hostPath", "holds what runs the node"),
        ("dataset", {**LOCAL, "host_path": "/var/lib/kubelet/pods"}, "hostPath", "holds what runs the node"),
        ("filesystem", {**HOST, "host_path": "/data/../etc"}, "hostPath", "write the path out"),
        ("filesystem", {**NFS, **nfs(server="10.0.0.5:/shared")}, "nfs.server", "without a path"),
        ("filesystem", {**NFS, **nfs(path="shared")}, "nfs.path", "start it with /"),
        ("filesystem", {**NFS, **nfs(mount_options=["soft"])}, "nfs.mountOptions[0]", "use hard"),
        ("filesystem", {**NFS, **nfs(mount_options=["a,b"])}, "nfs.mountOptions[0]", "one an entry"),
        ("filesystem", {**NFS, **nfs(export="/x")}, "nfs.export", "unknown key"),
        ("dataset", {**DATASET, "size": "-1Gi"}, "size", "too little"),
        ("dataset", without(DATASET, "nfs"), "nfs", "give one of nfs, hostPath, cloneOf, s3, fsx"),
        ("dataset", {**DATASET, "host_path": "/x"}, "hostPath", "given together with nfs"),
        ("dataset", {**LOCAL, "subpath": "/imagenet"}, "subpath", "leave the first / out"),
        ("dataset", {**LOCAL, "subpath": "../x"}, "subpath", "write the path out"),
        ("dataset", {**CLONE, "subpath": "imagenet"}, "subpath", "holds all of its original"),
        ("dataset", {**DATASET, **nfs(mount_options=["rw"])}, "nfs.mountOptions[0]", "read-only"),
        (
            "dataset",
            {**CLONE, "clone_of": {"claim": "shared-data", "storage_class": "x"}},
            "cloneOf.claim",
            "the dataset itself",
        ),
        (
            "dataset",
            {**CLONE, "clone_of": {"claim": "x", "storage_class": ""}},
            "cloneOf.storageClass",
            "name the storage class",
        ),
        ("dataset", {**CLONE, "clone_of": {"claim": "x"}}, "cloneOf.storageClass", "missing"),
        ("store", {**BUCKET, "kind": "bucketclaim"}, "kind", "did you mean 'bucket-claim'"),
        ("store", {**BUCKET, "bucket": "My_Bucket"}, "bucket", "not a bucket's name"),
        ("store", {**BUCKET, "bucket": "ab"}, "bucket", "3 to 63"),
        ("store", without(BUCKET, "storage_class"), "storageClass", "missing"),
        ("store", {**BUCKET, "maximum_size": "much"}, "maximumSize", "not a quantity"),
        ("store", {**BUCKET, "maximum_objects": 0}, "maximumObjects", "give 1 object or more"),
        ("store", {**BUCKET, "credentials": KEYS}, "credentials", "belongs to the kind existing"),
        ("store", {**EXISTING, "storage_class": "x"}, "storageClass", "belongs to the kind bucket-claim"),
        ("store", {**EXISTING, "protect": False}, "protect", "belongs to the kind bucket-claim or s3"),
        ("store", without(EXISTING, "endpoint"), "endpoint", "missing"),
        ("store", {**EXISTING, "credentials": {"access_key_id": "x"}}, "credentials.secretAccessKey", "missing"),
        ("store", {**EXISTING, "credentials": KEYS, "credentials_secret": "x"}, "credentialsSecret", "one of them"),
        ("store", {**EXISTING, "endpoint": "s3.example.com"}, "endpoint", "https://host:port"),
        ("store", {**EXISTING, "endpoint": "https://s3.example.com:x"}, "endpoint", "https://host:port"),
        ("store", {**EXISTING, "endpoint": "https://[s3"}, "endpoint", "https://host:port"),
        ("store", {**EXISTING, "endpoint": "https://id:key@s3"}, "endpoint", "give them as credentials"),
        ("store", {**EXISTING, "endpoint": "https://s3/?x=1"}, "endpoint", "give the address alone"),
        ("store", {**EXISTING, "namespace": "No"}, "namespace", "not a DNS label"),
    ],
)
def test_a_wrong_field_is_named(plan: str, args: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        PLANS[plan](args, "shared-data")
    (problem,) = caught.value.problems
    assert problem.path == path
    assert words in problem.reason


@pytest.mark.parametrize(("plan", "args"), [("filesystem", FILESYSTEM), ("dataset", DATASET), ("store", BUCKET)])
def test_a_name_that_cannot_be_an_objects_is_refused(plan: str, args: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        PLANS[plan](args, "Shared_Data")
    assert "name" in {problem.path for problem in caught.value.problems}


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_object_store({**EXISTING, "endpoint": "https://id:hidden@s3"}, "models")  # type: ignore[typeddict-item]
    assert "hidden" not in str(caught.value)


def test_a_clone_is_protected_and_what_stays_where_it_is_is_not() -> None:
    assert plan_dataset_volume(CLONE, "d").protect is True  # type: ignore[arg-type]
    assert plan_dataset_volume(DATASET, "d").protect is False  # type: ignore[arg-type]
    assert plan_shared_filesystem(NFS, "d").claim.protect is True  # type: ignore[arg-type]
