"""The cheapest pools: against brute force, a second solver, a checker that knows no model, and rules that must hold."""

import itertools
import math
from dataclasses import replace

import pytest
from allocation_instances import random_problem
from cbc import solve_with_cbc
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.planning.allocation.allocation import allocate
from aidc.planning.allocation.conflict import Conflict
from aidc.planning.allocation.demand import Demand, Need
from aidc.planning.allocation.limits import AllocationProblem, Limits
from aidc.planning.allocation.model import build_model
from aidc.planning.allocation.offers import Offer
from aidc.planning.allocation.pools import Allocation, nodes_of
from aidc.planning.allocation.solver import Status, solve
from aidc.planning.allocation.verification import cost, violations

SMALL = settings(max_examples=15, deadline=None)


def offer(name: str, price: float, zone: str = "z1", **more) -> Offer:
    return Offer(**{"instance_type": name, "zone": zone, "purchase_option": "on-demand", "price": price, **more})


def gpus(amount: float, **per_node: float) -> Need:
    return Need(name="gpus", unit="", amount=amount, per_node=per_node)


def exact(problem: AllocationProblem):
    return solve(build_model(problem), gap=0.0, time_limit=20)


def brute_force(problem: AllocationProblem) -> float:
    """The least cost of all counts of nodes, up to as many of each offer as meet a demand alone."""
    places = [
        (demand.name, place, demand.nodes_alone(each.instance_type))
        for demand in problem.demands
        for place, each in enumerate(problem.offers)
        if each.instance_type in demand.instance_types
    ]
    best = math.inf
    for counts in itertools.product(*(range(most + 1) for _, _, most in places)):
        nodes = {(name, place): count for (name, place, _), count in zip(places, counts, strict=True)}
        price = cost(problem, nodes)
        if price < best and not violations(problem, nodes):
            best = price
    return best


def size(problem: AllocationProblem) -> float:
    return math.prod(
        demand.nodes_alone(each.instance_type) + 1
        for demand in problem.demands
        for each in problem.offers
        if each.instance_type in demand.instance_types
    )


def scaled(problem: AllocationProblem, factor: float) -> AllocationProblem:
    def grown(demand: Demand) -> Demand:
        return replace(demand, needs=tuple(replace(need, amount=need.amount * factor) for need in demand.needs))

    return replace(problem, demands=tuple(map(grown, problem.demands)))


def test_the_optimum_is_that_of_brute_force():
    tried = infeasible = 0
    for seed in range(4000):
        problem = scaled(random_problem(seed, types=3, zones=2, demands=1), 0.2)
        if not 2 < size(problem) < 3000:
            continue
        solution = exact(problem)
        least = brute_force(problem)
        assert (solution.status is Status.INFEASIBLE) == math.isinf(least), seed
        infeasible += math.isinf(least)
        if solution.found:
            assert solution.cost == pytest.approx(least, abs=1e-6), seed
        tried += 1
        if tried == 150:
            break
    assert tried == 150
    assert 5 < infeasible < 100


def test_the_optimum_is_that_of_a_second_solver_and_meets_every_rule():
    infeasible = 0
    for seed in range(50, 150):
        problem = random_problem(seed)
        ours, other = exact(problem), solve_with_cbc(build_model(problem), gap=0.0)
        assert ours.status is other.status, seed
        if not ours.found:
            infeasible += 1
            continue
        assert ours.cost == pytest.approx(other.cost, rel=1e-6, abs=1e-6), seed
        nodes = nodes_of(problem, ours)
        assert violations(problem, nodes) == [], seed
        assert cost(problem, nodes) == pytest.approx(ours.cost, abs=1e-6), seed
        relaxed = solve(build_model(problem), integral=False)
        assert relaxed.cost <= ours.cost + 1e-6, seed
        assert ours.bound <= ours.cost + 1e-6, seed
    assert 5 < infeasible < 40


@SMALL
@given(seed=st.integers(0, 10**6), factor=st.floats(1.0, 3.0))
def test_more_demand_is_never_cheaper(seed, factor):
    problem = random_problem(seed)
    before, after = exact(problem), exact(scaled(problem, factor))
    assert not (before.status is Status.INFEASIBLE and after.found)
    if after.found:
        assert after.cost >= before.cost - 1e-6


@SMALL
@given(seed=st.integers(0, 10**6))
def test_fewer_rules_are_never_dearer(seed):
    problem = random_problem(seed)
    free = replace(problem, limits=Limits())
    loose = replace(
        free,
        demands=tuple(
            replace(each, zone_share=1.0, survives_zone_loss=False, maximum_nodes=None, together=False)
            for each in problem.demands
        ),
    )
    costs = [exact(each).cost for each in (problem, free, loose)]
    assert costs[0] >= costs[1] - 1e-6
    assert costs[1] >= costs[2] - 1e-6


@SMALL
@given(seed=st.integers(0, 10**6))
def test_the_same_question_has_the_same_answer(seed):
    problem = random_problem(seed)
    first, second = exact(problem), exact(problem)
    assert first.values == second.values


@SMALL
@given(seed=st.integers(0, 10**6))
def test_duals_tell_how_the_relaxation_changes(seed):
    problem = random_problem(seed)
    model = build_model(problem)
    relaxed = solve(model, integral=False)
    if not relaxed.found:
        return
    for code, bound in problem.limits.quotas.items():
        dual = relaxed.duals[f"quota_{code}"]
        assert dual <= 1e-9
        step = 0.001
        wider = replace(problem, limits=replace(problem.limits, quotas={**problem.limits.quotas, code: bound + step}))
        changed = solve(build_model(wider), integral=False).cost - relaxed.cost
        # A wider bound can save less than the dual says, where the dual is one of several, but not more.
        assert dual * step - 1e-7 <= changed <= 1e-7


def test_a_quota_costs_what_its_dual_and_its_step_say():
    cheap = offer("big", 10.0, vcpus=96, quota="L-417A185B")
    dear = offer("small", 3.0, vcpus=8, quota="L-DB2E81BA")
    demand = Demand(name="d", needs=(gpus(40, big=8, small=1),))
    problem = AllocationProblem(
        demands=(demand,), offers=(cheap, dear), limits=Limits(quotas={"L-417A185B": 192, "L-DB2E81BA": 10_000})
    )
    answer = allocate(problem, alternatives=1)
    assert isinstance(answer, Allocation)
    # Two big nodes by the quota, and 24 small ones.
    assert answer.price_per_hour == 2 * 10 + 24 * 3
    prices = {each.limit: each for each in answer.limit_prices}
    quota = prices["quota L-417A185B (Running On-Demand P instances)"]
    # One more big node replaces 8 small ones: 24 - 10 dollars for 96 vCPU.
    assert quota.marginal == pytest.approx(-14 / 96)
    assert (quota.step, quota.step_name) == (96, "one more big")
    assert quota.step_change == pytest.approx(-14)
    assert prices["d: gpus"].marginal == pytest.approx(3)
    assert not any("L-DB2E81BA" in name for name in prices)
    (other,) = answer.alternatives
    # Without the small ones, which are the dearer pool, there is nothing: the quota has room for two big ones.
    assert other.without == (("d", "big"),)
    assert other.price_per_hour == 120


@pytest.mark.parametrize("free", [1, 3, 7])
def test_what_one_more_node_at_hand_saves_is_all_of_the_difference(free: int):
    """A bound that was in two places of the program shared its dual between them: one of them was told."""
    offers = (offer("big", 0.0, maximum_nodes=free, reservation="cr-1"), offer("small", 3.0))
    demand = Demand(name="d", needs=(gpus(80, big=8, small=1),))

    def relaxed(nodes: int) -> Allocation:
        at_hand = (replace(offers[0], maximum_nodes=nodes), offers[1])
        answer = allocate(AllocationProblem(demands=(demand,), offers=at_hand), alternatives=0)
        assert isinstance(answer, Allocation)
        return answer

    now, more = relaxed(free), relaxed(free + 1)
    prices = {each.limit: each.marginal for each in now.limit_prices}
    assert prices["reservation cr-1"] == pytest.approx(more.relaxed_per_hour - now.relaxed_per_hour)
    assert prices["reservation cr-1"] == pytest.approx(-8 * 3)


def test_a_demand_that_outlives_a_zone_costs_its_share_in_every_row():
    offers = tuple(offer("a", 2.0, zone) for zone in ("z1", "z2", "z3"))
    plain = Demand(name="d", needs=(gpus(12, a=1),))
    cost_of = {}
    for name, demand in {
        "plain": plain,
        "survives": replace(plain, survives_zone_loss=True),
        "half": replace(plain, zone_share=0.5),
    }.items():
        answer = allocate(AllocationProblem(demands=(demand,), offers=offers), alternatives=0)
        assert isinstance(answer, Allocation)
        cost_of[name] = answer.price_per_hour
        (marginal,) = (each.marginal for each in answer.limit_prices)
        assert marginal == pytest.approx(cost_of[name] / 12)
    # Any two of three zones must have 12: six in each.
    assert cost_of == {"plain": 24.0, "survives": 36.0, "half": 24.0}


def test_reserved_nodes_come_first_and_none_is_kept_that_nothing_needs():
    reserved = offer("a", 0.0, purchase_option="reserved", maximum_nodes=5, reservation="cr-1")
    problem = AllocationProblem(demands=(Demand(name="d", needs=(gpus(3, a=1),)),), offers=(offer("a", 2.0), reserved))
    answer = allocate(problem, reserved_per_hour=7.5, alternatives=0)
    assert isinstance(answer, Allocation)
    (pool,) = answer.pools
    assert (pool.purchase_option, pool.count, pool.reservations) == ("reserved", 3, ("cr-1",))
    assert answer.price_per_hour == answer.reserved_per_hour == 7.5
    assert answer.unused_reservations == ("cr-1",)


def test_nodes_together_are_of_one_type_in_one_zone_and_exactly_as_many_as_it_needs():
    offers = (
        offer("a", 3.0, "z1"),
        offer("a", 3.0, "z2"),
        offer("b", 5.0, "z1", maximum_nodes=2),
        offer("b", 5.0, "z2"),
    )
    demand = Demand(name="d", needs=(gpus(1.0, a=1 / 5, b=1 / 3),), together=True)
    answer = allocate(AllocationProblem(demands=(demand,), offers=offers), alternatives=1)
    assert isinstance(answer, Allocation)
    (pool,) = answer.pools
    # Five of a are 15 dollars, three of b as well; two of b in z1 are too few.
    assert pool.price_per_hour == 15
    assert len(pool.nodes) == 1
    (other,) = answer.alternatives
    assert other.price_per_hour == 15
    assert {pool.instance_type, other.pools[0].instance_type} == {"a", "b"}
    if other.pools[0].instance_type == "b":
        assert other.pools[0].nodes == {"z2": 3}


def test_alternatives_get_dearer_and_lack_what_they_say():
    for seed in range(40):
        problem = random_problem(seed)
        answer = allocate(problem, alternatives=3, gap=0.0, explained=False)
        if isinstance(answer, Conflict):
            continue
        prices = [answer.price_per_hour, *(each.price_per_hour for each in answer.alternatives)]
        assert all(after >= before - 1e-6 for before, after in itertools.pairwise(prices)), seed
        for each in answer.alternatives:
            used = {(pool.demand, pool.instance_type) for pool in each.pools}
            assert not used & set(each.without), seed


def test_the_gap_is_told_when_time_runs_out():
    from allocation_instances import large_problem

    model = build_model(large_problem(1, types=120, zones=8))
    hasty = solve(model, gap=0.0, time_limit=0.05)
    assert hasty.status in (Status.FEASIBLE, Status.UNKNOWN, Status.OPTIMAL)
    if hasty.status is Status.FEASIBLE:
        assert 0 < hasty.gap <= 1
        assert hasty.bound < hasty.cost


def test_a_service_of_one_type_costs_no_less_and_is_of_one_type():
    offers = tuple(offer(name, price, zone) for name, price in (("a", 9.0), ("b", 2.5)) for zone in ("z1", "z2"))
    mixed = Demand(name="d", needs=(gpus(9, a=8, b=2),))
    costs: dict[bool, float] = {}
    for one_type in (False, True):
        problem = AllocationProblem(demands=(replace(mixed, one_type=one_type),), offers=offers)
        answer = allocate(problem, alternatives=0, gap=0.0)
        assert isinstance(answer, Allocation)
        costs[one_type] = answer.price_per_hour
        assert not one_type or len({pool.instance_type for pool in answer.pools}) == 1
    # One of each is 11.5 dollars; five of b alone are 12.5.
    assert costs == {False: 11.5, True: 12.5}


def test_leaving_useless_offers_out_changes_nothing(monkeypatch):
    from aidc.planning.allocation import model

    problems = [random_problem(seed) for seed in range(60)]
    few = [exact(problem) for problem in problems]
    columns = sum(len(build_model(problem).columns) for problem in problems)
    monkeypatch.setattr(model, "needed_offers", lambda demand, found, quotas: list(found))
    for problem, solution in zip(problems, few, strict=True):
        whole = exact(problem)
        assert whole.status is solution.status
        assert whole.cost == pytest.approx(solution.cost, abs=1e-6)
    assert sum(len(build_model(problem).columns) for problem in problems) > 1.5 * columns
