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
from ...infra.identity import current_region
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name
from ...infra.quantities import check_quantity
from ...problems import Problems, camel_case
from .s3_access import create_grants, s3_host
from .s3_bucket import BucketPlan, S3Bucket, create_bucket, plan_bucket
from .store_objects import bucket_claim, credentials_secret, endpoint_config

_REGION: Final = "us-east-1"
_BUCKET: Final = re.compile(r"[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]")


class ObjectStoreKind(StrEnum):
    """Where the bucket comes from."""

    BUCKET_CLAIM = "bucket-claim"
    EXISTING = "existing"
    S3 = "s3"


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
    """`bucket-claim` (Ceph or another provisioner of ObjectBucketClaims makes the bucket), `existing`, or `s3` (a new
    bucket of Amazon S3, in the account and the region of the AWS provider)."""

    endpoint: NotRequired[pulumi.Input[str]]
    """Address of the S3 service, such as `http://rook-ceph-rgw-store.rook-ceph.svc`. Needed, except for `s3`.
    Default: for `s3`, `https://s3.<region>.amazonaws.com`."""

    bucket: NotRequired[pulumi.Input[str]]
    """Name of the bucket. Default: the component's name; for `s3`, one that Pulumi makes from it."""

    region: NotRequired[str]
    """Region by which requests are signed. Not for `s3`. Default: `us-east-1`, which Ceph accepts too; for `s3`, the
    AWS provider's."""

    s3: NotRequired[S3Bucket]
    """More about the bucket. Only for `s3`. Default: every default of S3Bucket."""

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
    """Whether Pulumi refuses to delete the bucket or its claim. Not for `existing`. Default: true. To delete it,
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
    s3: BucketPlan | None = None
    """The bucket that is made; None where none is made in AWS."""


_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "storage_class": ("bucket-claim",),
    "maximum_size": ("bucket-claim",),
    "maximum_objects": ("bucket-claim",),
    "protect": ("bucket-claim", "s3"),
    "credentials": ("existing",),
    "credentials_secret": ("existing",),
    "endpoint": ("bucket-claim", "existing"),
    "region": ("bucket-claim", "existing"),
    "s3": ("s3",),
}
"""The kinds that a field belongs to, where it is not for all."""


def plan_object_store(args: ObjectStoreArgs, name: str) -> ObjectStorePlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, ObjectStoreArgs):
        problems.raise_if_any("ObjectStore")
    check_name(problems, "name", name, room=len("-credentials"))
    bucket = args.get("bucket", name)
    _check_endpoint(problems, args.get("endpoint", "https://s3"))
    if isinstance(bucket, str) and is_known(bucket) and not _BUCKET.fullmatch(bucket):
        problems.add(
            "bucket", f"'{bucket}' is not a bucket's name; give 3 to 63 lower-case letters, digits, . and inner -"
        )
    _check_kind(problems, args)
    limits = _limits(problems, args)
    made = None
    if args["kind"] == ObjectStoreKind.S3.value:
        with problems.under("s3"):
            made = plan_bucket(
                problems,
                args.get("s3", {}),
                name=name,
                bucket=args.get("bucket"),
                namespace=args["namespace"],
                protect=args.get("protect", True),
            )
    problems.raise_if_any("ObjectStore")
    return ObjectStorePlan(
        name=name,
        namespace=args["namespace"],
        kind=ObjectStoreKind(str(args["kind"])),
        endpoint=args.get("endpoint", ""),
        bucket=bucket,
        region=args.get("region", _REGION),
        storage_class=args.get("storage_class", ""),
        limits=limits,
        has_credentials="credentials" in args,
        credentials_secret=args.get("credentials_secret"),
        protect=args.get("protect", True),
        s3=made,
    )


class ObjectStore(pulumi.ComponentResource):
    """A bucket, described so that a workload loads all it needs by `envFrom`.

    Makes a ConfigMap with the endpoint, region and bucket under the names that the AWS SDKs read, and either an
    ObjectBucketClaim, whose provisioner makes the bucket and a Secret with its keys, or a Secret with given keys, or
    a private bucket of Amazon S3 with a role for each service account that may use it. Makes no storage service.

    Example: `ObjectStore("models", {"namespace": "serving", "kind": "s3", "s3": {"cluster_name": "prod",
    "workloads": {"chat": {"access": "read"}}}})`
    """

    endpoint: pulumi.Output[str]
    """Address of the S3 service."""

    bucket: pulumi.Output[str]
    """Name of the bucket."""

    bucket_arn: pulumi.Output[str]
    """ARN of the bucket; empty where none is made in AWS."""

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
        self.bucket_arn = pulumi.Output.from_input("")
        self.region = pulumi.Output.from_input(plan.region)
        if plan.s3 is not None:
            self._make_bucket(plan.s3, args.get("s3", {}))
        self.secret = _create_access(plan, credentials, child)
        config = endpoint_config(name, plan.namespace, endpoint=self.endpoint, region=self.region, bucket=self.bucket)
        self.config_map = KubernetesObject(f"{name}-endpoint", config, child).object_name
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "bucket": self.bucket,
                "bucket_arn": self.bucket_arn,
                "region": self.region,
                "config_map": self.config_map,
                "secret": self.secret,
            }
        )

    def _make_bucket(self, plan: BucketPlan, args: S3Bucket) -> None:
        child = pulumi.ResourceOptions(parent=self)
        made = create_bucket(plan, child)
        self.bucket, self.bucket_arn = made.bucket.bucket, made.arn_with_versions
        self.region = current_region(self)
        self.endpoint = self.region.apply(lambda region: f"https://{s3_host(region)}")
        if plan.grants:
            create_grants(
                plan.name,
                plan.grants,
                cluster_name=args.get("cluster_name", ""),
                bucket_arn=made.bucket.arn,
                encryption_key=plan.encryption_key,
                region=self.region,
                permissions_boundary=args.get("permissions_boundary"),
                opts=child,
            )


def _create_access(
    plan: ObjectStorePlan, credentials: Mapping[str, pulumi.Output[Any]], child: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Make what gives access to the bucket; return the name of the Secret with the keys."""
    if plan.kind is ObjectStoreKind.BUCKET_CLAIM:
        keep = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=plan.protect or None))
        manifest = bucket_claim(
            plan.name, plan.namespace, bucket=plan.bucket, storage_class=plan.storage_class, limits=plan.limits
        )
        # The provisioner gives the Secret, and a ConfigMap of its own, the name of the claim.
        return KubernetesObject(f"{plan.name}-bucket", manifest, keep).object_name
    if credentials:
        manifest = credentials_secret(plan.name, plan.namespace, credentials)
        return KubernetesObject(f"{plan.name}-credentials", manifest, child).object_name
    return pulumi.Output.from_input("" if plan.credentials_secret is None else plan.credentials_secret)


def _check_kind(problems: Problems, args: ObjectStoreArgs) -> None:
    kind = args["kind"]
    problems.choice("kind", kind, [each.value for each in ObjectStoreKind])
    if kind not in [each.value for each in ObjectStoreKind]:
        return
    for key, kinds in _KINDS.items():
        if key in args and kind not in kinds:
            problems.add(camel_case(key), f"belongs to the kind {' or '.join(kinds)}; leave it out")
    if kind == ObjectStoreKind.BUCKET_CLAIM.value and not args.get("storage_class"):
        problems.add("storageClass", "missing; name the storage class of the buckets' provisioner")
    if kind != ObjectStoreKind.S3.value and "endpoint" not in args:
        problems.add("endpoint", "missing; give the address of the S3 service")
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
