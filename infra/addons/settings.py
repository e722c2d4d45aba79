"""What a person may say about one add-on."""

from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ..identity import PolicyStatement


class AddonSettings(TypedDict):
    """How one add-on differs from its defaults."""

    values: NotRequired[dict[str, Any]]
    """Values of its chart, over ours: maps are merged, lists are replaced. They hold no secrets. Default: none."""

    version: NotRequired[str]
    """Version of its chart, as its repository writes it. Default: the one that our values were read against."""

    statements: NotRequired[list[PolicyStatement]]
    """What its pods may do in AWS beside what it needs itself, such as KEDA's look at a queue. Default: none."""

    hosted_zone_arns: NotRequired[list[pulumi.Input[str]]]
    """ARNs of the Route 53 zones whose records may be written. Only for `external-dns`, which needs them, and
    `cert-manager`, which proves domains with them. Default: none."""

    domains: NotRequired[list[str]]
    """Domains below which records are made. Only for `external-dns`. Default: all of the zones."""

    bucket_arns: NotRequired[list[pulumi.Input[str]]]
    """ARNs of the S3 buckets that may be read, or that new file systems may be linked to. Only for
    `aws-mountpoint-s3-csi-driver` and `aws-fsx-csi-driver`. Default: none."""

    writable_bucket_arns: NotRequired[list[pulumi.Input[str]]]
    """ARNs of the S3 buckets that may be read and written. Only for `aws-mountpoint-s3-csi-driver`. Default: none."""

    encryption_keys: NotRequired[list[pulumi.Input[str]]]
    """ARNs of the KMS keys of buckets or secrets. Only for `aws-mountpoint-s3-csi-driver` and `external-secrets`.
    Default: none; keys of AWS's own need none."""

    secret_prefix: NotRequired[str]
    """Beginning of the names of the secrets that may be read, such as `prod/`. Only for `external-secrets`, which
    needs it. Default: none."""

    time_slicing_replicas: NotRequired[list[int]]
    """Pods that share a GPU in turn, one number for each that a pool asks for, 2 to 48. Only for
    `nvidia-device-plugin` and `gpu-operator`. Default: none; GPUs are whole."""

    storage_class: NotRequired[str]
    """StorageClass of the volumes of Prometheus and Alertmanager. Only for `kube-prometheus-stack`. Default: none;
    their data ends with their pods."""

    storage_size: NotRequired[str]
    """Size of each volume of Prometheus, as a quantity. Only for `kube-prometheus-stack` with `storage_class`.
    Default: 50Gi."""


COMMON_SETTINGS: Final = frozenset({"values", "version", "statements"})
"""Settings of every add-on."""
