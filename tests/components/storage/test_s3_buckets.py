"""Buckets of S3: exact children and inputs, what everybody is denied, and who may do what."""

import json
from typing import Any

import pulumi
import pytest

from aidc.components.storage import AccessLogBucket, ObjectStore
from aidc.components.tenancy import Tenancy
from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.testing import assert_inputs, assert_known, assert_protected
from aidc.problems import InvalidInput

BUCKET = "aws:s3/bucket:Bucket"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
ALWAYS = {
    "bucket:Bucket",
    "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "bucketOwnershipControls:BucketOwnershipControls",
    "bucketPolicy:BucketPolicy",
    "bucketPublicAccessBlock:BucketPublicAccessBlock",
    "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "bucketVersioning:BucketVersioning",
}
EVERYTHING: dict[str, Any] = {
    "encryption_key": KEY,
    "noncurrent_days": 14,
    "abort_uploads_days": 3,
    "lifecycle": {"old": {"prefix": "runs/", "transitions": {"GLACIER_IR": 60}, "expiration_days": 400}},
    "archive_tiers": {"archive_days": 90, "prefix": "raw/"},
    "object_lock": {"mode": "GOVERNANCE", "days": 3.0},
    "access_log_bucket": "access-logs",
    "event_bridge": True,
    "cluster_name": "prod",
    "workloads": {"trainer": {"access": "read-write", "prefix": "runs/"}, "chat": {"access": "read"}},
    "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
}


def declare(args: dict[str, Any] | None = None, *, preview: bool = False, **more: Any) -> ResourceGraph:
    everything: Any = {"namespace": "research", "kind": "s3", **more}
    if args is not None:
        everything["s3"] = args
    return evaluate(lambda: ObjectStore("models", everything), preview=preview)


def of(graph: ResourceGraph, kind: str) -> Any:
    (found,) = [each for each in graph if each.type.startswith(f"aws:s3/{kind}:")]
    return found


def policy(graph: ResourceGraph, name: str) -> dict[str, dict[str, Any]]:
    """Return the statements of a policy by their ids."""
    (found,) = [each for each in graph if each.name == name and "policy" in each.inputs]
    return {each["Sid"]: each for each in json.loads(found.inputs["policy"])["Statement"]}


def test_a_bucket_needs_no_more_than_a_name() -> None:
    graph = declare()
    store = graph.named("models", "aidc:index:ObjectStore")
    children = [(each.type, each.name) for each in graph.descendants(store.urn)]
    assert sorted(children) == sorted(
        [(CONFIG_MAP, "models-endpoint"), *((f"aws:s3/{kind}", "models") for kind in ALWAYS)]
    )
    assert "bucket" not in of(graph, "bucket").inputs
    assert declare(bucket="company-models").named("models", BUCKET).inputs["bucket"] == "company-models"


def test_it_is_private_encrypted_versioned_and_cleaned_up() -> None:
    graph = declare({"encryption_key": KEY})
    assert_inputs(
        of(graph, "bucketPublicAccessBlock"),
        {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True, "restrictPublicBuckets": True},
    )
    assert of(graph, "bucketOwnershipControls").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert of(graph, "bucketServerSideEncryptionConfiguration").inputs["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
            "bucketKeyEnabled": True,
        }
    ]
    assert of(graph, "bucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    everything = {"prefix": ""}
    assert of(graph, "bucketLifecycleConfiguration").inputs["rules"] == [
        {
            "id": "abort-incomplete-uploads",
            "status": "Enabled",
            "filter": everything,
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
        },
        {
            "id": "expire-noncurrent-versions",
            "status": "Enabled",
            "filter": everything,
            "noncurrentVersionExpiration": {"noncurrentDays": 30},
            "expiration": {"expiredObjectDeleteMarker": True},
        },
    ]


def test_without_a_key_the_accounts_own_key_encrypts() -> None:
    (rule,) = of(declare(), "bucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms"}


def test_a_bucket_without_versions_expires_none() -> None:
    graph = declare({"versioning": False})
    assert of(graph, "bucketVersioning").inputs["versioningConfiguration"] == {"status": "Suspended"}
    assert [rule["id"] for rule in of(graph, "bucketLifecycleConfiguration").inputs["rules"]] == [
        "abort-incomplete-uploads"
    ]


def test_everybody_is_denied_plain_connections_and_old_tls() -> None:
    denied = policy(declare(), "models")
    assert set(denied) == {"DenyPlainConnections", "DenyOldTls"}
    for statement in denied.values():
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", ["s3:*"])
        assert statement["Resource"] == ["arn:aws:s3:::models", "arn:aws:s3:::models/*"]
    assert denied["DenyPlainConnections"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["DenyOldTls"]["Condition"] == {"NumericLessThan": {"s3:TlsVersion": "1.2"}}


def test_s3_never_gets_two_changes_of_access_at_once() -> None:
    graph = declare()
    block, owned = of(graph, "bucketPublicAccessBlock"), of(graph, "bucketOwnershipControls")
    assert block.urn in owned.dependencies
    assert {block.urn, owned.urn} <= set(of(graph, "bucketPolicy").dependencies)
    assert of(graph, "bucketVersioning").urn in of(graph, "bucketLifecycleConfiguration").dependencies


def test_the_bucket_is_protected_and_never_emptied() -> None:
    assert_protected(declare(), [BUCKET])
    assert of(declare(), "bucket").inputs["forceDestroy"] is False
    assert not of(declare(protect=False), "bucket").protect


def test_more_is_made_where_it_is_asked_for() -> None:
    graph = declare(EVERYTHING)
    assert {each.type.removeprefix("aws:s3/") for each in graph if each.type.startswith("aws:s3/")} == ALWAYS | {
        "bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration",
        "bucketLogging:BucketLogging",
        "bucketNotification:BucketNotification",
        "bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    }
    rules = {rule["id"]: rule for rule in of(graph, "bucketLifecycleConfiguration").inputs["rules"]}
    assert rules["abort-incomplete-uploads"]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 3}
    assert rules["old"] == {
        "id": "old",
        "status": "Enabled",
        "filter": {"prefix": "runs/"},
        "transitions": [{"days": 60, "storageClass": "GLACIER_IR"}],
        "expiration": {"days": 400},
    }
    tiers = of(graph, "bucketIntelligentTieringConfiguration").inputs
    assert tiers["tierings"] == [{"accessTier": "ARCHIVE_ACCESS", "days": 90}]
    assert tiers["filter"] == {"prefix": "raw/"}
    lock = of(graph, "bucketObjectLockConfiguration")
    assert lock.inputs["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 3}}
    assert_inputs(of(graph, "bucketLogging"), {"targetBucket": "access-logs", "targetPrefix": "models/"})
    assert of(graph, "bucketNotification").inputs["eventbridge"] is True


def test_locking_versions_later_keeps_the_bucket() -> None:
    before, after = of(declare(), "bucket"), of(declare({"object_lock": {"mode": "COMPLIANCE", "days": 1}}), "bucket")
    assert before.inputs == after.inputs


def test_workloads_are_told_where_the_bucket_is() -> None:
    graph = declare()
    outputs = graph.named("models", "aidc:index:ObjectStore").outputs
    assert outputs == {
        "endpoint": "https://s3.us-east-1.amazonaws.com",
        "bucket": "models",
        "bucket_arn": "arn:aws:s3:::models",
        "region": "us-east-1",
        "config_map": "models-endpoint",
        "secret": "",
    }
    assert graph.named("models-endpoint").inputs["data"] == {
        "AWS_ENDPOINT_URL_S3": "https://s3.us-east-1.amazonaws.com",
        "AWS_REGION": "us-east-1",
        "BUCKET_NAME": "models",
    }
    assert_known(graph)


def test_a_service_account_that_writes_reaches_its_prefix_and_the_key_through_s3() -> None:
    graph = declare(EVERYTHING)
    statements = policy(graph, "models-trainer-access")
    assert statements["ListObjects"]["Condition"] == {"StringLike": {"s3:prefix": ["runs/*"]}}
    assert statements["UseObjects"]["Resource"] == ["arn:aws:s3:::models/runs/*"]
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"} <= set(
        statements["UseObjects"]["Action"]
    )
    assert statements["UseKey"] == {
        "Sid": "UseKey",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": [KEY],
        "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
    }
    assert_inputs(
        graph.named("models-trainer", "aws:eks/podIdentityAssociation:PodIdentityAssociation"),
        {"clusterName": "prod", "namespace": "research", "serviceAccount": "trainer"},
    )
    role = graph.named("models-trainer", "aws:iam/role:Role")
    assert role.inputs["permissionsBoundary"] == EVERYTHING["permissions_boundary"]


def test_a_service_account_that_reads_changes_nothing() -> None:
    statements = policy(declare(EVERYTHING), "models-chat-access")
    actions = {action for each in statements.values() for action in each["Action"]}
    assert actions == {"s3:ListBucket", "s3:GetObject", "kms:Decrypt"}
    assert statements["UseObjects"]["Resource"] == ["arn:aws:s3:::models/*"]


def test_without_a_key_of_ones_own_no_key_is_granted() -> None:
    args = {"cluster_name": "prod", "workloads": {"chat": {"access": "read"}}}
    assert set(policy(declare(args), "models-chat-access")) == {"ListObjects", "UseObjects"}


def test_a_workload_may_have_another_name_than_its_service_account() -> None:
    workload = {"access": "read", "service_account": "workload", "namespace": "serving"}
    graph = declare({"cluster_name": "prod", "workloads": {"servers": workload}})
    assert_inputs(
        graph.named("models-servers", "aws:eks/podIdentityAssociation:PodIdentityAssociation"),
        {"namespace": "serving", "serviceAccount": "workload"},
    )


def test_one_service_account_is_there_once() -> None:
    workload = {"access": "read", "service_account": "workload", "namespace": "serving"}
    with pytest.raises(InvalidInput, match=r"s3\.workloads\.b: a is the service account 'workload' of 'serving' too"):
        declare({"cluster_name": "prod", "workloads": {"a": workload, "b": workload}})


def test_a_namespace_of_another_resource_must_be_repeated_for_a_workload() -> None:
    def program(**workload: Any) -> None:
        args: Any = {"cluster_name": "prod", "workloads": {"chat": {"access": "read", **workload}}}
        ObjectStore("models", {"namespace": Tenancy("research", {}).namespace, "kind": "s3", "s3": args})  # type: ignore[typeddict-item]

    with pytest.raises(InvalidInput, match=r"s3\.workloads\.chat\.namespace: missing"):
        evaluate(program)
    graph = evaluate(lambda: program(namespace="research"))
    assert graph.named("models-chat", "aws:eks/podIdentityAssociation:PodIdentityAssociation")


def test_the_first_preview_knows_no_name_and_ends_well() -> None:
    graph = declare(EVERYTHING, preview=True)
    assert set(graph.resources) == set(declare(EVERYTHING).resources)
    assert "policy" in of(graph, "bucketPolicy").unknowns


def test_what_comes_from_other_resources_stays_open() -> None:
    class Foundation(pulumi.CustomResource):
        key: pulumi.Output[str]
        cluster: pulumi.Output[str]

        def __init__(self) -> None:
            super().__init__("test:index:Foundation", "foundation", {"key": None, "cluster": None})

    def program() -> None:
        foundation = Foundation()
        args: Any = {"encryption_key": foundation.key, "cluster_name": foundation.cluster}
        args["workloads"] = {"chat": {"access": "read"}}
        ObjectStore("models", {"namespace": "research", "kind": "s3", "s3": args})  # type: ignore[typeddict-item]

    graph = evaluate(program, preview=True)
    encryption = of(graph, "bucketServerSideEncryptionConfiguration")
    assert "rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId" in encryption.unknowns
    assert "clusterName" in graph.named("models-chat", "aws:eks/podIdentityAssociation:PodIdentityAssociation").unknowns


def logs(args: dict[str, Any]) -> ResourceGraph:
    return evaluate(lambda: AccessLogBucket("access-logs", args))  # type: ignore[arg-type]


def test_a_bucket_of_access_logs_takes_those_of_this_account_alone() -> None:
    graph = logs({"retention_days": 90})
    assert {each.type.removeprefix("aws:s3/") for each in graph if each.type.startswith("aws:s3/")} == ALWAYS
    statements = policy(graph, "access-logs")
    assert set(statements) == {"WriteS3Logs", "DenyPlainConnections", "DenyOldTls"}
    assert statements["WriteS3Logs"] == {
        "Sid": "WriteS3Logs",
        "Effect": "Allow",
        "Principal": {"Service": ["logging.s3.amazonaws.com"]},
        "Action": ["s3:PutObject"],
        "Resource": ["arn:aws:s3:::access-logs/*"],
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }
    (encryption,) = of(graph, "bucketServerSideEncryptionConfiguration").inputs["rules"]
    assert encryption["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    rules = {rule["id"]: rule for rule in of(graph, "bucketLifecycleConfiguration").inputs["rules"]}
    assert rules["expire-logs"]["expiration"] == {"days": 90}
    assert_protected(graph, [BUCKET])
    assert graph.named("access-logs", "aidc:index:AccessLogBucket").outputs == {
        "bucket": "access-logs",
        "bucket_arn": "arn:aws:s3:::access-logs",
    }


def test_load_balancers_write_below_their_accounts_number() -> None:
    statements = policy(
        logs({"sources": ["application-load-balancer", "network-load-balancer"], "protect": False}), "access-logs"
    )
    assert "WriteS3Logs" not in statements
    for sid in ("WriteApplicationLogs", "WriteNetworkLogs"):
        assert statements[sid]["Resource"] == ["arn:aws:s3:::access-logs/*/AWSLogs/123456789012/*"]
        assert statements[sid]["Condition"]["ArnLike"]["aws:SourceArn"].startswith("arn:aws:")
    assert statements["ReadAclForNetworkLogs"]["Action"] == ["s3:GetBucketAcl"]


def test_logs_of_buckets_go_to_the_bucket_of_logs() -> None:
    def program() -> None:
        target = AccessLogBucket("access-logs", {})
        args: Any = {"access_log_bucket": target.bucket}
        for name in ("models", "data"):
            ObjectStore(name, {"namespace": "research", "kind": "s3", "s3": args})  # type: ignore[typeddict-item]

    graph = evaluate(program)
    logging = graph.of_type("aws:s3/bucketLogging:BucketLogging")
    assert {each.inputs["targetPrefix"] for each in logging} == {"models/", "data/"}
    # S3 refuses to log to a bucket whose policy does not let it write yet.
    allowed = graph.named("access-logs", "aws:s3/bucketPolicy:BucketPolicy").urn
    assert all(allowed in each.dependencies for each in logging)
