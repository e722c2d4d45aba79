"""A bucket that workloads read and write over the S3 protocol."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final, NotRequired, TypedDict
from urllib.parse import urlsplit

import pulumi

from ...infra.arguments import check_keys, is_known, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name, object_labels
from ...infra.quantities import check_quantity
from ...problems import Problems

_COMPONENT: Final = "object-store"
_REGION: Final = "us-east-1"
_BUCKET: Final = re.compile(r"[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]")


class ObjectStoreKind(StrEnum):
    """Where the bucket comes from."""

    BUCKET_CLAIM = "bucket-claim"
    EXISTING = "existing"


class ObjectStoreCredentials(TypedDict):
    """A pair of S3 keys. Both are secrets: they are encrypted in the state, and never shown."""

    access_key_id: pulumi.Input[str]
    """The key's id."""

    secret_access_key: pulumi.Input[str]
    """The key itself."""


class ObjectStoreArgs(TypedDict):
    """Inputs of `ObjectStore`."""

    namespace: pulumi.Input[str]
    """Namespace of the workloads that use the bucket."""

    kind: ObjectStoreKind
    """`bucket-claim` (Ceph or another provisioner of ObjectBucketClaims makes the bucket) or `existing`."""

    endpoint: pulumi.Input[str]
    """Address of the S3 service, such as `http://rook-ceph-rgw-store.rook-ceph.svc` or
    `https://s3.us-east-1.amazonaws.com`."""

    bucket: NotRequired[pulumi.Input[str]]
    """Name of the bucket. Default: the component's name."""

    region: NotRequired[str]
    """Region by which requests are signed. Default: `us-east-1`, which Ceph accepts too."""

    storage_class: NotRequired[str]
    """Storage class of the buckets' provisioner. Only for `bucket-claim`, and needed there."""

    maximum_size: NotRequired[str]
    """Bytes that the bucket may hold, such as `10Ti`. Only for `bucket-claim`. Default: no bound."""

    maximum_objects: NotRequired[int]
    """Objects that the bucket may hold. Only for `bucket-claim`. Default: no bound."""

    credentials: NotRequired[ObjectStoreCredentials]
    """Keys that go into a Secret. Only for `existing`. Default: none; identity or `credentials_secret` does it."""

    credentials_secret: NotRequired[pulumi.Input[str]]
    """Secret that is there already, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Only for `existing`. Default:
    none."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the bucket's claim. Only for `bucket-claim`. Default: true. To delete it,
    deploy with false first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectStorePlan:
    """An object store with every default applied."""

    name: str
    namespace: pulumi.Input[str]
    kind: ObjectStoreKind
    endpoint: pulumi.Input[str]
    bucket: pulumi.Input[str]
    region: str
    storage_class: str
    limits: Mapping[str, str]
    has_credentials: bool
    credentials_secret: pulumi.Input[str] | None
    protect: bool


_CLAIM_ONLY: Final = {
    "storage_class": "storageClass",
    "maximum_size": "maximumSize",
    "maximum_objects": "maximumObjects",
    "protect": "protect",
}
_EXISTING_ONLY: Final = {"credentials": "credentials", "credentials_secret": "credentialsSecret"}


def plan_object_store(args: ObjectStoreArgs, name: str) -> ObjectStorePlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, ObjectStoreArgs):
        problems.raise_if_any("ObjectStore")
    check_name(problems, "name", name, room=len("-credentials"))
    namespace, bucket = args["namespace"], args.get("bucket", name)
    if isinstance(namespace, str) and is_known(namespace):
        check_name(problems, "namespace", namespace)
    _check_endpoint(problems, args["endpoint"])
    if isinstance(bucket, str) and is_known(bucket) and not _BUCKET.fullmatch(bucket):
        problems.add(
            "bucket", f"'{bucket}' is not a bucket's name; give 3 to 63 lower-case letters, digits, . and inner -"
        )
    _check_kind(problems, args)
    limits = _limits(problems, args)
    problems.raise_if_any("ObjectStore")
    return ObjectStorePlan(
        name=name,
        namespace=namespace,
        kind=ObjectStoreKind(str(args["kind"])),
        endpoint=args["endpoint"],
        bucket=bucket,
        region=args.get("region", _REGION),
        storage_class=args.get("storage_class", ""),
        limits=limits,
        has_credentials="credentials" in args,
        credentials_secret=args.get("credentials_secret"),
        protect=args.get("protect", True),
    )


class ObjectStore(pulumi.ComponentResource):
    """A bucket, described so that a workload loads all it needs by `envFrom`.

    Makes a ConfigMap with the endpoint, region and bucket under the names that the AWS SDKs read, and either an
    ObjectBucketClaim, whose provisioner makes the bucket and a Secret with its keys, or a Secret with given keys, or
    none. Makes no storage service.

    Example: `ObjectStore("models", {"namespace": "serving", "kind": "bucket-claim", "storage_class": "ceph-bucket",
    "endpoint": "http://rook-ceph-rgw-store.rook-ceph.svc"})`
    """

    endpoint: pulumi.Output[str]
    """Address of the S3 service."""

    bucket: pulumi.Output[str]
    """Name of the bucket."""

    region: pulumi.Output[str]
    """Region by which requests are signed."""

    config_map: pulumi.Output[str]
    """ConfigMap with AWS_ENDPOINT_URL_S3, AWS_REGION and BUCKET_NAME."""

    secret: pulumi.Output[str]
    """Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; empty where the identity of the pods does it."""

    def __init__(self, name: str, args: ObjectStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("ObjectStore", name, partial(plan_object_store, name=name), args)
        credentials = {key: pulumi.Output.secret(value) for key, value in args.get("credentials", {}).items()}
        inputs = {**args, **({"credentials": credentials} if credentials else {})}
        super().__init__("aidc:index:ObjectStore", name, recorded(inputs), opts)
        child = pulumi.ResourceOptions(parent=self)
        self.endpoint = pulumi.Output.from_input(plan.endpoint)
        self.bucket = pulumi.Output.from_input(plan.bucket)
        self.region = pulumi.Output.from_input(plan.region)
        self.secret = _create_access(plan, credentials, child)
        self.config_map = KubernetesObject(f"{name}-endpoint", _config_map(plan), child).object_name
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "bucket": self.bucket,
                "region": self.region,
                "config_map": self.config_map,
                "secret": self.secret,
            }
        )


def _create_access(
    plan: ObjectStorePlan, credentials: Mapping[str, pulumi.Output[Any]], child: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Make what gives access to the bucket; return the name of the Secret with the keys."""
    if plan.kind is ObjectStoreKind.BUCKET_CLAIM:
        keep = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=plan.protect or None))
        claim = KubernetesObject(f"{plan.name}-bucket", _bucket_claim(plan), keep)
        # The provisioner gives the Secret, and a ConfigMap of its own, the name of the claim.
        return claim.object_name
    if credentials:
        return KubernetesObject(f"{plan.name}-credentials", _secret(plan, credentials), child).object_name
    return pulumi.Output.from_input("" if plan.credentials_secret is None else plan.credentials_secret)


def _bucket_claim(plan: ObjectStorePlan) -> dict[str, Any]:
    spec: dict[str, Any] = {"bucketName": plan.bucket, "storageClassName": plan.storage_class}
    if plan.limits:
        spec["additionalConfig"] = dict(plan.limits)
    return {
        "apiVersion": "objectbucket.io/v1alpha1",
        "kind": "ObjectBucketClaim",
        "metadata": _metadata(plan, plan.name),
        "spec": spec,
    }


def _secret(plan: ObjectStorePlan, credentials: Mapping[str, pulumi.Output[Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(plan, f"{plan.name}-credentials"),
        "type": "Opaque",
        "stringData": {
            "AWS_ACCESS_KEY_ID": credentials["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": credentials["secret_access_key"],
        },
    }


def _config_map(plan: ObjectStorePlan) -> dict[str, Any]:
    data = {"AWS_ENDPOINT_URL_S3": plan.endpoint, "AWS_REGION": plan.region, "BUCKET_NAME": plan.bucket}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(plan, f"{plan.name}-endpoint"),
        "data": data,
    }


def _metadata(plan: ObjectStorePlan, name: str) -> dict[str, Any]:
    return {"name": name, "namespace": plan.namespace, "labels": object_labels(plan.name, _COMPONENT)}


def _check_kind(problems: Problems, args: ObjectStoreArgs) -> None:
    kind = args["kind"]
    problems.choice("kind", kind, [each.value for each in ObjectStoreKind])
    foreign = {
        ObjectStoreKind.BUCKET_CLAIM.value: (_EXISTING_ONLY, ObjectStoreKind.EXISTING),
        ObjectStoreKind.EXISTING.value: (_CLAIM_ONLY, ObjectStoreKind.BUCKET_CLAIM),
    }
    if kind not in foreign:
        return
    fields, other = foreign[kind]
    for key, path in fields.items():
        if key in args:
            problems.add(path, f"belongs to the kind {other.value}; leave it out")
    if kind == ObjectStoreKind.BUCKET_CLAIM.value and not args.get("storage_class"):
        problems.add("storageClass", "missing; name the storage class of the buckets' provisioner")
    if "credentials" in args and "credentials_secret" in args:
        problems.add("credentialsSecret", "given together with credentials; give one of them")


def _check_endpoint(problems: Problems, endpoint: pulumi.Input[str]) -> None:
    if not isinstance(endpoint, str) or not is_known(endpoint):
        return
    try:
        parts = urlsplit(endpoint)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
        parts = urlsplit("")
    if not is_address or any(character.isspace() for character in endpoint):
        problems.add("endpoint", f"'{endpoint}' is not an address; write it like https://host:port")
    elif parts.username or parts.password:
        problems.add("endpoint", "contains a user or a password; give them as credentials")
    elif parts.query or parts.fragment:
        problems.add("endpoint", f"'{endpoint}' has a query; give the address alone")


def _limits(problems: Problems, args: ObjectStoreArgs) -> dict[str, str]:
    """Return the quota of a claimed bucket, as Rook reads it."""
    limits: dict[str, str] = {}
    if "maximum_size" in args:
        check_quantity(problems, "maximumSize", args["maximum_size"], unit="bytes")
        limits["maxSize"] = args["maximum_size"]
    if "maximum_objects" in args:
        problems.between("maximumObjects", int(args["maximum_objects"]), 1, unit="objects")
        limits["maxObjects"] = str(int(args["maximum_objects"]))
    return limits
