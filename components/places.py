"""Folders and addresses of buckets that a program reads and writes: what outlives its pods, and what is lost."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Final

import pulumi

from ..infra.arguments import is_known
from ..problems import Problems
from .pods import VolumeMount

_ADDRESS: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/\s]+)*/?")
"""Amazon S3 User Guide, "General purpose bucket naming rules"."""


def check_written(
    problems: Problems, path: str, place: pulumi.Input[str], mounts: Sequence[VolumeMount], *, example: str
) -> None:
    """Refuse a place that is lost with the pod, that cannot be written, or that is no address of a bucket."""
    if not is_known(place) or not isinstance(place, str):
        return
    if "://" in place:
        if not _ADDRESS.fullmatch(place):
            problems.add(path, f"'{place}' is no address of a bucket; write it like {example}")
        return
    mount = mount_of(place, mounts)
    if mount is None:
        problems.add(path, f"'{place}' is on no mount and would be lost with the pod; mounts: {mount_paths(mounts)}")
    elif mount.get("read_only", False):
        problems.add(path, f"'{place}' is on a read-only mount; give one that can be written")


def mount_of(place: str, mounts: Sequence[VolumeMount]) -> VolumeMount | None:
    """Return the mount that a path is on; None where it is on none."""
    # What leads out of a mount by .. is not on it.
    path = PurePosixPath(normpath(place))
    holding = [mount for mount in mounts if path.is_relative_to(PurePosixPath(mount["path"]))]
    # The deepest mount is the one that the path is really on.
    return max(holding, key=lambda mount: len(PurePosixPath(mount["path"]).parts), default=None)


def mount_paths(mounts: Sequence[VolumeMount]) -> str:
    """Return the paths of all mounts, for a message."""
    return ", ".join(sorted(mount["path"] for mount in mounts)) or "there is none"
