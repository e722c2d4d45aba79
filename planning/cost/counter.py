"""The desk at which lines are written: it knows who owns them, where they are, and what a unit costs there."""

from collections.abc import Iterator, Mapping
from typing import Final

from ...evaluation.graph import Resource, ResourceGraph
from ..catalog.service_prices import (
    ServicePrice,
    find_service_price,
    read_currency,
    service_price_title,
    service_price_unit,
)
from ..regions import Regions
from ..span import Span
from .assumptions import CostAssumptions
from .lines import CostLine, Owner, Unpriced

Entry = CostLine | Unpriced

UNKNOWN_SIZE: Final = "the program does not say its size"
"""Why storage has no price whose size only a deployment can tell."""


class Counter:
    """Writes lines for one graph."""

    def __init__(self, graph: ResourceGraph, regions: Regions, assumptions: CostAssumptions) -> None:
        """Take the graph, the regions of its resources, and the assumptions."""
        self.graph = graph
        self.regions = regions
        self.assumptions = assumptions

    def owner(self, resource: Resource, pool: str = "") -> Owner:
        """Return whose a line for a resource is."""
        component = self.graph.component_of(resource)
        if component is None and not resource.custom:
            component = resource
        return Owner(
            urn=resource.urn,
            name=resource.name,
            type=resource.type,
            component=f"{component.type.rpartition(':')[2]} {component.name}" if component else "",
            stack=resource.urn.split(":")[2],
            environment=self.graph.stack,
            pool=pool,
        )

    def assumed(self, owner: Owner, price: str, region: str, field: str, factor: float = 1.0) -> Iterator[Entry]:
        """Write a line whose quantity is an assumption, times a factor."""
        amount = self.assumptions.amount(field) * factor
        if amount:
            yield from self.said(owner, price, region, Span.of(amount), assumption=field)

    def there(self, owner: Owner, price: str, region: str, count: float = 1.0) -> Iterator[Entry]:
        """Write a line for things that are always there, by the hour or the month."""
        found = self.price(price, region)
        units = found.units_per_month if found else 1.0
        yield from self.said(owner, price, region, Span.of(count * units))

    def said(
        self, owner: Owner, price: str, region: str, quantity: Span, *, assumption: str = "", note: str = ""
    ) -> Iterator[Entry]:
        """Write a line of a quantity a month, or that it has no price."""
        found = self.price(price, region)
        if found is None:
            yield self.unknown(owner, price, region)
            return
        yield CostLine(
            owner=owner,
            price=price,
            title=found.title,
            unit=found.unit,
            quantity=quantity,
            unit_price=Span.of(found.amount),
            monthly=quantity.times(found.amount),
            region=region,
            currency=found.currency,
            date=found.date,
            source=found.source,
            assumption=assumption,
            note=note,
        )

    def unknown(self, owner: Owner, price: str, region: str) -> Unpriced:
        """Write that a price is not known."""
        return Unpriced(
            owner=owner,
            what=service_price_title(price),
            reason=f"no price is known in {region}" if region else "nothing says its region",
            way_out=f"prices: {{{price}: ...}}" if region else "give --region, or the provider a region",
        )

    def several(self, owner: Owner, charges: Mapping[str, float], region: str, times: Span) -> Iterator[Entry]:
        """Write a line for each of several charges of one thing, and of so many of those."""
        for price, amount in charges.items():
            yield from self.said(owner, price, region, times.times(amount))

    def price(self, name: str, region: str) -> ServicePrice | None:
        """Return the price of a service in a region, one that was set by hand first."""
        own = self.assumptions.prices.get(name)
        listed = find_service_price(name, region)
        if own is None:
            return listed
        return ServicePrice(
            name=name,
            title=service_price_title(name),
            unit=service_price_unit(name),
            region=region,
            amount=own,
            currency=read_currency(),
            date=None,
            source="",
        )
