"""What services of AWS cost beside instances: where, since when and according to whom."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

from .data_files import read_data, sources

HOURS_PER_MONTH: Final = 730
"""Hours of a month: 365 * 24 / 12, as AWS's own calculator has it."""

_EVERYWHERE: Final = "everywhere"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePrice:
    """The price of one unit in one region."""

    name: str
    """Such as `nat-gateway`."""

    title: str
    """What one pays for."""

    unit: str
    """What one unit is: `hour`, `month`, `GB`, `GB-month`, `IOPS-month`, ... A GB is 2^30 bytes, as AWS counts."""

    region: str
    """Region that was asked for."""

    amount: float
    """In `currency`, for one unit."""

    currency: str
    """ISO 4217 code."""

    date: str | None
    """ISO date of the price; None where its source carries none."""

    source: str
    """Name of the source, a key of `sources()`; empty for a price that somebody set."""

    @property
    def units_per_month(self) -> float:
        """How many units a thing that is always there takes in a month."""
        return HOURS_PER_MONTH if self.unit == "hour" else 1.0


def find_service_price(name: str, region: str) -> ServicePrice | None:
    """Return the price called `name` in `region`; None where none is known there, or at all.

    A price of one region is never taken for another's. Some are known to be the same in all regions; those need
    a region all the same.
    """
    row = _rows().get(name)
    if row is None or not region:
        return None
    amount = row["amounts"].get(region, row["amounts"].get(_EVERYWHERE))
    if amount is None:
        return None
    return ServicePrice(
        name=name,
        title=row["title"],
        unit=row["unit"],
        region=region,
        amount=amount,
        currency=read_currency(),
        date=sources()[row["source"]].date,
        source=row["source"],
    )


def service_price_title(name: str) -> str:
    """Return what one pays for under a name; the name itself where the list does not have it."""
    row = _rows().get(name)
    return row["title"] if row else name


def service_price_unit(name: str) -> str:
    """Return what one unit of a price is; empty where the list does not have it."""
    row = _rows().get(name)
    return row["unit"] if row else ""


def service_price_names() -> list[str]:
    """Return the names of all prices, sorted; also of those for which no amount is known."""
    return sorted(_rows())


def service_price_regions(name: str) -> list[str]:
    """Return the regions for which the price called `name` is known, sorted; `everywhere` for all of them."""
    return sorted(_rows()[name]["amounts"])


@cache
def is_without_charge(type: str) -> bool:
    """Whether AWS charges nothing for a resource of a type token itself, whatever it may lead to."""
    exact, patterns = _without_charge()
    return type in exact or any(fnmatchcase(type, pattern) for pattern in patterns)


@cache
def read_currency() -> str:
    """Return the currency of all prices, an ISO 4217 code."""
    return read_data("service_prices")["currency"]


@cache
def _rows() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in read_data("service_prices")["prices"]}


@cache
def _without_charge() -> tuple[frozenset[str], tuple[str, ...]]:
    listed: list[str] = read_data("service_prices")["without_charge"]
    return frozenset(listed), tuple(each for each in listed if "*" in each)
