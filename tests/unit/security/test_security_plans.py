"""Plans of trails, threat detection, guards, boundaries and secrets: defaults and refusals."""

import json
from typing import Any

import pytest

from aidc.evaluation import evaluate
from aidc.infra.security.account_guards import plan_account_guards
from aidc.infra.security.audit_trail import event_selectors, plan_audit_trail
from aidc.infra.security.permissions_boundary import boundary_statements, plan_permissions_boundary
from aidc.infra.security.secret_store import plan_secret_store
from aidc.infra.security.threat_detection import finding_pattern, plan_threat_detection
from aidc.problems import InvalidInput

KEY = {"encryption_key": "arn:aws:kms:us-east-1:123456789012:key/1"}
ACCOUNT = "123456789012"


def secret(**more: Any) -> dict[str, Any]:
    return {**KEY, "secrets": {"token": {"description": "a token", **more}}}


@pytest.mark.parametrize(
    ("plan", "args", "path", "said"),
    [
        (plan_audit_trail, {**KEY, "trail_name": "a"}, "trailName", "3 to 128"),
        (plan_audit_trail, {**KEY, "retention_days": 0}, "retentionDays", "give 1 day or more"),
        (plan_audit_trail, {**KEY, "retention_days": 90, "archive_after_days": 90}, "archiveAfterDays", "89 days or"),
        (plan_audit_trail, {**KEY, "cloudwatch_retention_days": 100}, "cloudwatchRetentionDays", "give 90"),
        (plan_threat_detection, {**KEY, "features": ["s3"]}, "features[0]", "s3-data-events"),
        (plan_threat_detection, {**KEY, "features": [], "manages_agent": True}, "managesAgent", "runtime-monitoring"),
        (plan_threat_detection, {**KEY, "minimum_severity": 11}, "minimumSeverity", "give 10 or less"),
        (plan_threat_detection, {**KEY, "email_addresses": ["me"]}, "emailAddresses[0]", "team@example.com"),
        (plan_threat_detection, {**KEY, "existing_detector": "1", "protect": True}, "protect", "leave it out"),
        (plan_account_guards, {"encrypt_volumes": False, "volume_key": "arn"}, "volumeKey", "encryptVolumes"),
        (plan_permissions_boundary, {"regions": []}, "regions", "none given"),
        (plan_permissions_boundary, {"regions": ["us_east"]}, "regions[0]", "write it like us-west-2"),
        (plan_permissions_boundary, {"regions": ["us-east-1"], "policy_name": "x" * 129}, "policyName", "1 to 128"),
        (
            plan_permissions_boundary,
            {"regions": ["us-east-1"], "more_services": ["iam:*"]},
            "moreServices[0]",
            "DNS label",
        ),
        (plan_secret_store, {**KEY, "secrets": {}}, "secrets", "none given"),
        (plan_secret_store, {**secret(), "path": "/prod"}, "path", "inner /"),
        (plan_secret_store, secret(recovery_window_days=1), "secrets.token.recoveryWindowDays", "7 days or more"),
        (plan_secret_store, {**secret(namespaces=["ai"]), "cluster_store": False}, "clusterStore", "leave one"),
        (plan_secret_store, {**secret(), "refresh_interval": "1h"}, "refreshInterval", "leave it out"),
        (plan_secret_store, {**secret(namespaces=["a"]), "refresh_interval": "1"}, "refreshInterval", "30m or 1h"),
    ],
)
def test_wrong_inputs_are_refused(plan: Any, args: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan(args, "thing")
    (problem,) = caught.value.problems
    assert problem.path == path
    assert said in problem.reason


def test_a_trail_records_management_events_and_the_objects_of_named_buckets() -> None:
    assert [each["name"] for each in event_selectors(plan_audit_trail(KEY, "audit"))] == ["Management events"]
    named = plan_audit_trail({**KEY, "data_event_buckets": ["arn:aws:s3:::data"]}, "audit")
    fields: list[Any] = []
    # Outputs are made where a program runs.
    evaluate(lambda: fields.extend(event_selectors(named)[1]["field_selectors"]))
    assert [each["field"] for each in fields] == ["eventCategory", "resources.type", "resources.ARN"]


def test_a_short_retention_archives_nothing_later() -> None:
    assert plan_audit_trail({**KEY, "retention_days": 1}, "audit").archive_after_days == 0
    assert plan_audit_trail({**KEY, "retention_days": 30}, "audit").archive_after_days == 29
    assert plan_audit_trail(KEY, "audit").archive_after_days == 90


def test_findings_are_sent_from_a_severity_on() -> None:
    assert finding_pattern(7.0)["detail"] == {"severity": [{"numeric": [">=", 7]}]}
    assert finding_pattern(6.5)["detail"] == {"severity": [{"numeric": [">=", 6.5]}]}


def boundary(**more: Any) -> dict[str, dict[str, Any]]:
    plan = plan_permissions_boundary({"regions": ["us-west-2", "us-east-1"], **more}, "bound")
    return {each.sid: each.document() for each in boundary_statements(plan, ACCOUNT)}


def test_a_boundary_is_for_regions_of_every_partition() -> None:
    regions = ["cn-north-1", "eusc-de-east-1", "us-gov-west-1", "us-isob-east-1"]
    assert sorted(plan_permissions_boundary({"regions": regions}, "bound").regions) == regions


def test_a_boundary_allows_no_region_but_its_own() -> None:
    regional = boundary()["AllowInRegions"]
    assert regional["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "us-west-2"]}}
    assert not any(action.startswith(("iam:", "organizations:", "*")) for action in regional["Action"])
    assert "sagemaker:*" in boundary(more_services=["sagemaker"])["AllowInRegions"]["Action"]


@pytest.mark.parametrize(
    "action",
    [
        "backup:DeleteRecoveryPoint",
        "cloudtrail:StopLogging",
        "guardduty:DeleteDetector",
        "iam:CreateAccessKey",
        "iam:CreateUser",
        "iam:DeleteRolePermissionsBoundary",
        "kms:ScheduleKeyDeletion",
        "s3:PutAccountPublicAccessBlock",
    ],
)
def test_a_boundary_denies_whatever_a_role_says(action: str) -> None:
    denying = [each for each in boundary().values() if each["Effect"] == "Deny" and action in each["Action"]]
    assert denying
    assert all("Condition" not in each and each["Resource"] == ["*"] for each in denying)


def test_a_boundary_keeps_itself() -> None:
    own = f"arn:aws:iam::{ACCOUNT}:policy/bound"
    statements = boundary()
    assert statements["DenyChangingBoundary"]["Resource"] == [own]
    assert statements["DenyRolesWithoutBoundary"]["Condition"] == {"StringNotEquals": {"iam:PermissionsBoundary": own}}
    assert "iam:CreateRole" in statements["DenyRolesWithoutBoundary"]["Action"]


def test_a_boundary_fits_into_a_policy() -> None:
    # IAM and STS quotas: 6,144 characters without white space.
    text = json.dumps({"Version": "2012-10-17", "Statement": list(boundary().values())}, separators=(",", ":"))
    assert len(text) < 6144


def test_every_wildcard_of_a_boundary_has_a_reason() -> None:
    plan = plan_permissions_boundary({"regions": ["us-east-1"]}, "bound")
    broad = [each for each in boundary_statements(plan, ACCOUNT) if each.effect == "Allow" and each.is_broad]
    assert [each.sid for each in broad] == ["AllowInRegions", "AllowGlobal"]
    assert all("grants nothing by itself" in each.why for each in broad)
