"""A filesystem that many pods on many nodes read and write at once."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.labels import check_name, check_object_name
from ...infra.quantities import check_quantity
from ...problems import Problems
from .efs_filesystem import EfsFilesystem, EfsPlan, create_efs, plan_efs
from .file_system import FileSystem
from .fsx_lustre import FsxLustre, FsxLustrePlan, check_lustre_size, create_fsx_lustre, plan_fsx_lustre
from .volumes import (
    ClaimPlan,
    NfsExport,
    VolumeSource,
    check_host_path,
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
    FSX_LUSTRE = "fsx-lustre"
    EFS = "efs"


_FIELDS: Final = {
    FilesystemBackend.STORAGE_CLASS: ("storage_class", "storageClass"),
    FilesystemBackend.NFS: ("nfs", "nfs"),
    FilesystemBackend.HOST_PATH: ("host_path", "hostPath"),
    FilesystemBackend.FSX_LUSTRE: ("fsx", "fsx"),
    FilesystemBackend.EFS: ("efs", "efs"),
}
"""For each backend the argument that describes it, and its path in messages."""


class SharedFilesystemArgs(TypedDict):
    """Inputs of `SharedFilesystem`."""

    namespace: pulumi.Input[str]
    """Namespace of the claim."""

    size: str
    """Bytes that are claimed, such as `1Ti`. A storage class may enforce it; NFS, host-path and EFS do not. Of FSx it
    is the capacity: `1200Gi` or a multiple of `2400Gi`, which may grow later, and never shrink."""

    backend: FilesystemBackend
    """`storage-class` (a driver makes it), `nfs` (a server exports it), `host-path` (a directory of each node: for one
    node, or for simulated ones), `fsx-lustre` or `efs` (a file system that is made in AWS)."""

    storage_class: NotRequired[str]
    """Storage class that can share a volume among nodes, such as CephFS or EFS. Only for `storage-class`, and needed
    there."""

    nfs: NotRequired[NfsExport]
    """The export. Only for `nfs`, and needed there."""

    host_path: NotRequired[str]
    """Absolute path of the directory, made if it is missing. Only for `host-path`, and needed there."""

    fsx: NotRequired[FsxLustre]
    """The file system of FSx for Lustre. Only for `fsx-lustre`, and needed there."""

    efs: NotRequired[EfsFilesystem]
    """The file system of EFS. Only for `efs`, and needed there."""

    claim_name: NotRequired[str]
    """Name of the claim. Default: the component's name."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the claim, its volume, and the file system in AWS. Default: true. To delete
    them, deploy with false first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedFilesystemPlan:
    """A shared filesystem with every default applied."""

    claim: ClaimPlan
    fsx: FsxLustrePlan | None = None
    efs: EfsPlan | None = None

    @property
    def claim_name(self) -> str:
        """Name of the claim, which pods mount."""
        return self.claim.claim_name


def plan_shared_filesystem(args: SharedFilesystemArgs, name: str) -> SharedFilesystemPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, SharedFilesystemArgs):
        problems.raise_if_any("SharedFilesystem")
    claim_name = args.get("claim_name", name)
    check_name(problems, "claimName" if "claim_name" in args else "name", claim_name)
    check_quantity(problems, "size", args["size"], unit="bytes")
    _check_backend(problems, args)
    if "storage_class" in args:
        check_object_name(problems, "storageClass", args["storage_class"])
    source = _source(problems, args)
    fsx, efs = None, None
    if args["backend"] == FilesystemBackend.FSX_LUSTRE.value and "fsx" in args:
        check_lustre_size(problems, "size", args["size"])
        with problems.under("fsx"):
            fsx = plan_fsx_lustre(problems, args["fsx"], args["size"])
    if args["backend"] == FilesystemBackend.EFS.value and "efs" in args:
        with problems.under("efs"):
            efs = plan_efs(problems, args["efs"], claim_name)
    problems.raise_if_any("SharedFilesystem")
    claim = ClaimPlan(
        namespace=args["namespace"],
        claim_name=claim_name,
        component=_COMPONENT,
        access_mode="ReadWriteMany",
        size=args["size"],
        protect=args.get("protect", True),
        source=source,
        storage_class=args.get("storage_class"),
    )
    return SharedFilesystemPlan(claim=claim, fsx=fsx, efs=efs)


class SharedFilesystem(pulumi.ComponentResource):
    """A claim that the pods of a training job, on all their nodes, read and write at the same time.

    Makes a PersistentVolumeClaim, and except for `storage-class` the PersistentVolume that it is bound to; for
    `fsx-lustre` and `efs` also the file system in AWS, with its security group and who may mount it. Makes no driver
    and no storage class. Deleting it never deletes what lies on NFS or on a node.

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

    file_system_id: pulumi.Output[str]
    """Id of the file system in AWS; empty where none is made."""

    file_system_arn: pulumi.Output[str]
    """ARN of the file system in AWS, for backups; empty where none is made."""

    dns_name: pulumi.Output[str]
    """Host name of the file system in AWS; empty where none is made."""

    mount_name: pulumi.Output[str]
    """Name by which Lustre mounts the file system; empty for others."""

    def __init__(self, name: str, args: SharedFilesystemArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("SharedFilesystem", name, partial(plan_shared_filesystem, name=name), args)
        super().__init__("aidc:index:SharedFilesystem", name, recorded(args), opts)
        served = _create_served(name, plan, args, self)
        if served is None:
            made = create_claim(name, plan.claim, self)
        else:
            made = create_claim(name, plan.claim, self, served.source, served.ready)
        nothing = pulumi.Output.from_input("")
        self.claim = made.claim.object_name
        self.volume = nothing if made.volume is None else made.volume.object_name
        self.access_mode = pulumi.Output.from_input(plan.claim.access_mode)
        self.size = pulumi.Output.from_input(plan.claim.size)
        self.file_system_id = nothing if served is None else served.id
        self.file_system_arn = nothing if served is None else served.arn
        self.dns_name = nothing if served is None else served.dns_name
        self.mount_name = nothing if served is None else served.mount_name
        self.register_outputs(
            {
                "claim": self.claim,
                "volume": self.volume,
                "access_mode": self.access_mode,
                "size": self.size,
                "file_system_id": self.file_system_id,
                "file_system_arn": self.file_system_arn,
                "dns_name": self.dns_name,
                "mount_name": self.mount_name,
            }
        )


def _create_served(
    name: str, plan: SharedFilesystemPlan, args: SharedFilesystemArgs, parent: pulumi.Resource
) -> FileSystem | None:
    """Make the file system in AWS, if the backend is there."""
    opts = pulumi.ResourceOptions(parent=parent)
    if plan.fsx is not None and "fsx" in args:
        return create_fsx_lustre(name, plan.fsx, args["fsx"], protect=plan.claim.protect, opts=opts)
    if plan.efs is not None and "efs" in args:
        return create_efs(name, plan.efs, args["efs"], protect=plan.claim.protect, opts=opts)
    return None


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
