"""Copies of the objects of a cluster, and snapshots of its volumes, by Velero."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import check_keys, planned, recorded
from ..helm import HelmRelease
from ..identity import WorkloadIdentity, WorkloadIdentityArgs, current_region, partition
from ..labels import check_name
from ..versions import VELERO_AWS_PLUGIN, VELERO_CHART
from .velero_statements import velero_statements

_RELEASE: Final = "velero"
_PREFIX: Final = re.compile(r"[a-zA-Z0-9._-]+(/[a-zA-Z0-9._-]+)*")
_CRON: Final = re.compile(r"(@(hourly|daily|weekly|monthly))|([0-9*,/-]+ ){4}[0-9*,/-]+")


class VeleroSchedule(TypedDict):
    """Backups of a cluster's objects at set times."""

    cron: str
    """When, in five fields in UTC, such as `30 4 * * *`."""

    keep_hours: NotRequired[int]
    """Hours after which a backup is deleted. Default: 720, which is 30 days."""

    namespaces: NotRequired[list[str]]
    """Namespaces that are backed up. Default: all."""

    excluded_namespaces: NotRequired[list[str]]
    """Namespaces that are left out. Default: none."""


class VeleroArgs(TypedDict):
    """Inputs of `Velero`."""

    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster."""

    bucket: pulumi.Input[str]
    """Name of the bucket that gets the backups, best one that is copied into a second region."""

    encryption_key: pulumi.Input[str]
    """ARN of the key that encrypts the bucket."""

    prefix: NotRequired[str]
    """Beginning of the keys in the bucket. Default: `velero`."""

    schedules: NotRequired[dict[str, VeleroSchedule]]
    """When, by name. Default: `daily` at 4:30 UTC, all namespaces, for 30 days."""

    snapshots: NotRequired[bool]
    """Whether EBS volumes are snapshotted too. Default: true. With AWS Backup for volumes, false."""

    volume_keys: NotRequired[list[pulumi.Input[str]]]
    """ARNs of the keys of the volumes. Only with `snapshots`. Default: volumes with AWS's own key."""

    namespace: NotRequired[str]
    """Namespace of Velero, which is made. Default: `velero`."""

    region: NotRequired[str]
    """Region of bucket and volumes. Default: the provider's."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds the role. Default: none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VeleroPlan:
    """Velero with every default applied."""

    name: str
    prefix: str
    schedules: Mapping[str, VeleroSchedule]
    snapshots: bool
    namespace: str
    region: str | None


def plan_velero(args: VeleroArgs, name: str) -> VeleroPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, VeleroArgs):
        problems.raise_if_any("Velero")
    check_name(problems, "name", name)
    namespace = args.get("namespace", _RELEASE)
    check_name(problems, "namespace", namespace)
    prefix = args.get("prefix", _RELEASE)
    if not _PREFIX.fullmatch(prefix):
        problems.add("prefix", f"'{prefix}' is no beginning of keys; give letters, digits, ., _ and - with inner /")
    schedules = args.get("schedules", {"daily": {"cron": "30 4 * * *"}})
    for key, schedule in schedules.items():
        with problems.under(f"schedules.{key}"):
            check_name(problems, "", key)
            if not _CRON.fullmatch(schedule["cron"]):
                problems.add("cron", f"'{schedule['cron']}' has not five fields; write it like 30 4 * * *")
            problems.between("keepHours", int(schedule.get("keep_hours", 720)), 1, unit="hours")
            both = set(schedule.get("namespaces", [])) & set(schedule.get("excluded_namespaces", []))
            if both:
                problems.add("excludedNamespaces", f"'{min(both)}' is among namespaces too; give it once")
    if args.get("volume_keys") and not args.get("snapshots", True):
        problems.add("volumeKeys", "belongs to snapshots, which are off; leave it out")
    problems.raise_if_any("Velero")
    return VeleroPlan(
        name=name,
        prefix=prefix,
        schedules=schedules,
        snapshots=args.get("snapshots", True),
        namespace=namespace,
        region=args.get("region"),
    )


class Velero(pulumi.ComponentResource):
    """Velero in a cluster, with an identity that reaches its part of one bucket and the volumes of its cluster.

    An option: what this library declares comes back from the program, and volumes from AWS Backup. Velero keeps what
    others made in the cluster by hand.

    Example: `Velero("velero", {"cluster_name": "prod", "bucket": bucket, "encryption_key": key_arn})`
    """

    role_arn: pulumi.Output[str]
    """ARN of the role of Velero's pods."""

    def __init__(self, name: str, args: VeleroArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("Velero", name, partial(plan_velero, name=name), args)
        super().__init__("aidc:index:Velero", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        region = pulumi.Output.from_input(plan.region or current_region(self))
        arns = region.apply(lambda known: f"arn:{partition(known)}:")
        identity: WorkloadIdentityArgs = {
            "cluster_name": args["cluster_name"],
            "namespace": plan.namespace,
            "service_account": _RELEASE,
            "statements": velero_statements(
                bucket_arn=pulumi.Output.concat(arns, "s3:::", args["bucket"]),
                prefix=plan.prefix,
                bucket_key=args["encryption_key"],
                volume_keys=args.get("volume_keys", []),
                has_snapshots=plan.snapshots,
                arn_start=pulumi.Output.concat(arns, "ec2:", region, ":"),
                cluster_name=args["cluster_name"],
            ),
        }
        if "permissions_boundary" in args:
            identity["permissions_boundary"] = args["permissions_boundary"]
        access = WorkloadIdentity(name, identity, child)
        HelmRelease(
            name,
            VELERO_CHART,
            namespace=plan.namespace,
            create_namespace=True,
            values=velero_values(plan, args["bucket"], args["encryption_key"], region),
            # Pods that start before the association have no credentials.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[access])),
        )
        self.role_arn = access.role_arn
        self.register_outputs({"role_arn": self.role_arn})


def velero_values(
    plan: VeleroPlan, bucket: pulumi.Input[str], key: pulumi.Input[str], region: pulumi.Input[str]
) -> dict[str, Any]:
    """Return the values of the chart."""
    location: dict[str, Any] = {
        "name": "default",
        "default": True,
        "provider": "aws",
        "bucket": bucket,
        "prefix": plan.prefix,
        "config": {"region": region, "serverSideEncryption": "aws:kms", "kmsKeyId": key},
    }
    snapshots = {"name": "default", "provider": "aws", "config": {"region": region}}
    return {
        "fullnameOverride": _RELEASE,
        "configuration": {
            "backupStorageLocation": [location],
            "volumeSnapshotLocation": [snapshots] if plan.snapshots else [],
        },
        "credentials": {"useSecret": False},
        "serviceAccount": {"server": {"create": True, "name": _RELEASE}},
        "snapshotsEnabled": plan.snapshots,
        "deployNodeAgent": False,
        "initContainers": [
            {
                "name": "velero-plugin-for-aws",
                "image": f"{VELERO_AWS_PLUGIN.repository}:{VELERO_AWS_PLUGIN.tag}",
                "volumeMounts": [{"mountPath": "/target", "name": "plugins"}],
                "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
                "securityContext": _restricted(),
            }
        ],
        "podSecurityContext": {"fsGroup": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
        "containerSecurityContext": _restricted(),
        # Velero packs backups in /tmp, and its root is read-only.
        "extraVolumes": [{"name": "tmp", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "schedules": {key: _schedule(plan, schedule) for key, schedule in sorted(plan.schedules.items())},
    }


def _schedule(plan: VeleroPlan, schedule: VeleroSchedule) -> dict[str, Any]:
    template: dict[str, Any] = {
        "ttl": f"{int(schedule.get('keep_hours', 720))}h0m0s",
        "storageLocation": "default",
        "snapshotVolumes": plan.snapshots,
        "includedNamespaces": sorted(schedule.get("namespaces", ["*"])),
    }
    if schedule.get("excluded_namespaces"):
        template["excludedNamespaces"] = sorted(schedule.get("excluded_namespaces", []))
    return {
        "disabled": False,
        "schedule": schedule["cron"],
        "useOwnerReferencesInBackup": False,
        "template": template,
    }


def _restricted() -> dict[str, Any]:
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": 65534,
    }
