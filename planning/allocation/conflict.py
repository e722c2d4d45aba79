"""Demands that nothing meets: which limits stand in the way, and by how much they would have to move."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .limits import AllocationProblem
from .model import build_model
from .rows import Row, RowKind, limit_title
from .solver import TIME_LIMIT, Status, solve


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitMove:
    """A limit, and where it would have to be."""

    limit: str
    """What a person would call it."""

    bound: float
    """Where it is, in `unit`."""

    needed: float
    """Where it would have to be, in `unit`."""

    unit: str
    """Unit of both."""

    is_minimum: bool
    """Whether it is a least, which would have to fall; else a most, which would have to rise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """Why nothing meets the demands."""

    impossible: tuple[str, ...]
    """Sentences about demands that nothing for sale meets, whatever the limits; empty where limits are the reason."""

    groups: tuple[tuple[str, ...], ...]
    """Limits that cannot be kept together, in groups of which each has to give way somewhere: within a group, any one
    less can be kept."""

    moves: tuple[LimitMove, ...]
    """The least moves that make room, measured by the size of each limit. Others may do as well."""

    is_minimal: bool
    """Whether time sufficed to prove that none can be left out of its group."""


def find_conflict(problem: AllocationProblem, *, time_limit: float = TIME_LIMIT) -> Conflict:
    """Return what stands in the way of a problem that has no solution."""
    impossible = tuple(_impossible(problem))
    if impossible:
        return Conflict(impossible=impossible, groups=(), moves=(), is_minimal=True)
    titles = {row.limit: limit_title(row) for row in build_model(problem, elastic=True).rows.values() if _is_limit(row)}
    groups: list[tuple[str, ...]] = []
    gone: set[str] = set()
    is_minimal = True
    # What one group hides shows when that one is out of the way.
    while len(gone) < len(titles) and (not groups or _status(problem, gone, time_limit) is Status.INFEASIBLE):
        group, proved = _irreducible(problem, [limit for limit in titles if limit not in gone], gone, time_limit)
        is_minimal = is_minimal and proved
        if not group:
            break
        groups.append(tuple(titles[limit] for limit in group))
        gone |= set(group)
    return Conflict(impossible=(), groups=tuple(groups), moves=_moves(problem, time_limit), is_minimal=is_minimal)


def _impossible(problem: AllocationProblem) -> list[str]:
    sold = {offer.instance_type for offer in problem.offers}
    found: list[str] = []
    for demand in problem.demands:
        able = demand.instance_types
        if not able:
            by_reason: dict[str, list[str]] = {}
            for name, reason in sorted(demand.excluded.items()):
                by_reason.setdefault(reason, []).append(name)
            reasons = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())
            found.append(f"{demand.name}: no instance type meets it" + (f" ({reasons})" if reasons else ""))
        elif not sold & set(able):
            found.append(f"{demand.name}: {', '.join(sorted(able))} would meet it, but none is for sale there")
    return found


def _moves(problem: AllocationProblem, time_limit: float) -> tuple[LimitMove, ...]:
    """Return the least moves, by a program in which each limit can be moved at a cost."""
    model = build_model(problem, elastic=True)
    solution = solve(model, time_limit=time_limit)
    moves: dict[tuple[str, str], LimitMove] = {}
    for name, slack in solution.slacks.items():
        row = model.rows[name]
        needed = row.bound - slack if row.is_minimum else row.bound + slack
        move = LimitMove(
            limit=limit_title(row), bound=row.bound, needed=_tidy(needed), unit=row.unit, is_minimum=row.is_minimum
        )
        # The rows of all zones stand for one rule: the widest move counts.
        key = (row.limit, row.unit)
        other = moves.get(key)
        if other is None or abs(move.needed - move.bound) > abs(other.needed - other.bound):
            moves[key] = move
    return tuple(moves.values())


def _irreducible(
    problem: AllocationProblem, limits: Sequence[str], gone: Collection[str], time_limit: float
) -> tuple[list[str], bool]:
    """Return some of `limits` that cannot all be kept, of which none can be left out; and whether that is proved.

    One after the other is left out, and stays out where the rest still cannot be kept.
    """
    dropped = set(gone)
    is_minimal = True
    for limit in limits:
        status = _status(problem, dropped | {limit}, time_limit)
        if status is Status.INFEASIBLE:
            dropped.add(limit)
        elif status is Status.UNKNOWN:
            is_minimal = False
    return [limit for limit in limits if limit not in dropped], is_minimal


def _status(problem: AllocationProblem, dropped: Collection[str], time_limit: float) -> Status:
    # Any solution will do: the gap is as wide as it gets.
    return solve(build_model(problem, dropped=dropped), time_limit=time_limit, gap=math.inf).status


def _is_limit(row: Row) -> bool:
    return row.kind not in (RowKind.NEED, RowKind.TOGETHER)


def _tidy(value: float) -> float:
    return round(value, 6)
