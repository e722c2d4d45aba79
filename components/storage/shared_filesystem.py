"""A filesystem that many pods on many nodes read and write at once."""

from enum import StrEnum
from functools import partial
from typing import Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.quantities import check_quantity
from ...problems import Problems
from .volumes import (
    ClaimPlan,
    NfsExport,
    VolumeSource,
    check_host_path,
    check_namespaced,
    check_nfs,
    create_claim,
    host_path_source,
    nfs_source,
)

_COMPONENT: Final = "shared-filesystem"


class FilesystemBackend(StrEnum):
    """What keeps the data of a shared filesystem."""

    STORAGE_CLASS = "storage-class"
    NFS = "nfs"
    HOST_PATH = "host-path"


_FIELDS: Final = {
    FilesystemBackend.STORAGE_CLASS: ("storage_class", "storageClass"),
    FilesystemBackend.NFS: ("nfs", "nfs"),
    FilesystemBackend.HOST_PATH: ("host_path", "hostPath"),
}
"""For each backend the argument that describes it, and its path in messages."""


class SharedFilesystemArgs(TypedDict):
    """Inputs of `SharedFilesystem`."""

    namespace: pulumi.Input[str]
    """Namespace of the claim."""

    size: str
    """Bytes that are claimed, such as `1Ti`. A storage class may enforce it; NFS and host-path do not."""

    backend: FilesystemBackend
    """`storage-class` (a driver makes it), `nfs` (a server exports it) or `host-path` (a directory of each node: for
    one node, or for simulated ones)."""

    storage_class: NotRequired[str]
    """Storage class that can share a volume among nodes, such as CephFS or EFS. Only for `storage-class`, and needed
    there."""

    nfs: NotRequired[NfsExport]
    """The export. Only for `nfs`, and needed there."""

    host_path: NotRequired[str]
    """Absolute path of the directory, made if it is missing. Only for `host-path`, and needed there."""

    claim_name: NotRequired[str]
    """Name of the claim. Default: the component's name."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the claim and its volume. Default: true. To delete them, deploy with false
    first."""


def plan_shared_filesystem(args: SharedFilesystemArgs, name: str) -> ClaimPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, SharedFilesystemArgs):
        problems.raise_if_any("SharedFilesystem")
    claim_name = args.get("claim_name", name)
    check_namespaced(problems, args["namespace"], "claimName" if "claim_name" in args else "name", claim_name)
    check_quantity(problems, "size", args["size"], unit="bytes")
    _check_backend(problems, args)
    source = _source(problems, args)
    problems.raise_if_any("SharedFilesystem")
    return ClaimPlan(
        namespace=args["namespace"],
        claim_name=claim_name,
        component=_COMPONENT,
        access_mode="ReadWriteMany",
        size=args["size"],
        protect=args.get("protect", True),
        source=source,
        storage_class=args.get("storage_class"),
    )


class SharedFilesystem(pulumi.ComponentResource):
    """A claim that the pods of a training job, on all their nodes, read and write at the same time.

    Makes a PersistentVolumeClaim, and for `nfs` and `host-path` the PersistentVolume that it is bound to. Makes no
    server, no driver and no storage class. Deleting it never deletes what lies on NFS or on a node.

    Example: `SharedFilesystem("checkpoints", {"namespace": "research", "size": "1Ti", "backend": "storage-class",
    "storage_class": "cephfs"})`
    """

    claim: pulumi.Output[str]
    """Name of the claim, for the mounts of workloads."""

    volume: pulumi.Output[str]
    """Name of the PersistentVolume; empty where a storage class makes it."""

    access_mode: pulumi.Output[str]
    """Always `ReadWriteMany`."""

    size: pulumi.Output[str]
    """Bytes that are claimed."""

    def __init__(self, name: str, args: SharedFilesystemArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("SharedFilesystem", name, partial(plan_shared_filesystem, name=name), args)
        super().__init__("aidc:index:SharedFilesystem", name, recorded(args), opts)
        made = create_claim(name, plan, self)
        self.claim = made.claim.object_name
        self.volume = pulumi.Output.from_input("" if made.volume is None else made.volume.object_name)
        self.access_mode = pulumi.Output.from_input(plan.access_mode)
        self.size = pulumi.Output.from_input(plan.size)
        self.register_outputs(
            {"claim": self.claim, "volume": self.volume, "access_mode": self.access_mode, "size": self.size}
        )


def _check_backend(problems: Problems, args: SharedFilesystemArgs) -> None:
    chosen = args["backend"]
    problems.choice("backend", chosen, [each.value for each in FilesystemBackend])
    if chosen not in [each.value for each in FilesystemBackend]:
        return
    for backend, (key, path) in _FIELDS.items():
        if chosen == backend.value and key not in args:
            problems.add(path, f"missing; the backend {backend.value} needs it")
        elif chosen != backend.value and key in args:
            problems.add(path, f"belongs to the backend {backend.value}; leave it out, or choose that backend")


def _source(problems: Problems, args: SharedFilesystemArgs) -> VolumeSource | None:
    if args["backend"] == FilesystemBackend.NFS.value and "nfs" in args:
        check_nfs(problems, "nfs", args["nfs"])
        return nfs_source(args["nfs"])
    if args["backend"] == FilesystemBackend.HOST_PATH.value and "host_path" in args:
        check_host_path(problems, "hostPath", args["host_path"])
        return host_path_source(args["host_path"], may_create=True)
    return None
