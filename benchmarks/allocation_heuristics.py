"""Plain heuristics for allocation problems, to see what an exact solver is worth: greedy, annealing, genetic.

A state is how many nodes of each offer each demand has; a demand that must be together has one offer. What is lacking
of needs and limits, as parts of them, is added up and priced far above any saving.
"""

import math
import time
from dataclasses import dataclass

import numpy as np

from aidc.planning.allocation.demand import Demand
from aidc.planning.allocation.dominance import needed_offers
from aidc.planning.allocation.limits import AllocationProblem
from aidc.planning.catalog.prices import SPOT


class Side:
    """One demand with the offers that it may need, as arrays."""

    def __init__(self, problem: AllocationProblem, demand: Demand) -> None:
        usable = set(demand.instance_types)
        found = [
            (place, offer)
            for place, offer in enumerate(problem.offers)
            if offer.instance_type in usable and (demand.spot_share > 0 or offer.purchase_option != SPOT)
        ]
        kept = needed_offers(demand, found, problem.limits.quotas)
        offers = [offer for _, offer in kept]
        self.demand = demand
        self.places = [place for place, _ in kept]
        self.price = np.array([offer.price for offer in offers])
        self.given = np.array([[need.per_node[offer.instance_type] for offer in offers] for need in demand.needs])
        self.amount = np.array([need.amount for need in demand.needs])
        self.not_spot = np.array([float(offer.purchase_option != SPOT) for offer in offers])
        zones = sorted({offer.zone for offer in offers})
        self.zone = np.array([zones.index(offer.zone) for offer in offers])
        self.zones = len(zones)
        codes = list(problem.limits.quotas)
        self.vcpus = np.array(
            [[offer.vcpus * (offer.quota == code) for offer in offers] for code in codes], dtype=float
        )
        self.most = np.array([demand.nodes_alone(offer.instance_type) for offer in offers])
        self.bound = np.array([math.inf if offer.maximum_nodes is None else offer.maximum_nodes for offer in offers])

        self.worth = self.price * (self.amount[:, None] / self.given).max(axis=0)
        self.ranked = np.argsort(self.worth)

    def cheap(self, rng: np.random.Generator) -> int:
        """An offer by chance, rather one that gives much for its price."""
        return int(self.ranked[min(int(rng.exponential(len(self.ranked) / 10)), len(self.ranked) - 1)])

    def lacking(self, nodes: np.ndarray) -> float:
        """What is missing of the needs, as parts of them."""
        given = self.given * nodes
        total = given.sum(axis=1)
        missing = np.maximum(0, 1 - total / self.amount).sum()
        missing += np.maximum(0, (1 - self.demand.spot_share) - (given @ self.not_spot) / self.amount).sum()
        kept = self.demand.kept_without_a_zone
        if kept > 0:
            for row, all_of_it, amount in zip(given, total, self.amount, strict=True):
                outside = all_of_it - np.bincount(self.zone, weights=row, minlength=self.zones)
                missing += np.maximum(0, kept - outside / amount).sum()
        return float(missing + np.maximum(0, nodes - self.bound).sum())

    def start(self, rng: np.random.Generator) -> np.ndarray:
        """All nodes of one of the cheapest offers for what they give, or spread over zones where that is asked for."""
        nodes = np.zeros(len(self.price))
        if self.demand.together:
            chosen = self.cheap(rng)
            nodes[chosen] = self.most[chosen]
            return nodes
        for zone in range(self.zones):
            allowed = (self.zone == zone) & (self.not_spot > 0)
            if allowed.any():
                best = int(np.where(allowed, self.worth, np.inf).argmin())
                nodes[best] = math.ceil(self.most[best] / max(1, self.zones - 1))
        return nodes

    def moved(self, nodes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A neighbour: some nodes more or fewer, or some of one offer in place of another."""
        found = nodes.copy()
        if self.demand.together:
            chosen = self.cheap(rng)
            found[:] = 0
            found[chosen] = self.most[chosen]
            return found
        used = np.flatnonzero(nodes)
        step = int(rng.integers(1, 4))
        if len(used) and rng.random() < 0.7:
            one = int(rng.choice(used))
            found[one] = max(0, found[one] - step)
        if rng.random() < 0.7:
            other = self.cheap(rng)
            found[other] = min(self.most[other], found[other] + step)
        return found


@dataclass
class Result:
    """The best state, and what was done for it."""

    cost: float
    nodes: dict[tuple[str, int], int]
    evaluations: int


class Search:
    """What both searches share: sides, prices, penalties."""

    def __init__(self, problem: AllocationProblem, seed: int) -> None:
        self.problem = problem
        self.sides = [Side(problem, demand) for demand in problem.demands]
        self.rng = np.random.default_rng(seed)
        self.evaluations = 0
        self.best: tuple[float, list[np.ndarray]] = (math.inf, [])
        start = [side.start(self.rng) for side in self.sides]
        self.penalty = 10 * sum(float(side.price @ nodes) for side, nodes in zip(self.sides, start, strict=True)) + 1

    def value(self, state: list[np.ndarray]) -> float:
        """Cost with penalties; the best state without any is kept."""
        self.evaluations += 1
        cost = sum(float(side.price @ nodes) for side, nodes in zip(self.sides, state, strict=True))
        missing = sum(side.lacking(nodes) for side, nodes in zip(self.sides, state, strict=True))
        limits = self.problem.limits
        if limits.quotas:
            used = sum(side.vcpus @ nodes for side, nodes in zip(self.sides, state, strict=True))
            bounds = np.array(list(limits.quotas.values()))
            missing += float(np.maximum(0, used / np.maximum(bounds, 1) - 1).sum())
        if limits.maximum_nodes is not None:
            missing += max(0.0, sum(float(nodes.sum()) for nodes in state) / max(1, limits.maximum_nodes) - 1)
        if limits.budget_per_hour is not None:
            missing += max(0.0, cost / max(1e-9, limits.budget_per_hour) - 1)
        if missing <= 1e-9 and cost < self.best[0]:
            self.best = (cost, [nodes.copy() for nodes in state])
        return cost + self.penalty * missing

    def result(self) -> Result:
        """The best state that lacks nothing."""
        nodes = {
            (side.demand.name, place): int(count)
            for side, counts in zip(self.sides, self.best[1], strict=False)
            for place, count in zip(side.places, counts, strict=True)
            if count
        }
        return Result(cost=self.best[0], nodes=nodes, evaluations=self.evaluations)


def greedy(problem: AllocationProblem, seed: int, seconds: float) -> Result:
    """The start alone: what a person does with a price list."""
    del seconds
    search = Search(problem, seed)
    search.value([side.start(search.rng) for side in search.sides])
    return search.result()


def annealing(problem: AllocationProblem, seed: int, seconds: float) -> Result:
    """Simulated annealing: a neighbour is taken if better, or by chance, less and less."""
    search = Search(problem, seed)
    state = [side.start(search.rng) for side in search.sides]
    now = search.value(state)
    hot, cold = now / 20, now / 100_000
    began = time.perf_counter()
    while (spent := (time.perf_counter() - began) / seconds) < 1:
        heat = hot * (cold / hot) ** spent
        index = int(search.rng.integers(len(state)))
        tried = [*state]
        tried[index] = search.sides[index].moved(state[index], search.rng)
        value = search.value(tried)
        if value < now or search.rng.random() < math.exp((now - value) / heat):
            state, now = tried, value
    return search.result()


def genetic(problem: AllocationProblem, seed: int, seconds: float, *, size: int = 60) -> Result:
    """A genetic algorithm: tournaments of three, uniform crossover within a demand, three mutations, the best stays."""
    search = Search(problem, seed)
    rng = search.rng

    def mutated(state: list[np.ndarray]) -> list[np.ndarray]:
        found = [*state]
        for _ in range(3):
            index = int(rng.integers(len(found)))
            found[index] = search.sides[index].moved(found[index], rng)
        return found

    def crossed(one: list[np.ndarray], other: list[np.ndarray]) -> list[np.ndarray]:
        found: list[np.ndarray] = []
        for side, a, b in zip(search.sides, one, other, strict=True):
            whole = side.demand.together
            mask = rng.random(1 if whole else len(a)) < 0.5
            found.append(np.where(mask, a, b))
        return found

    people = [[side.start(rng) for side in search.sides] for _ in range(size)]
    people = [people[0], *(mutated(each) for each in people[1:])]
    values = [search.value(each) for each in people]
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        order = np.argsort(values)
        following = [people[order[0]], people[order[1]]]
        while len(following) < size:
            parents = [people[min(rng.integers(size, size=3), key=lambda each: values[each])] for _ in range(2)]
            following.append(mutated(crossed(*parents) if rng.random() < 0.6 else parents[0]))
        people = following
        values = [search.value(each) for each in people]
    return search.result()
