"""How long an EC2 Capacity Block for ML can be used: less long than it is paid for.

EC2 begins to terminate instances 30 minutes before a block's end, those of an UltraServer 60 minutes; Karpenter and
EKS managed node groups begin to drain 10 minutes before that.
Sources: Karpenter for AWS 1.14, tasks/odcrs.md; Amazon EKS User Guide, Create a managed node group with Capacity
Blocks for ML; read 2026-11.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

TERMINATION: Final = timedelta(minutes=30)
"""How long before the end of a block EC2 begins to terminate its instances."""

ULTRA_SERVER_TERMINATION: Final = timedelta(minutes=60)
"""The same for an UltraServer."""

DRAINING: Final = timedelta(minutes=10)
"""How long before the termination nodes are drained."""


def usable_until(end: datetime, *, is_ultra_server: bool = False) -> datetime:
    """Return when the nodes of a block that ends at `end` begin to be drained.

    Raises:
        ValueError: `end` has no time zone.
    """
    if end.tzinfo is None:
        raise ValueError(f"{end.isoformat()} has no time zone; give one, such as {end.isoformat()}Z")
    return end.astimezone(UTC) - _lost(is_ultra_server)


def usable_time(length: timedelta, *, is_ultra_server: bool = False) -> timedelta:
    """Return how much of a block of `length` can be used; nothing of one that is shorter than what is lost."""
    return max(length - _lost(is_ultra_server), timedelta())


def _lost(is_ultra_server: bool) -> timedelta:
    return (ULTRA_SERVER_TERMINATION if is_ultra_server else TERMINATION) + DRAINING
