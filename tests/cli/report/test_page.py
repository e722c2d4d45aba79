"""The HTML page of a plan: needs nothing beside itself, escapes names, says what the plan says."""

import base64
import hashlib
import itertools
import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from aidc.cli.report import page as page_module
from aidc.cli.report.page import render_page
from aidc.infra.policies import RULES, PolicyException, policy_report
from aidc.planning.plan.difference import compare_plans
from aidc.planning.plan.document import plan_document
from aidc.planning.plan.summary import PlanSummary

EVIL = '<script>alert("1")</script>'
PROGRAM = """
import pulumi_kubernetes as k
k.apiextensions.CustomResource("pool", api_version="karpenter.sh/v1", kind="NodePool", metadata={"name": NAME}, spec={
    "template": {"spec": {"requirements": [
        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["p5.48xlarge"]},
        {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["us-east-1a"]}]}},
    "limits": {"nvidia.com/gpu": "16"},
})
labels = {"app": NAME}
container = {"name": "c", "image": "a", "resources": {"limits": {"nvidia.com/gpu": "8", "cpu": "4", "memory": "8Gi"}}}
volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "claim-" + NAME}}]
k.apps.v1.Deployment("service", metadata={"name": NAME, "namespace": "n"}, spec={"replicas": 2,
    "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
        "nodeSelector": {"karpenter.sh/nodepool": NAME}, "containers": [container], "volumes": volumes}}})
k.core.v1.PersistentVolumeClaim("claim", metadata={"name": "claim-" + NAME, "namespace": "n"}, spec={
    "accessModes": ["ReadWriteMany"], "storageClassName": "fast", "resources": {"requests": {"storage": "5Gi"}}})
k.core.v1.Service("entrance", metadata={"name": "entrance-" + NAME, "namespace": "n"}, spec={
    "type": "LoadBalancer", "selector": labels, "ports": [{"port": 80}]})
"""


@pytest.fixture(scope="session")
def local_page(local: PlanSummary) -> str:
    return render_page(local)


def named(name: str) -> str:
    return PROGRAM.replace("NAME", repr(name))


@pytest.fixture(scope="session")
def gpus(planned: Callable[..., Any]) -> PlanSummary:
    """A pool, a service on it, its storage and its entrance, all of one name."""
    return planned(named("gpus"))


@pytest.fixture(scope="session")
def gpus_page(gpus: PlanSummary, read: Callable[[str], Any]) -> Any:
    return read(render_page(gpus))


def test_it_needs_nothing_beside_itself(local_page: str, read: Callable[[str], Any]) -> None:
    page = read(local_page)
    for element in page.all():
        assert "src" not in element.attributes
        assert element.tag not in ("iframe", "object", "embed", "img", "image", "use", "foreignObject")
        for key in ("href", "xlink:href", "action"):
            assert re.match(r"#|data:,$", element.attributes.get(key, "#"))
        assert not any(key.startswith("on") for key in element.attributes)
    assert not re.search(r"@import|url\(", local_page)
    (script,) = page.all("script")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    (policy,) = [each for each in page.all("meta") if "http-equiv" in each.attributes]
    assert policy.attributes["content"].startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}'" in policy.attributes["content"]


def test_it_is_read_without_eyes(local_page: str, read: Callable[[str], Any]) -> None:
    page = read(local_page)
    names = [each.attributes["id"] for each in page.all() if "id" in each.attributes]
    assert len(names) == len(set(names))
    for each in page.all():
        for key in ("aria-labelledby", "aria-describedby"):
            assert each.attributes.get(key, names[0]) in names
        if each.attributes.get("href", "").startswith("#"):
            assert each.attributes["href"][1:] in names
    levels = [int(each.tag[1]) for each in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    tables = list(page.all("table"))
    assert len(tables) > 5
    for table in tables:
        (caption,) = table.all("caption")
        assert caption.text.strip()
        width = len(list(next(table.all("thead")).all("th")))
        assert all(each.attributes["scope"] in ("row", "col") for each in table.all("th"))
        assert {len(row) for row in table.rows()} == {width}
    pictures = [each for each in page.all("svg")]
    assert pictures
    assert all(each.attributes["role"] == "img" and each.attributes["aria-label"] for each in pictures)


def test_names_of_users_are_words_and_nothing_else(planned: Callable[..., Any], read: Callable[[str], Any]) -> None:
    name = f"{EVIL}'\"><img src=x onerror=alert(2)>{{{{7*7}}}}"
    rendered = render_page(planned(named(name)))
    page = read(rendered)
    assert len(list(page.all("script"))) == 1
    assert not list(page.all("img"))
    assert "<script>alert" not in rendered
    assert EVIL not in rendered
    assert page.by_id("pools").rows()[0][0].text == name
    (cell,) = [row[0].text for row in page.by_id("workloads").rows()]
    assert cell == f"n/{name}"
    drawn = [each.text for each in page.by_id("chart-wanted").all("text")]
    assert name in drawn


def test_the_same_plan_is_the_same_bytes(local: PlanSummary, local_page: str) -> None:
    assert render_page(local) == local_page
    assert "as of" not in local_page
    assert "as of <time>2026-11-30</time>" in render_page(local, date="2026-11-30")


def test_sums_are_those_of_the_plan(gpus: PlanSummary, gpus_page: Any) -> None:
    summary, page = gpus, gpus_page
    costs = page.by_id("cost-by-component")
    total = costs.rows("tfoot")[0][1]
    assert float(total.attributes["data-order"]) == pytest.approx(summary.cost.monthly.most)
    assert math.fsum(float(row[1].attributes["data-order"]) for row in costs.rows()) == pytest.approx(
        summary.cost.monthly.most
    )
    lines = page.by_id("cost-lines").rows()
    assert len(lines) == len(summary.cost.lines)
    (pool,) = page.by_id("pools").rows()
    # Two pods of 8, and two nodes of 8; two nodes of 2 TiB each, less what the node keeps for itself.
    assert [cell.text for cell in pool[:5]] == ["gpus", "p5.48xlarge", "2", "16", "16"]
    first = next(page.all("dl"))
    figures = {next(each.all("dt")).text: next(each.all("dd")).text for each in first.all("div")}
    assert figures["Accelerators"].startswith("16 ")
    assert figures["Nodes"].startswith("2 ")
    assert f"{summary.cost.monthly.most:,.0f} US dollars a month" in figures["Cost"]


def test_charts_say_what_they_measure_and_in_what(gpus_page: Any) -> None:
    units = {
        "chart-cost-by-component": "US dollars a month",
        "chart-cost-by-pool": "US dollars a month",
        "chart-power-by-pool": "kW of the machines",
        "chart-wanted": "wanted, in % of what a node pool provides",
    }
    for name, unit in units.items():
        for drawing in gpus_page.by_id(name).all("svg"):
            texts = {each.text for each in drawing.all("text")}
            assert unit in texts
            assert {"at least", "at most", "gpus" if name != "chart-cost-by-component" else "of no component"} <= texts


def test_what_uses_what_is_drawn_and_told(gpus_page: Any) -> None:
    (row,) = gpus_page.by_id("workloads").rows()
    assert [cell.text for cell in row[6:]] == [
        "gpus",
        "Load balancer entrance-gpus",
        "claim-gpus (volume of class fast)",
    ]
    (drawing,) = [each for each in gpus_page.all("svg") if "leads to" in each.attributes["aria-label"]]
    assert drawing.attributes["aria-label"] == (
        "Load balancer entrance-gpus leads to gpus; gpus runs on gpus; gpus keeps data on claim-gpus"
    )
    curves = [each.attributes["class"] for each in drawing.all("path")]
    assert curves == ["curve entrance", "curve pool", "curve storage"]


def test_what_has_no_price_is_loud(planned: Callable[..., Any], read: Callable[[str], Any]) -> None:
    summary = planned(named("gpus").replace("us-east-1a", "mars-north-1a"))
    assert summary.cost.unpriced
    page = read(render_page(summary))
    told = [row[0] for row in page.by_id("unpriced").rows()]
    assert [each.text for each in told] == [each.what for each in summary.cost.unpriced]
    assert all(next(each.all("strong")).attributes["class"] == "loud" for each in told)
    (figure,) = [each for each in page.all("div") if each.attributes.get("class") == "figure warned"][:1]
    assert "of unknown price" in figure.text


def test_a_program_that_makes_nothing_has_a_page(planned: Callable[..., Any], read: Callable[[str], Any]) -> None:
    page = read(render_page(planned("")))
    assert next(page.all("h1")).text == "shop/dev"
    assert not list(page.all("svg"))


def test_findings_of_policies_stand_with_their_reasons(gpus: PlanSummary, read: Callable[[str], Any]) -> None:
    summary = gpus
    bare = policy_report(summary.graph)
    rule = bare.findings[0].rule.name
    exception = PolicyException(rule=rule, resources=("*",), reason="because <b>we</b> say so")
    page = read(render_page(summary, policies=policy_report(summary.graph, [exception])))
    rows = [[cell.text for cell in row] for row in page.by_id("policies").rows()]
    assert len(rows) == len(bare.findings)
    assert [row[-1] for row in rows if row[0] == rule][-1] == "because <b>we</b> say so"
    assert [row[1] for row in rows] == sorted((row[1] for row in rows), key=["mandatory", "advisory", "stays"].index)
    assert f"of {len(RULES)} rules" in page.text


def test_the_difference_from_another_plan(gpus: PlanSummary, read: Callable[[str], Any]) -> None:
    before = gpus
    document = plan_document(before)
    document["cost"]["byComponent"] = {}
    document["inventory"] = document["inventory"][1:]
    difference = compare_plans(document, plan_document(before), "before")
    page = read(render_page(before, difference=difference))
    assert "From shop/dev to shop/dev." in page.by_id("difference").text
    (row,) = page.by_id("difference-costs").rows()
    assert row[1].text == "not there"
    assert row[3].text.startswith("+")
    assert page.by_id("difference-resources").rows()[0][0].text == "added"


def test_the_simulated_data_center(local: PlanSummary, local_page: str, read: Callable[[str], Any]) -> None:
    page = read(local_page)
    places = page.by_id("topology")
    assert "Simulated cluster" in places.text
    for each in local.pools:
        assert each.pool.name in places.text
    rows = {row[0].text: [cell.text for cell in row] for row in page.by_id("workloads").rows()}
    chat = next(row for name, row in rows.items() if name.endswith("/chat"))
    assert "Load balancer chat" in chat[7]
    assert "models (folder of nodes)" in chat[8]
    figures = next(page.all("dl"))
    assert "simulated: nobody pays this" in next(figures.all("div")).text


def test_a_cluster_that_is_there(gpus_page: Any) -> None:
    places = gpus_page.by_id("topology").text
    assert "Kubernetes cluster that is there" in places
    assert "2 nodes: p5.48xlarge; 16 nvidia.com/gpu at most" in places


def test_a_large_plan_is_cut_and_says_so(
    planned: Callable[..., Any], read: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "_MOST_ROWS", 5)
    monkeypatch.setattr(page_module, "_MOST_ITEMS", 2)
    page = read(
        render_page(
            planned("""
import pulumi_kubernetes as k
for i in range(7):
    labels, name = {"app": f"a{i}"}, f"service-{i}"
    k.apps.v1.Deployment(name, metadata={"name": name, "namespace": "n"}, spec={"selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "a"}]}}})
    k.core.v1.Service(name, metadata={"name": name, "namespace": "n"}, spec={
        "type": "LoadBalancer", "selector": labels, "ports": [{"port": 80}]})
""")
        )
    )
    assert len(page.by_id("workloads").rows()) == 5
    assert "2 more rows are left out" in page.by_id("workloads").text
    assert "and 5 more" in page.by_id("topology").text
