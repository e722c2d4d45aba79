"""Backups, copies, recovery sites and Velero: exact children, least privilege, and two regions."""

import json
from typing import Any

import pulumi
import pytest

from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.testing import assert_counts, assert_inputs, assert_known, assert_protected
from aidc.infra.recovery import BackupPlan, BucketReplication, RecoverySite, Velero

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
FAR_KEY = KEY.replace("us-east-1", "us-west-2")
VAULT = "arn:aws:backup:us-west-2:123456789012:backup-vault:west"
COPY: dict[str, Any] = {
    "source_bucket_arn": "arn:aws:s3:::here",
    "source_key": KEY,
    "destination_bucket_arn": "arn:aws:s3:::there",
    "destination_key": FAR_KEY,
    "destination_region": "us-west-2",
}
VELERO: dict[str, Any] = {"cluster_name": "prod", "bucket": "backups", "encryption_key": KEY}


def declare(kind: Any, args: dict[str, Any], *, preview: bool = False) -> ResourceGraph:
    return evaluate(lambda: kind("thing", args), preview=preview)


def statements_of(graph: ResourceGraph, name: str) -> dict[str, Any]:
    document = json.loads(graph.named(name, "aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    return {each["Sid"]: each for each in document["Statement"]}


def test_backups_have_a_vault_a_plan_and_two_roles() -> None:
    graph = declare(BackupPlan, {"encryption_key": KEY, "selection_tags": {"backup": "daily"}})
    assert_counts(
        graph,
        {
            "aidc:index:BackupPlan": 1,
            "aws:backup/plan:Plan": 1,
            "aws:backup/selection:Selection": 1,
            "aws:backup/vault:Vault": 1,
            "aws:iam/role:Role": 2,
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment": 4,
        },
    )
    assert_inputs(graph.named("thing", "aws:backup/vault:Vault"), {"kmsKeyArn": KEY, "forceDestroy": False})
    assert_protected(graph, ["aws:backup/vault:Vault"])
    assert_known(graph)


def test_rules_copy_into_the_second_region() -> None:
    daily = {"cron": "0 5 * * ? *", "delete_after_days": 35, "copy_to": VAULT, "copy_delete_after_days": 90}
    graph = declare(
        BackupPlan, {"encryption_key": KEY, "selection_tags": {"backup": "daily"}, "schedules": {"daily": daily}}
    )
    (rule,) = graph.named("thing", "aws:backup/plan:Plan").inputs["rules"]
    assert rule["copyActions"] == [{"destinationVaultArn": VAULT, "lifecycle": {"deleteAfter": 90}}]
    assert rule["schedule"] == "cron(0 5 * * ? *)"
    assert (rule["startWindow"], rule["completionWindow"]) == (60, 720)


def test_what_is_backed_up_is_chosen_by_tag_and_arn() -> None:
    file_system = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1"
    graph = declare(
        BackupPlan, {"encryption_key": KEY, "selection_tags": {"backup": "daily"}, "resources": {"home": file_system}}
    )
    selection = graph.named("thing", "aws:backup/selection:Selection")
    assert selection.inputs["selectionTags"] == [{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}]
    assert selection.inputs["resources"] == [file_system]
    attached = [each.urn for each in graph.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")]
    assert {urn for urn in attached if "thing-backup-" in urn} <= set(selection.dependencies)


def test_one_role_backs_up_and_another_restores() -> None:
    graph = declare(BackupPlan, {"encryption_key": KEY, "selection_tags": {"backup": "daily"}, "region": "cn-north-1"})
    attached = {
        each.name: each.inputs["policyArn"]
        for each in graph.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    }
    start = "arn:aws-cn:iam::aws:policy/"
    assert attached == {
        "thing-backup-backup": f"{start}service-role/AWSBackupServiceRolePolicyForBackup",
        "thing-backup-s3": f"{start}AWSBackupServiceRolePolicyForS3Backup",
        "thing-restore-restore": f"{start}service-role/AWSBackupServiceRolePolicyForRestores",
        "thing-restore-s3": f"{start}AWSBackupServiceRolePolicyForS3Restore",
    }


def test_a_lock_can_be_final() -> None:
    lock = {"minimum_days": 7, "maximum_days": 400, "grace_days": 3}
    graph = declare(BackupPlan, {"encryption_key": KEY, "selection_tags": {"a": "b"}, "vault_lock": lock})
    made = graph.named("thing", "aws:backup/vaultLockConfiguration:VaultLockConfiguration")
    assert_inputs(made, {"minRetentionDays": 7, "maxRetentionDays": 400, "changeableForDays": 3})


def test_a_replication_reaches_two_buckets_and_two_keys() -> None:
    graph = declare(BucketReplication, COPY)
    statements = statements_of(graph, "thing-replication-replicate")
    assert {resource for each in statements.values() for resource in each["Resource"]} == {
        *("arn:aws:s3:::here", "arn:aws:s3:::here/*", "arn:aws:s3:::there/*"),
        *(KEY, FAR_KEY),
    }
    assert statements["Decrypt"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::here", "arn:aws:s3:::here/*"]},
    }
    assert statements["Encrypt"]["Condition"]["StringEquals"] == {"kms:ViaService": "s3.us-west-2.amazonaws.com"}
    assert not any("*" in action for each in statements.values() for action in each["Action"])
    assert_known(graph)


def test_a_replication_encrypts_copies_and_copies_deletions() -> None:
    made = declare(BucketReplication, COPY).named("thing", "aws:s3/bucketReplicationConfig:BucketReplicationConfig")
    assert made.inputs["bucket"] == "here"
    (rule,) = made.inputs["rules"]
    assert rule["filter"] == {"prefix": ""}
    assert rule["deleteMarkerReplication"] == {"status": "Enabled"}
    assert rule["destination"]["encryptionConfiguration"] == {"replicaKmsKeyId": FAR_KEY}


def test_a_site_is_a_stack_of_its_own_by_data_alone() -> None:
    graph = declare(RecoverySite, {"buckets": {"checkpoints": {"archive_after_days": 30}}})
    assert_counts(
        graph,
        {
            "aidc:index:EncryptionKey": 2,
            "aidc:index:RecoverySite": 1,
            "aws:backup/vault:Vault": 1,
            "aws:kms/alias:Alias": 2,
            "aws:kms/key:Key": 2,
            "aws:s3/bucket:Bucket": 1,
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls": 1,
            "aws:s3/bucketPolicy:BucketPolicy": 1,
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
            "aws:s3/bucketVersioning:BucketVersioning": 1,
        },
    )
    rules = graph.named("thing-checkpoints", _lifecycle()).inputs["rules"]
    assert [each["id"] for each in rules] == ["abort-abandoned-uploads", "expire-old-versions", "archive"]
    assert rules[1]["noncurrentVersionExpiration"] == {"noncurrentDays": 90}
    assert_protected(graph, ["aws:kms/key:Key", "aws:s3/bucket:Bucket", "aws:backup/vault:Vault"])
    assert_known(graph)


def test_a_site_in_one_stack_is_in_its_region() -> None:
    graph = declare(RecoverySite, {"buckets": {"data": {}}, "region": "us-west-2"})
    for each in graph:
        if each.type.startswith("aws:"):
            assert each.inputs["region"] == "us-west-2", each
    outputs = graph.named("thing", "aidc:index:RecoverySite").outputs
    assert outputs["vault_arn"].startswith("arn:aws:backup:us-west-2:")
    assert outputs["storage_key_arn"] != outputs["backup_key_arn"]


def test_keys_that_are_there_are_used() -> None:
    graph = declare(RecoverySite, {"storage_key": FAR_KEY, "backup_key": FAR_KEY})
    assert not list(graph.of_type("aws:kms/key:Key"))
    assert graph.named("thing", "aws:backup/vault:Vault").inputs["kmsKeyArn"] == FAR_KEY


def test_a_bucket_more_changes_nothing_else() -> None:
    before = declare(RecoverySite, {"buckets": {"models": {}}})
    after = {each.urn: each.inputs for each in declare(RecoverySite, {"buckets": {"models": {}, "a-data": {}}})}
    for each in before:
        if each.type.startswith("aws:"):
            assert after[each.urn] == each.inputs


def test_copies_wait_until_the_bucket_keeps_versions() -> None:
    def program() -> None:
        site = RecoverySite("west", {"region": "us-west-2", "buckets": {"data": {}}})
        BucketReplication(
            "copies",
            {
                **COPY,  # type: ignore[typeddict-item]
                "destination_bucket_arn": site.bucket_arns["data"],
                "destination_key": site.storage_key_arn,
            },
        )

    graph = evaluate(program)
    replication = graph.named("copies", "aws:s3/bucketReplicationConfig:BucketReplicationConfig")
    versioning = graph.named("west-data", "aws:s3/bucketVersioning:BucketVersioning")
    assert versioning.urn in replication.dependencies


@pytest.mark.parametrize("preview", [True, False])
def test_a_bucket_that_is_not_known_yet_can_be_copied(preview: bool) -> None:
    waiting = pulumi.Output.from_input("arn:aws:s3:::later")
    graph = declare(BucketReplication, {**COPY, "source_bucket_arn": waiting}, preview=preview)
    assert len(list(graph.of_type("aws:s3/bucketReplicationConfig:BucketReplicationConfig"))) == 1


def test_velero_reaches_its_part_of_the_bucket_and_the_volumes_of_its_cluster() -> None:
    graph = declare(Velero, {**VELERO, "prefix": "clusters/prod", "volume_keys": [KEY]})
    statements = statements_of(graph, "thing-access")
    assert statements["KeepBackups"]["Resource"] == ["arn:aws:s3:::backups/clusters/prod/*"]
    assert statements["ListBackups"]["Condition"] == {"StringLike": {"s3:prefix": ["clusters/prod", "clusters/prod/*"]}}
    assert statements["SnapshotVolumesOfCluster"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/KubernetesCluster": "prod"}
    }
    broad = {sid for sid, each in statements.items() if each["Resource"] == ["*"]}
    assert broad == {"FindVolumes"}
    assert statements["GrantToVolumes"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_velero_without_snapshots_touches_no_volume() -> None:
    graph = declare(Velero, {**VELERO, "snapshots": False})
    assert set(statements_of(graph, "thing-access")) == {"EncryptBackups", "KeepBackups", "ListBackups"}


def test_velero_has_its_identity_before_it_starts() -> None:
    graph = declare(Velero, VELERO)
    release = graph.named("thing", "kubernetes:helm.sh/v3:Release")
    association = graph.named("thing", "aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert association.inputs["serviceAccount"] == "velero"
    assert association.urn in release.dependencies
    assert release.inputs["values"]["serviceAccount"] == {"server": {"create": True, "name": "velero"}}
    assert release.inputs["createNamespace"] is True


def _lifecycle() -> str:
    return "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
