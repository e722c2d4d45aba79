"""A class from which claims of single pods get encrypted volumes of EBS."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import object_labels
from ...problems import Problems

_COMPONENT: Final = "block-storage-class"
_DRIVER: Final = "ebs.csi.aws.com"
_IOPS: Final = (3000, 16000)
_THROUGHPUT: Final = (125, 1000)
"""What a gp3 volume of any size has, and the most:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html"""

_IOPS_PER_MEBIBYTE: Final = 4
"""A gp3 volume has at most 0.25 MiB/s for each operation a second:
https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html"""


class ReclaimPolicy(StrEnum):
    """What becomes of a volume when its claim is deleted."""

    DELETE = "Delete"
    RETAIN = "Retain"


class BlockStorageClassArgs(TypedDict):
    """Inputs of `BlockStorageClass`."""

    is_default: NotRequired[bool]
    """Whether claims that name no class get this one. Default: false."""

    encryption_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key of the volumes; the driver's role must be allowed to use it. Default: the account's key
    aws/ebs."""

    iops: NotRequired[int]
    """Operations a second of each volume, 3,000 to 16,000. Default: 3,000, which costs nothing more."""

    throughput: NotRequired[int]
    """MiB/s of each volume, 125 to 1,000. Default: 125, which costs nothing more."""

    reclaim_policy: NotRequired[ReclaimPolicy]
    """`Delete` or `Retain`. Default: `Delete`."""

    snapshots: NotRequired[bool]
    """Whether to make a class of snapshots of the same name, whose snapshots outlive the object that asked for them.
    It needs the definitions and the controller of volume snapshots. Default: false."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockStorageClassPlan:
    """A class of block storage with every default applied."""

    name: str
    is_default: bool
    iops: int
    throughput: int
    reclaim_policy: ReclaimPolicy
    has_snapshots: bool


def plan_block_storage_class(args: BlockStorageClassArgs, name: str) -> BlockStorageClassPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, BlockStorageClassArgs):
        problems.raise_if_any("BlockStorageClass")
    iops, throughput = int(args.get("iops", _IOPS[0])), int(args.get("throughput", _THROUGHPUT[0]))
    problems.between("iops", iops, *_IOPS, unit="operations a second")
    problems.between("throughput", throughput, *_THROUGHPUT, unit="MiB/s")
    if throughput * _IOPS_PER_MEBIBYTE > iops:
        problems.add(
            "throughput",
            f"{throughput} MiB/s needs {throughput * _IOPS_PER_MEBIBYTE} operations a second, and a volume has {iops}; "
            "give more iops, or less",
        )
    policy = args.get("reclaim_policy", ReclaimPolicy.DELETE)
    problems.choice("reclaimPolicy", policy, [each.value for each in ReclaimPolicy])
    problems.raise_if_any("BlockStorageClass")
    return BlockStorageClassPlan(
        name=name,
        is_default=args.get("is_default", False),
        iops=iops,
        throughput=throughput,
        reclaim_policy=ReclaimPolicy(str(policy)),
        has_snapshots=args.get("snapshots", False),
    )


class BlockStorageClass(pulumi.ComponentResource):
    """A StorageClass of encrypted gp3 volumes of EBS, each for one pod at a time.

    A volume is made in the zone of the first pod that uses it, and can grow. Makes no driver.

    Example: `BlockStorageClass("gp3", {"is_default": True})`
    """

    storage_class: pulumi.Output[str]
    """Name of the class, for claims: the component's name."""

    snapshot_class: pulumi.Output[str]
    """Name of the class of snapshots; empty where none is made."""

    def __init__(self, name: str, args: BlockStorageClassArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("BlockStorageClass", name, partial(plan_block_storage_class, name=name), args)
        super().__init__("aidc:index:BlockStorageClass", name, recorded(args), opts)
        # Only labels and annotations of a class can be changed; volumes that it made are not touched.
        child = pulumi.ResourceOptions(
            parent=self,
            delete_before_replace=True,
            replace_on_changes=["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
        )
        made = KubernetesObject(name, _storage_class(plan, args.get("encryption_key")), child)
        self.storage_class = made.object_name
        self.snapshot_class = pulumi.Output.from_input("")
        if plan.has_snapshots:
            opts_of_child = pulumi.ResourceOptions(parent=self)
            self.snapshot_class = KubernetesObject(
                f"{name}-snapshots", _snapshot_class(plan), opts_of_child
            ).object_name
        self.register_outputs({"storage_class": self.storage_class, "snapshot_class": self.snapshot_class})


def _storage_class(plan: BlockStorageClassPlan, encryption_key: pulumi.Input[str] | None) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "type": "gp3",
        "encrypted": "true",
        "iops": str(plan.iops),
        "throughput": str(plan.throughput),
    }
    if encryption_key is not None:
        parameters["kmsKeyId"] = encryption_key
    metadata: dict[str, Any] = {"name": plan.name, "labels": object_labels(plan.name, _COMPONENT)}
    if plan.is_default:
        metadata["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": metadata,
        "provisioner": _DRIVER,
        "parameters": parameters,
        "reclaimPolicy": plan.reclaim_policy.value,
        # A volume is in one zone: it waits until the scheduler has chosen that of the pod.
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }


def _snapshot_class(plan: BlockStorageClassPlan) -> dict[str, Any]:
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotClass",
        "metadata": {"name": plan.name, "labels": object_labels(plan.name, _COMPONENT)},
        "driver": _DRIVER,
        "deletionPolicy": "Retain",
    }
