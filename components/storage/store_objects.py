"""The Kubernetes objects of an object store: what workloads load, and what a provisioner reads."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from ...infra.labels import object_labels

_COMPONENT: Final = "object-store"


def bucket_claim(
    name: str,
    namespace: pulumi.Input[str],
    *,
    bucket: pulumi.Input[str],
    storage_class: str,
    limits: Mapping[str, str],
) -> dict[str, Any]:
    """Return the claim from which a provisioner, such as Rook's, makes a bucket."""
    spec: dict[str, Any] = {"bucketName": bucket, "storageClassName": storage_class}
    if limits:
        spec["additionalConfig"] = dict(limits)
    return {
        "apiVersion": "objectbucket.io/v1alpha1",
        "kind": "ObjectBucketClaim",
        "metadata": _metadata(name, namespace, name),
        "spec": spec,
    }


def credentials_secret(
    name: str, namespace: pulumi.Input[str], credentials: Mapping[str, pulumi.Output[Any]]
) -> dict[str, Any]:
    """Return the Secret with the keys, under the names that the AWS SDKs read."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(name, namespace, f"{name}-credentials"),
        "type": "Opaque",
        "stringData": {
            "AWS_ACCESS_KEY_ID": credentials["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": credentials["secret_access_key"],
        },
    }


def endpoint_config(
    name: str,
    namespace: pulumi.Input[str],
    *,
    endpoint: pulumi.Input[str],
    region: pulumi.Input[str],
    bucket: pulumi.Input[str],
) -> dict[str, Any]:
    """Return the ConfigMap with where the bucket is, under the names that the AWS SDKs read."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(name, namespace, f"{name}-endpoint"),
        "data": {"AWS_ENDPOINT_URL_S3": endpoint, "AWS_REGION": region, "BUCKET_NAME": bucket},
    }


def _metadata(name: str, namespace: pulumi.Input[str], called: str) -> dict[str, Any]:
    return {"name": called, "namespace": namespace, "labels": object_labels(name, _COMPONENT)}
