"""S4's linear program: nodes that cost 100 a core, 50 a GiB and 30 a Gbps, as few dollars as meet a demand.

S4 looks coefficients up by their value, so that two equal ones are one, and has one number for budget and demand.
With both kept apart, the right answer can be derived. Every node is priced by the same rule, so what is bought costs
100 * cores + 50 * GiB + 30 * Gbps of all that is provided: the demand's own price, plus that of what is provided beyond
it. No plan is cheaper than the demand's own price, and one reaches it exactly where nodes can be mixed to the demand.
"""

import itertools

import pytest

from aidc.planning.allocation.allocation import allocate
from aidc.planning.allocation.conflict import Conflict
from aidc.planning.allocation.demand import Demand, Need
from aidc.planning.allocation.limits import AllocationProblem, Limits
from aidc.planning.allocation.model import build_model
from aidc.planning.allocation.offers import Offer
from aidc.planning.allocation.pools import Allocation
from aidc.planning.allocation.solver import solve

NODES = {"small": (4, 8, 1), "memory": (8, 32, 2), "network": (16, 16, 10)}
RESOURCES = ("cpu", "memory", "bandwidth")


def price(cpu: float, memory: float, bandwidth: float) -> float:
    return 100 * cpu + 50 * memory + 30 * bandwidth


def problem(cpu: float, memory: float, bandwidth: float, budget: float | None = None) -> AllocationProblem:
    needs = tuple(
        Need(name=name, unit="", amount=amount, per_node={node: has[index] for node, has in NODES.items()})
        for index, (name, amount) in enumerate(zip(RESOURCES, (cpu, memory, bandwidth), strict=True))
    )
    offers = tuple(
        Offer(instance_type=node, zone="here", purchase_option="on-demand", price=price(*has))
        for node, has in sorted(NODES.items())
    )
    return AllocationProblem(
        demands=(Demand(name="data-center", needs=needs),), offers=offers, limits=Limits(budget_per_hour=budget)
    )


def test_split_nodes_reach_the_price_of_the_demand_itself():
    asked = problem(100, 200, 40)
    solution = solve(build_model(asked), integral=False)
    # 4 a + 8 b + 16 c = 100, 8 a + 32 b + 16 c = 200, a + 2 b + 10 c = 40: a = 10, b = c = 2.5.
    bought = {asked.offers[column.offer].instance_type: nodes for column, nodes in solution.values.items()}
    assert bought == pytest.approx({"small": 10, "memory": 2.5, "network": 2.5})
    assert solution.cost == pytest.approx(price(100, 200, 40)) == 21_200
    # One core more costs 100, one GiB 50, one Gbps 30: the prices come back as duals.
    assert [solution.duals[f"need0_{index}"] for index in range(3)] == pytest.approx([100, 50, 30])


def test_whole_nodes_cost_the_least_of_all_counts():
    best = min(
        (sum(count * price(*has) for count, has in zip(counts, NODES.values(), strict=True)), counts)
        for counts in itertools.product(range(41), range(14), range(14))
        if all(
            sum(count * has[index] for count, has in zip(counts, NODES.values(), strict=True)) >= amount
            for index, amount in enumerate((100, 200, 40))
        )
    )
    answer = allocate(problem(100, 200, 40), gap=0.0)
    assert isinstance(answer, Allocation)
    assert answer.price_per_hour == best[0] > 21_200
    assert answer.relaxed_per_hour == pytest.approx(21_200)


def test_a_demand_that_no_mix_gives_exactly_pays_for_what_is_beyond_it():
    # Much bandwidth: only the nodes of the network kind are worth it, and their cores and memory are beyond the demand.
    solution = solve(build_model(problem(16, 16, 100)), integral=False)
    assert solution.cost == pytest.approx(10 * price(16, 16, 10))
    assert solution.cost > price(16, 16, 100)


def test_a_budget_below_the_price_of_the_demand_is_infeasible_and_says_what_is_lacking():
    answer = allocate(problem(100, 200, 40, budget=21_000))
    assert isinstance(answer, Conflict)
    assert answer.groups == (("budget",),)
    least = allocate(problem(100, 200, 40), gap=0.0)
    assert isinstance(least, Allocation)
    assert answer.moves[0].needed == pytest.approx(least.price_per_hour)
    assert isinstance(allocate(problem(100, 200, 40, budget=least.price_per_hour)), Allocation)


def test_one_number_for_budget_and_demand_as_in_s4_buys_nothing():
    # The cheapest node costs 830: a budget of 100 for 100 cores cannot be.
    assert isinstance(allocate(problem(100, 0, 0, budget=100)), Conflict)


def test_equal_coefficients_stay_apart():
    # Two nodes of the same price are one to a program that looks up by value.
    twins = problem(8, 8, 1)
    doubled = AllocationProblem(
        demands=(
            Demand(
                name="twins",
                needs=(Need(name="cpu", unit="", amount=8, per_node={"one": 4, "two": 4}),),
            ),
        ),
        offers=(
            Offer(instance_type="one", zone="here", purchase_option="on-demand", price=830.0, maximum_nodes=1),
            Offer(instance_type="two", zone="here", purchase_option="on-demand", price=830.0, maximum_nodes=1),
        ),
    )
    assert len(twins.offers) == 3
    answer = allocate(doubled, alternatives=0)
    assert isinstance(answer, Allocation)
    assert {pool.instance_type for pool in answer.pools} == {"one", "two"}
