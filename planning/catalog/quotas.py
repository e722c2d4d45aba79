"""Which of an account's EC2 quotas an instance counts against."""

import re
from dataclasses import dataclass
from functools import cache

from .data_files import read_data
from .instance_types import instance_type as known_instance_type
from .prices import ON_DEMAND, SPOT

_CLASS = re.compile(r"([a-z]+)(\d*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """One quota of an account in a region, in virtual CPUs of all its instances together."""

    code: str
    """Quota code of Service Quotas, such as `L-417A185B`."""

    name: str
    """What Service Quotas calls it."""

    service: str
    """Service code of Service Quotas: `ec2`."""

    unit: str
    """`vCPU`."""

    capacity_type: str
    """`on-demand` or `spot`."""

    classes: tuple[str, ...]
    """Instance classes that count against it, such as `g` or, where generations differ, `p5`."""

    source: str
    """Name of the source, a key of `sources()`."""


def quota_of(instance_type: str, capacity_type: str) -> Quota | None:
    """Return the quota that instances of a type count against; None where none is known.

    None for `reserved`: a capacity block is bounded when it is bought, and whether a reservation counts against the
    on-demand quota was not verified. None for P6 on spot: sources name two different codes.

    Args:
        instance_type: name of a type of the catalog.
        capacity_type: `on-demand`, `spot` or `reserved`.

    Raises:
        InvalidInput: the type is unknown; with close matches.
    """
    if capacity_type not in (ON_DEMAND, SPOT):
        return None
    found = _CLASS.match(known_instance_type(instance_type).name)
    assert found is not None, "an instance type starts with a letter"
    letters, generation = found.groups()
    for quota in quotas():
        if quota.capacity_type == capacity_type and {letters, letters + generation} & set(quota.classes):
            return quota
    return None


@cache
def quotas() -> tuple[Quota, ...]:
    """Return every quota."""
    data = read_data("quotas")
    return tuple(
        Quota(
            code=row["code"],
            name=row["name"],
            service=data["service"],
            unit=data["unit"],
            capacity_type=row["capacity_type"],
            classes=tuple(row["classes"]),
            source=row["source"],
        )
        for row in data["quotas"]
    )
