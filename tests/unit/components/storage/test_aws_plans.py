"""Plans of buckets, file systems and datasets in AWS: what AWS would refuse is refused by its path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.components.storage import (
    plan_access_log_bucket,
    plan_block_storage_class,
    plan_dataset_volume,
    plan_object_store,
    plan_shared_filesystem,
)
from aidc.problems import InvalidInput

NETWORK = {"vpc_id": "vpc-1", "node_security_group_id": "sg-1"}
LINK = {"bucket": "data", "path": "/datasets"}
NAMES = {"file_system_id": "fs-1", "dns_name": "fs-1.fsx.us-east-1.amazonaws.com", "mount_name": "abcdefgh"}

PLANS: dict[str, Any] = {
    "store": plan_object_store,
    "filesystem": plan_shared_filesystem,
    "dataset": plan_dataset_volume,
    "logs": plan_access_log_bucket,
    "class": plan_block_storage_class,
}


def store(**fields: Any) -> dict[str, Any]:
    return {"namespace": "research", "kind": "s3", "s3": fields}


def lustre(size: str = "1200Gi", **fields: Any) -> dict[str, Any]:
    fsx = {**NETWORK, "subnet_id": "subnet-1", "throughput": 250, **fields}
    return {"namespace": "research", "size": size, "backend": "fsx-lustre", "fsx": fsx}


def efs(**fields: Any) -> dict[str, Any]:
    inner = {**NETWORK, "subnet_ids": {"us-east-1a": "subnet-1"}, **fields}
    return {"namespace": "research", "size": "1Ti", "backend": "efs", "efs": inner}


def dataset(**fields: Any) -> dict[str, Any]:
    return {"namespace": "research", "size": "1Ti", **fields}


def problems_of(plan: str, args: dict[str, Any], name: str = "shared") -> list[tuple[str, str]]:
    try:
        PLANS[plan](args, name)
    except InvalidInput as caught:
        return [(problem.path, problem.reason) for problem in caught.problems]
    return []


@pytest.mark.parametrize(
    ("plan", "args"),
    [
        ("store", {"namespace": "research", "kind": "s3"}),
        ("store", store(versioning=False)),
        ("store", store(cluster_name="prod", permissions_boundary="arn:aws:iam::123456789012:policy/boundary")),
        ("store", store(lifecycle={"old": {"transitions": {"STANDARD_IA": 30, "GLACIER_IR": 60, "GLACIER": 61}}})),
        (
            "store",
            store(lifecycle={"cool": {"transitions": {"INTELLIGENT_TIERING": 0}}, "gone": {"expiration_days": 1}}),
        ),
        ("store", store(archive_tiers={"archive_days": 90, "deep_archive_days": 180})),
        ("store", store(cluster_name="prod", workloads={"trainer": {"access": "read-write", "prefix": "a/"}})),
        ("store", {**store(), "protect": False, "bucket": "my.models"}),
        ("filesystem", lustre("1200Gi")),
        ("filesystem", lustre("2400Gi", throughput=1000.0)),
        ("filesystem", lustre("48000Gi", metadata_iops=12000)),
        ("filesystem", lustre(metadata_iops=1500, backup_retention_days=0, maintenance_start="7:03:00")),
        ("filesystem", lustre(data_repositories={"data": LINK}, log_retention_days=30)),
        ("filesystem", lustre(data_repositories={"all": {"bucket": "data", "path": "/"}})),
        (
            "filesystem",
            lustre(data_repositories={"a": LINK, "b": {**LINK, "path": "/datasets-b", "prefix": "b"}}),
        ),
        ("filesystem", efs()),
        ("filesystem", efs(infrequent_access_days=0)),
        ("filesystem", efs(archive_days=90, directory="/teams/a", user_id=1000, group_id=1000, permissions="775")),
        ("dataset", dataset(s3={"bucket": "data"}, subpath="imagenet/train")),
        ("dataset", dataset(s3={"bucket": "data", "authentication": "pod", "region": "us-east-1"})),
        ("dataset", dataset(fsx=NAMES, subpath="imagenet")),
        ("logs", {}),
        ("logs", {"sources": ["s3", "network-load-balancer"], "retention_days": 1}),
        ("class", {}),
        ("class", {"iops": 4000, "throughput": 1000}),
    ],
)
def test_what_is_right_is_accepted(plan: str, args: dict[str, Any]) -> None:
    assert problems_of(plan, args) == []


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({**store(), "endpoint": "https://s3"}, "endpoint", "belongs to the kind bucket-claim or existing"),
        ({**store(), "region": "us-east-1"}, "region", "belongs to the kind bucket-claim or existing"),
        ({**store(), "storage_class": "x"}, "storageClass", "belongs to the kind bucket-claim"),
        ({"namespace": "a", "kind": "existing", "endpoint": "https://s3", "s3": {}}, "s3", "belongs to the kind s3"),
        (store(abort_uploads_days=0), "s3.abortUploadsDays", "give 1 day or more"),
        (store(noncurrent_days=0), "s3.noncurrentDays", "give 1 day or more"),
        (store(versioning=False, noncurrent_days=3), "s3.noncurrentDays", "keeps no versions"),
        (store(versioning=False, object_lock={"mode": "COMPLIANCE", "days": 1}), "s3.objectLock", "needs versioning"),
        (store(object_lock={"mode": "compliance", "days": 1}), "s3.objectLock.mode", "did you mean 'COMPLIANCE'"),
        (store(object_lock={"mode": "COMPLIANCE", "days": 0}), "s3.objectLock.days", "give 1 day or more"),
        (store(lifecycle={"x": {}}), "s3.lifecycle.x", "does nothing"),
        (store(lifecycle={"x": {"transitions": {"GLACIR": 9}}}), "s3.lifecycle.x.transitions", "did you mean 'GLACIER"),
        (
            store(lifecycle={"x": {"transitions": {"STANDARD_IA": 29}}}),
            "s3.lifecycle.x.transitions.STANDARD_IA",
            "give 30 days or more",
        ),
        (
            store(lifecycle={"x": {"transitions": {"STANDARD_IA": 30, "GLACIER": 59}}}),
            "s3.lifecycle.x.transitions.GLACIER",
            "give 60 days or more",
        ),
        (
            store(lifecycle={"x": {"transitions": {"GLACIER": 90}, "expiration_days": 90}}),
            "s3.lifecycle.x.expirationDays",
            "give 91 days or more",
        ),
        (
            store(lifecycle={"abort-incomplete-uploads": {"expiration_days": 9}}),
            "s3.lifecycle.abort-incomplete-uploads",
            "another name",
        ),
        (store(archive_tiers={}), "s3.archiveTiers", "does nothing"),
        (store(archive_tiers={"archive_days": 89}), "s3.archiveTiers.archiveDays", "give 90 days or more"),
        (store(archive_tiers={"deep_archive_days": 731}), "s3.archiveTiers.deepArchiveDays", "give 730 days or less"),
        (store(workloads={"a": {"access": "read"}}), "s3.clusterName", "missing"),
        (store(cluster_name="p", workloads={"a": {"access": "write"}}), "s3.workloads.a.access", "'read-write'"),
        (store(cluster_name="p", workloads={"A": {"access": "read"}}), "s3.workloads.A", "not a DNS label"),
        (
            store(cluster_name="p", workloads={"a": {"access": "read", "prefix": "x*"}}),
            "s3.workloads.a.prefix",
            "no beginning of a key",
        ),
    ],
)
def test_what_s3_would_refuse_is_named(args: dict[str, Any], path: str, words: str) -> None:
    ((found, reason),) = problems_of("store", args)
    assert found == path
    assert words in reason


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        (lustre("1Ti"), "size", "the next is 1200Gi"),
        (lustre("1201Gi"), "size", "the next is 2400Gi"),
        (lustre("3600Gi"), "size", "the next is 4800Gi"),
        (lustre("2.4Ti"), "size", "2457.6 GiB"),
        (lustre(throughput=200), "fsx.throughput", "give one of 125, 250, 500, 1000"),
        (lustre(metadata_iops=1000), "fsx.metadataIops", "1,500 operations a second or more"),
        (lustre(metadata_iops=9000), "fsx.metadataIops", "a multiple of 12000"),
        (lustre(metadata_iops=204000), "fsx.metadataIops", "192,000 operations a second or less"),
        (lustre(backup_retention_days=91), "fsx.backupRetentionDays", "give 90 days or less"),
        (
            lustre(backup_retention_days=7, data_repositories={"data": LINK}),
            "fsx.backupRetentionDays",
            "linked to S3",
        ),
        (lustre(log_retention_days=30), "fsx.logRetentionDays", "give dataRepositories"),
        (lustre(data_repositories={"data": LINK}, log_retention_days=29), "fsx.logRetentionDays", "give 30"),
        (lustre(maintenance_start="8:00:00"), "fsx.maintenanceStart", "write it like 7:03:00"),
        (lustre(mount_options=["flock,noatime"]), "fsx.mountOptions[0]", "one an entry"),
        (
            lustre(
                data_repositories={
                    str(number): {**LINK, "path": f"/{number}", "prefix": f"{number}"} for number in range(9)
                }
            ),
            "fsx.dataRepositories",
            "give 8 or fewer",
        ),
        (
            lustre(data_repositories={"a": LINK, "b": {**LINK, "path": "/datasets/b", "prefix": "b"}}),
            "fsx.dataRepositories.b.path",
            "overlaps '/datasets' of a",
        ),
        (
            lustre(data_repositories={"a": LINK, "b": {**LINK, "path": "/", "prefix": "b"}}),
            "fsx.dataRepositories.b.path",
            "'/' overlaps '/datasets' of a",
        ),
        (
            lustre(data_repositories={"a": LINK, "b": {**LINK, "path": "/b"}}),
            "fsx.dataRepositories.b.prefix",
            "the same objects as a",
        ),
        (
            lustre(data_repositories={"a": {**LINK, "path": "datasets"}}),
            "fsx.dataRepositories.a.path",
            "write it like /datasets",
        ),
        (
            lustre(data_repositories={"a": {**LINK, "bucket": "s3://data"}}),
            "fsx.dataRepositories.a.bucket",
            "the name alone",
        ),
        (
            lustre(data_repositories={"a": {**LINK, "import_events": ["NEW", "MOVED"]}}),
            "fsx.dataRepositories.a.importEvents[1]",
            "not one of NEW, CHANGED, DELETED",
        ),
        (efs(subnet_ids={}), "efs.subnetIds", "one subnet for each zone"),
        (efs(infrequent_access_days=10), "efs.infrequentAccessDays", "give one of 1, 7, 14"),
        (efs(archive_days=30), "efs.archiveDays", "give more than 30 days"),
        (efs(infrequent_access_days=0, archive_days=30), "efs.archiveDays", "give infrequentAccessDays"),
        (efs(directory="home"), "efs.directory", "start it with /"),
        (efs(directory="/"), "efs.directory", "a directory below it"),
        (efs(directory="/a/b/c/d/e"), "efs.directory", "4 levels"),
        (efs(permissions="rwx"), "efs.permissions", "not octal"),
        (efs(user_id=-1), "efs.userId", "too little"),
        ({**efs(), "fsx": lustre()["fsx"]}, "fsx", "belongs to the backend fsx-lustre"),
        ({**lustre(), "nfs": {"server": "a", "path": "/b"}}, "nfs", "belongs to the backend nfs"),
        ({"namespace": "a", "size": "1Ti", "backend": "efs"}, "efs", "the backend efs needs it"),
    ],
)
def test_what_a_file_system_cannot_be_is_named(args: dict[str, Any], path: str, words: str) -> None:
    ((found, reason),) = problems_of("filesystem", args)
    assert found == path
    assert words in reason


@pytest.mark.parametrize(
    ("plan", "args", "path", "words"),
    [
        ("dataset", dataset(s3={"bucket": "s3://data"}), "s3.bucket", "the name alone"),
        ("dataset", dataset(s3={"bucket": "data", "authentication": "node"}), "s3.authentication", "driver, pod"),
        ("dataset", dataset(s3={"bucket": "data", "authentication": "pod"}), "s3.region", "needs it"),
        ("dataset", dataset(s3={"bucket": "data", "region": "us east"}), "s3.region", "write it like us-east-1"),
        ("dataset", dataset(s3={"bucket": "data", "cache_size": "much"}), "s3.cacheSize", "not a quantity"),
        ("dataset", dataset(s3={"bucket": "data"}, subpath="a b"), "subpath", "a space"),
        ("dataset", dataset(s3={"bucket": "data"}, fsx=NAMES), "fsx", "given together with s3"),
        ("dataset", dataset(fsx={**NAMES, "mount_name": ""}), "fsx.mountName", "an output of the file system"),
        ("dataset", dataset(fsx={**NAMES, "mount_options": ["rw"]}), "fsx.mountOptions[0]", "read-only"),
        ("logs", {"sources": ["alb"]}, "sources[0]", "not one of s3"),
        ("logs", {"sources": []}, "sources", "say who writes"),
        ("logs", {"retention_days": 0}, "retentionDays", "give 1 day or more"),
        ("class", {"iops": 2000}, "iops", "3,000 operations a second or more"),
        ("class", {"throughput": 1000}, "throughput", "needs 4000 operations"),
        ("class", {"reclaim_policy": "Keep"}, "reclaimPolicy", "Delete, Retain"),
        ("class", {"default": True}, "default", "did you mean 'isDefault'"),
    ],
)
def test_what_cannot_be_is_named(plan: str, args: dict[str, Any], path: str, words: str) -> None:
    ((found, reason),) = problems_of(plan, args)
    assert found == path
    assert words in reason


@given(st.integers(min_value=1, max_value=200_000))
def test_the_size_that_is_named_is_one_that_is_taken(gibibytes: int) -> None:
    found = problems_of("filesystem", lustre(f"{gibibytes}Gi"))
    is_step = gibibytes == 1200 or gibibytes % 2400 == 0
    assert is_step == (found == [])
    for _, reason in found:
        following = reason.rpartition("the next is ")[2]
        assert problems_of("filesystem", lustre(following)) == []
        assert int(following.removesuffix("Gi")) - gibibytes < 2400


def test_a_linked_file_system_has_no_backups_and_others_have() -> None:
    fsx = plan_shared_filesystem(lustre(), "fast").fsx  # type: ignore[arg-type]
    linked = plan_shared_filesystem(lustre(data_repositories={"data": LINK}), "fast").fsx  # type: ignore[arg-type]
    assert fsx is not None
    assert linked is not None
    assert (fsx.backup_retention_days, linked.backup_retention_days) == (7, 0)


def test_the_order_of_links_and_events_makes_no_difference() -> None:
    one, two = {"bucket": "a", "path": "/a"}, {"bucket": "b", "path": "/b", "import_events": ["DELETED", "NEW"]}
    turned = {**two, "import_events": ["NEW", "DELETED"]}
    first = plan_shared_filesystem(lustre(data_repositories={"one": one, "two": two}), "fast")  # type: ignore[arg-type]
    second = plan_shared_filesystem(lustre(data_repositories={"two": turned, "one": one}), "fast")  # type: ignore[arg-type]
    assert first == second
