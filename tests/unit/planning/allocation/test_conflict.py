"""What stands in the way: the limits that are named do, each of them, and moving them as told makes room."""

from dataclasses import replace

import pytest
from allocation_instances import random_problem

from aidc.planning.allocation.allocation import allocate
from aidc.planning.allocation.conflict import Conflict, find_conflict
from aidc.planning.allocation.demand import Demand, Need
from aidc.planning.allocation.limits import AllocationProblem, Limits
from aidc.planning.allocation.model import build_model
from aidc.planning.allocation.offers import Offer
from aidc.planning.allocation.rows import limit_title
from aidc.planning.allocation.solver import Status, solve

OFFERS = (
    Offer(instance_type="big", zone="z1", purchase_option="on-demand", price=10.0, vcpus=192, quota="L-417A185B"),
    Offer(instance_type="big", zone="z2", purchase_option="on-demand", price=10.0, vcpus=192, quota="L-417A185B"),
)
DEMAND = Demand(name="train", needs=(Need(name="gpus", unit="", amount=32, per_node={"big": 8}),))


def problem(demand: Demand = DEMAND, offers=OFFERS, **limits) -> AllocationProblem:
    return AllocationProblem(demands=(demand,), offers=offers, limits=Limits(**limits))


def test_a_quota_is_named_with_where_it_would_have_to_be():
    answer = allocate(problem(quotas={"L-417A185B": 384}, budget_per_hour=100))
    assert isinstance(answer, Conflict)
    assert answer.groups == (("quota L-417A185B (Running On-Demand P instances)",),)
    (move,) = answer.moves
    assert (move.bound, move.needed, move.unit, move.is_minimum) == (384, 768, "vCPU", False)
    assert answer.is_minimal


def test_a_budget_is_named_with_what_it_costs():
    answer = allocate(problem(quotas={"L-417A185B": 10_000}, budget_per_hour=39.5))
    assert isinstance(answer, Conflict)
    assert answer.groups == (("budget",),)
    assert [(move.limit, move.needed) for move in answer.moves] == [("budget", 40.0)]


def test_a_single_zone_cannot_be_outlived():
    answer = allocate(problem(replace(DEMAND, survives_zone_loss=True), OFFERS[:1]))
    assert isinstance(answer, Conflict)
    assert answer.groups == (("train: left when a zone is lost",),)
    (move,) = answer.moves
    assert (move.bound, move.needed, move.is_minimum) == (32, 0, True)


def test_what_one_limit_hides_is_named_as_well():
    answer = allocate(problem(quotas={"L-417A185B": 384}, budget_per_hour=39))
    assert isinstance(answer, Conflict)
    assert sorted(answer.groups) == [("budget",), ("quota L-417A185B (Running On-Demand P instances)",)]
    assert sorted((move.bound, move.needed) for move in answer.moves) == [(39, 40), (384, 768)]


def test_two_limits_that_are_only_together_too_tight_are_both_named():
    offers = (
        replace(OFFERS[0], price=1.0, vcpus=96),
        Offer(instance_type="other", zone="z1", purchase_option="on-demand", price=50.0, vcpus=8, quota="L-DB2E81BA"),
    )
    demand = replace(DEMAND, needs=(Need(name="gpus", unit="", amount=4, per_node={"big": 1, "other": 1}),))
    limits = {"quotas": {"L-417A185B": 96, "L-DB2E81BA": 8_000}, "budget_per_hour": 60, "maximum_nodes": 100}
    answer = allocate(problem(demand, offers, **limits))
    assert isinstance(answer, Conflict)
    assert answer.groups == (("quota L-417A185B (Running On-Demand P instances)", "budget"),)


def test_what_nothing_meets_is_said_with_the_reasons():
    demand = replace(
        DEMAND, needs=(Need(name="gpus", unit="", amount=1, per_node={}),), excluded={"big": "is too small"}
    )
    assert find_conflict(problem(demand)).impossible == ("train: no instance type meets it (big: is too small)",)
    demand = replace(DEMAND, needs=(Need(name="gpus", unit="", amount=1, per_node={"rare": 1}),))
    assert find_conflict(problem(demand)).impossible == ("train: rare would meet it, but none is for sale there",)


def infeasible_problems(count: int):
    seed = found = 0
    while found < count:
        each = random_problem(seed)
        if solve(build_model(each)).status is Status.INFEASIBLE:
            found += 1
            yield seed, each
        seed += 1


@pytest.mark.parametrize(("seed", "each"), list(infeasible_problems(12)), ids=lambda value: str(value)[:6])
def test_each_limit_that_is_named_stands_in_the_way_and_the_others_do_not(seed, each):
    answer = find_conflict(each)
    if answer.impossible:
        return
    assert answer.groups
    assert answer.is_minimal
    rows = build_model(each, elastic=True).rows.values()
    names = {limit_title(row): row.limit for row in rows if row.kind not in ("need", "together")}
    for group in answer.groups:
        named = {names[title] for title in group}
        others = set(names.values()) - named
        # The group alone leaves nothing; without any one of it there is something.
        assert solve(build_model(each, dropped=others)).status is Status.INFEASIBLE
        for limit in named:
            assert solve(build_model(each, dropped=others | {limit})).found, limit
    # Without any of all groups, everything else can be kept.
    gone = {names[title] for group in answer.groups for title in group}
    assert solve(build_model(each, dropped=gone)).found


@pytest.mark.parametrize(("seed", "each"), list(infeasible_problems(12)), ids=lambda value: str(value)[:6])
def test_moving_the_limits_as_told_makes_room(seed, each):
    answer = find_conflict(each)
    if answer.impossible:
        return
    assert answer.moves
    assert solve(moved(each, answer)).found


def moved(each: AllocationProblem, answer: Conflict):
    """The model with the bounds where the answer says, by the elastic one with as much room as was told."""
    model = build_model(each, elastic=True)
    moves = {move.limit: move for move in sorted(answer.moves, key=lambda move: abs(move.needed - move.bound))}
    for name, slack in model.slacks.items():
        move = moves.get(limit_title(model.rows[name]))
        model.program.uppers[slack] = 0.0 if move is None else abs(move.needed - move.bound) + 1e-6
    return model
