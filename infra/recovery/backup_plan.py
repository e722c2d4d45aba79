"""Backups of volumes, file systems and buckets by AWS Backup."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import check_keys, planned, recorded
from ..identity import create_role_and_policies, current_region, partition, service_trust
from ..labels import check_name
from .backup_schedule import BackupSchedule, check_lock_fits, check_schedule, default_schedules, plan_rule
from .vault import VaultLock, check_vault_lock, create_vault

if TYPE_CHECKING:
    from pulumi_aws.iam import Role

_BACKUP_POLICIES: Final = {
    "backup": "service-role/AWSBackupServiceRolePolicyForBackup",
    "s3": "AWSBackupServiceRolePolicyForS3Backup",
}
_RESTORE_POLICIES: Final = {
    "restore": "service-role/AWSBackupServiceRolePolicyForRestores",
    "s3": "AWSBackupServiceRolePolicyForS3Restore",
}
"""AWS Backup Developer Guide, "Managed policies for AWS Backup": AWS keeps them up with what it can back up."""


class BackupPlanArgs(TypedDict):
    """Inputs of `BackupPlan`."""

    encryption_key: pulumi.Input[str]
    """ARN of a key for `backup`."""

    schedules: NotRequired[dict[str, BackupSchedule]]
    """When, by name. Default: `daily` at 5:00, kept for 35 days, and `weekly` on Sundays at 3:00, for 365 days."""

    selection_tags: NotRequired[dict[str, str]]
    """Tags of what is backed up; one of them is enough. Default: none."""

    resources: NotRequired[dict[str, pulumi.Input[str]]]
    """ARNs of what is backed up, by a name of yours. Default: none; tags or resources are needed."""

    vault_lock: NotRequired[VaultLock]
    """How long recovery points cannot be deleted. Default: they can."""

    time_zone: NotRequired[str]
    """Time zone of the schedules, such as `Europe/Zurich`. Default: `Etc/UTC`."""

    region: NotRequired[str]
    """Region of what is backed up. Default: the provider's."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds the roles. Default: none."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the vault. Default: true. To delete it, deploy with false first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupPlanPlan:
    """Backups with every default applied."""

    name: str
    schedules: Mapping[str, BackupSchedule]
    selection_tags: Mapping[str, str]
    resources: Mapping[str, pulumi.Input[str]]
    lock: VaultLock | None
    time_zone: str
    region: str | None
    protect: bool


def plan_backup_plan(args: BackupPlanArgs, name: str) -> BackupPlanPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, BackupPlanArgs):
        problems.raise_if_any("BackupPlan")
    check_name(problems, "name", name)
    schedules = args.get("schedules", default_schedules())
    if not schedules:
        problems.add("schedules", "none given; leave the field out for daily and weekly ones")
    for key, schedule in schedules.items():
        with problems.under(f"schedules.{key}"):
            check_name(problems, "", key)
            check_schedule(problems, schedule)
    if not args.get("selection_tags") and not args.get("resources"):
        problems.add("selectionTags", "missing, and no resources; say what is backed up")
    lock = args.get("vault_lock")
    if lock is not None:
        check_vault_lock(problems, "vaultLock", lock)
        most = int(lock["maximum_days"]) if "maximum_days" in lock else None
        check_lock_fits(problems, schedules, int(lock["minimum_days"]), most)
    problems.raise_if_any("BackupPlan")
    return BackupPlanPlan(
        name=name,
        schedules=schedules,
        selection_tags=args.get("selection_tags", {}),
        resources=args.get("resources", {}),
        lock=lock,
        time_zone=args.get("time_zone", "Etc/UTC"),
        region=args.get("region"),
        protect=args.get("protect", True),
    )


class BackupPlan(pulumi.ComponentResource):
    """A vault, what goes into it when, and two roles: one that backs up, and one that restores.

    The role of restores is made beforehand, since nobody wants to write one on the day when it is needed.

    Example: `BackupPlan("prod", {"encryption_key": key.key_arn, "selection_tags": {"backup": "daily"}})`
    """

    vault_arn: pulumi.Output[str]
    """ARN of the vault."""

    vault_name: pulumi.Output[str]
    """Name of the vault."""

    plan_id: pulumi.Output[str]
    """Id of the plan."""

    restore_role_arn: pulumi.Output[str]
    """ARN of the role with which recovery points are restored."""

    def __init__(self, name: str, args: BackupPlanArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("BackupPlan", name, partial(plan_backup_plan, name=name), args)
        super().__init__("aidc:index:BackupPlan", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        vault = create_vault(
            name,
            encryption_key=args["encryption_key"],
            lock=plan.lock,
            region=plan.region,
            protect=plan.protect,
            opts=child,
        )
        region = pulumi.Output.from_input(plan.region or current_region(self))
        boundary = args.get("permissions_boundary")
        role, policies = _create_role(plan, "backup", _BACKUP_POLICIES, region, boundary, child)
        restore, _ = _create_role(plan, "restore", _RESTORE_POLICIES, region, boundary, child)
        from pulumi_aws import backup

        rules: list[Any] = [
            plan_rule(key, schedule, vault.name, plan.time_zone) for key, schedule in sorted(plan.schedules.items())
        ]
        made = backup.Plan(name, rules=rules, region=plan.region, opts=child)
        backup.Selection(
            name,
            name=name,
            plan_id=made.id,
            iam_role_arn=role.arn,
            resources=[plan.resources[key] for key in sorted(plan.resources)],
            selection_tags=[
                {"type": "STRINGEQUALS", "key": key, "value": value}
                for key, value in sorted(plan.selection_tags.items())
            ],
            region=plan.region,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=policies)),
        )
        self.vault_arn, self.vault_name, self.plan_id = vault.arn, vault.name, made.id
        self.restore_role_arn = restore.arn
        self.register_outputs(
            {
                "vault_arn": self.vault_arn,
                "vault_name": self.vault_name,
                "plan_id": self.plan_id,
                "restore_role_arn": self.restore_role_arn,
            }
        )


def _create_role(
    plan: BackupPlanPlan,
    purpose: str,
    policies: Mapping[str, str],
    region: pulumi.Output[str],
    boundary: pulumi.Input[str] | None,
    child: pulumi.ResourceOptions,
) -> tuple["Role", list[pulumi.Resource]]:
    start = region.apply(lambda known: f"arn:{partition(known)}:iam::aws:policy/")
    return create_role_and_policies(
        f"{plan.name}-{purpose}",
        role_name=None,
        trust=[service_trust("backup.amazonaws.com")],
        statements={},
        managed_policies={key: pulumi.Output.concat(start, path) for key, path in policies.items()},
        permissions_boundary=boundary,
        description=f"AWS Backup: {purpose}",
        opts=child,
    )
