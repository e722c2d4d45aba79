"""A dataset that many pods read and none writes."""

from functools import partial
from typing import Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.labels import check_name
from ...infra.quantities import check_quantity
from ...problems import Problems
from .fsx_volume import FsxVolume, check_fsx_volume, fsx_volume_source
from .mountpoint import S3Objects, check_objects, objects_source
from .volumes import (
    ClaimPlan,
    NfsExport,
    VolumeSource,
    check_directory,
    check_host_path,
    check_nfs,
    create_claim,
    host_path_source,
    nfs_source,
    volume_name,
)

_COMPONENT: Final = "dataset"
_SOURCES: Final = {"nfs": "nfs", "host_path": "hostPath", "clone_of": "cloneOf", "s3": "s3", "fsx": "fsx"}


class ClaimToClone(TypedDict):
    """A claim in the same namespace whose content becomes the dataset."""

    claim: pulumi.Input[str]
    """Name of the claim, such as that of a SharedFilesystem."""

    storage_class: str
    """Storage class of that claim; its driver must be able to clone volumes."""


class DatasetVolumeArgs(TypedDict):
    """Inputs of `DatasetVolume`. Exactly one of `nfs`, `host_path`, `clone_of`, `s3` and `fsx` says where it lies."""

    namespace: pulumi.Input[str]
    """Namespace of the claim."""

    size: str
    """Bytes of the dataset, or more, such as `500Gi`. A clone must be at least as large as its original."""

    nfs: NotRequired[NfsExport]
    """The export that holds the dataset. Default: it lies elsewhere."""

    host_path: NotRequired[str]
    """Absolute path of the dataset on every node; it must be there. Default: it lies elsewhere."""

    clone_of: NotRequired[ClaimToClone]
    """Claim whose content at this moment becomes the dataset. Default: it lies elsewhere."""

    s3: NotRequired[S3Objects]
    """The bucket that holds the dataset as objects. Default: it lies elsewhere."""

    fsx: NotRequired[FsxVolume]
    """The file system of FSx for Lustre that holds the dataset. Default: it lies elsewhere."""

    subpath: NotRequired[str]
    """Directory below the export, the host path or the file system, or the beginning of the objects' keys, such as
    `imagenet/train`. Default: all of it."""

    claim_name: NotRequired[str]
    """Name of the claim. Default: the component's name."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the claim and its volume. Default: true for a clone, which is the only one of
    its kind; false for the others, whose data stays where it is."""


def plan_dataset_volume(args: DatasetVolumeArgs, name: str) -> ClaimPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, DatasetVolumeArgs):
        problems.raise_if_any("DatasetVolume")
    claim_name = args.get("claim_name", name)
    check_name(problems, "claimName" if "claim_name" in args else "name", claim_name)
    check_quantity(problems, "size", args["size"], unit="bytes")
    given = [key for key in _SOURCES if key in args]
    if not given:
        problems.add("nfs", f"missing; give one of {', '.join(_SOURCES.values())}")
    for key in given[1:]:
        problems.add(_SOURCES[key], f"given together with {_SOURCES[given[0]]}; give one of them")
    _check_subpath(problems, args)
    source = _source(problems, args, claim_name)
    clone = args.get("clone_of")
    if clone is not None:
        _check_clone(problems, clone, claim_name)
    problems.raise_if_any("DatasetVolume")
    return ClaimPlan(
        namespace=args["namespace"],
        claim_name=claim_name,
        component=_COMPONENT,
        access_mode="ReadOnlyMany",
        size=args["size"],
        protect=args.get("protect", clone is not None),
        source=source,
        storage_class=None if clone is None else clone["storage_class"],
        clone_of=None if clone is None else clone["claim"],
    )


class DatasetVolume(pulumi.ComponentResource):
    """A claim by which any number of pods on any number of nodes read one dataset.

    Makes a ReadOnlyMany PersistentVolumeClaim, and except for a clone the PersistentVolume that it is bound to, which
    mounts read-only. Copies nothing, except by a clone. Workloads mount it with `read_only`.

    Example: `DatasetVolume("imagenet", {"namespace": "research", "size": "200Gi", "nfs": {"server": "10.0.0.5",
    "path": "/datasets"}, "subpath": "imagenet"})`
    """

    claim: pulumi.Output[str]
    """Name of the claim, for the mounts of workloads."""

    volume: pulumi.Output[str]
    """Name of the PersistentVolume; empty for a clone, whose driver makes it."""

    access_mode: pulumi.Output[str]
    """Always `ReadOnlyMany`."""

    size: pulumi.Output[str]
    """Bytes of the dataset, or more."""

    def __init__(self, name: str, args: DatasetVolumeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("DatasetVolume", name, partial(plan_dataset_volume, name=name), args)
        super().__init__("aidc:index:DatasetVolume", name, recorded(args), opts)
        made = create_claim(name, plan, self)
        self.claim = made.claim.object_name
        self.volume = pulumi.Output.from_input("" if made.volume is None else made.volume.object_name)
        self.access_mode = pulumi.Output.from_input(plan.access_mode)
        self.size = pulumi.Output.from_input(plan.size)
        self.register_outputs(
            {"claim": self.claim, "volume": self.volume, "access_mode": self.access_mode, "size": self.size}
        )


def _source(problems: Problems, args: DatasetVolumeArgs, claim_name: str) -> VolumeSource | None:
    subpath = args.get("subpath", "").strip("/")
    if "nfs" in args:
        check_nfs(problems, "nfs", args["nfs"], read_only=True)
        return nfs_source(args["nfs"], subpath, read_only=True)
    if "host_path" in args:
        check_host_path(problems, "hostPath", args["host_path"])
        return host_path_source(args["host_path"], subpath, may_create=False)
    handle = volume_name(args["namespace"], claim_name)
    if "s3" in args:
        with problems.under("s3"):
            check_objects(problems, args["s3"])
        return objects_source(args["s3"], subpath, handle)
    if "fsx" in args:
        with problems.under("fsx"):
            check_fsx_volume(problems, args["fsx"])
        return fsx_volume_source(args["fsx"], subpath, handle)
    return None


def _check_subpath(problems: Problems, args: DatasetVolumeArgs) -> None:
    subpath = args.get("subpath")
    if subpath is None:
        return
    if "clone_of" in args:
        problems.add("subpath", "a clone holds all of its original; mount a directory of it instead")
    elif subpath.startswith("/"):
        problems.add("subpath", f"'{subpath}' is absolute; leave the first / out")
    elif any(letter.isspace() or letter == "," for letter in subpath) and ("s3" in args or "fsx" in args):
        problems.add("subpath", f"'{subpath}' has a space or a comma, which no mount takes; give another directory")
    else:
        check_directory(problems, "subpath", f"/{subpath}")


def _check_clone(problems: Problems, clone: ClaimToClone, claim_name: str) -> None:
    claim = clone["claim"]
    if isinstance(claim, str) and claim == claim_name:
        problems.add("cloneOf.claim", f"'{claim}' is the dataset itself; name the claim to copy")
    if not clone["storage_class"]:
        problems.add("cloneOf.storageClass", "empty; name the storage class of the claim to copy")
