"""What is paid for, line by line, and what has no price."""

from dataclasses import dataclass
from typing import Any

from ..catalog.service_prices import HOURS_PER_MONTH
from ..span import Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """To whom a line belongs."""

    urn: str
    """The resource that is paid for."""

    name: str
    """Its logical name."""

    type: str
    """Its type token."""

    component: str
    """The nearest component above it, as `GpuNodePool h100-training`; empty directly under the stack."""

    stack: str
    environment: str
    """The uppermost stack."""

    pool: str = ""
    """Name of the pool, where the line is for its nodes."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, camelCase."""
        return {
            "urn": self.urn,
            "name": self.name,
            "type": self.type,
            "component": self.component or None,
            "pool": self.pool or None,
            "stack": self.stack,
            "environment": self.environment,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class CostLine:
    """One thing that is paid for: a quantity of units a month, at a price for each."""

    owner: Owner
    price: str
    """Name of the price: an instance type's purchase option, or a key of the list of service prices."""

    title: str
    """What is paid for, in words."""

    unit: str
    """What one unit is."""

    quantity: Span
    """Units in a month of 730 hours."""

    unit_price: Span
    """For one unit, in `currency`; a range where zones or types differ."""

    monthly: Span
    """For a month of 730 hours, in `currency`."""

    region: str
    currency: str
    date: str | None
    """ISO date of the price; None where its source carries none."""

    source: str
    """A key of the catalog's sources; empty for a price that was set by hand."""

    assumption: str = ""
    """The field of the assumptions that the quantity comes from; empty where the program says it."""

    note: str = ""
    """What to know."""

    @property
    def hourly(self) -> Span:
        """For an hour: the month divided by 730."""
        return self.monthly.times(1 / HOURS_PER_MONTH)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, camelCase."""
        return {
            **self.owner.to_dict(),
            "price": self.price,
            "title": self.title,
            "unit": self.unit,
            "quantity": self.quantity.to_dict(),
            "unitPrice": self.unit_price.to_dict(),
            "hourly": self.hourly.to_dict(),
            "monthly": self.monthly.to_dict(),
            "region": self.region,
            "priceDate": self.date,
            "source": self.source or None,
            "assumption": self.assumption or None,
            "note": self.note or None,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpriced:
    """Something that costs, or may cost, and is not in any sum."""

    owner: Owner
    what: str
    """What has no price."""

    reason: str
    """Why."""

    way_out: str = ""
    """What to do about it; empty where nothing can be done."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, camelCase."""
        return {**self.owner.to_dict(), "what": self.what, "reason": self.reason, "wayOut": self.way_out or None}
