"""When a job starts, starts again and ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from ..problems import Problems


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifetime:
    """When a job starts, starts again and ends. Seconds."""

    max_restarts: int
    termination_grace: int
    active_deadline: int | None
    ttl: int | None
    suspended: bool | None
    queue_name: pulumi.Input[str] | None


def plan_lifetime(problems: Problems, args: Mapping[str, Any]) -> Lifetime:
    """Check the times and restarts among a job's inputs, and apply their defaults."""
    restarts, grace = int(args.get("max_restarts", 3)), int(args.get("termination_grace_seconds", 120))
    problems.between("maxRestarts", restarts, 0, 1_000, "restarts")
    problems.between("terminationGraceSeconds", grace, 1, 86_400, "seconds")
    deadline, ttl = args.get("active_deadline_seconds"), args.get("ttl_seconds_after_finished")
    if deadline is not None:
        problems.between("activeDeadlineSeconds", int(deadline), 60, 2**31 - 1, "seconds")
    if ttl is not None:
        problems.between("ttlSecondsAfterFinished", int(ttl), 0, 2**31 - 1, "seconds")
    if "suspended" in args and "queue_name" in args:
        problems.add("suspended", "Kueue starts and stops what has a queueName; leave suspended out")
    return Lifetime(
        max_restarts=restarts,
        termination_grace=grace,
        active_deadline=None if deadline is None else int(deadline),
        ttl=None if ttl is None else int(ttl),
        suspended=args.get("suspended"),
        queue_name=args.get("queue_name"),
    )
