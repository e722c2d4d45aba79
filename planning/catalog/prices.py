"""What an instance type costs, where, since when and according to whom."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from .data_files import read_data, sources

ON_DEMAND = "on-demand"
SPOT = "spot"


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """One price of one instance type. What has no price has no `Price`: nothing is ever priced at 0."""

    region: str
    """AWS region, such as `us-east-1`."""

    purchase_option: str
    """`on-demand` or `spot`."""

    amount: float
    """An hour, in `currency`. For spot the highest seen among the zones of the region."""

    lowest: float
    """An hour, in `currency`. For spot the lowest seen among the zones; else equal to `amount`."""

    currency: str
    """ISO 4217 code."""

    date: str | None
    """ISO date of the price; None where its source carries none."""

    source: str
    """Name of the source, a key of `sources()`."""


@cache
def prices() -> dict[str, tuple[Price, ...]]:
    """Return the prices of every instance type that has one, by its name."""
    data = read_data("prices")
    found: dict[str, list[Price]] = {}
    for feed in data["feeds"]:
        for name, amount in feed["prices"].items():
            found.setdefault(name, []).append(_price(feed, amount, data["currency"]))
    return {name: tuple(listed) for name, listed in found.items()}


def regions() -> list[str]:
    """Return the regions for which any price is known, sorted."""
    return sorted({price.region for listed in prices().values() for price in listed})


def _price(feed: dict[str, Any], amount: float | list[float], currency: str) -> Price:
    lowest, highest = amount if isinstance(amount, list) else (amount, amount)
    return Price(
        region=feed["region"],
        purchase_option=feed["purchase_option"],
        amount=highest,
        lowest=lowest,
        currency=currency,
        date=sources()[feed["source"]].date,
        source=feed["source"],
    )
