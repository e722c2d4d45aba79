"""What bounds all demands together, and the problem that demands, offers and limits are."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...problems import Problems, suggestion
from ..catalog import quotas
from .demand import Demand, check_demands
from .offers import Offer


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What bounds the nodes of all demands together."""

    quotas: Mapping[str, float] = field(default_factory=dict[str, float])
    """Virtual CPUs by code of the quota, such as `L-417A185B`. Default: none; a quota that is not there bounds
    nothing."""

    maximum_nodes: int | None = None
    """Nodes at most. Default: no bound."""

    budget_per_hour: float | None = None
    """US dollars an hour at most, reservations not counted. Default: no bound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AllocationProblem:
    """Which nodes to buy."""

    demands: tuple[Demand, ...]
    """What has to be met. Each has nodes of its own."""

    offers: tuple[Offer, ...]
    """What can be bought."""

    limits: Limits = field(default_factory=Limits)
    """What bounds it."""

    @property
    def zones(self) -> list[str]:
        """Zones of the offers, sorted."""
        return sorted({offer.zone for offer in self.offers})

    def check(self, problems: Problems) -> None:
        """Add to `problems` what makes no sense."""
        check_demands(self.demands, problems)
        known = {quota.code for quota in quotas()} | {offer.quota for offer in self.offers if offer.quota}
        for code, amount in self.limits.quotas.items():
            if code not in known:
                hint = suggestion(code, known) or f"; known: {', '.join(sorted(known))}"
                problems.add(f"limits.quotas.{code}", f"'{code}' is not the code of a quota{hint}")
            if not math.isfinite(amount) or amount < 0:
                problems.add(f"limits.quotas.{code}", f"{amount:g} vCPU is no quota; give 0 or more")
        budget = self.limits.budget_per_hour
        if budget is not None and not (math.isfinite(budget) and budget >= 0):
            problems.add("limits.budgetPerHour", f"{budget:g} dollars is no budget; give 0 or more")
        if self.limits.maximum_nodes is not None:
            problems.between("limits.maximumNodes", self.limits.maximum_nodes, 0, unit="nodes")
