"""What two plans differ by, also where one was written to a file."""

from typing import Any

import pytest

from aidc.evaluation import evaluate
from aidc.infra.kubernetes import KubernetesObject
from aidc.planning.plan.difference import compare_plans
from aidc.planning.plan.document import environment_pattern, plan_document, without_environment
from aidc.planning.plan.summary import summarise
from aidc.problems import InvalidInput


def pool(name: str, type: str, nodes: int) -> None:
    named = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": [type]}
    zone = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["us-east-1a"]}
    spec = {"template": {"spec": {"requirements": [named, zone]}}, "limits": {"nodes": str(nodes)}}
    content = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": name}, "spec": spec}
    KubernetesObject(name, content)


def document(*pools: tuple[str, str, int]) -> dict[str, Any]:
    return plan_document(summarise(evaluate(lambda: [pool(*each) for each in pools])))


def test_pools_cost_and_power_that_come_go_and_change() -> None:
    before = document(("a", "p5.48xlarge", 2), ("b", "m7i.large", 3))
    after = document(("a", "p5.48xlarge", 4), ("c", "g6.xlarge", 1))
    found = compare_plans(before, after)
    assert (found.pools_added, found.pools_removed) == (("c",), ("b",))
    (change,) = found.pools_changed
    assert (change.name, change.fields) == ("a", {"maximumNodes": (2, 4)})
    assert [name for _, name in found.added] == ["c"]
    assert [name for _, name in found.removed] == ["b"]
    assert [name for _, name in found.changed] == ["a"]
    totals = {each.name: each for each in found.totals}
    more = (2 * 55.04 - 3 * 0.1008 + 0.8048) * 730
    assert totals["US dollars a month"].difference.most == pytest.approx(more)
    assert totals["accelerators"].difference.most == 17
    assert totals["kW"].difference.most > 2 * 8 * 0.7 * 0.8
    assert found.to_dict()["nodePools"]["changed"][0]["fields"]["maximumNodes"] == {"before": 2, "after": 4}


def test_a_plan_and_itself_do_not_differ() -> None:
    same = document(("a", "p5.48xlarge", 2))
    found = compare_plans(same, same)
    assert found.is_empty
    assert found.costs == ()


@pytest.mark.parametrize("wrong", [{}, {"format": 1}, {"format": 2}, {"resources": 3, "maximumPricePerHour": {}}])
def test_what_is_no_plan_is_refused_with_the_way_out(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"old\.json.*\n.*is no plan that this version wrote; write one with"):
        compare_plans(wrong, document(), "old.json")


def test_an_environments_name_counts_as_the_same_in_both() -> None:

    pattern = environment_pattern("prod", "prod-platform")
    assert without_environment("prod-nat", pattern) == "ENV-nat"
    assert without_environment("prod-platform/x", pattern) == "ENV/x"
    assert without_environment("products of production", pattern) == "products of production"


def test_what_belongs_to_no_component_has_a_name() -> None:
    found = compare_plans(document(("a", "g6.xlarge", 2)), document(("a", "g6.xlarge", 5)))
    assert [each.name for each in found.costs] == ["of no component"]


def test_a_price_that_is_not_known_any_more_is_a_difference() -> None:
    known, same = document(("a", "g6.xlarge", 2)), document(("a", "g6.xlarge", 2))
    known["cost"]["unpriced"].append({"what": "disks of the nodes", "name": "b"})
    assert not compare_plans(same, known).is_empty
    assert compare_plans(same, known).unpriced_added == ("disks of the nodes (b)",)


@pytest.mark.parametrize("wrong", ["many", None, []])
def test_a_damaged_plan_is_refused(wrong: Any) -> None:
    damaged = document(("a", "g6.xlarge", 2))
    damaged["capacity"]["nodes"]["most"] = wrong
    with pytest.raises(InvalidInput, match=r"old\.json: 1 problem\n  - is damaged: .*; write it again"):
        compare_plans(damaged, document(), "old.json")
