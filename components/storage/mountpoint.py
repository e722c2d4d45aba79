"""The objects of a bucket as files, read by Mountpoint for Amazon S3."""

from enum import StrEnum
from typing import Any, NotRequired, TypedDict

import pulumi

from ...infra.arguments import is_known
from ...infra.quantities import check_quantity
from ...problems import Problems
from .volumes import VolumeSource


class S3Authentication(StrEnum):
    """Whose AWS identity reads the bucket."""

    DRIVER = "driver"
    POD = "pod"


class S3Objects(TypedDict):
    """Objects of a bucket, shown as files by Mountpoint for Amazon S3."""

    bucket: pulumi.Input[str]
    """Name of the bucket, such as that of an ObjectStore."""

    authentication: NotRequired[S3Authentication]
    """`driver` (the identity of the driver, the same for every pod) or `pod` (that of the service account of the pod
    that mounts it). Default: `driver`."""

    region: NotRequired[str]
    """Region of the bucket. Needed for `pod`, whose driver cannot ask the node for it where the node's metadata are
    one hop away. Default: Mountpoint finds it."""

    cache_size: NotRequired[str]
    """Bytes of the node's ephemeral storage in which what was read is kept, such as `100Gi`. Default: no cache."""


def check_objects(problems: Problems, source: S3Objects) -> None:
    """Refuse what cannot be a bucket, a region or a cache, as far as it is known."""
    bucket = source["bucket"]
    if isinstance(bucket, str) and is_known(bucket) and (not bucket or "/" in bucket or ":" in bucket):
        problems.add("bucket", f"'{bucket}' is not a bucket's name; give the name alone, and a subpath")
    chosen = source.get("authentication", S3Authentication.DRIVER)
    problems.choice("authentication", chosen, [each.value for each in S3Authentication])
    region = source.get("region")
    if region is None and chosen == S3Authentication.POD.value:
        problems.add("region", "missing; the authentication by pod needs it")
    if region is not None and (not region or any(letter.isspace() for letter in region)):
        problems.add("region", f"'{region}' is not a region; write it like us-east-1")
    if "cache_size" in source:
        check_quantity(problems, "cacheSize", source["cache_size"], unit="bytes")


def objects_source(source: S3Objects, subpath: str, handle: pulumi.Input[str]) -> VolumeSource:
    """Return the source of a volume, as the driver s3.csi.aws.com reads it; `handle` is like no other volume's.

    Source: https://github.com/awslabs/mountpoint-s3-csi-driver/blob/main/docs/CONFIGURATION.md
    """
    region = source.get("region")
    authentication = str(source.get("authentication", S3Authentication.DRIVER))
    attributes: dict[str, Any] = {"bucketName": source["bucket"], "authenticationSource": authentication}
    if region is not None and authentication == S3Authentication.POD:
        attributes["stsRegion"] = region
    if "cache_size" in source:
        attributes |= {"cache": "emptyDir", "cacheEmptyDirSizeLimit": source["cache_size"]}
    # Without allow-other only root could read: Mountpoint is its own user.
    options = ["allow-other", "read-only"]
    if subpath:
        options.append(f"prefix {subpath}/")
    if region is not None:
        options.append(f"region {region}")
    fields = {"driver": "s3.csi.aws.com", "volumeHandle": handle, "readOnly": True, "volumeAttributes": attributes}
    return VolumeSource(fields={"csi": fields}, mount_options=options)
