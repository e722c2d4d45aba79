"""When a training job starts, starts again and ends."""

from dataclasses import dataclass

import pulumi

from ...problems import Problems
from .inputs import TrainingJobArgs


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifetime:
    """When a training job starts, starts again and ends. Seconds."""

    max_restarts: int
    rendezvous_timeout: int
    termination_grace: int
    active_deadline: int | None
    ttl: int | None
    suspended: bool | None
    queue_name: pulumi.Input[str] | None


def plan_lifetime(problems: Problems, args: TrainingJobArgs) -> Lifetime:
    """Check the times and restarts, and apply their defaults."""
    restarts = int(args.get("max_restarts", 3))
    problems.between("maxRestarts", restarts, 0, 1_000, "restarts")
    rendezvous = int(args.get("rendezvous_timeout_seconds", 1_800))
    problems.between("rendezvousTimeoutSeconds", rendezvous, 60, 86_400, "seconds")
    grace = int(args.get("termination_grace_seconds", 120))
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
        rendezvous_timeout=rendezvous,
        termination_grace=grace,
        active_deadline=None if deadline is None else int(deadline),
        ttl=None if ttl is None else int(ttl),
        suspended=args.get("suspended"),
        queue_name=args.get("queue_name"),
    )
