"""The cheapest pools that meet demands: solved, explained, with the next best; or what stands in the way."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ...problems import Problems
from .conflict import Conflict, find_conflict
from .limits import AllocationProblem
from .model import build_model
from .pools import Allocation, Alternative, LimitPrice, Pool, nodes_of, pools_of, unused_reservations
from .rows import Row, RowKind, limit_title
from .solver import GAP, TIME_LIMIT, Solution, Status, solve

_CENT = 0.005
"""Dollars an hour below which a difference is none."""


class NothingFound(RuntimeError):
    """Time ran out before anything was found or excluded."""


def allocate(
    problem: AllocationProblem,
    *,
    reserved_per_hour: float = 0.0,
    alternatives: int = 2,
    explained: bool = True,
    time_limit: float = TIME_LIMIT,
    gap: float = GAP,
    progress: Callable[[str], None] = lambda _: None,
) -> Allocation | Conflict:
    """Return the cheapest pools, or what stands in the way of any.

    Args:
        problem: demands, offers and limits.
        reserved_per_hour: US dollars an hour of all reservations, which are paid for whatever is used.
        alternatives: how many of the next best to look for.
        explained: whether to say what more of each limit would save.
        time_limit: seconds for each of the programs that are solved.
        gap: part of the price by which the answer may be above the least that is possible.
        progress: is told what is being done.

    Raises:
        InvalidInput: the problem makes no sense.
        NothingFound: time ran out before anything was found or excluded.
    """
    problems = Problems()
    problem.check(problems)
    problems.raise_if_any("allocation")
    started = time.perf_counter()
    progress("looking for the cheapest pools")
    solution = solve(build_model(problem), time_limit=time_limit, gap=gap)
    if solution.status is Status.INFEASIBLE:
        progress("looking for what stands in the way")
        return find_conflict(problem, time_limit=time_limit)
    if not solution.found:
        raise NothingFound(f"nothing was found or excluded in {time_limit:g} s; give it more time, or fewer types")
    nodes = nodes_of(problem, solution)
    pools = pools_of(problem, nodes)
    relaxed_model = build_model(problem)
    relaxed = solve(relaxed_model, integral=False, time_limit=time_limit)
    prices: tuple[LimitPrice, ...] = ()
    if explained:
        progress("looking at what limits cost")
        prices = _limit_prices(problem, relaxed_model.rows, relaxed, solution, time_limit=time_limit, gap=gap)
    found: list[Alternative] = []
    if alternatives:
        progress("looking for the next best")
        found = _alternatives(problem, pools, alternatives, reserved_per_hour, time_limit=time_limit, gap=gap)
    return Allocation(
        pools=pools,
        price_per_hour=math.fsum(pool.price_per_hour for pool in pools) + reserved_per_hour,
        reserved_per_hour=reserved_per_hour,
        bound_per_hour=max(0.0, solution.bound) + reserved_per_hour,
        gap=solution.gap,
        status=solution.status,
        relaxed_per_hour=relaxed.cost + reserved_per_hour,
        limit_prices=prices,
        alternatives=tuple(found),
        seconds=time.perf_counter() - started,
        unused_reservations=unused_reservations(problem, nodes),
    )


def _alternatives(
    problem: AllocationProblem,
    pools: Sequence[Pool],
    count: int,
    reserved_per_hour: float,
    *,
    time_limit: float,
    gap: float,
) -> list[Alternative]:
    """Return the cheapest answers without the dearest pool's type that can be spared, then without the next, and so on.

    Each lacks all that those before it lack, so their prices do not fall; and each is the best of its kind, since it
    is solved like the first.
    """
    found: list[Alternative] = []
    excluded: list[tuple[str, str]] = []
    current = pools
    while len(found) < count:
        # Reserved nodes have no price here: they are tried last.
        ordered = sorted(current, key=lambda pool: (-pool.price_per_hour, -pool.count, pool.instance_type))
        for pool in ordered:
            without = [*excluded, (pool.demand, pool.instance_type)]
            solution = solve(build_model(problem, excluded=without), time_limit=time_limit, gap=gap)
            if solution.found:
                break
        else:
            return found
        excluded = without
        current = pools_of(problem, nodes_of(problem, solution))
        price = math.fsum(pool.price_per_hour for pool in current) + reserved_per_hour
        found.append(Alternative(without=tuple(excluded), pools=tuple(current), price_per_hour=price))
    return found


def _limit_prices(
    problem: AllocationProblem,
    rows: dict[str, Row],
    relaxed: Solution,
    best: Solution,
    *,
    time_limit: float,
    gap: float,
) -> tuple[LimitPrice, ...]:
    """Return what more of limits and demands changes: the duals of the relaxation, and whole steps of quotas."""
    found = [*_demand_prices(problem, rows, relaxed)]
    for name, row in rows.items():
        marginal = relaxed.duals.get(name, 0.0)
        if row.is_minimum or row.kind is RowKind.BUDGET:
            continue
        price = LimitPrice(limit=limit_title(row), unit=row.unit, marginal=marginal)
        if row.kind is RowKind.QUOTA:
            price = _with_step(problem, row, price, best, time_limit=time_limit, gap=gap)
        # A virtual CPU is a small thing: a node has a hundred.
        worth = abs(price.marginal) * (100 if row.kind is RowKind.QUOTA else 1)
        if worth > _CENT or abs(price.step_change) > _CENT:
            found.append(price)
    return tuple(found)


def _demand_prices(problem: AllocationProblem, rows: dict[str, Row], relaxed: Solution) -> list[LimitPrice]:
    found: list[LimitPrice] = []
    for demand in problem.demands:
        if demand.together:
            continue
        for need in demand.needs:
            # The amount is in the bounds of several rows.
            marginal = sum(
                relaxed.duals.get(name, 0.0) * row.per_amount
                for name, row in rows.items()
                if row.demand == demand.name and row.need == need.name
            )
            if abs(marginal) > 1e-9:
                found.append(
                    LimitPrice(limit=f"{demand.name}: {need.name}", unit=need.unit or need.name, marginal=marginal)
                )
    return found


def _with_step(
    problem: AllocationProblem, row: Row, price: LimitPrice, best: Solution, *, time_limit: float, gap: float
) -> LimitPrice:
    """Add what a quota for one more node changes, where the quota has no room for one."""
    code = row.limit.removeprefix("quota ")
    used = sum(
        count * problem.offers[column.offer].vcpus
        for column, count in best.values.items()
        if problem.offers[column.offer].quota == code
    )
    wanted = {name for demand in problem.demands for name in demand.instance_types}
    sizes = {
        offer.vcpus: offer.instance_type
        for offer in reversed(problem.offers)
        if offer.quota == code and offer.instance_type in wanted
    }
    lacking = sorted(size for size in sizes if used + size > row.bound)
    if not lacking:
        return price
    step = float(lacking[-1])
    quotas = {**problem.limits.quotas, code: row.bound + step}
    wider = replace(problem, limits=replace(problem.limits, quotas=quotas))
    solution = solve(build_model(wider), time_limit=time_limit, gap=gap)
    if not solution.found:
        return price
    change = min(0.0, solution.cost - best.cost)
    return replace(price, step=step, step_name=f"one more {sizes[lacking[-1]]}", step_change=change)
