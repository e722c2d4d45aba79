"""Policies of keys: who may use them, and under which conditions."""

import json

import pytest

from aidc.infra.security import KeyPurpose
from aidc.infra.security.encryption_key import plan_encryption_key
from aidc.infra.security.key_policy import key_statements
from aidc.problems import InvalidInput

ACCOUNT, REGION = "123456789012", "eu-west-1"
SERVICES = {
    KeyPurpose.AUDIT: {
        "cloudtrail.amazonaws.com",
        "delivery.logs.amazonaws.com",
        f"logs.{REGION}.amazonaws.com",
    },
    KeyPurpose.LOGS: {"delivery.logs.amazonaws.com", f"logs.{REGION}.amazonaws.com"},
    KeyPurpose.MESSAGES: {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "s3.amazonaws.com",
        "sns.amazonaws.com",
    },
}


def document_of(purpose: KeyPurpose, region: str = REGION) -> list[dict]:
    return [each.document() for each in key_statements(purpose, account=ACCOUNT, region=region)]


@pytest.mark.parametrize("purpose", KeyPurpose)
def test_the_services_of_a_purpose_and_no_others(purpose: KeyPurpose) -> None:
    statements = document_of(purpose)
    services = {name for each in statements for name in each["Principal"].get("Service", [])}
    assert services == SERVICES.get(purpose, set())


@pytest.mark.parametrize("purpose", KeyPurpose)
def test_nobody_outside_of_the_account(purpose: KeyPurpose) -> None:
    for statement in document_of(purpose):
        assert statement["Effect"] == "Allow"
        assert "*" not in statement["Principal"].get("Service", [])
        for principal in statement["Principal"].get("AWS", []):
            if principal == "*":
                conditions = statement["Condition"]
                assert conditions["StringEquals"]["kms:CallerAccount"] == ACCOUNT
                principal = conditions["ArnLike"]["aws:PrincipalArn"]
            assert principal.startswith(f"arn:aws:iam::{ACCOUNT}:")


@pytest.mark.parametrize("purpose", KeyPurpose)
def test_every_service_has_a_condition_but_one(purpose: KeyPurpose) -> None:
    free = [each["Sid"] for each in document_of(purpose) if "Service" in each["Principal"] and "Condition" not in each]
    # EventBridge sends neither source account nor source ARN to encrypted topics.
    assert free == (["SendEvents"] if purpose is KeyPurpose.MESSAGES else [])


def test_conditions_are_of_the_account_and_region() -> None:
    text = json.dumps(document_of(KeyPurpose.LOGS, "cn-north-1"))
    assert f"arn:aws-cn:logs:cn-north-1:{ACCOUNT}:log-group:*" in text
    assert "arn:aws:" not in text


def test_the_role_of_auto_scaling_makes_grants_for_aws_alone() -> None:
    statements = {each["Sid"]: each for each in document_of(KeyPurpose.VOLUMES)}
    assert statements["GrantToVolumesOfNodeGroups"]["Action"] == ["kms:CreateGrant"]
    assert statements["GrantToVolumesOfNodeGroups"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert "kms:CreateGrant" not in statements["EncryptVolumesOfNodeGroups"]["Action"]


@pytest.mark.parametrize(
    ("args", "path", "said"),
    [
        ({"purpose": "log"}, "purpose", "did you mean 'logs'?"),
        ({"purpose": "logs", "deletion_window_days": 3}, "deletionWindowDays", "give 7 days or more"),
        ({"purpose": "logs", "deletion_window_days": 31}, "deletionWindowDays", "give 30 days or less"),
        ({"purpose": "logs", "rotation_days": 30}, "rotationDays", "give 90 days or more"),
        ({"purpose": "logs", "alias": "alias/logs"}, "alias", "leave that out"),
        ({"purpose": "logs", "alias": "a b"}, "alias", "letters, digits"),
        ({"purpose": "logs", "creates_auto_scaling_role": True}, "createsAutoScalingRole", "keys for volumes"),
        ({"purpose": "logs", "replica_of": "arn", "multi_region": True}, "multiRegion", "replica of"),
        ({"purpose": "logs", "replica_of": "arn", "rotation_days": 90}, "rotationDays", "replica of"),
    ],
)
def test_wrong_inputs_are_refused(args: dict, path: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_encryption_key(args, "key")
    (problem,) = caught.value.problems
    assert problem.path == path
    assert said in problem.reason


def test_defaults() -> None:
    plan = plan_encryption_key({"purpose": KeyPurpose.LOGS}, "prod-logs")
    assert (plan.alias, plan.deletion_window_days, plan.rotation_days) == ("prod-logs", 30, 365)
    assert plan.protect
    assert not plan.multi_region
