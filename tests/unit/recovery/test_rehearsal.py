"""A rehearsal of recovery against moto: what is declared is made there, lost there, and brought back in order.

moto keeps rules of replication but copies nothing, and runs no jobs of AWS Backup: here the test copies, as the rules
that moto was given say. docs/recovery.md says what was not rehearsed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aidc.evaluation import ResourceGraph, evaluate
from aidc.infra.recovery import BackupPlan, BucketReplication, RecoverySite, restore_order
from aidc.infra.security import EncryptionKey

ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_ENCRYPTION = "ServerSideEncryptionConfiguration"
HERE, THERE = "us-east-1", "us-west-2"
# Not in moto 5.2: who gets backed up by a plan.
NOT_IN_MOTO = {"aws:backup/selection:Selection"}


def program() -> None:
    key = EncryptionKey("storage", {"purpose": "storage", "region": HERE})
    backup_key = EncryptionKey("backup", {"purpose": "backup", "region": HERE})
    here = RecoverySite(
        "here", {"region": HERE, "buckets": {"data": {"bucket": "data-here"}}, "storage_key": key.key_arn}
    )
    there = RecoverySite("there", {"region": THERE, "buckets": {"data": {"bucket": "data-there"}}})
    BackupPlan(
        "nightly",
        {
            "encryption_key": backup_key.key_arn,
            "selection_tags": {"backup": "daily"},
            "vault_lock": {"minimum_days": 7, "maximum_days": 400},
            "region": HERE,
        },
    )
    BucketReplication(
        "data",
        {
            "source_bucket_arn": here.bucket_arns["data"],
            "source_key": key.key_arn,
            "destination_bucket_arn": there.bucket_arns["data"],
            "destination_key": there.storage_key_arn,
            "destination_region": THERE,
            "region": HERE,
        },
    )


class Account:
    """The account of a rehearsal: makes in moto what a graph declares."""

    def __init__(self, graph: ResourceGraph) -> None:
        self.graph = graph
        self.made: list[str] = []
        self.clients: dict[tuple[str, str], Any] = {}
        self.known: dict[str, str] = {}
        """What evaluation said, by what moto says in its place: ids of keys."""

    def client(self, service: str, region: str = HERE) -> Any:
        if (service, region) not in self.clients:
            self.clients[service, region] = boto3.client(service, region_name=region)
        return self.clients[service, region]

    def build(self, *, without: Callable[[str], bool] = lambda type: False) -> None:
        """Make what is not there yet, in the order of a restoration."""
        makers = self.makers()
        for step in restore_order(each for each in self.graph if each.custom and each.type.startswith("aws:")):
            if step.urn in self.made or step.type in NOT_IN_MOTO or without(step.type):
                continue
            resource = self.graph[step.urn]
            inputs = json.loads(self.translated(json.dumps(dict(resource.inputs))))
            makers[step.type](
                self.client(step.type.removeprefix("aws:").partition("/")[0], self.region(inputs)), inputs, resource
            )
            self.made.append(step.urn)

    def region(self, inputs: Mapping[str, Any]) -> str:
        return str(inputs.get("region", HERE))

    def translated(self, text: str) -> str:
        for old, new in self.known.items():
            text = text.replace(old, new)
        return text

    def makers(self) -> dict[str, Callable[[Any, Any, Any], Any]]:
        return {
            "aws:kms/key:Key": self.make_key,
            "aws:kms/alias:Alias": lambda client, i, _: client.create_alias(
                AliasName=i["name"], TargetKeyId=i["targetKeyId"]
            ),
            "aws:iam/role:Role": lambda client, i, it: client.create_role(
                RoleName=it.name, AssumeRolePolicyDocument=i["assumeRolePolicy"]
            ),
            "aws:iam/rolePolicy:RolePolicy": lambda client, i, _: client.put_role_policy(
                RoleName=i["role"], PolicyName=i["name"], PolicyDocument=i["policy"]
            ),
            ATTACHMENT: lambda client, i, _: client.attach_role_policy(RoleName=i["role"], PolicyArn=i["policyArn"]),
            "aws:s3/bucket:Bucket": self.make_bucket,
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": lambda client, i, _: (
                client.put_public_access_block(
                    Bucket=i["bucket"],
                    PublicAccessBlockConfiguration={
                        "BlockPublicAcls": i["blockPublicAcls"],
                        "BlockPublicPolicy": i["blockPublicPolicy"],
                        "IgnorePublicAcls": i["ignorePublicAcls"],
                        "RestrictPublicBuckets": i["restrictPublicBuckets"],
                    },
                )
            ),
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
                lambda client, i, _: client.put_bucket_ownership_controls(
                    Bucket=i["bucket"],
                    OwnershipControls={"Rules": [{"ObjectOwnership": i["rule"]["objectOwnership"]}]},
                )
            ),
            f"aws:s3/bucket{_ENCRYPTION}:Bucket{_ENCRYPTION}": self.encrypt_bucket,
            "aws:s3/bucketVersioning:BucketVersioning": lambda client, i, _: client.put_bucket_versioning(
                Bucket=i["bucket"], VersioningConfiguration={"Status": i["versioningConfiguration"]["status"]}
            ),
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": self.give_lifecycle,
            "aws:s3/bucketPolicy:BucketPolicy": self.give_policy,
            "aws:s3/bucketReplicationConfig:BucketReplicationConfig": self.give_replication,
            "aws:backup/vault:Vault": lambda client, i, it: client.create_backup_vault(
                BackupVaultName=it.name, EncryptionKeyArn=i["kmsKeyArn"]
            ),
            "aws:backup/vaultLockConfiguration:VaultLockConfiguration": (
                lambda client, i, _: client.put_backup_vault_lock_configuration(
                    BackupVaultName=i["backupVaultName"],
                    MinRetentionDays=i["minRetentionDays"],
                    MaxRetentionDays=i["maxRetentionDays"],
                )
            ),
            "aws:backup/plan:Plan": lambda client, i, it: client.create_backup_plan(
                BackupPlan={
                    "BackupPlanName": it.name,
                    "Rules": [
                        {
                            "RuleName": rule["ruleName"],
                            "TargetBackupVaultName": rule["targetVaultName"],
                            "ScheduleExpression": rule["schedule"],
                            "Lifecycle": {"DeleteAfterDays": rule["lifecycle"]["deleteAfter"]},
                        }
                        for rule in i["rules"]
                    ],
                }
            ),
        }

    def make_key(self, client: Any, inputs: Any, resource: Any) -> None:
        made = client.create_key(Policy=inputs["policy"], MultiRegion=inputs["multiRegion"])["KeyMetadata"]
        client.enable_key_rotation(KeyId=made["KeyId"])
        alias = next(
            each for each in self.graph if each.type == "aws:kms/alias:Alias" and each.parent == resource.parent
        )
        self.known[alias.inputs["targetKeyId"]] = made["KeyId"]

    def make_bucket(self, client: Any, inputs: Any, resource: Any) -> None:
        where = {} if client.meta.region_name == HERE else {"LocationConstraint": client.meta.region_name}
        client.create_bucket(Bucket=inputs["bucket"], **({"CreateBucketConfiguration": where} if where else {}))

    def give_policy(self, client: Any, inputs: Any, resource: Any) -> None:
        # moto weighs no conditions: a refusal of plain connections would refuse all of them.
        policy = json.loads(inputs["policy"])
        allowed = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
        assert all(each["Condition"] for each in policy["Statement"] if each not in allowed)
        if allowed:
            client.put_bucket_policy(Bucket=inputs["bucket"], Policy=json.dumps({**policy, "Statement": allowed}))

    def encrypt_bucket(self, client: Any, inputs: Any, resource: Any) -> None:
        default = inputs["rules"][0]["applyServerSideEncryptionByDefault"]
        rule = {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": default["sseAlgorithm"],
                "KMSMasterKeyID": default["kmsMasterKeyId"],
            },
            "BucketKeyEnabled": True,
        }
        client.put_bucket_encryption(Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": [rule]})

    def give_lifecycle(self, client: Any, inputs: Any, resource: Any) -> None:
        rules: list[dict[str, Any]] = []
        for rule in inputs["rules"]:
            told: dict[str, Any] = {"ID": rule["id"], "Status": rule["status"], "Filter": {"Prefix": ""}}
            if "abortIncompleteMultipartUpload" in rule:
                days = rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"]
                told["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
            if "noncurrentVersionExpiration" in rule:
                days = rule["noncurrentVersionExpiration"]["noncurrentDays"]
                told["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
            rules.append(told)
        client.put_bucket_lifecycle_configuration(Bucket=inputs["bucket"], LifecycleConfiguration={"Rules": rules})

    def give_replication(self, client: Any, inputs: Any, resource: Any) -> None:
        rules = [
            {
                "ID": rule["id"],
                "Priority": rule["priority"],
                "Status": rule["status"],
                "Filter": {"Prefix": rule["filter"]["prefix"]},
                "DeleteMarkerReplication": {"Status": rule["deleteMarkerReplication"]["status"]},
                "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
                "Destination": {
                    "Bucket": rule["destination"]["bucket"],
                    "EncryptionConfiguration": {
                        "ReplicaKmsKeyID": rule["destination"]["encryptionConfiguration"]["replicaKmsKeyId"]
                    },
                },
            }
            for rule in inputs["rules"]
        ]
        client.put_bucket_replication(
            Bucket=inputs["bucket"], ReplicationConfiguration={"Role": inputs["role"], "Rules": rules}
        )


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture(scope="module")
def graph() -> ResourceGraph:
    return evaluate(program)


@pytest.fixture
def account(graph: ResourceGraph) -> Iterator[Account]:
    """An account without AWS's own policies, which moto takes seconds to read."""
    with mock_aws():
        made = Account(graph)
        made.build(without=lambda type: type == ATTACHMENT)
        yield made


def replicate(account: Account) -> None:
    """Copy what S3 would copy by the rules that it was given."""
    source = account.client("s3")
    for rule in source.get_bucket_replication(Bucket="data-here")["ReplicationConfiguration"]["Rules"]:
        bucket = rule["Destination"]["Bucket"].rpartition(":")[2]
        key = rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"]
        copy_all(account, "data-here", bucket, THERE, prefix=rule["Filter"]["Prefix"], key=key)


def copy_all(account: Account, source: str, target: str, region: str, *, prefix: str = "", key: str = "") -> None:
    client = account.client("s3", region)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
    for found in client.list_objects_v2(Bucket=source, Prefix=prefix).get("Contents", []):
        client.copy_object(
            Bucket=target, Key=found["Key"], CopySource={"Bucket": source, "Key": found["Key"]}, **encryption
        )


def empty(client: Any, bucket: str) -> None:
    versions = client.list_object_versions(Bucket=bucket)
    for found in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
        client.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])


def body(client: Any, bucket: str, key: str) -> bytes:
    return client.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_all_that_is_declared_can_be_made(graph: ResourceGraph) -> None:
    # With AWS's own policies, so that a wrong name of one is found.
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        account = Account(graph)
        account.build()
        types = {each.type for each in graph if each.custom and each.type.startswith("aws:")}
        assert types - {graph[urn].type for urn in account.made} == NOT_IN_MOTO
        s3 = account.client("s3")
        assert s3.get_bucket_versioning(Bucket="data-here")["Status"] == "Enabled"
        assert all(s3.get_public_access_block(Bucket="data-here")["PublicAccessBlockConfiguration"].values())


def test_a_deleted_object_is_still_there(account: Account) -> None:
    s3 = account.client("s3")
    s3.put_object(Bucket="data-here", Key="model", Body=b"weights")
    s3.delete_object(Bucket="data-here", Key="model")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="data-here", Key="model")
    (marker,) = s3.list_object_versions(Bucket="data-here")["DeleteMarkers"]
    s3.delete_object(Bucket="data-here", Key="model", VersionId=marker["VersionId"])
    assert body(s3, "data-here", "model") == b"weights"


def test_an_overwritten_object_has_its_version(account: Account) -> None:
    s3 = account.client("s3")
    good = s3.put_object(Bucket="data-here", Key="model", Body=b"weights")["VersionId"]
    s3.put_object(Bucket="data-here", Key="model", Body=b"noise")
    source = {"Bucket": "data-here", "Key": "model", "VersionId": good}
    s3.copy_object(Bucket="data-here", Key="model", CopySource=source)
    assert body(s3, "data-here", "model") == b"weights"


def test_a_lost_bucket_comes_back_from_the_second_region(account: Account) -> None:
    s3, far = account.client("s3"), account.client("s3", THERE)
    for step in (100, 200):
        s3.put_object(Bucket="data-here", Key=f"runs/{step}", Body=b"state %d" % step)
    replicate(account)
    empty(s3, "data-here")
    s3.delete_bucket(Bucket="data-here")

    # Everything but the rule comes back first: with the rule, an empty bucket could copy deletions.
    account.made = [urn for urn in account.made if account.graph[urn].inputs.get("bucket") != "data-here"]
    account.build(without=lambda type: type == ATTACHMENT or type.endswith(":BucketReplicationConfig"))
    copy_all(account, "data-there", "data-here", HERE)
    account.build(without=lambda type: type == ATTACHMENT)

    assert body(s3, "data-here", "runs/200") == b"state 200"
    assert s3.get_bucket_replication(Bucket="data-here")["ReplicationConfiguration"]["Rules"]
    own = s3.get_bucket_encryption(Bucket="data-here")["ServerSideEncryptionConfiguration"]["Rules"][0]
    keys = {
        s3.head_object(Bucket="data-here", Key="runs/100")["SSEKMSKeyId"],
        own["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"],
    }
    assert len(keys) == 1, "what came back is encrypted by the bucket's own key"
    assert far.head_object(Bucket="data-there", Key="runs/100")["SSEKMSKeyId"].startswith(f"arn:aws:kms:{THERE}:")


def test_a_copy_does_not_need_the_key_of_the_lost_region(account: Account) -> None:
    account.client("s3").put_object(Bucket="data-here", Key="model", Body=b"weights")
    replicate(account)
    kms = account.client("kms")
    for key in kms.list_keys()["Keys"]:
        kms.disable_key(KeyId=key["KeyId"])
    far = account.client("s3", THERE)
    key_id = far.head_object(Bucket="data-there", Key="model")["SSEKMSKeyId"]
    assert account.client("kms", THERE).describe_key(KeyId=key_id)["KeyMetadata"]["Enabled"]


def test_a_key_can_be_kept_from_deletion(account: Account) -> None:
    kms = account.client("kms")
    key_id = kms.list_aliases()["Aliases"][0].get("TargetKeyId") or kms.list_keys()["Keys"][0]["KeyId"]
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=30)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=key_id)
    kms.enable_key(KeyId=key_id)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"


def test_a_vault_holds_what_it_took(account: Account) -> None:
    backup = account.client("backup")
    vault = backup.describe_backup_vault(BackupVaultName="nightly")
    assert (vault["Locked"], vault["MinRetentionDays"], vault["MaxRetentionDays"]) == (True, 7, 400)
    assert f":kms:{HERE}:" in vault["EncryptionKeyArn"]


def test_a_volume_comes_back_from_its_snapshot(account: Account) -> None:
    ec2 = account.client("ec2")
    key_id = account.client("kms").list_keys()["Keys"][0]["KeyArn"]
    zone = f"{HERE}a"
    lost = ec2.create_volume(AvailabilityZone=zone, Size=100, Encrypted=True, KmsKeyId=key_id)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=lost)["SnapshotId"]
    ec2.delete_volume(VolumeId=lost)
    found = ec2.create_volume(AvailabilityZone=zone, SnapshotId=snapshot)
    assert found["Encrypted"]
    assert found["Size"] == 100
