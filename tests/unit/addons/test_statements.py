"""Add-ons may do in AWS what they must, to what is their cluster's, and no more."""

import json
import re

import pytest

from aidc.evaluation import evaluate
from aidc.infra.addons import ADDONS
from aidc.infra.addons.addon import AddonContext
from aidc.infra.identity import Statement, policy_document

CONTEXT = AddonContext(cluster_name="prod", region="eu-west-1", vpc_id="vpc-1", account="123456789012", ownership=None)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
ZONE = "arn:aws:route53:::hostedzone/Z1"
SETTINGS = {
    "aws-fsx-csi-driver": {"bucket_arns": ["arn:aws:s3:::linked"]},
    "aws-mountpoint-s3-csi-driver": {
        "bucket_arns": ["arn:aws:s3:::corpus"],
        "writable_bucket_arns": ["arn:aws:s3:::checkpoints"],
        "encryption_keys": [KEY],
    },
    "cert-manager": {"hosted_zone_arns": [ZONE]},
    "external-dns": {"hosted_zone_arns": [ZONE]},
    "external-secrets": {"secret_prefix": "prod/", "encryption_keys": [KEY]},
}
WITH_STATEMENTS = sorted(name for name, addon in ADDONS.items() if any(each.statements for each in addon.identities))
MUTATING = re.compile(r":(Add|Attach|Authorize|Create|Delete|Modify|Put|Remove|Revoke|Set|Tag|Update)")

each_identity = pytest.mark.parametrize("name", WITH_STATEMENTS)


def written(name, settings=None, identity=0):
    """The statements of an add-on as IAM reads them, by name."""
    given = SETTINGS.get(name, {}) if settings is None else settings
    documents = []

    def program():
        statements = [Statement(**each) for each in ADDONS[name].identities[identity].statements(CONTEXT, given)]
        policy_document(statements).apply(lambda text: documents.append(json.loads(text)))

    evaluate(program)
    (document,) = documents
    by_name = {each["Sid"]: each for each in document["Statement"]}
    assert len(by_name) == len(document["Statement"])
    return by_name


@each_identity
def test_a_policy_fits_into_a_role(name):
    # 10,240 characters of inline policies a role: IAM User Guide, IAM and STS quotas.
    assert len(json.dumps(list(written(name).values()), separators=(",", ":"))) < 10_240


@each_identity
def test_no_action_is_a_wildcard(name):
    assert not [action for each in written(name).values() for action in each["Action"] if "*" in action]


@each_identity
def test_all_resources_are_only_read(name):
    broad = [each for each in written(name).values() if "*" in each["Resource"]]
    assert not [action for each in broad for action in each["Action"] if MUTATING.search(action)]


@each_identity
def test_a_resource_is_in_the_account_and_region_or_is_named(name):
    for each in written(name).values():
        for resource in each["Resource"]:
            partition_to_account = resource.split(":")[:5]
            named = {ZONE, KEY, *SETTINGS.get(name, {}).get("bucket_arns", [])}
            in_account = partition_to_account[4:] == ["123456789012"] and partition_to_account[3] in ("eu-west-1", "")
            is_named = any(resource.startswith(str(given)) for given in named | {"arn:aws:s3:::checkpoints"})
            assert in_account or is_named or resource in ("*", "arn:aws:route53:::change/*"), resource


def test_the_load_balancer_controller_changes_what_carries_its_cluster_s_tag():
    statements = written("aws-load-balancer-controller")
    tag = "elbv2.k8s.aws/cluster"
    owned = {"StringEquals": {f"aws:ResourceTag/{tag}": "prod"}}
    assert statements["ChangeBalancers"]["Condition"] == owned
    assert statements["DeleteSecurityGroups"]["Condition"] == owned
    assert statements["MakeBalancers"]["Condition"] == {"StringEquals": {f"aws:RequestTag/{tag}": "prod"}}
    assert statements["OpenSecurityGroups"]["Condition"] == {
        "ArnEquals": {"ec2:Vpc": "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1"}
    }
    assert not [
        name for name, each in statements.items() if any("shield" in a or "cognito" in a for a in each["Action"])
    ]


@pytest.mark.parametrize("name", ["aws-efs-csi-driver", "aws-fsx-csi-driver"])
def test_a_driver_deletes_only_what_carries_its_cluster_s_tag(name):
    deleting = [each for each in written(name).values() if any(":Delete" in action for action in each["Action"])]
    assert deleting
    for each in deleting:
        assert each["Condition"] == {"StringEquals": {"aws:ResourceTag/aidc.dev/cluster": "prod"}}
    creating = [each for each in written(name).values() if re.search(r":Create(Access|File)", str(each["Action"]))]
    assert [each["Condition"] for each in creating] == [{"StringEquals": {"aws:RequestTag/aidc.dev/cluster": "prod"}}]


def test_the_efs_driver_on_the_nodes_mounts_and_does_no_more():
    statements = written("aws-efs-csi-driver", identity=1)
    assert sorted(statements) == ["FindMountTargets", "MountFileSystems", "ReadZones"]
    assert statements["MountFileSystems"]["Condition"] == {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}


def test_mountpoint_writes_only_to_the_buckets_that_are_writable():
    statements = written("aws-mountpoint-s3-csi-driver")
    assert statements["ReadObjects"]["Resource"] == ["arn:aws:s3:::corpus/*", "arn:aws:s3:::checkpoints/*"]
    assert statements["WriteObjects"]["Resource"] == ["arn:aws:s3:::checkpoints/*"]
    assert statements["UseKeys"]["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
    read_only = written("aws-mountpoint-s3-csi-driver", {"bucket_arns": ["arn:aws:s3:::a"], "encryption_keys": [KEY]})
    assert "WriteObjects" not in read_only
    assert read_only["UseKeys"]["Action"] == ["kms:Decrypt"]


def test_external_secrets_reads_the_secrets_below_its_prefix():
    statements = written("external-secrets")
    assert statements["ReadSecrets"]["Resource"] == ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/*"]
    assert statements["DecryptSecrets"]["Resource"] == [KEY]


def test_cert_manager_writes_text_records_of_its_zones():
    statement = written("cert-manager")["ProveDomains"]
    assert statement["Resource"] == [ZONE]
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]}
    }


@pytest.mark.parametrize("name", ["aws-mountpoint-s3-csi-driver", "cert-manager"])
def test_what_is_given_nothing_may_do_nothing(name):
    assert ADDONS[name].identities[0].statements(CONTEXT, {}) == []


def test_arns_are_those_of_the_partition():
    china = AddonContext(cluster_name="c", region="cn-north-1", vpc_id="v", account="1", ownership=None)
    assert china.global_arn("route53", "change/*") == "arn:aws-cn:route53:::change/*"
