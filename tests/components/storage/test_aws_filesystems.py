"""File systems in AWS: exact children and inputs, who reaches them, how pods mount them, growth in place."""

import json
import re
from typing import Any

import pulumi
import pytest

from aidc.components.storage import DatasetVolume, ObjectStore, SharedFilesystem
from aidc.evaluation import Resource, ResourceGraph, evaluate
from aidc.evaluation.testing import assert_inputs, assert_known, assert_protected

CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
VOLUME = "kubernetes:core/v1:PersistentVolume"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
LINK = "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"
EFS = "aws:efs/fileSystem:FileSystem"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
NETWORK = {"vpc_id": "vpc-1", "node_security_group_id": "sg-nodes"}


def lustre(
    size: str = "4800Gi", *, preview: bool = False, protect: bool = True, name: str = "fast", **fields: Any
) -> ResourceGraph:
    fsx = {**NETWORK, "subnet_id": "subnet-1", "throughput": 250.0, **fields}
    args: Any = {"namespace": "research", "size": size, "backend": "fsx-lustre", "fsx": fsx}
    if not protect:
        args["protect"] = False
    return evaluate(lambda: SharedFilesystem(name, args), preview=preview)


def efs(*, preview: bool = False, size: str = "1Ti", **fields: Any) -> ResourceGraph:
    zones = {"us-east-1b": "subnet-b", "us-east-1a": "subnet-a"}
    args: Any = {"namespace": "research", "size": size, "backend": "efs"}
    args["efs"] = {**NETWORK, "subnet_ids": zones, **fields}
    return evaluate(lambda: SharedFilesystem("home", args), preview=preview)


def only(graph: ResourceGraph, type: str) -> Resource:
    (found,) = graph.of_type(type)
    return found


def outputs(graph: ResourceGraph) -> Any:
    return only(graph, "aidc:index:SharedFilesystem").outputs


def group_of_servers(graph: ResourceGraph) -> str:
    """Return the id of the one security group besides that of the nodes."""
    ids = {each.inputs["securityGroupId"] for each in graph.of_type(INGRESS)} - {"sg-nodes"}
    (group,) = ids
    return group


def rules(graph: ResourceGraph, type: str) -> set[tuple[str, str, int, int]]:
    """Return whose rule it is, who is on the other side, and the ports."""
    group = group_of_servers(graph)
    names = {group: "servers", "sg-nodes": "nodes"}
    return {
        (
            names[each.inputs["securityGroupId"]],
            names[each.inputs["referencedSecurityGroupId"]],
            each.inputs["fromPort"],
            each.inputs["toPort"],
        )
        for each in graph.of_type(type)
    }


def test_a_lustre_file_system_has_all_that_training_needs() -> None:
    graph = lustre(encryption_key=KEY, maintenance_start="7:03:00")
    made = only(graph, LUSTRE)
    assert made.inputs == {
        "deploymentType": "PERSISTENT_2",
        "storageType": "SSD",
        "storageCapacity": 4800,
        "perUnitStorageThroughput": 250,
        "dataCompressionType": "LZ4",
        "metadataConfiguration": {"mode": "AUTOMATIC"},
        "kmsKeyId": KEY,
        "subnetIds": "subnet-1",
        "securityGroupIds": [group_of_servers(graph)],
        "automaticBackupRetentionDays": 7,
        "copyTagsToBackups": True,
        "skipFinalBackup": False,
        "weeklyMaintenanceStartTime": "7:03:00",
        "tags": {"Name": "fast"},
    }
    counts = {type: len(graph.of_type(type)) for type in (LUSTRE, LINK, INGRESS, EGRESS, GROUP, VOLUME, CLAIM)}
    assert counts == {LUSTRE: 1, LINK: 0, INGRESS: 6, EGRESS: 6, GROUP: 1, VOLUME: 1, CLAIM: 1}
    assert not graph.of_type("aws:cloudwatch/logGroup:LogGroup")


def test_metadata_and_compression_are_as_they_are_asked_for() -> None:
    inputs = only(lustre(metadata_iops=12000.0, compression=False, backup_retention_days=0), LUSTRE).inputs
    assert inputs["metadataConfiguration"] == {"mode": "USER_PROVISIONED", "iops": 12000}
    assert inputs["dataCompressionType"] == "NONE"
    assert (inputs["automaticBackupRetentionDays"], inputs["copyTagsToBackups"]) == (0, False)


def test_lustre_passes_both_ways_between_nodes_and_servers_and_nowhere_else() -> None:
    graph = lustre()
    ways = [("nodes", "servers"), ("servers", "nodes"), ("servers", "servers")]
    expected = {(*way, *ports) for way in ways for ports in ((988, 988), (1018, 1023))}
    assert rules(graph, INGRESS) == rules(graph, EGRESS) == expected
    group = only(graph, GROUP)
    assert not {"ingress", "egress"} & set(group.inputs)
    assert all(each.inputs["description"] for each in (group, *graph.of_type(INGRESS), *graph.of_type(EGRESS)))


def test_the_file_system_waits_for_the_ports_to_be_open() -> None:
    graph = lustre()
    waited = set(only(graph, LUSTRE).dependencies)
    assert {each.urn for each in (*graph.of_type(INGRESS), *graph.of_type(EGRESS))} <= waited


def test_a_linked_directory_is_a_resource_and_its_failures_are_logged() -> None:
    links = {
        "data": {"bucket": "datasets", "prefix": "imagenet", "path": "/datasets/imagenet"},
        "runs": {
            "bucket": "runs",
            "path": "/runs",
            "import_events": [],
            "export_events": ["DELETED", "NEW", "CHANGED"],
            "import_existing": False,
        },
    }
    graph = lustre(data_repositories=links, log_retention_days=30, log_encryption_key=KEY)
    file_system, id = only(graph, LUSTRE), outputs(graph)["file_system_id"]
    data, runs = graph.named("fast-data", LINK), graph.named("fast-runs", LINK)
    assert data.inputs == {
        "fileSystemId": id,
        "fileSystemPath": "/datasets/imagenet",
        "dataRepositoryPath": "s3://datasets/imagenet/",
        "batchImportMetaDataOnCreate": True,
        "deleteDataInFilesystem": False,
        "s3": {"autoImportPolicy": {"events": ["NEW", "CHANGED", "DELETED"]}},
    }
    assert runs.inputs == {
        "fileSystemId": id,
        "fileSystemPath": "/runs",
        "dataRepositoryPath": "s3://runs",
        "batchImportMetaDataOnCreate": False,
        "deleteDataInFilesystem": False,
        "s3": {"autoExportPolicy": {"events": ["NEW", "CHANGED", "DELETED"]}},
    }
    log = only(graph, "aws:cloudwatch/logGroup:LogGroup")
    assert log.inputs == {"namePrefix": "/aws/fsx/fast-", "retentionInDays": 30, "kmsKeyId": KEY}
    assert_inputs(file_system, {"logConfiguration": {"level": "WARN_ERROR"}, "automaticBackupRetentionDays": 0})
    assert file_system.inputs["skipFinalBackup"] is True
    assert {data.urn, runs.urn} <= set(only(graph, VOLUME).dependencies)


def test_a_bucket_of_the_same_program_is_linked() -> None:
    def program() -> None:
        bucket = ObjectStore("data", {"namespace": "research", "kind": "s3"})  # type: ignore[typeddict-item]
        fsx: Any = {**NETWORK, "subnet_id": "subnet-1", "throughput": 125}
        fsx["data_repositories"] = {"data": {"bucket": bucket.bucket, "path": "/data"}}
        args: Any = {"namespace": "research", "size": "1200Gi", "backend": "fsx-lustre", "fsx": fsx}
        SharedFilesystem("fast", args)

    graph = evaluate(program)
    assert only(graph, LINK).inputs["dataRepositoryPath"] == "s3://data"
    assert graph.named("data", "aws:s3/bucket:Bucket").urn in only(graph, LINK).dependencies


def test_pods_mount_what_aws_has_assigned() -> None:
    graph = lustre()
    told = outputs(graph)
    spec = only(graph, VOLUME).inputs["spec"]
    assert spec["csi"] == {
        "driver": "fsx.csi.aws.com",
        "volumeHandle": told["file_system_id"],
        "volumeAttributes": {"dnsname": told["dns_name"], "mountname": told["mount_name"]},
    }
    assert spec["mountOptions"] == ["flock", "noatime"]
    assert (spec["persistentVolumeReclaimPolicy"], spec["storageClassName"]) == ("Retain", "")
    assert {key: told[key] for key in ("claim", "volume", "access_mode", "size")} == {
        "claim": "fast",
        "volume": "research-fast",
        "access_mode": "ReadWriteMany",
        "size": "4800Gi",
    }
    assert re.fullmatch("fs-[0-9a-f]{17}", told["file_system_id"])
    assert told["dns_name"].startswith(told["file_system_id"])
    assert told["file_system_arn"].endswith(f":file-system/{told['file_system_id']}")
    assert_known(graph)


@pytest.mark.parametrize("served", [lustre, efs])
def test_in_the_first_preview_what_aws_assigns_is_open(served: Any) -> None:
    graph = served(preview=True)
    assert set(graph.resources) == set(served().resources)
    assert "spec.csi.volumeHandle" in only(graph, VOLUME).unknowns
    assert not only(graph, CLAIM).unknowns


@pytest.mark.parametrize(("before", "after"), [(lustre(), lustre("9600Gi")), (efs(), efs(size="2Ti"))])
def test_growth_changes_the_file_system_alone(before: ResourceGraph, after: ResourceGraph) -> None:
    assert set(before.resources) == set(after.resources)
    for graph in (before, after):
        for each in (only(graph, VOLUME), only(graph, CLAIM)):
            assert set(each.ignore_changes) == {"spec.capacity", "spec.resources"}
            assert set(each.replace_on_changes) == {"spec.csi"}
    changed = {
        urn
        for urn, resource in before.resources.items()
        if resource.inputs != after.resources[urn].inputs and not resource.ignore_changes
    }
    components = {urn for urn in changed if before.resources[urn].type == "aidc:index:SharedFilesystem"}
    assert {before.resources[urn].type for urn in changed - components} <= {LUSTRE}
    if before.of_type(LUSTRE):
        assert set(only(after, LUSTRE).inputs) == set(only(before, LUSTRE).inputs)


def test_what_holds_data_is_protected() -> None:
    assert_protected(lustre(), [LUSTRE, VOLUME, CLAIM])
    assert_protected(efs(), [EFS, VOLUME, CLAIM])
    assert not any(each.protect for each in lustre(protect=False))


def test_efs_is_encrypted_elastic_and_in_every_zone() -> None:
    graph = efs(encryption_key=KEY, archive_days=90)
    made = only(graph, EFS)
    assert made.inputs == {
        "encrypted": True,
        "kmsKeyId": KEY,
        "performanceMode": "generalPurpose",
        "throughputMode": "elastic",
        "lifecyclePolicies": [
            {"transitionToIa": "AFTER_30_DAYS"},
            {"transitionToPrimaryStorageClass": "AFTER_1_ACCESS"},
            {"transitionToArchive": "AFTER_90_DAYS"},
        ],
        "tags": {"Name": "home"},
    }
    targets = graph.of_type("aws:efs/mountTarget:MountTarget")
    assert {each.name: each.inputs["subnetId"] for each in targets} == {
        "home-us-east-1a": "subnet-a",
        "home-us-east-1b": "subnet-b",
    }
    assert all(each.inputs["securityGroups"] == [group_of_servers(graph)] for each in targets)
    assert only(graph, "aws:efs/backupPolicy:BackupPolicy").inputs["backupPolicy"] == {"status": "ENABLED"}
    assert rules(graph, INGRESS) == {("servers", "nodes", 2049, 2049)}
    assert rules(graph, EGRESS) == {("nodes", "servers", 2049, 2049)}


def test_efs_without_backups_and_without_tiers() -> None:
    graph = efs(backups=False, infrequent_access_days=0)
    assert only(graph, "aws:efs/backupPolicy:BackupPolicy").inputs["backupPolicy"] == {"status": "DISABLED"}
    assert only(graph, EFS).inputs["lifecyclePolicies"] == []


def test_an_access_point_fixes_directory_and_user() -> None:
    point = only(efs(), "aws:efs/accessPoint:AccessPoint")
    assert point.inputs["posixUser"] == {"uid": 65532, "gid": 65532}
    assert point.inputs["rootDirectory"] == {
        "path": "/home",
        "creationInfo": {"ownerUid": 65532, "ownerGid": 65532, "permissions": "0750"},
    }
    other = only(
        efs(directory="/teams/a", user_id=1000, group_id=2000, permissions="0770"), "aws:efs/accessPoint:AccessPoint"
    )
    assert other.inputs["posixUser"] == {"uid": 1000, "gid": 2000}
    assert other.inputs["rootDirectory"]["path"] == "/teams/a"
    assert other.inputs["rootDirectory"]["creationInfo"]["permissions"] == "0770"


def test_efs_is_mounted_through_its_access_point_by_tls_and_never_as_root() -> None:
    graph = efs()
    handle = only(graph, VOLUME).inputs["spec"]["csi"]["volumeHandle"]
    file_system, access_point = handle.split("::")
    assert file_system == outputs(graph)["file_system_id"]
    assert re.fullmatch("fsap-[0-9a-f]{17}", access_point)
    document = json.loads(only(graph, "aws:efs/fileSystemPolicy:FileSystemPolicy").inputs["policy"])
    mount, deny = document["Statement"]
    assert mount["Action"] == ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    assert mount["Principal"] == "*"
    assert mount["Condition"] == {
        "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
        "StringEquals": {
            "elasticfilesystem:AccessPointArn": (
                f"arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/{access_point}"
            )
        },
    }
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    spec = only(graph, VOLUME).inputs["spec"]
    assert spec["csi"] == {
        "driver": "efs.csi.aws.com",
        "volumeHandle": handle,
        "volumeAttributes": {"encryptInTransit": "true"},
    }
    assert "mountOptions" not in spec


def test_efs_for_certain_roles_is_signed_by_iam() -> None:
    role = "arn:aws:iam::123456789012:role/prod-node"
    graph = efs(mount_roles=[role])
    mount, _ = json.loads(only(graph, "aws:efs/fileSystemPolicy:FileSystemPolicy").inputs["policy"])["Statement"]
    assert mount["Principal"] == {"AWS": [role]}
    assert only(graph, VOLUME).inputs["spec"]["mountOptions"] == ["iam"]


def test_no_pod_is_told_of_efs_before_it_can_be_mounted() -> None:
    graph = efs()
    needed = {each.urn for each in graph if each.type.startswith(("aws:efs/mount", "aws:efs/fileSystemPolicy"))}
    needed |= {each.urn for each in (*graph.of_type(INGRESS), *graph.of_type(EGRESS))}
    assert needed <= set(only(graph, VOLUME).dependencies)


def test_a_zone_more_changes_nothing_else() -> None:
    zones = {"us-east-1a": "subnet-a", "us-east-1b": "subnet-b", "us-east-1c": "subnet-c"}
    before, after = efs(), efs(subnet_ids=zones)
    assert set(before.resources) < set(after.resources)
    (new,) = set(after.resources) - set(before.resources)
    assert after.resources[new].name == "home-us-east-1c"


def dataset(args: dict[str, Any], *, preview: bool = False) -> ResourceGraph:
    everything: Any = {"namespace": "research", "size": "1Ti", **args}
    return evaluate(lambda: DatasetVolume("imagenet", everything), preview=preview)


def test_objects_are_read_as_files() -> None:
    graph = dataset({"s3": {"bucket": "datasets"}, "subpath": "imagenet/train"})
    spec = only(graph, VOLUME).inputs["spec"]
    assert spec["csi"] == {
        "driver": "s3.csi.aws.com",
        "volumeHandle": "research-imagenet",
        "readOnly": True,
        "volumeAttributes": {"bucketName": "datasets", "authenticationSource": "driver"},
    }
    assert spec["mountOptions"] == ["allow-other", "read-only", "prefix imagenet/train/"]
    assert spec["accessModes"] == only(graph, CLAIM).inputs["spec"]["accessModes"] == ["ReadOnlyMany"]
    assert not any(each.protect for each in graph)


def test_objects_are_read_with_the_identity_of_the_pod() -> None:
    source = {"bucket": "datasets", "authentication": "pod", "region": "eu-west-1", "cache_size": "100Gi"}
    spec = only(dataset({"s3": source}), VOLUME).inputs["spec"]
    assert spec["csi"]["volumeAttributes"] == {
        "bucketName": "datasets",
        "authenticationSource": "pod",
        "stsRegion": "eu-west-1",
        "cache": "emptyDir",
        "cacheEmptyDirSizeLimit": "100Gi",
    }
    assert spec["mountOptions"] == ["allow-other", "read-only", "region eu-west-1"]


@pytest.mark.parametrize("preview", [False, True])
def test_a_directory_of_a_shared_file_system_is_a_dataset_with_a_handle_of_its_own(preview: bool) -> None:
    def program() -> None:
        fsx: Any = {**NETWORK, "subnet_id": "subnet-1", "throughput": 125}
        args: Any = {"namespace": "research", "size": "1200Gi", "backend": "fsx-lustre", "fsx": fsx}
        fast = SharedFilesystem("fast", args)
        names: Any = {
            "file_system_id": fast.file_system_id,
            "dns_name": fast.dns_name,
            "mount_name": fast.mount_name,
        }
        DatasetVolume("imagenet", {"namespace": "research", "size": "1Ti", "fsx": names, "subpath": "data/imagenet"})

    graph = evaluate(program, preview=preview)
    volume, told = graph.named("imagenet-volume", VOLUME), outputs(graph)
    if preview:
        assert {
            "spec.csi.volumeHandle",
            "spec.csi.volumeAttributes.dnsname",
            "spec.csi.volumeAttributes.mountname",
        } <= volume.unknowns
        return
    csi = volume.inputs["spec"]["csi"]
    assert csi["volumeHandle"] == f"{told['file_system_id']}-research-imagenet"
    assert csi["volumeAttributes"]["mountname"] == f"{told['mount_name']}/data/imagenet"
    assert csi["readOnly"] is True
    assert volume.inputs["spec"]["mountOptions"] == ["flock", "noatime", "ro"]
    handles = [each.inputs["spec"]["csi"]["volumeHandle"] for each in graph.of_type(VOLUME)]
    assert len(set(handles)) == len(handles) == 2


def test_another_bucket_is_another_volume() -> None:
    (volume,) = dataset({"s3": {"bucket": "datasets"}}).of_type(VOLUME)
    assert set(volume.replace_on_changes) == {"spec.csi", "spec.capacity", "spec.resources"}


def test_two_file_systems_beside_each_other_collide_in_nothing() -> None:
    def program() -> None:
        for name in ("fast", "faster"):
            fsx: Any = {**NETWORK, "subnet_id": "subnet-1", "throughput": 125}
            args: Any = {"namespace": "research", "size": "1200Gi", "backend": "fsx-lustre", "fsx": fsx}
            SharedFilesystem(name, args)

    graph = evaluate(program)
    assert len({each.urn for each in graph}) == len(list(graph))
    assert len(graph.of_type(INGRESS)) == 12


def test_ids_of_the_network_may_come_from_other_resources() -> None:
    class Network(pulumi.CustomResource):
        ids: pulumi.Output[str]

        def __init__(self) -> None:
            super().__init__("test:index:Network", "network", {"ids": None})

    def program() -> None:
        given = Network().ids
        network: Any = {"vpc_id": given, "node_security_group_id": given}
        fsx = {**network, "subnet_id": given, "throughput": 125, "encryption_key": given}
        fast: Any = {"namespace": "research", "size": "1200Gi", "backend": "fsx-lustre", "fsx": fsx}
        SharedFilesystem("fast", fast)
        home: Any = {"namespace": "research", "size": "1Ti", "backend": "efs"}
        home["efs"] = {**network, "subnet_ids": {"us-east-1a": given}, "mount_roles": [given]}
        SharedFilesystem("home", home)

    graph = evaluate(program, preview=True)
    assert {"subnetIds", "kmsKeyId"} <= only(graph, LUSTRE).unknowns
    assert "subnetId" in only(graph, "aws:efs/mountTarget:MountTarget").unknowns
