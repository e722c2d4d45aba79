"""Classes of block storage: encrypted, bound where the pod is, and a class of snapshots where asked for."""

from typing import Any

from aidc.components.storage import BlockStorageClass
from aidc.evaluation import ResourceGraph, evaluate

CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
SNAPSHOTS = "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass"


def declare(args: dict[str, Any]) -> ResourceGraph:
    return evaluate(lambda: BlockStorageClass("gp3", args))  # type: ignore[arg-type]


def test_volumes_are_encrypted_and_made_where_the_pod_is() -> None:
    graph = declare({})
    made = graph.named("gp3", CLASS)
    assert made.inputs["provisioner"] == "ebs.csi.aws.com"
    assert made.inputs["parameters"] == {"type": "gp3", "encrypted": "true", "iops": "3000", "throughput": "125"}
    assert (made.inputs["volumeBindingMode"], made.inputs["reclaimPolicy"]) == ("WaitForFirstConsumer", "Delete")
    assert made.inputs["allowVolumeExpansion"] is True
    assert "annotations" not in made.inputs["metadata"]
    outputs = graph.named("gp3", "aidc:index:BlockStorageClass").outputs
    assert outputs == {"storage_class": "gp3", "snapshot_class": ""}


def test_all_is_as_it_is_asked_for() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    graph = declare(
        {
            "is_default": True,
            "encryption_key": key,
            "iops": 6000.0,
            "throughput": 500.0,
            "reclaim_policy": "Retain",
            "snapshots": True,
        }
    )
    made = graph.named("gp3", CLASS)
    assert made.inputs["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert made.inputs["parameters"] == {
        "type": "gp3",
        "encrypted": "true",
        "kmsKeyId": key,
        "iops": "6000",
        "throughput": "500",
    }
    assert made.inputs["reclaimPolicy"] == "Retain"
    snapshots = graph.named("gp3-snapshots", SNAPSHOTS)
    assert (snapshots.inputs["driver"], snapshots.inputs["deletionPolicy"]) == ("ebs.csi.aws.com", "Retain")
    assert graph.named("gp3", "aidc:index:BlockStorageClass").outputs["snapshot_class"] == "gp3"
