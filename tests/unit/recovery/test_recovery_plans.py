"""Plans of backups, replications, sites and Velero: defaults and refusals."""

from typing import Any

import pytest

from aidc.infra.recovery.backup_plan import plan_backup_plan
from aidc.infra.recovery.backup_schedule import plan_rule
from aidc.infra.recovery.bucket_replication import plan_bucket_replication, replication_rules
from aidc.infra.recovery.recovery_site import plan_recovery_site
from aidc.infra.recovery.velero import plan_velero, velero_values
from aidc.problems import InvalidInput

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
BACKUP = {"encryption_key": KEY, "selection_tags": {"backup": "daily"}}
COPY = {
    "source_bucket_arn": "arn:aws:s3:::here",
    "source_key": KEY,
    "destination_bucket_arn": "arn:aws:s3:::there",
    "destination_key": KEY,
    "destination_region": "us-west-2",
}
VELERO = {"cluster_name": "prod", "bucket": "backups", "encryption_key": KEY}


def scheduled(**more: Any) -> dict[str, Any]:
    return {**BACKUP, "schedules": {"daily": {"cron": "0 5 * * ? *", "delete_after_days": 35, **more}}}


@pytest.mark.parametrize(
    ("plan", "args", "path", "said"),
    [
        (plan_backup_plan, {"encryption_key": KEY}, "selectionTags", "no resources"),
        (plan_backup_plan, {**BACKUP, "schedules": {}}, "schedules", "none given"),
        (plan_backup_plan, scheduled(cron="0 5 * * *"), "schedules.daily.cron", "six fields"),
        (plan_backup_plan, scheduled(cron="0 5 * * * *"), "schedules.daily.cron", "needs ?"),
        (plan_backup_plan, scheduled(delete_after_days=0), "schedules.daily.deleteAfterDays", "1 day or more"),
        (plan_backup_plan, scheduled(cold_storage_after_days=30), "schedules.daily.deleteAfterDays", "give 120"),
        (
            plan_backup_plan,
            scheduled(is_continuous=True, delete_after_days=36),
            "schedules.daily.deleteAfterDays",
            "35",
        ),
        (plan_backup_plan, scheduled(copy_delete_after_days=9), "schedules.daily.copyDeleteAfterDays", "copyTo"),
        (plan_backup_plan, scheduled(start_window_minutes=30), "schedules.daily.startWindowMinutes", "60 minutes"),
        (plan_backup_plan, scheduled(completion_window_minutes=90), "schedules.daily.completionWindowMinutes", "120"),
        (
            plan_backup_plan,
            {**scheduled(), "vault_lock": {"minimum_days": 40}},
            "schedules.daily.deleteAfterDays",
            "40",
        ),
        (plan_backup_plan, {**scheduled(), "vault_lock": {"minimum_days": 0}}, "vaultLock.minimumDays", "1 day"),
        (plan_recovery_site, {"vault_lock": {"minimum_days": 9, "maximum_days": 8}}, "vaultLock.maximumDays", "9 days"),
        (plan_recovery_site, {"vault_lock": {"minimum_days": 9, "grace_days": 1}}, "vaultLock.graceDays", "3 days"),
        (plan_recovery_site, {"buckets": {"a": {"bucket": "A"}}}, "buckets.a.bucket", "no bucket's name"),
        (plan_recovery_site, {"buckets": {"a1b": {"old_versions_days": 0}}}, "buckets.a1b.oldVersionsDays", "1 day"),
        (plan_bucket_replication, {**COPY, "source_bucket_arn": "here"}, "sourceBucketArn", "arn:aws:s3:::name"),
        (
            plan_bucket_replication,
            {**COPY, "destination_bucket_arn": COPY["source_bucket_arn"]},
            "destinationBucketArn",
            "",
        ),
        (plan_bucket_replication, {**COPY, "region": "us-west-2"}, "destinationRegion", "lost with it"),
        (plan_bucket_replication, {**COPY, "prefixes": []}, "prefixes", "copy all"),
        (plan_bucket_replication, {**COPY, "prefixes": ["a/", "a/b"]}, "prefixes[1]", "within 'a/'"),
        (plan_velero, {**VELERO, "prefix": "/a"}, "prefix", "inner /"),
        (plan_velero, {**VELERO, "schedules": {"a": {"cron": "daily"}}}, "schedules.a.cron", "five fields"),
        (
            plan_velero,
            {**VELERO, "schedules": {"a": {"cron": "@daily", "keep_hours": 0}}},
            "schedules.a.keepHours",
            "1",
        ),
        (
            plan_velero,
            {**VELERO, "schedules": {"a": {"cron": "@daily", "namespaces": ["x"], "excluded_namespaces": ["x"]}}},
            "schedules.a.excludedNamespaces",
            "give it once",
        ),
        (plan_velero, {**VELERO, "snapshots": False, "volume_keys": [KEY]}, "volumeKeys", "leave it out"),
    ],
)
def test_wrong_inputs_are_refused(plan: Any, args: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan(args, "thing")
    (problem,) = caught.value.problems
    assert problem.path == path
    assert said in problem.reason


def test_backups_are_made_each_night_and_each_week() -> None:
    plan = plan_backup_plan(BACKUP, "prod")  # type: ignore[arg-type]
    assert {key: each["delete_after_days"] for key, each in plan.schedules.items()} == {"daily": 35, "weekly": 365}
    assert plan.time_zone == "Etc/UTC"


def test_a_rule_as_aws_reads_it() -> None:
    rule = plan_rule(
        "monthly",
        {"cron": "0 3 1 * ? *", "delete_after_days": 365, "cold_storage_after_days": 30, "copy_to": "vault"},
        "here",
        "Europe/Zurich",
    )
    assert rule["schedule"] == "cron(0 3 1 * ? *)"
    assert rule["lifecycle"] == {"delete_after": 365, "cold_storage_after": 30}
    assert rule["copy_actions"] == [{"destination_vault_arn": "vault", "lifecycle": {"delete_after": 365}}]


def test_every_prefix_has_a_rule_with_a_priority_of_its_own() -> None:
    plan = plan_bucket_replication({**COPY, "prefixes": ["b/", "a/"], "within_15_minutes": True}, "copies")  # type: ignore[typeddict-item]
    rules = replication_rules(plan, "bucket", "key")
    assert [(each["id"], each["priority"]) for each in rules] == [("a/", 1), ("b/", 2)]
    assert rules[0]["destination"]["replication_time"] == {"status": "Enabled", "time": {"minutes": 15}}
    assert rules[0]["source_selection_criteria"] == {"sse_kms_encrypted_objects": {"status": "Enabled"}}


def test_velero_backs_up_all_namespaces_each_night() -> None:
    values = velero_values(plan_velero(VELERO, "velero"), "backups", KEY, "us-east-1")  # type: ignore[arg-type]
    assert values["schedules"]["daily"]["template"] == {
        "ttl": "720h0m0s",
        "storageLocation": "default",
        "snapshotVolumes": True,
        "includedNamespaces": ["*"],
    }
    assert values["credentials"] == {"useSecret": False}
    (location,) = values["configuration"]["backupStorageLocation"]
    assert location["config"] == {"region": "us-east-1", "serverSideEncryption": "aws:kms", "kmsKeyId": KEY}
    without = velero_values(plan_velero({**VELERO, "snapshots": False}, "velero"), "b", KEY, "r")  # type: ignore[typeddict-item]
    assert without["configuration"]["volumeSnapshotLocation"] == []
    assert without["snapshotsEnabled"] is False
