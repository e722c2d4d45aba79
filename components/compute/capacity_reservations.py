"""Capacity that has been reserved or bought before: which, and until when."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ...planning.catalog import usable_until
from ...planning.catalog.karpenter import RESERVED
from ...problems import Problems
from .aws_node_options import AwsNodeOptions, CapacityBlock

_RESERVATION: Final = re.compile(r"cr-[0-9a-z]+")
_LABEL: Final = "aidc.dev/usable-until"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReservationPlan:
    """The reservations that the nodes of a pool may use."""

    ids: Sequence[str] = ()
    """Of on-demand capacity reservations or of a capacity block, sorted."""

    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """Tags that select reservations; empty where none are given."""

    is_block: bool = False
    """Whether it is a capacity block."""

    usable_until: datetime | None = None
    """When the nodes of a capacity block begin to be drained; None for other reservations."""

    @property
    def is_given(self) -> bool:
        """Whether any is chosen."""
        return bool(self.ids or self.tags)

    @property
    def labels(self) -> dict[str, str]:
        """Labels that tell people and programs on a node how long it can be used."""
        # A label's value has no colon.
        return {_LABEL: self.usable_until.strftime("%Y-%m-%dT%H.%MZ")} if self.usable_until else {}

    @property
    def shown_end(self) -> str | None:
        """The time in ISO 8601, UTC."""
        return self.usable_until.strftime("%Y-%m-%dT%H:%M:%SZ") if self.usable_until else None

    def selector_terms(self) -> list[dict[str, Any]]:
        """The EC2NodeClass's `capacityReservationSelectorTerms`."""
        by_tags = [{"tags": dict(self.tags)}] if self.tags else []
        return [*({"id": each} for each in self.ids), *by_tags]


def plan_reservations(problems: Problems, options: AwsNodeOptions) -> ReservationPlan:
    """Check the reservations of some nodes."""
    ids = options.get("capacity_reservations", [])
    for index, each in enumerate(ids):
        _check_id(problems, f"capacityReservations[{index}]", each)
        if each in ids[:index]:
            problems.add(f"capacityReservations[{index}]", f"'{each}' is given twice; give it once")
    tags = options.get("capacity_reservation_tags", {})
    for key, value in tags.items():
        if not key or not value:
            problems.add("capacityReservationTags", "a tag without key or value selects nothing; give both")
    block = options.get("capacity_block")
    if block is None:
        return ReservationPlan(ids=sorted(set(ids)), tags=dict(sorted(tags.items())))
    if ids or tags:
        # Karpenter uses only one of several blocks of a type in a zone: aws/karpenter-provider-aws issue 8514.
        problems.add("capacityBlock", "given together with other reservations; give every block a pool of its own")
    with problems.under("capacityBlock"):
        _check_id(problems, "reservation", block["reservation"])
        end = _end(problems, block)
    return ReservationPlan(ids=[block["reservation"]], is_block=True, usable_until=end)


def check_capacity_types(
    problems: Problems, plan: ReservationPlan, capacity_types: Sequence[str], *, path: str = "capacityTypes"
) -> None:
    """Require that reserved capacity and reservations go together."""
    if RESERVED in capacity_types and not plan.is_given:
        problems.add(path, "'reserved' without a reservation; name one in aws.capacityReservations or capacityBlock")
    if plan.is_given and RESERVED not in capacity_types:
        problems.add(path, "reservations are given, but 'reserved' is not; add it, or leave the reservations out")
    if plan.is_block and list(capacity_types) != [RESERVED]:
        problems.add(path, "a capacity block is used as 'reserved' alone; make another pool for the rest")


def _check_id(problems: Problems, path: str, text: str) -> None:
    if not _RESERVATION.fullmatch(text):
        problems.add(path, f"'{text}' is not the id of a capacity reservation; write it like cr-0123456789abcdef0")


def _end(problems: Problems, block: CapacityBlock) -> datetime | None:
    try:
        end = datetime.fromisoformat(block["ends"])
        return usable_until(end, is_ultra_server=block.get("ultra_server", False)).astimezone(UTC)
    except ValueError:
        problems.add("ends", f"'{block['ends']}' is not a time with its zone; write it like 2026-12-01T11:30:00Z")
        return None
