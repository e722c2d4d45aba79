"""Keys, trails, threat detection, guards, boundaries and secrets: exact children, and what auditors look at."""

import json
from typing import Any

import pytest

from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.testing import assert_counts, assert_inputs, assert_known, assert_protected
from aidc.infra.security import (
    AccountGuards,
    AuditTrail,
    EncryptionKey,
    PermissionsBoundary,
    SecretStore,
    ThreatDetection,
)

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
FAR_KEY = KEY.replace("us-east-1", "us-west-2")


def declare(kind: Any, args: dict[str, Any], *, preview: bool = False) -> ResourceGraph:
    return evaluate(lambda: kind("thing", args), preview=preview)


def statements_of(graph: ResourceGraph, type: str, name: str = "thing", field: str = "policy") -> dict[str, Any]:
    return {each["Sid"]: each for each in json.loads(graph.named(name, type).inputs[field])["Statement"]}


def test_a_key_rotates_and_is_protected() -> None:
    graph = declare(EncryptionKey, {"purpose": "logs", "alias": "prod/logs"})
    assert_counts(graph, {"aidc:index:EncryptionKey": 1, "aws:kms/key:Key": 1, "aws:kms/alias:Alias": 1})
    assert_inputs(
        graph.named("thing", "aws:kms/key:Key"),
        {
            "enableKeyRotation": True,
            "isEnabled": True,
            "rotationPeriodInDays": 365,
            "deletionWindowInDays": 30,
            "multiRegion": False,
        },
    )
    assert graph.named("thing", "aws:kms/alias:Alias").inputs["name"] == "alias/prod/logs"
    assert_protected(graph, ["aws:kms/key:Key"])
    assert_known(graph)


def test_a_key_can_be_given_up() -> None:
    graph = declare(EncryptionKey, {"purpose": "logs", "protect": False})
    assert not graph.named("thing", "aws:kms/key:Key").protect


def test_a_replica_of_a_key_is_in_its_own_region() -> None:
    graph = declare(EncryptionKey, {"purpose": "backup", "region": "us-west-2", "replica_of": KEY})
    replica = graph.named("thing", "aws:kms/replicaKey:ReplicaKey")
    assert_inputs(replica, {"primaryKeyArn": KEY, "region": "us-west-2", "enabled": True})
    assert graph.named("thing", "aws:kms/alias:Alias").inputs["region"] == "us-west-2"
    assert not list(graph.of_type("aws:kms/key:Key"))


def test_the_policy_names_the_region_of_the_key() -> None:
    graph = declare(EncryptionKey, {"purpose": "logs", "region": "eu-west-1"})
    services = statements_of(graph, "aws:kms/key:Key")["EncryptLogGroups"]["Principal"]["Service"]
    assert services == ["logs.eu-west-1.amazonaws.com"]


def test_the_role_of_auto_scaling_comes_before_the_key_and_stays() -> None:
    graph = declare(EncryptionKey, {"purpose": "volumes", "creates_auto_scaling_role": True})
    role = graph.named("thing-auto-scaling")
    assert role.retain_on_delete
    assert role.urn in graph.named("thing", "aws:kms/key:Key").dependencies


def test_a_trail_covers_all_regions_and_shows_changes() -> None:
    graph = declare(AuditTrail, {"encryption_key": KEY, "data_event_buckets": ["arn:aws:s3:::data"], "insights": True})
    trail = graph.named("thing", "aws:cloudtrail/trail:Trail")
    assert_inputs(
        trail,
        {
            "isMultiRegionTrail": True,
            "includeGlobalServiceEvents": True,
            "enableLogFileValidation": True,
            "enableLogging": True,
            "kmsKeyId": KEY,
            "insightSelectors": [{"insightType": "ApiCallRateInsight"}, {"insightType": "ApiErrorRateInsight"}],
        },
    )
    objects = trail.inputs["advancedEventSelectors"][1]["fieldSelectors"][2]
    assert objects == {"field": "resources.ARN", "startsWiths": ["arn:aws:s3:::data/"]}
    # CloudTrail checks at once whether it may write.
    assert graph.named("thing-events", "aws:s3/bucketPolicy:BucketPolicy").urn in trail.dependencies
    assert_protected(graph, ["aws:cloudtrail/trail:Trail", "aws:s3/bucket:Bucket"])
    assert_known(graph)


def test_the_bucket_of_a_trail_is_private_in_every_way() -> None:
    graph = declare(AuditTrail, {"encryption_key": KEY, "access_log_bucket": "logs"})
    assert_counts(
        graph,
        {
            "aidc:index:AuditTrail": 1,
            "aws:cloudtrail/trail:Trail": 1,
            "aws:s3/bucket:Bucket": 1,
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
            "aws:s3/bucketLogging:BucketLogging": 1,
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls": 1,
            "aws:s3/bucketPolicy:BucketPolicy": 1,
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
            "aws:s3/bucketVersioning:BucketVersioning": 1,
        },
    )
    block = next(iter(graph.of_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"))).inputs
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert all(block[flag] is True for flag in flags)
    kind = "ServerSideEncryptionConfiguration"
    encryption = next(iter(graph.of_type(f"aws:s3/bucket{kind}:Bucket{kind}")))
    rule = encryption.inputs["rules"][0]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    lifecycle = next(iter(graph.of_type("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")))
    assert [each["id"] for each in lifecycle.inputs["rules"]] == ["abort-abandoned-uploads", "expire"]
    assert lifecycle.inputs["rules"][1]["transitions"] == [{"days": 90, "storageClass": "GLACIER"}]


def test_only_this_trail_writes_to_its_bucket_and_over_tls() -> None:
    graph = declare(AuditTrail, {"encryption_key": KEY, "trail_name": "prod"})
    statements = statements_of(graph, "aws:s3/bucketPolicy:BucketPolicy", "thing-events")
    trail = "arn:aws:cloudtrail:us-east-1:123456789012:trail/prod"
    assert statements["WriteEvents"]["Condition"]["StringEquals"]["aws:SourceArn"] == trail
    assert statements["WriteEvents"]["Resource"][0].endswith("/AWSLogs/123456789012/*")
    assert statements["DenyPlainConnections"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert {sid for sid, each in statements.items() if each["Effect"] == "Allow"} == {"CheckOwner", "WriteEvents"}


def test_a_log_group_is_encrypted_bounded_and_written_by_its_role() -> None:
    graph = declare(AuditTrail, {"encryption_key": KEY, "trail_name": "prod", "cloudwatch_retention_days": 90})
    group = graph.named("thing-events", "aws:cloudwatch/logGroup:LogGroup")
    assert_inputs(group, {"name": "/aws/cloudtrail/prod", "retentionInDays": 90, "kmsKeyId": KEY})
    (write,) = statements_of(graph, "aws:iam/rolePolicy:RolePolicy", "thing-logs-write").values()
    assert write["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert ":log-group:/aws/cloudtrail/prod:log-stream:123456789012_CloudTrail_*" in write["Resource"][0]
    trail = graph.named("thing", "aws:cloudtrail/trail:Trail")
    assert trail.inputs["cloudWatchLogsGroupArn"].endswith(":log-group:/aws/cloudtrail/prod:*")
    assert graph.named("thing-logs-write").urn in trail.dependencies


def test_threat_detection_turns_on_what_was_chosen() -> None:
    graph = declare(ThreatDetection, {"encryption_key": KEY})
    features = {
        each.inputs["name"]: each.inputs for each in graph.of_type("aws:guardduty/detectorFeature:DetectorFeature")
    }
    assert set(features) == {"EBS_MALWARE_PROTECTION", "EKS_AUDIT_LOGS", "RUNTIME_MONITORING", "S3_DATA_EVENTS"}
    assert all(each["status"] == "ENABLED" for each in features.values())
    agents = {each["name"]: each["status"] for each in features["RUNTIME_MONITORING"]["additionalConfigurations"]}
    assert agents == {
        "EKS_ADDON_MANAGEMENT": "ENABLED",
        "ECS_FARGATE_AGENT_MANAGEMENT": "DISABLED",
        "EC2_AGENT_MANAGEMENT": "DISABLED",
    }
    assert_protected(graph, ["aws:guardduty/detector:Detector"])
    assert_known(graph)


def test_a_detector_that_is_there_is_used() -> None:
    graph = declare(
        ThreatDetection, {"encryption_key": KEY, "existing_detector": "abc", "features": ["eks-audit-logs"]}
    )
    assert not list(graph.of_type("aws:guardduty/detector:Detector"))
    assert graph.named("thing-eks-audit-logs").inputs["detectorId"] == "abc"


def test_findings_reach_people_by_an_encrypted_topic() -> None:
    graph = declare(ThreatDetection, {"encryption_key": KEY, "email_addresses": ["b@example.com", "a@example.com"]})
    topic = graph.named("thing-findings", "aws:sns/topic:Topic")
    assert topic.inputs["kmsMasterKeyId"] == KEY
    statements = statements_of(graph, "aws:sns/topicPolicy:TopicPolicy", "thing-findings")
    publish = statements["PublishFindings"]
    assert publish["Principal"] == {"Service": ["events.amazonaws.com"]}
    assert ":rule/" in publish["Condition"]["ArnEquals"]["aws:SourceArn"]
    found = [each.inputs["endpoint"] for each in graph.of_type("aws:sns/topicSubscription:TopicSubscription")]
    assert sorted(found) == ["a@example.com", "b@example.com"]


GUARDS = {
    "block_public_buckets": ["aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"],
    "block_public_images": [
        "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
        "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess",
    ],
    "encrypt_volumes": ["aws:ebs/encryptionByDefault:EncryptionByDefault"],
    "require_metadata_tokens": ["aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"],
}


@pytest.mark.parametrize("off", [*GUARDS, None])
def test_each_guard_can_be_left_out(off: str | None) -> None:
    graph = declare(AccountGuards, {off: False} if off else {})
    wanted = sorted(type for key, types in GUARDS.items() if key != off for type in types)
    assert sorted(each.type for each in graph if each.custom and each.type != "pulumi:pulumi:Stack") == wanted
    assert graph.named("thing", "aidc:index:AccountGuards").outputs["guards"] == [key for key in GUARDS if key != off]


def test_new_volumes_have_the_key_that_was_given() -> None:
    graph = declare(AccountGuards, {"volume_key": KEY})
    assert graph.named("thing", "aws:ebs/defaultKmsKey:DefaultKmsKey").inputs["keyArn"] == KEY


def test_metadata_needs_a_token_and_stays_on_the_instance() -> None:
    defaults = declare(AccountGuards, {}).named("thing", "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults")
    assert_inputs(defaults, {"httpTokens": "required", "httpPutResponseHopLimit": 1})


def test_a_boundary_is_one_policy_that_names_itself() -> None:
    graph = declare(PermissionsBoundary, {"regions": ["us-east-1"], "policy_name": "prod-boundary"})
    policy = graph.named("thing", "aws:iam/policy:Policy")
    own = statements_of(graph, "aws:iam/policy:Policy")["DenyChangingBoundary"]["Resource"]
    assert own == ["arn:aws:iam::123456789012:policy/prod-boundary"]
    assert policy.inputs["name"] == "prod-boundary"
    assert policy.protect


SECRETS: dict[str, Any] = {
    "encryption_key": KEY,
    "path": "prod",
    "secrets": {
        "hub-token": {
            "description": "Token of the hub",
            "namespaces": ["serving", "research"],
            "replica_regions": {"us-west-2": FAR_KEY},
        },
        "license": {"description": "For the controller, which reads it itself", "recovery_window_days": 7},
    },
}


def test_secrets_are_declared_without_a_value() -> None:
    graph = declare(SecretStore, SECRETS)
    token = graph.named("thing-hub-token", "aws:secretsmanager/secret:Secret")
    assert_inputs(
        token,
        {
            "name": "prod/hub-token",
            "kmsKeyId": KEY,
            "recoveryWindowInDays": 30,
            "replicas": [{"region": "us-west-2", "kmsKeyId": FAR_KEY}],
        },
    )
    assert not [each for each in graph if "secretVersion" in each.type or each.type == "kubernetes:core/v1:Secret"]
    assert graph.named("thing-license").inputs["recoveryWindowInDays"] == 7
    assert_protected(graph, ["aws:secretsmanager/secret:Secret"])
    assert_known(graph)


def test_a_cluster_reads_them_through_external_secrets() -> None:
    graph = declare(SecretStore, SECRETS)
    store = graph.named("thing-store")
    assert store.inputs["spec"] == {
        "provider": {"aws": {"service": "SecretsManager", "region": "us-east-1"}},
        "conditions": [{"namespaces": ["research", "serving"]}],
    }
    wanted = graph.named("thing-serving-hub-token")
    assert wanted.inputs["metadata"]["namespace"] == "serving"
    assert wanted.inputs["spec"]["dataFrom"] == [{"extract": {"key": "prod/hub-token"}}]
    assert store.urn in wanted.dependencies
    assert len(list(graph.of_type("kubernetes:external-secrets.io/v1:ExternalSecret"))) == 2


def test_without_namespaces_no_cluster_is_needed() -> None:
    graph = declare(SecretStore, {"encryption_key": KEY, "secrets": {"a": {"description": "b"}}})
    assert not [each for each in graph if each.type.startswith("kubernetes:")]
    assert graph.named("thing").outputs.get("store_name") is None
