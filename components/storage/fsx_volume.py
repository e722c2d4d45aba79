"""A directory of a file system of FSx for Lustre that is there already."""

from typing import NotRequired, TypedDict

import pulumi

from ...infra.arguments import is_known
from ...problems import Problems
from .fsx_lustre import LUSTRE_OPTIONS, lustre_source
from .volumes import VolumeSource, joined_path


class FsxVolume(TypedDict):
    """A file system of FSx for Lustre, such as that of a SharedFilesystem; AWS assigns all three names."""

    file_system_id: pulumi.Input[str]
    """Id, such as `fs-0123456789abcdef0`."""

    dns_name: pulumi.Input[str]
    """Host name."""

    mount_name: pulumi.Input[str]
    """Name by which Lustre mounts it."""

    mount_options: NotRequired[list[str]]
    """Mount options. Default: `flock` and `noatime`; `ro` is always added."""


def check_fsx_volume(problems: Problems, source: FsxVolume) -> None:
    """Refuse what cannot be the names of a file system, as far as they are known."""
    names = {
        "fileSystemId": source["file_system_id"],
        "dnsName": source["dns_name"],
        "mountName": source["mount_name"],
    }
    for path, value in names.items():
        if isinstance(value, str) and is_known(value) and (not value or "/" in value):
            problems.add(path, f"'{value}' is not one of the names that AWS assigns; give an output of the file system")
    for index, option in enumerate(source.get("mount_options", [])):
        if option == "rw":
            problems.add(f"mountOptions[{index}]", "'rw' contradicts a dataset, which is read-only; leave it out")
        elif not option or "," in option or any(letter.isspace() for letter in option):
            problems.add(f"mountOptions[{index}]", f"'{option}' is not a mount option; write one an entry, like flock")


def fsx_volume_source(source: FsxVolume, subpath: str, volume_name: pulumi.Input[str]) -> VolumeSource:
    """Return the source of a read-only volume on a directory of the file system.

    Kubernetes takes two volumes of one handle for one, so that the handle is the volume's own. Lustre mounts a
    directory by its path below the mount name:
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/mounting-from-fileset.html
    """
    return lustre_source(
        pulumi.Output.concat(source["file_system_id"], "-", volume_name),
        source["dns_name"],
        joined_path(source["mount_name"], subpath),
        options=source.get("mount_options", LUSTRE_OPTIONS),
        read_only=True,
    )
