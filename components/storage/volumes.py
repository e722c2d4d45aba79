"""Volumes and claims: what a shared filesystem and a dataset are made of."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import is_known
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import object_labels
from ...problems import Problems

NFS_OPTIONS: Final = ("hard", "nfsvers=4.1")
"""`hard`: a server that is away makes programs wait; with `soft` they would get errors, and write half a file."""

_MOUNT_OPTION: Final = re.compile(r"[a-z_]+(=[^,\s]+)?")
_HOST: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9.:]*[A-Za-z0-9])?")
_OF_THE_NODE: Final = tuple(
    PurePosixPath("/", each)
    for each in (
        *("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr"),
        *("root/.aws", "root/.config", "root/.kube", "root/.ssh", "var/log", "var/run"),
        *("var/lib/cni", "var/lib/containerd", "var/lib/containers", "var/lib/docker"),
        *("var/lib/etcd", "var/lib/kubelet"),
    )
)
"""Directories of the system, of the kubelet and of container runtimes: the Pod Security Standards keep pods from host
paths for their sake, and a volume goes around that."""

_LENT: Final = (PurePosixPath("/run/desktop/mnt/host"), PurePosixPath("/run/media"))
"""What the node lends of others' disks: Docker Desktop of Windows, and udisks of what is plugged in."""


class NfsExport(TypedDict):
    """A directory that an NFS server exports."""

    server: pulumi.Input[str]
    """Host name or address of the server."""

    path: pulumi.Input[str]
    """Absolute path of the export."""

    mount_options: NotRequired[list[str]]
    """Mount options, such as `nconnect=8`. Default: `hard` and `nfsvers=4.1`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeSource:
    """Where the data of a volume that exists lies."""

    fields: Mapping[str, Any]
    """The PersistentVolume's source, such as `{"nfs": {...}}`."""

    mount_options: Sequence[str] = ()
    """Options of the mount."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimPlan:
    """One claim, and the volume that is made for it, if one is."""

    namespace: pulumi.Input[str]
    claim_name: str
    component: str
    access_mode: str
    size: str
    protect: bool
    source: VolumeSource | None = None
    """What the claim is bound to; None where a storage class makes the volume."""

    storage_class: str | None = None
    """Class that makes the volume."""

    clone_of: pulumi.Input[str] | None = None
    """Claim that the new volume starts as a copy of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The objects of one claim."""

    claim: KubernetesObject
    volume: KubernetesObject | None


def create_claim(
    name: str,
    plan: ClaimPlan,
    parent: pulumi.Resource,
    served: VolumeSource | None = None,
    ready: Sequence[pulumi.Resource] = (),
) -> Claim:
    """Make the claim, and first the volume that it is bound to, if there is one.

    Args:
        name: logical name of the claim.
        plan: what to make.
        parent: of both.
        served: where the data lies, if only resources of the same program tell; it takes the place of the plan's.
        ready: what must be there before a pod can mount it.
    """
    source = plan.source if served is None else served
    opts = pulumi.ResourceOptions(parent=parent, protect=plan.protect or None, depends_on=list(ready))
    volume = None
    if source is not None:
        sizes = ["spec.capacity", "spec.resources"]
        # Nor does it point a volume at other data.
        moved = ["spec.csi"] if "csi" in source.fields else []
        # Kubernetes resizes only what a storage class made; the data of a static volume stays where it is. What AWS
        # serves grows there, and a volume that is in use need not know.
        resized = pulumi.ResourceOptions(
            replace_on_changes=[*moved, *([] if served else sizes)],
            ignore_changes=sizes if served else None,
            delete_before_replace=True,
        )
        opts = pulumi.ResourceOptions.merge(opts, resized)
        volume = KubernetesObject(f"{name}-volume", _volume_manifest(plan, source), opts)
    manifest = _claim_manifest(plan, None if volume is None else volume.object_name)
    return Claim(claim=KubernetesObject(name, manifest, opts), volume=volume)


def nfs_source(export: NfsExport, subpath: str = "", *, read_only: bool = False) -> VolumeSource:
    """Return the source of a volume on NFS."""
    options = {*export.get("mount_options", NFS_OPTIONS), *(["ro"] if read_only else [])}
    fields = {"server": export["server"], "path": joined_path(export["path"], subpath), "readOnly": read_only}
    return VolumeSource(fields={"nfs": fields}, mount_options=sorted(options))


def host_path_source(path: str, subpath: str = "", *, may_create: bool) -> VolumeSource:
    """Return the source of a volume in a directory of the node that a pod runs on."""
    kind = "DirectoryOrCreate" if may_create else "Directory"
    # A hostPath volume knows no mount options and no readOnly: only the mount decides.
    return VolumeSource(fields={"hostPath": {"path": joined_path(path, subpath), "type": kind}})


def joined_path(path: pulumi.Input[str], subpath: str) -> pulumi.Input[str]:
    """Return a path below another, which may be known only at deployment."""
    if not subpath:
        return path
    if isinstance(path, str):
        return f"{path.rstrip('/')}/{subpath}"
    return pulumi.Output.from_input(path).apply(lambda known: f"{known.rstrip('/')}/{subpath}")


def check_nfs(problems: Problems, path: str, export: NfsExport, *, read_only: bool = False) -> None:
    """Refuse what cannot be a server, an export or a mount option, as far as it is known."""
    server, directory = export["server"], export["path"]
    if isinstance(server, str) and is_known(server) and not _HOST.fullmatch(server):
        problems.add(f"{path}.server", f"'{server}' is not a host; give a name or an address, without a path")
    if isinstance(directory, str) and is_known(directory):
        check_directory(problems, f"{path}.path", directory)
    for index, option in enumerate(export.get("mount_options", [])):
        where = f"{path}.mountOptions[{index}]"
        if not _MOUNT_OPTION.fullmatch(option):
            problems.add(where, f"'{option}' is not a mount option; write one an entry, like nconnect=8")
        elif option == "soft":
            problems.add(where, "'soft' turns a pause of the server into lost writes; use hard")
        elif read_only and option == "rw":
            problems.add(where, "'rw' contradicts a dataset, which is read-only; leave it out")


def check_directory(problems: Problems, path: str, directory: str) -> None:
    """Require an absolute path without `..`, which Kubernetes refuses in volumes."""
    if not directory.startswith("/"):
        problems.add(path, f"'{directory}' is relative; start it with /")
    elif ".." in directory.split("/"):
        problems.add(path, f"'{directory}' contains '..'; write the path out")


def check_host_path(problems: Problems, path: str, directory: str) -> None:
    """Require a directory of a node that may be given to pods."""
    check_directory(problems, path, directory)
    if not directory.startswith("/"):
        return
    place = PurePosixPath("/", directory.strip("/"))
    if place == PurePosixPath("/"):
        problems.add(path, "'/' is the node itself; give a directory below it")
    elif any(lent in place.parents for lent in _LENT):
        return
    elif any(place.is_relative_to(own) or own.is_relative_to(place) for own in _OF_THE_NODE):
        problems.add(path, f"'{directory}' holds what runs the node, and who writes there owns it; give /mnt/data")


def volume_name(namespace: pulumi.Input[str], claim_name: str) -> pulumi.Input[str]:
    """Return the name of a volume, which belongs to the whole cluster: the namespace is part of it."""
    if isinstance(namespace, str):
        return f"{namespace}-{claim_name}"
    return pulumi.Output.concat(namespace, "-", claim_name)


def _volume_manifest(plan: ClaimPlan, source: VolumeSource) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "accessModes": [plan.access_mode],
        "capacity": {"storage": plan.size},
        # Nobody deletes data that was there before the volume.
        "persistentVolumeReclaimPolicy": "Retain",
        # The empty class keeps every provisioner, and the cluster's default class, away from it.
        "storageClassName": "",
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "name": plan.claim_name,
            "namespace": plan.namespace,
        },
        **source.fields,
    }
    if source.mount_options:
        spec["mountOptions"] = list(source.mount_options)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": volume_name(plan.namespace, plan.claim_name),
            "labels": object_labels(plan.claim_name, plan.component),
        },
        "spec": spec,
    }


def _claim_manifest(plan: ClaimPlan, volume_name: pulumi.Input[str] | None) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "accessModes": [plan.access_mode],
        "resources": {"requests": {"storage": plan.size}},
        "storageClassName": plan.storage_class or "",
    }
    if volume_name is not None:
        spec["volumeName"] = volume_name
    if plan.clone_of is not None:
        spec["dataSource"] = {"kind": "PersistentVolumeClaim", "name": plan.clone_of}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": plan.claim_name,
            "namespace": plan.namespace,
            "labels": object_labels(plan.claim_name, plan.component),
        },
        "spec": spec,
    }
