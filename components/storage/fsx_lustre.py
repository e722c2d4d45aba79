"""A file system of FSx for Lustre, and how the nodes mount it."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.quantities import quantity
from ...problems import Problems
from .data_repository import (
    DataRepository,
    DataRepositoryPlan,
    create_data_repositories,
    plan_data_repositories,
)
from .file_system import FileSystem
from .storage_security_group import PortRange, create_security_group
from .volumes import VolumeSource

THROUGHPUTS: Final = (125, 250, 500, 1000)
"""MB/s per TiB of PERSISTENT_2 on SSD:
https://docs.aws.amazon.com/fsx/latest/LustreGuide/managing-throughput-capacity.html"""

_LEAST_GIB: Final = 1200
_STEP_GIB: Final = 2400
_MOST_GIB: Final = 2**31 - 1
"""Sizes of PERSISTENT_2: 1200 GiB, and multiples of 2400 GiB, up to the largest number that is taken,
https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystem.html"""

_GIB: Final = 2**30
_METADATA_IOPS: Final = (1500, 3000, 6000)
_METADATA_STEP: Final = 12000
_METADATA_MOST: Final = 192000
"""https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystemLustreMetadataConfiguration.html"""

_BACKUP_DAYS: Final = 7
_MOST_BACKUP_DAYS: Final = 90
_LOG_DAYS: Final = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""Days that CloudWatch Logs keeps events:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""

_DEFAULT_LOG_DAYS: Final = 90
_WEEKLY: Final = re.compile(r"[1-7]:([01]\d|2[0-3]):[0-5]\d")

LUSTRE_PORTS: Final = (
    PortRange(first=988, last=988, purpose="Lustre"),
    PortRange(first=1018, last=1023, purpose="Lustre"),
)
"""https://docs.aws.amazon.com/fsx/latest/LustreGuide/limit-access-security-groups.html"""

LUSTRE_OPTIONS: Final = ("flock", "noatime")
"""`flock`: locks hold between nodes, which HDF5 and others need. `noatime`: a read is not a write of metadata."""


class FsxLustre(TypedDict):
    """A file system of FSx for Lustre, PERSISTENT_2 on SSD: the `size` is one of its steps."""

    vpc_id: pulumi.Input[str]
    """VPC of the nodes."""

    subnet_id: pulumi.Input[str]
    """Subnet of the file servers, and with it their one zone: that of the nodes that use it most."""

    node_security_group_id: pulumi.Input[str]
    """Security group of the nodes. Rules for Lustre's ports are added to it."""

    throughput: int
    """MB/s for each TiB: 125, 250, 500 or 1000. It can be changed, but never within 6 hours."""

    encryption_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key. Default: the account's key aws/fsx."""

    compression: NotRequired[bool]
    """Whether data are compressed by LZ4, which also saves throughput of the disks. Default: true."""

    metadata_iops: NotRequired[int]
    """Operations on metadata a second: 1500, 3000, 6000, or a multiple of 12000 up to 192000. They can only grow.
    Default: as many as go with the size."""

    data_repositories: NotRequired[dict[str, DataRepository]]
    """Directories that show the objects of buckets, 8 at most, by a name of yours. Default: none."""

    backup_retention_days: NotRequired[int]
    """Days that the daily backups are kept, 0 to 90; 0 is no backup. Default: 7; 0 with data repositories, since AWS
    backs up no file system that is linked to S3."""

    log_retention_days: NotRequired[int]
    """Days that failures of imports and exports are kept in CloudWatch Logs. Only with data repositories. Default:
    90."""

    log_encryption_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key of that log; its policy must let CloudWatch Logs use it. Default: CloudWatch's own."""

    maintenance_start: NotRequired[str]
    """Start of the half hour of weekly maintenance, in UTC, such as `7:03:00` for Sunday at 3. Default: AWS chooses."""

    mount_options: NotRequired[list[str]]
    """Mount options. Default: `flock` and `noatime`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FsxLustrePlan:
    """A file system of FSx for Lustre with every default applied."""

    gibibytes: int
    throughput: int
    metadata_iops: int | None
    compression: bool
    backup_retention_days: int
    log_retention_days: int
    maintenance_start: str | None
    mount_options: Sequence[str]
    repositories: tuple[DataRepositoryPlan, ...]


def plan_fsx_lustre(problems: Problems, args: FsxLustre, size: str) -> FsxLustrePlan:
    """Check the inputs and apply the defaults; `check_lustre_size` checks the size."""
    if int(args["throughput"]) not in THROUGHPUTS:
        listed = ", ".join(map(str, THROUGHPUTS))
        problems.add("throughput", f"{int(args['throughput'])} MB/s per TiB is not offered; give one of {listed}")
    iops = None if "metadata_iops" not in args else int(args["metadata_iops"])
    if iops is not None:
        if not _METADATA_IOPS[0] <= iops <= _METADATA_MOST:
            problems.between("metadataIops", iops, _METADATA_IOPS[0], _METADATA_MOST, unit="operations a second")
        elif iops not in _METADATA_IOPS and iops % _METADATA_STEP:
            problems.add(
                "metadataIops",
                f"{iops} is no step; give {', '.join(map(str, _METADATA_IOPS))} or a multiple of {_METADATA_STEP}",
            )
    with problems.under("dataRepositories"):
        repositories = plan_data_repositories(problems, args.get("data_repositories", {}))
    backup = int(args.get("backup_retention_days", 0 if repositories else _BACKUP_DAYS))
    problems.between("backupRetentionDays", backup, 0, _MOST_BACKUP_DAYS, unit="days")
    if backup and repositories:
        problems.add(
            "backupRetentionDays",
            "AWS backs up no file system that is linked to S3; leave it out, and let exportEvents keep the data",
        )
    if "log_retention_days" in args and not repositories:
        problems.add("logRetentionDays", "only imports and exports are logged; give dataRepositories, or leave it out")
    log_days = int(args.get("log_retention_days", _DEFAULT_LOG_DAYS))
    if log_days not in _LOG_DAYS:
        near = min(_LOG_DAYS, key=lambda days: abs(days - log_days))
        problems.add("logRetentionDays", f"{log_days} days is no period of CloudWatch Logs; give {near}")
    start = args.get("maintenance_start")
    if start is not None and not _WEEKLY.fullmatch(start):
        problems.add("maintenanceStart", f"'{start}' is no time of a week; write it like 7:03:00, Sunday at 3 in UTC")
    for index, option in enumerate(args.get("mount_options", [])):
        if not option or "," in option or any(letter.isspace() for letter in option):
            problems.add(f"mountOptions[{index}]", f"'{option}' is not a mount option; write one an entry, like flock")
    return FsxLustrePlan(
        gibibytes=int(_gibibytes(size)),
        throughput=int(args["throughput"]),
        metadata_iops=iops,
        compression=args.get("compression", True),
        backup_retention_days=backup,
        log_retention_days=log_days,
        maintenance_start=start,
        mount_options=sorted(args.get("mount_options", LUSTRE_OPTIONS)),
        repositories=repositories,
    )


def check_lustre_size(problems: Problems, path: str, size: str) -> None:
    """Require a size that AWS makes: 1200 GiB, or a multiple of 2400 GiB."""
    given = _gibibytes(size)
    if given > _MOST_GIB:
        problems.add(path, f"'{size}' is too much; give {_MOST_GIB} GiB or less")
        return
    if given == _LEAST_GIB or (given > 0 and given % _STEP_GIB == 0):
        return
    next_one = _LEAST_GIB if given < _LEAST_GIB else math.ceil(given / _STEP_GIB) * _STEP_GIB
    problems.add(
        path,
        f"'{size}' is {given.normalize():f} GiB, and FSx for Lustre has {_LEAST_GIB}Gi or a multiple of {_STEP_GIB}Gi; "
        f"the next is {next_one}Gi",
    )


def create_fsx_lustre(
    name: str, plan: FsxLustrePlan, args: FsxLustre, *, protect: bool, opts: pulumi.ResourceOptions
) -> FileSystem:
    """Make the file system, who reaches it, its log and its links to S3."""
    from pulumi_aws import cloudwatch, fsx

    access = create_security_group(
        name,
        vpc_id=args["vpc_id"],
        node_group_id=args["node_security_group_id"],
        ports=LUSTRE_PORTS,
        servers_call=True,
        description=f"File servers of {name}",
        opts=opts,
    )
    settings: dict[str, Any] = {"metadata_configuration": {"mode": "AUTOMATIC"}}
    if plan.metadata_iops is not None:
        settings["metadata_configuration"] = {"mode": "USER_PROVISIONED", "iops": plan.metadata_iops}
    if plan.repositories:
        log = cloudwatch.LogGroup(
            name,
            # FSx refuses groups of another name.
            name_prefix=f"/aws/fsx/{name}-",
            retention_in_days=plan.log_retention_days,
            kms_key_id=args.get("log_encryption_key"),
            opts=opts,
        )
        settings["log_configuration"] = {"level": "WARN_ERROR", "destination": log.arn}
    # FSx refuses a security group that does not let Lustre's traffic pass yet.
    keep = pulumi.ResourceOptions(protect=protect or None, depends_on=list(access.rules))
    made = fsx.LustreFileSystem(
        name,
        deployment_type="PERSISTENT_2",
        storage_type="SSD",
        storage_capacity=plan.gibibytes,
        per_unit_storage_throughput=plan.throughput,
        data_compression_type="LZ4" if plan.compression else "NONE",
        kms_key_id=args.get("encryption_key"),
        subnet_ids=args["subnet_id"],
        security_group_ids=[access.group.id],
        automatic_backup_retention_days=plan.backup_retention_days,
        copy_tags_to_backups=plan.backup_retention_days > 0,
        # What is linked to S3 cannot be backed up, at its end neither.
        skip_final_backup=bool(plan.repositories),
        weekly_maintenance_start_time=plan.maintenance_start,
        tags={"Name": name},
        **settings,
        opts=pulumi.ResourceOptions.merge(opts, keep),
    )
    links = create_data_repositories(name, plan.repositories, made, opts)
    return FileSystem(
        id=made.id,
        arn=made.arn,
        dns_name=made.dns_name,
        mount_name=made.mount_name,
        source=lustre_source(made.id, made.dns_name, made.mount_name, options=plan.mount_options),
        ready=[made, *links],
    )


def lustre_source(
    handle: pulumi.Input[str],
    dns_name: pulumi.Input[str],
    mount_name: pulumi.Input[str],
    *,
    options: Sequence[str],
    read_only: bool = False,
) -> VolumeSource:
    """Return the source of a volume on Lustre, as the driver fsx.csi.aws.com reads it.

    Source: https://github.com/kubernetes-sigs/aws-fsx-csi-driver, examples/kubernetes/static_provisioning.
    """
    fields: dict[str, Any] = {
        "driver": "fsx.csi.aws.com",
        "volumeHandle": handle,
        "volumeAttributes": {"dnsname": dns_name, "mountname": mount_name},
    }
    if read_only:
        fields["readOnly"] = True
    return VolumeSource(fields={"csi": fields}, mount_options=sorted({*options, *(["ro"] if read_only else [])}))


def _gibibytes(size: str) -> Decimal:
    try:
        return quantity(size) / _GIB
    except ValueError:
        return Decimal(0)
