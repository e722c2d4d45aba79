"""When backups are made, and how long they stay."""

import re
from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems

_FIELD: Final = re.compile(r"[0-9A-Z*?,/#L-]+")
_COLD_DAYS: Final = 90
"""Days that a recovery point stays in cold storage at least: AWS Backup Developer Guide, "Lifecycle"."""

_CONTINUOUS_DAYS: Final = 35
"""Days that continuous backups reach back at most: the same guide, "Continuous backups and point-in-time recovery"."""

_LEAST_START_MINUTES: Final = 60


class BackupSchedule(TypedDict):
    """One rule of a plan."""

    cron: str
    """When, in the six fields of AWS: minutes, hours, day of month, month, day of week, year, such as `0 5 * * ? *`."""

    delete_after_days: int
    """Days after which a recovery point is deleted; with cold storage 90 more than `cold_storage_after_days`."""

    cold_storage_after_days: NotRequired[int]
    """Days after which it moves to cold storage, where its kind can; EBS and S3 cannot. Default: never."""

    copy_to: NotRequired[pulumi.Input[str]]
    """ARN of a vault in another region that gets a copy. Default: no copy."""

    copy_delete_after_days: NotRequired[int]
    """Days after which the copy is deleted. Only with `copy_to`. Default: `delete_after_days`."""

    is_continuous: NotRequired[bool]
    """Whether S3 and other kinds that can are recorded continuously, so that each second of at most 35 days can be
    restored. Default: false."""

    start_window_minutes: NotRequired[int]
    """Minutes within which a backup starts, 60 or more. Default: 60."""

    completion_window_minutes: NotRequired[int]
    """Minutes after which a backup that has not ended is given up. Default: 720."""


def default_schedules() -> dict[str, BackupSchedule]:
    """Return what is backed up where nothing else is said: each night for five weeks, each Sunday for a year."""
    return {
        "daily": {"cron": "0 5 * * ? *", "delete_after_days": 35},
        "weekly": {"cron": "0 3 ? * SUN *", "delete_after_days": 365},
    }


def check_schedule(problems: Problems, schedule: BackupSchedule) -> None:
    """Refuse times that AWS would not read, and ages that contradict each other."""
    fields = schedule["cron"].split()
    if len(fields) != 6 or not all(_FIELD.fullmatch(each) for each in fields):
        problems.add("cron", f"'{schedule['cron']}' has not the six fields of AWS; write it like 0 5 * * ? *")
    elif (fields[2] == "?") == (fields[4] == "?"):
        problems.add("cron", f"'{schedule['cron']}' needs ? in either the day of month or the day of week")
    days = int(schedule["delete_after_days"])
    problems.between("deleteAfterDays", days, 1, unit="days")
    if "cold_storage_after_days" in schedule:
        cold = int(schedule["cold_storage_after_days"])
        problems.between("coldStorageAfterDays", cold, 1, unit="days")
        if days < cold + _COLD_DAYS:
            least = cold + _COLD_DAYS
            problems.add(
                "deleteAfterDays", f"{days} days is too little after {cold} days of warm storage; give {least}"
            )
    if schedule.get("is_continuous") and days > _CONTINUOUS_DAYS:
        problems.add(
            "deleteAfterDays", f"{days} days is too much for continuous backups; give {_CONTINUOUS_DAYS} or less"
        )
    if "copy_delete_after_days" in schedule:
        problems.between("copyDeleteAfterDays", int(schedule["copy_delete_after_days"]), 1, unit="days")
        if "copy_to" not in schedule:
            problems.add("copyDeleteAfterDays", "belongs to copyTo; leave it out")
    start = int(schedule.get("start_window_minutes", _LEAST_START_MINUTES))
    problems.between("startWindowMinutes", start, _LEAST_START_MINUTES, unit="minutes")
    least = start + 60
    problems.between(
        "completionWindowMinutes", int(schedule.get("completion_window_minutes", 720)), least, unit="minutes"
    )


def plan_rule(name: str, schedule: BackupSchedule, vault_name: pulumi.Input[str], time_zone: str) -> dict[str, Any]:
    """Return a rule as AWS Backup reads it."""
    days = int(schedule["delete_after_days"])
    lifecycle = {"delete_after": days}
    if "cold_storage_after_days" in schedule:
        lifecycle["cold_storage_after"] = int(schedule["cold_storage_after_days"])
    rule: dict[str, Any] = {
        "rule_name": name,
        "target_vault_name": vault_name,
        "schedule": f"cron({schedule['cron']})",
        "schedule_expression_timezone": time_zone,
        "start_window": int(schedule.get("start_window_minutes", _LEAST_START_MINUTES)),
        "completion_window": int(schedule.get("completion_window_minutes", 720)),
        "enable_continuous_backup": schedule.get("is_continuous", False),
        "lifecycle": lifecycle,
    }
    if "copy_to" in schedule:
        copy_days = int(schedule.get("copy_delete_after_days", days))
        rule["copy_actions"] = [
            {"destination_vault_arn": schedule["copy_to"], "lifecycle": {"delete_after": copy_days}}
        ]
    return rule


def check_lock_fits(problems: Problems, schedules: Mapping[str, BackupSchedule], least: int, most: int | None) -> None:
    """Refuse rules whose recovery points a vault's lock would not take: their jobs would fail each time."""
    for key, schedule in schedules.items():
        days = int(schedule["delete_after_days"])
        if days < least or (most is not None and days > most):
            bounds = f"{least} days or more" if most is None else f"{least} to {most} days"
            problems.add(
                f"schedules.{key}.deleteAfterDays", f"{days} days is outside of the vault's lock; give {bounds}"
            )
