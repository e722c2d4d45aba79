"""The rows of the linear program, with what each stands for in words."""

from dataclasses import dataclass
from enum import StrEnum

from ..catalog import quotas


class RowKind(StrEnum):
    """What a row says."""

    NEED = "need"
    ZONE = "zone"
    SPOT = "spot"
    TOGETHER = "together"
    QUOTA = "quota"
    AVAILABLE = "available"
    DEMAND_NODES = "demand-nodes"
    NODES = "nodes"
    BUDGET = "budget"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row. Rows of one `limit` stand for one thing that a person can change."""

    name: str
    """Unique."""

    kind: RowKind
    """What it says."""

    limit: str
    """What a person would call it, such as `quota L-417A185B`; the same for the rows of all zones."""

    bound: float
    """Its right-hand side, in `unit`."""

    unit: str
    """Unit of `bound`."""

    is_minimum: bool
    """Whether the bound is the least, not the most."""

    demand: str = ""
    """Name of the demand that it belongs to; empty for what bounds all."""

    need: str = ""
    """Name of the need, where it is about one."""

    per_amount: float = 0.0
    """How much the bound grows when the need's amount grows by 1."""

    scale: float = 1.0
    """What a move of the bound is measured by, so that dollars and virtual CPUs can be compared."""


def limit_title(row: Row) -> str:
    """Return what a row's limit is called, with the name of a quota."""
    if row.kind is RowKind.QUOTA:
        code = row.limit.removeprefix("quota ")
        named = next((quota.name for quota in quotas() if quota.code == code), "")
        return f"{row.limit} ({named})" if named else row.limit
    return row.limit
