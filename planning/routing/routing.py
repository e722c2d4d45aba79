"""Flows over several paths: the cheapest, the fairest, and what equal-cost routing makes of the same demands."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from ...problems import InvalidInput, Problem
from ..linear_program import LinearProgram, LinearSolution, Values
from .flows import ROUNDING, Demand, Link, PathFlow, Routing, Shortfall, check_flows, decompose, utilisation

_DUAL: Final = 1e-7
"""A dual value above which a link's capacity counts as binding."""


def cheapest_routing(links: Iterable[Link], demands: Iterable[Demand]) -> Routing:
    """Return the paths that serve all demands at the least cost: a min-cost multi-commodity flow, solved by HiGHS.

    Where they do not all fit, the greatest sum of rates is served at the least cost, and the result names the demands
    that fall short and the links that bind.

    Raises:
        InvalidInput: what `check_flows` refuses.
    """
    known, wanted = list(links), list(demands)
    check_flows(known, wanted)
    program = _FlowProgram(known, wanted)
    most = program.most()
    served = [min(demand.rate, most.columns[column]) for demand, column in zip(wanted, program.served, strict=True)]
    shortfalls = _shortfalls(known, wanted, served)
    binding = program.binding(most) if shortfalls else ()
    if not shortfalls:
        served = [demand.rate for demand in wanted]
    return program.routing(program.cheapest(served), shortfalls=shortfalls, binding=binding)


def fairest_routing(links: Iterable[Link], demands: Iterable[Demand]) -> Routing:
    """Return the paths with which all demands could grow by the greatest common factor: the maximum concurrent flow.

    At a factor of 1 or more all are served, and no routing leaves the fullest link less full, unless a `link_limit`
    is what binds. Below 1 each gets that part of its rate. Among such routings it is one of the cheapest.

    Raises:
        InvalidInput: what `check_flows` refuses, or no demand.
    """
    known, wanted = list(links), list(demands)
    if not wanted:
        raise InvalidInput("routing", [Problem("demands", "there are none; give 1 or more")])
    check_flows(known, wanted)
    program = _FlowProgram(known, wanted)
    factor, grown = program.greatest_factor()
    binding = program.binding(grown)
    part = min(1.0, factor)
    # Demands grow, so what may flow on a link shrinks when they are scaled back.
    scale = part / factor if factor > 0 else 0.0
    flows = program.cheapest([factor * demand.rate for demand in wanted]) if factor > 0 else grown
    served = [part * demand.rate for demand in wanted]
    shortfalls = _shortfalls(known, wanted, served)
    return program.routing(flows, scale=scale, shortfalls=shortfalls, binding=binding, factor=factor)


def equal_cost_routing(links: Iterable[Link], demands: Iterable[Demand]) -> Routing:
    """Return what equal-cost multi-path routing does: at every place equal parts over all links of shortest paths.

    Shortest means least cost. Capacities and limits are not looked at, as switches do not look at them, so utilisation
    may be above 1; `factor` says by what all rates have to be multiplied for the fullest link to be just full.

    Raises:
        InvalidInput: what `check_flows` refuses.
    """
    known, wanted = list(links), list(demands)
    check_flows(known, wanted)
    loads = [0.0] * len(known)
    paths: list[PathFlow] = []
    shortfalls: list[Shortfall] = []
    for demand in wanted:
        flow = _equal_parts(known, demand)
        if flow is None:
            shortfalls.append(Shortfall(demand.name, demand.rate, 0.0, 0.0))
            continue
        loads = [load + more for load, more in zip(loads, flow, strict=True)]
        paths += decompose(known, demand, flow)
    full = utilisation(known, loads)
    most = max(full.values())
    return Routing(
        paths=tuple(paths),
        utilisation=full,
        cost=sum(load * link.cost for load, link in zip(loads, known, strict=True)),
        shortfalls=tuple(shortfalls),
        binding=tuple(name for name, used in full.items() if used >= most * (1 - ROUNDING) > 0),
        factor=1 / most if most else float("inf"),
    )


class _FlowProgram:
    """The linear program: a column for each demand and link, rows that keep what flows in equal to what flows out."""

    def __init__(self, links: Sequence[Link], demands: Sequence[Demand]) -> None:
        self._links, self._demands = links, demands
        self._program = LinearProgram()
        self._flow = [[self._column(demand, link) for link in links] for demand in demands]
        self.served = [self._program.column() for _ in demands]
        for number, demand in enumerate(demands):
            rows: defaultdict[str, dict[int, float]] = defaultdict(dict)
            for index, link in enumerate(links):
                rows[link.source][self._flow[number][index]] = 1.0
                rows[link.target][self._flow[number][index]] = -1.0
            rows[demand.source][self.served[number]] = -1.0
            rows[demand.target][self.served[number]] = 1.0
            for terms in rows.values():
                self._program.row(terms, low=0.0, high=0.0)
        self._capacity = [
            self._program.row({flow[index]: 1.0 for flow in self._flow}, high=link.capacity)
            for index, link in enumerate(links)
        ]

    def _column(self, demand: Demand, link: Link) -> int:
        # What comes back to the source, or leaves the target, only runs in a circle.
        if link.target == demand.source or link.source == demand.target:
            return self._program.column(cost=link.cost, upper=0.0)
        return self._program.column(
            cost=link.cost, upper=float("inf") if demand.link_limit is None else demand.link_limit
        )

    def most(self) -> LinearSolution:
        """Return the flows of the greatest sum of rates, none above what is asked."""
        for demand, column in zip(self._demands, self.served, strict=True):
            self._program.bound(column, 0.0, demand.rate)
        return self._found(self._program.maximise(dict.fromkeys(self.served, 1.0)))

    def greatest_factor(self) -> tuple[float, LinearSolution]:
        """Return by what all rates can be multiplied, and the flows."""
        factor = self._program.column()
        for demand, column in zip(self._demands, self.served, strict=True):
            self._program.row({column: 1.0, factor: -demand.rate}, low=0.0, high=0.0)
        found = self._found(self._program.maximise({factor: 1.0}))
        value = float(found.columns[factor])
        self._program.bound(factor, 0.0, value)
        return value, found

    def cheapest(self, rates: Sequence[float]) -> LinearSolution:
        """Return the flows of the least cost that serve these rates."""
        for rate, column in zip(rates, self.served, strict=True):
            # A hair less, since rates that just fit may not fit after rounding.
            self._program.bound(column, max(0.0, rate * (1 - 1e-9) - 1e-12), rate)
        return self._found(self._program.minimise())

    def binding(self, solution: LinearSolution) -> tuple[str, ...]:
        """Return the links whose capacity, or the limit of a demand on them, bounds the optimum."""
        bound = np.abs(solution.duals[self._capacity]) > _DUAL
        for demand, columns in zip(self._demands, self._flow, strict=True):
            if demand.link_limit is not None:
                full = solution.columns[columns] >= demand.link_limit * (1 - ROUNDING)
                bound |= full & (np.abs(solution.reduced[columns]) > _DUAL)
        return tuple(link.key for link, is_bound in zip(self._links, bound, strict=True) if is_bound)

    def routing(
        self,
        solution: LinearSolution,
        *,
        scale: float = 1.0,
        shortfalls: tuple[Shortfall, ...],
        binding: tuple[str, ...],
        factor: float | None = None,
    ) -> Routing:
        """Return the paths of a solution, all rates times `scale`."""
        paths: list[PathFlow] = []
        loads = [0.0] * len(self._links)
        for demand, columns in zip(self._demands, self._flow, strict=True):
            flow: Values = solution.columns[columns] * scale
            position = {link.key: index for index, link in enumerate(self._links)}
            for path in decompose(self._links, demand, flow.tolist()):
                paths.append(path)
                for name in path.links:
                    loads[position[name]] += path.rate
        return Routing(
            paths=tuple(paths),
            utilisation=utilisation(self._links, loads),
            cost=sum(load * link.cost for load, link in zip(loads, self._links, strict=True)),
            shortfalls=shortfalls,
            binding=binding,
            factor=factor,
        )

    @staticmethod
    def _found(solution: LinearSolution | None) -> LinearSolution:
        assert solution is not None, "no flow at all, or the flow just found, is a solution"
        return solution


def _shortfalls(links: Sequence[Link], demands: Sequence[Demand], served: Sequence[float]) -> tuple[Shortfall, ...]:
    found: list[Shortfall] = []
    for demand, rate in zip(demands, served, strict=True):
        if rate < demand.rate * (1 - 1e-6):
            alone = _FlowProgram(links, [demand]).most().objective
            found.append(Shortfall(demand.name, demand.rate, rate, min(demand.rate, alone)))
    return tuple(found)


def _equal_parts(links: Sequence[Link], demand: Demand) -> list[float] | None:
    """Return Gbit/s of a demand on each link; None where no path leads to its target."""
    arriving: defaultdict[str, list[Link]] = defaultdict(list)
    for link in links:
        arriving[link.target].append(link)
    distance = {demand.target: 0.0}
    queue = [(0.0, demand.target)]
    while queue:
        far, place = heapq.heappop(queue)
        if far > distance[place]:
            continue
        for link in arriving[place]:
            if far + link.cost < distance.get(link.source, float("inf")):
                distance[link.source] = far + link.cost
                heapq.heappush(queue, (far + link.cost, link.source))
    if demand.source not in distance:
        return None
    flow = [0.0] * len(links)
    amounts = {demand.source: demand.rate}
    for place in sorted(distance, key=lambda name: -distance[name]):
        amount = amounts.pop(place, 0.0)
        following = [
            index
            for index, link in enumerate(links)
            if link.source == place
            and abs(distance.get(link.target, float("inf")) + link.cost - distance[place]) < 1e-9
        ]
        if place == demand.target or not amount:
            continue
        for index in following:
            flow[index] += amount / len(following)
            target = links[index].target
            amounts[target] = amounts.get(target, 0.0) + amount / len(following)
    return flow
