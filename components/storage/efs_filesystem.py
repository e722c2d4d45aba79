"""A file system of EFS, and how the nodes mount it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.identity import Statement, policy_document
from ...problems import Problems
from .file_system import FileSystem
from .storage_security_group import PortRange, create_security_group
from .volumes import VolumeSource, check_directory

_USER: Final = 65532
"""The user and the group of this library's pods."""

_MOST_ID: Final = 2**32 - 1
_PERMISSIONS: Final = re.compile(r"0?[0-7]{3}")
_DEFAULT_PERMISSIONS: Final = "0750"
_AGES: Final = (1, 7, 14, 30, 60, 90, 180, 270, 365)
"""Days of https://docs.aws.amazon.com/efs/latest/ug/API_LifecyclePolicy.html"""

_INFREQUENT_DAYS: Final = 30

NFS_PORTS: Final = (PortRange(first=2049, last=2049, purpose="NFS"),)
"""https://docs.aws.amazon.com/efs/latest/ug/network-access.html"""


class EfsFilesystem(TypedDict):
    """A file system of EFS, which grows by itself: `size` is only what the claim says."""

    vpc_id: pulumi.Input[str]
    """VPC of the nodes."""

    subnet_ids: dict[str, pulumi.Input[str]]
    """One subnet for each zone whose nodes mount it, by zone; each gets a mount target."""

    node_security_group_id: pulumi.Input[str]
    """Security group of the nodes. Rules for NFS are added to it."""

    encryption_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key. Default: the account's key aws/elasticfilesystem."""

    infrequent_access_days: NotRequired[int]
    """Days without a read after which a file moves to the storage class of infrequent access, until it is read: 1, 7,
    14, 30, 60, 90, 180, 270 or 365; 0 is never. Default: 30."""

    archive_days: NotRequired[int]
    """Days without a read after which a file moves on to the storage class Archive, of the same list and more than
    `infrequent_access_days`. Default: never."""

    backups: NotRequired[bool]
    """Whether AWS Backup backs it up every day into the account's vault for EFS. Default: true."""

    directory: NotRequired[str]
    """Directory of the file system that the claim shows, made if it is missing. Default: `/` and the claim's name."""

    user_id: NotRequired[int]
    """Number of the user that owns the directory, and as whom every pod acts. Default: 65532, that of this library's
    pods."""

    group_id: NotRequired[int]
    """Number of the group, likewise. Default: 65532."""

    permissions: NotRequired[str]
    """Permissions of the directory when it is made, octal. Default: `0750`."""

    mount_roles: NotRequired[list[pulumi.Input[str]]]
    """ARNs of the roles that alone may mount it, signed by IAM: that of the driver's node pods, or of the nodes.
    Default: every host that reaches a mount target."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EfsPlan:
    """A file system of EFS with every default applied."""

    zones: tuple[str, ...]
    lifecycle: Sequence[Mapping[str, str]]
    backups: bool
    directory: str
    user_id: int
    group_id: int
    permissions: str


def plan_efs(problems: Problems, args: EfsFilesystem, claim_name: str) -> EfsPlan:
    """Check the inputs and apply the defaults."""
    if not args["subnet_ids"]:
        problems.add("subnetIds", "none given; give one subnet for each zone whose nodes mount it")
    directory = args.get("directory", f"/{claim_name}")
    check_directory(problems, "directory", directory)
    if directory.startswith("/") and not directory.strip("/"):
        problems.add("directory", "'/' cannot be made or given an owner; give a directory below it")
    # https://docs.aws.amazon.com/efs/latest/ug/API_RootDirectory.html
    if len(directory) > 100 or len([part for part in directory.split("/") if part]) > 4:
        problems.add("directory", f"'{directory}' is too deep; give 4 levels and 100 characters or fewer")
    user, group = int(args.get("user_id", _USER)), int(args.get("group_id", _USER))
    problems.between("userId", user, 0, _MOST_ID)
    problems.between("groupId", group, 0, _MOST_ID)
    permissions = args.get("permissions", _DEFAULT_PERMISSIONS)
    if not _PERMISSIONS.fullmatch(permissions):
        problems.add("permissions", f"'{permissions}' is not octal; write it like {_DEFAULT_PERMISSIONS}")
    return EfsPlan(
        zones=tuple(sorted(args["subnet_ids"])),
        lifecycle=_lifecycle(problems, args),
        backups=args.get("backups", True),
        directory=directory,
        user_id=user,
        group_id=group,
        permissions=permissions,
    )


def efs_policy_statements(
    *,
    file_system_arn: pulumi.Input[str],
    access_point_arn: pulumi.Input[str],
    mount_roles: Sequence[pulumi.Input[str]],
) -> list[Statement]:
    """Return who may mount: through a mount target and the access point, never as root, never without TLS.

    A policy takes the place of the one by which everybody may do everything, so it allows too:
    https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
    """
    mount = Statement(
        sid="MountByAccessPoint",
        actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        resources=[file_system_arn],
        principals={"AWS": list(mount_roles)} if mount_roles else {"*": []},
        conditions={
            "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
            "StringEquals": {"elasticfilesystem:AccessPointArn": access_point_arn},
        },
    )
    deny = Statement(
        sid="DenyPlainConnections",
        effect="Deny",
        actions=["*"],
        resources=[file_system_arn],
        principals={"*": []},
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )
    return [mount, deny]


def create_efs(
    name: str, plan: EfsPlan, args: EfsFilesystem, *, protect: bool, opts: pulumi.ResourceOptions
) -> FileSystem:
    """Make the file system, its mount targets and who reaches them, its access point and its policy."""
    from pulumi_aws import efs

    keep = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect or None))
    lifecycle: list[Any] = list(plan.lifecycle)
    made = efs.FileSystem(
        name,
        encrypted=True,
        kms_key_id=args.get("encryption_key"),
        performance_mode="generalPurpose",
        throughput_mode="elastic",
        lifecycle_policies=lifecycle,
        tags={"Name": name},
        opts=keep,
    )
    status: Any = {"status": "ENABLED" if plan.backups else "DISABLED"}
    efs.BackupPolicy(name, file_system_id=made.id, backup_policy=status, opts=opts)
    access = create_security_group(
        name,
        vpc_id=args["vpc_id"],
        node_group_id=args["node_security_group_id"],
        ports=NFS_PORTS,
        servers_call=False,
        description=f"Mount targets of {name}",
        opts=opts,
    )
    targets = [
        efs.MountTarget(
            f"{name}-{zone}",
            file_system_id=made.id,
            subnet_id=args["subnet_ids"][zone],
            security_groups=[access.group.id],
            opts=opts,
        )
        for zone in plan.zones
    ]
    user: Any = {"uid": plan.user_id, "gid": plan.group_id}
    root: Any = {
        "path": plan.directory,
        "creation_info": {"owner_uid": plan.user_id, "owner_gid": plan.group_id, "permissions": plan.permissions},
    }
    # Another directory or owner is another access point: the new one is made first, and the data stays.
    point = efs.AccessPoint(
        name, file_system_id=made.id, posix_user=user, root_directory=root, tags={"Name": name}, opts=opts
    )
    roles = args.get("mount_roles", [])
    statements = efs_policy_statements(file_system_arn=made.arn, access_point_arn=point.arn, mount_roles=roles)
    policy = efs.FileSystemPolicy(name, file_system_id=made.id, policy=policy_document(statements), opts=opts)
    return FileSystem(
        id=made.id,
        arn=made.arn,
        dns_name=made.dns_name,
        mount_name=pulumi.Output.from_input(""),
        source=_source(made.id, point.id, signs=bool(roles)),
        ready=[*targets, *access.rules, policy],
    )


def _source(file_system: pulumi.Output[str], access_point: pulumi.Output[str], *, signs: bool) -> VolumeSource:
    """Return the source of a volume, as the driver efs.csi.aws.com reads it.

    Source: https://github.com/kubernetes-sigs/aws-efs-csi-driver, examples/kubernetes/access_points and
    pkg/driver/node.go, where TLS is the attribute `encryptInTransit` and no longer a mount option.
    """
    fields = {
        "driver": "efs.csi.aws.com",
        "volumeHandle": pulumi.Output.concat(file_system, "::", access_point),
        "volumeAttributes": {"encryptInTransit": "true"},
    }
    return VolumeSource(fields={"csi": fields}, mount_options=["iam"] if signs else [])


def _lifecycle(problems: Problems, args: EfsFilesystem) -> list[dict[str, str]]:
    infrequent = int(args.get("infrequent_access_days", _INFREQUENT_DAYS))
    listed = ", ".join(map(str, _AGES))
    if infrequent and infrequent not in _AGES:
        problems.add("infrequentAccessDays", f"{infrequent} days is not offered; give one of {listed}, or 0 for never")
    policies = [
        {"transition_to_ia": _after(infrequent)},
        {"transition_to_primary_storage_class": "AFTER_1_ACCESS"},
    ]
    if "archive_days" in args:
        archive = int(args["archive_days"])
        if archive not in _AGES:
            problems.add("archiveDays", f"{archive} days is not offered; give one of {listed}")
        elif not infrequent:
            problems.add("archiveDays", "only what is in infrequent access is archived; give infrequentAccessDays")
        elif archive <= infrequent:
            problems.add("archiveDays", f"{archive} days is too soon; give more than {infrequent} days")
        policies.append({"transition_to_archive": _after(archive)})
    return policies if infrequent else []


def _after(days: int) -> str:
    return f"AFTER_{days}_DAY{'' if days == 1 else 'S'}"
