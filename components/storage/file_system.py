"""What every file system that AWS serves tells those who mount it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from .volumes import VolumeSource


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSystem:
    """A file system that was made in AWS."""

    id: pulumi.Output[str]
    arn: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    mount_name: pulumi.Output[str]
    """Name by which Lustre mounts it; empty for others."""

    source: VolumeSource
    """What its PersistentVolume points at."""

    ready: Sequence[pulumi.Resource]
    """What must be there before a pod can mount it."""
