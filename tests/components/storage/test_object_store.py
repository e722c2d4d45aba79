"""Object stores: exact children, what workloads load, and secrets that stay secret."""

from typing import Any

import pulumi
import pytest

from aidc.components.storage import ObjectStore
from aidc.evaluation import ResourceGraph, evaluate
from aidc.problems import InvalidInput

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
BUCKET: dict[str, Any] = {
    "namespace": "serving",
    "kind": "bucket-claim",
    "endpoint": "http://store.rook-ceph.svc",
    "storage_class": "ceph-bucket",
}
EXISTING: dict[str, Any] = {
    "namespace": "serving",
    "kind": "existing",
    "endpoint": "https://s3.example.com",
    "bucket": "company-models",
    "region": "eu-west-1",
}
KEYS = {"access_key_id": "the-id", "secret_access_key": "the-key"}


def declare(args: dict[str, Any], *, preview: bool = False) -> ResourceGraph:
    return evaluate(lambda: ObjectStore("models", args), preview=preview)  # type: ignore[arg-type]


def children(graph: ResourceGraph) -> list[tuple[str, str]]:
    return sorted((r.type, r.name) for r in graph.descendants(graph.named("models", "aidc:index:ObjectStore").urn))


def test_a_claimed_bucket() -> None:
    graph = declare({**BUCKET, "maximum_size": "10Ti", "maximum_objects": 1000.0})
    assert children(graph) == [
        (CONFIG_MAP, "models-endpoint"),
        ("kubernetes:objectbucket.io/v1alpha1:ObjectBucketClaim", "models-bucket"),
    ]
    claim = graph.named("models-bucket")
    assert claim.inputs["metadata"]["name"] == "models"
    assert claim.inputs["spec"] == {
        "bucketName": "models",
        "storageClassName": "ceph-bucket",
        "additionalConfig": {"maxSize": "10Ti", "maxObjects": "1000"},
    }
    assert claim.protect
    assert not declare({**BUCKET, "protect": False}).named("models-bucket").protect


def test_a_bucket_that_exists() -> None:
    graph = declare({**EXISTING, "credentials": KEYS})
    assert children(graph) == [
        (CONFIG_MAP, "models-endpoint"),
        ("kubernetes:core/v1:Secret", "models-credentials"),
    ]
    assert graph.named("models-credentials").inputs["stringData"] == {
        "AWS_ACCESS_KEY_ID": "the-id",
        "AWS_SECRET_ACCESS_KEY": "the-key",
    }


def test_the_config_map_has_the_names_that_the_sdks_read() -> None:
    assert declare(EXISTING).named("models-endpoint").inputs["data"] == {
        "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
        "AWS_REGION": "eu-west-1",
        "BUCKET_NAME": "company-models",
    }


def test_keys_are_secrets_wherever_they_appear() -> None:
    graph = declare({**EXISTING, "credentials": KEYS})
    text = graph.to_json()
    assert "the-id" not in text
    assert "the-key" not in text
    assert graph.named("models", "aidc:index:ObjectStore").secrets


def test_keys_that_are_not_known_yet_stay_open_and_secret() -> None:
    class User(pulumi.CustomResource):
        key: pulumi.Output[str]

        def __init__(self) -> None:
            super().__init__("test:index:User", "user", {"key": None})

    def program() -> None:
        key = User().key
        args: Any = {**EXISTING, "credentials": {"access_key_id": key, "secret_access_key": key}}
        ObjectStore("models", args)

    secret = evaluate(program, preview=True).named("models-credentials")
    assert secret.secrets
    assert "stringData.AWS_ACCESS_KEY_ID" in secret.unknowns or "stringData" in secret.unknowns


@pytest.mark.parametrize(
    ("args", "secret"),
    [
        (BUCKET, "models"),
        (EXISTING, ""),
        ({**EXISTING, "credentials": KEYS}, "models-credentials"),
        ({**EXISTING, "credentials_secret": "keys"}, "keys"),
    ],
)
@pytest.mark.parametrize("preview", [False, True])
def test_workloads_are_told_what_to_load(args: dict[str, Any], secret: str, preview: bool) -> None:
    outputs = declare(args, preview=preview).named("models", "aidc:index:ObjectStore").outputs
    assert outputs == {
        "endpoint": args["endpoint"],
        "bucket": args.get("bucket", "models"),
        "bucket_arn": "",
        "region": args.get("region", "us-east-1"),
        "config_map": "models-endpoint",
        "secret": secret,
    }


def test_a_second_store_beside_the_first_collides_in_nothing() -> None:
    def program() -> None:
        for name in ("models", "logs"):
            ObjectStore(name, {**EXISTING, "credentials": KEYS})  # type: ignore[typeddict-item]
            ObjectStore(f"{name}-claim", BUCKET)  # type: ignore[arg-type]

    objects = [r for r in evaluate(program) if r.package == "kubernetes"]
    assert len({(r.type, r.inputs["metadata"]["name"]) for r in objects}) == len(objects) == 8


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match="ObjectStore 'models'"):
        declare({**EXISTING, "endpoint": "s3"})
