"""The page of `aidc plan`: at 80 columns, at 200, in a pipe and on a terminal; for our project and a stranger's."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SHOP = """
import pulumi, pulumi_kubernetes as k

class Shop(pulumi.ComponentResource):
    def __init__(self, name, replicas):
        super().__init__("shop:index:Shop", name)
        resources = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"nvidia.com/gpu": "1"}}
        containers = [{"name": "c", "image": "a", "resources": resources}]
        k.apps.v1.Deployment(name, metadata={"name": name, "namespace": "shop"}, spec={
            "replicas": replicas, "selector": {"matchLabels": {"a": name}},
            "template": {"metadata": {"labels": {"a": name}}, "spec": {"containers": containers}},
        }, opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({})

Shop("cart", 3)
Shop("basket", 2)
"""
KARPENTER = """
import pulumi_kubernetes as k
k.apiextensions.CustomResource("gpus", api_version="karpenter.sh/v1", kind="NodePool", metadata={"name": "gpus"}, spec={
    "template": {"metadata": {"labels": {"team": "vision"}}, "spec": {"requirements": [
        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["p5.48xlarge"]}]}},
    "limits": {"nvidia.com/gpu": "20"},
})
resources = {"limits": {"nvidia.com/gpu": "9", "cpu": "4", "memory": "8Gi"}}
k.batch.v1.Job("big", metadata={"name": "big", "namespace": "n"}, spec={"template": {"spec": {
    "restartPolicy": "Never", "nodeSelector": {"team": "vision"},
    "containers": [{"name": "c", "image": "a", "resources": resources}]}}})
"""


@pytest.mark.parametrize("environment_name", ["local", "prod"])
@pytest.mark.parametrize("columns", [80, 200])
def test_nothing_is_cut_and_no_word_is_broken(columns: int, environment_name: str, aidc: Callable[..., Any]) -> None:
    wide = aidc("plan", environment_name)
    narrow = aidc("plan", environment_name, env={"COLUMNS": str(columns)})
    assert (wide.code, narrow.code) == (0, 0)
    lines = narrow.out.splitlines()
    assert max(map(len, lines)) <= columns
    assert not any(line != line.rstrip() for line in lines)
    assert "\u2026" not in narrow.out
    # The same words in the same order, however the lines are broken.
    assert sorted(narrow.out.split()) == sorted(wide.out.split())


def test_the_page_of_local(aidc: Callable[..., Any]) -> None:
    page = aidc("plan", "local", env={"COLUMNS": "80"}).out
    assert re.match(r"aidc/local: \d+ resources\n", page)
    sums = page[page.index("\nwanted ") :]
    assert "9 to 20 pods" in sums
    assert "34 to 38\n          nvidia.com/gpu" in sums
    assert "22 nodes at most" in sums
    assert re.search(r"capacity  2 to 40 accelerators, ", sums)
    assert re.search(r"power +0\.17 to 28\.46 kW, ", sums)
    assert "US dollars a month, 1.61 to 233 an hour" in sums
    assert "if the\n          simulated nodes were real\n\npolicies " in sums
    assert re.search(r"h100-training +4 +32/32 +720/\d+ +7,200/7,\d+ +\d+\.\d\d +p5.48xlarge\n", page)
    assert re.search(r"JobSet +research/gpt2-worker +4 +180 +1,800 +8 +h100-training\n", page)
    assert re.search(r"aidc:index:GpuNodePool +2\n", page)
    assert "warning" not in page


def test_components_stand_in_the_order_of_their_declaration(aidc: Callable[..., Any]) -> None:
    page = aidc("plan", "local").out
    tree = [line for line in page.splitlines() if "\u2500\u2500" in line]
    kinds = [
        line.split()[line.split().index("\u251c\u2500\u2500") + 1] for line in tree if line.startswith("    \u251c")
    ]
    assert kinds[:9] == [
        "KwokNodeClass",
        "GpuNodePool",
        "GpuNodePool",
        "CpuNodePool",
        "Tenancy",
        "Tenancy",
        "SharedFilesystem",
        "DatasetVolume",
        "DatasetVolume",
    ]
    # What balances and scales a service stands right after it.
    assert kinds[9:13] == ["InferenceService", "HorizontalScaling", "LoadBalancer", "TrainingJob"]


def test_nodes_that_are_there_already_have_no_price(aidc: Callable[..., Any]) -> None:
    page = aidc("plan", "metal", "-C", ROOT / "examples/training-cluster").out
    assert "none: all nodes are there already" in page
    assert re.search(r"h100 +8 +64/64 .* existing\n", page)


def test_what_production_costs_and_what_has_no_price(aidc: Callable[..., Any]) -> None:
    page = aidc("plan", "prod", env={"COLUMNS": "80"}).out
    rows = page[page.index("\nCost by component, US dollars") : page.index("\nIn no sum, for want of a price:")]
    assert re.search(r"\nGpuNodePool h100-training +88\d-88\d +64\d,\d{3}-64\d,\d{3}\n", rows)
    assert re.search(r"\nEncryptionKey \(11\) +0\.02 +13\.70\n", rows)
    assert re.search(r"\nsum +945-1,227 +689,525-895,737\n$", rows)
    told = " ".join(page[page.index("In no sum") : page.index("\nPower at")].split())
    assert "no price is known in us-east-1: " in told
    assert "AWS Backup, recovery points that are no snapshots of EBS (data)" in told
    assert "no price is known in us-west-2: S3 standard storage" in told
    assert "give prices of your own by --assumptions" in told
    assert re.search(r"\nh100-training +0-109 +1\.15 +0-91\.60 +0-36\.30\n", page)
    assert re.search(r"Running On-Demand P instances +96 +192 +L-417A185B\n", page)
    assert "WITHOUT 7 things that have" in page


def test_assumptions_and_prices_of_ones_own(aidc: Callable[..., Any], tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("cost: {prices: {p5.48xlarge: 10}}\nenergy: {acceleratorLoad: 1}\n")
    data = json.loads(aidc("plan", "local", "--assumptions", own, "--json", "-").out)
    pools = {each["name"]: each["pricePerHour"] for each in data["nodePools"]}
    assert pools["h100-training"] == {"least": 0.0, "most": 40.0}
    assert data["power"]["assumptions"]["acceleratorLoad"] == 1.0
    assert data["cost"]["assumptions"]["prices"] == {"p5.48xlarge": 10.0}


def test_wrong_assumptions_regions_and_files_are_refused(
    aidc: Callable[..., Any], refused: Callable[..., None], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("cost: {natGatewayGB: 1, bucketGb: -2}\n")
    words = ("unknown key; did you mean 'natGatewayGb'?", "cost.bucketGb: -2 is not an amount", "2 problems")
    refused(aidc("plan", "local", "--assumptions", bad), 2, *words)
    refused(aidc("plan", "local", "--assumptions", tmp_path / "none.yaml"), 2, "none.yaml", "cannot be read")
    refused(aidc("plan", "local", "--region", "moon-1"), 2, "--region: 'moon-1' is not one of")
    refused(aidc("plan", "local", "--against", tmp_path / "none.json"), 2, "none.json", "cannot be read")
    bad.write_text("[1]")
    refused(aidc("plan", "local", "--against", bad), 2, "bad.yaml", "is no plan")
    bad.write_text('{"format": 1}')
    refused(aidc("plan", "local", "--against", bad), 2, "is no plan that this version wrote")


def test_what_differs_from_an_earlier_plan_and_from_another_environment(
    ours: Callable[..., Path], aidc: Callable[..., Any], tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier.json"
    assert aidc("plan", "local", "--json", earlier).code == 0
    assert aidc("plan", "local", "--against", earlier).out == "aidc/local -> aidc/local\nno difference\n"
    changed = ours("gpuNodePools.h100-training.scaling.maximumNodes", 6)
    page = aidc("plan", "local", "-C", changed, "--against", earlier, env={"COLUMNS": "80"}).out
    assert max(map(len, page.splitlines())) <= 80
    assert "h100-training: maximumNodes 4 -> 6\n" in page
    assert re.search(r"GpuNodePool h100-training +0-160,717 +0-241,075 +0\.\.\+80,358\n", page)
    assert re.search(r"\naccelerators +2-40 +2-56 +0\.\.\+16\n", page)
    data = json.loads(aidc("plan", "local", "-C", changed, "--against", earlier, "--json", "-").out)
    assert data["difference"]["nodePools"]["changed"][0]["name"] == "h100-training"
    other = aidc("plan", "local", "--against", "dev").out
    assert other.startswith("aidc/dev -> aidc/local\n")
    assert "removed: l4\n" in other


def test_json_to_a_file_and_to_standard_output(aidc: Callable[..., Any], tmp_path: Path) -> None:
    shown = aidc("plan", "local", "--json", "-")
    written = aidc("plan", "local", "--json", tmp_path / "plan.json")
    assert written.out == ""
    data = json.loads(shown.out)
    assert data == json.loads((tmp_path / "plan.json").read_text())
    assert data["pods"] == {"least": 9, "most": 20}
    assert data["wanted"]["least"]["nvidia.com/gpu"] == 34
    assert data["maximumNodes"] == 22
    assert data["cost"]["unpriced"] == []
    assert data["cost"]["hourly"]["most"] == pytest.approx(232.6176)
    assert data["format"] == 2
    assert {pool["name"] for pool in data["nodePools"]} == {"h100-training", "l4-serving", "general"}
    assert data["warnings"] == []
    assert data["components"][0] == {
        "type": "aidc:index:DataCenter",
        "name": "data-center",
        "depth": 0,
        "stack": "local",
        "resources": data["resources"] - 1,
    }


def test_a_strangers_project(stranger: Callable[..., Path], aidc: Callable[..., Any], tmp_path: Path) -> None:
    folder = stranger(SHOP)
    page = aidc("plan", "dev", cwd=folder).out
    assert page == aidc("plan", "dev", cwd=folder).out
    assert page.startswith("shop/dev: 4 resources\n\nResources by type\n")
    assert "\nwanted  5 pods, 2.5 cores, 5 GiB, 5 nvidia.com/gpu\n\nmandatory: " in page
    assert page.index("Shop basket 1") < page.index("Shop cart 1")
    assert re.search(r"Deployment +shop/cart +3 +0.5 +1 +1 +any\n", page)
    assert "Node pools" not in page
    assert "warning" not in page
    assert aidc("render", "dev", "-o", tmp_path / "out", cwd=folder).code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "0001-deployment-shop-basket.yaml",
        "0002-deployment-shop-cart.yaml",
        "resources.json",
    ]


def test_a_strangers_node_pools_count_and_a_pod_that_fits_nowhere_is_told(
    stranger: Callable[..., Path], aidc: Callable[..., Any]
) -> None:
    page = aidc("plan", "dev", cwd=stranger(KARPENTER)).out
    # 20 GPUs are 2 nodes of 8: Karpenter makes no node that would exceed the limit.
    assert re.search(r"gpus +2 +9/16 +4/\d+ +8/[\d,]+ +unknown +p5.48xlarge\n", page)
    # Nothing in the program says where the nodes would be: no region is guessed.
    assert "nothing says its region: nodes of gpus (p5.48xlarge) (gpus)" in page
    assert (
        "warning: Job n/big: a pod asks for 9 nvidia.com/gpu, and no node of pool gpus offers more than "
        "8 nvidia.com/gpu\n" in page
    )


def test_names_are_text_whatever_they_look_like(stranger: Callable[..., Path], aidc: Callable[..., Any]) -> None:
    program = (
        "import pulumi, pulumi_kubernetes as k\n"
        "pulumi.ComponentResource('a:b:C', '[/bold] :smile:')\n"
        "k.core.v1.Pod('p', metadata={'name': '[red]p', 'namespace': ':a:'}, spec={'containers': []})\n"
    )
    page = aidc("plan", "dev", cwd=stranger(program)).out
    assert "C [/bold] :smile: 0" in page
    assert re.search(r"\na:b:C +1\n", page)
    assert re.search(r"\nPod +:a:/\[red\]p +1 ", page)


def test_a_terminal_without_such_letters(stranger: Callable[..., Path], aidc: Callable[..., Any]) -> None:
    program = "import pulumi\npulumi.ComponentResource('a:b:C', 'caf\u00e9')\n"
    ended = aidc("plan", "dev", cwd=stranger(program), env={"PYTHONIOENCODING": "ascii"})
    assert (ended.code, ended.err) == (0, "")
    assert "C caf? 0" in ended.out
    assert ended.out.isascii()


def test_what_only_a_deployment_can_tell_is_said(stranger: Callable[..., Path], aidc: Callable[..., Any]) -> None:
    program = """
import pulumi, pulumi_kubernetes as k
size = pulumi.StackReference("acme/base/dev").get_output("size")
k.apps.v1.Deployment("web", metadata={"name": "web"}, spec={"replicas": size, "selector": {}, "template": {"spec": {}}})
k.core.v1.ConfigMap("c", metadata={"name": "c"}, data={"size": size})
"""
    folder = stranger(program)
    ended = aidc("plan", "dev", cwd=folder)
    assert ended.code == 0
    assert "warning: Deployment/web is not counted: only a deployment can tell how large it is\n" in ended.out
    rendered = aidc("render", "dev", "-o", "out", cwd=folder)
    assert rendered.code == 0
    assert "0 manifests in out" in rendered.out
    assert "left out: kubernetes:core/v1:ConfigMap c is only known at deployment (data.size)" in rendered.out


def on_a_terminal(command: list[str | Path], folder: Path, columns: int, environment: Mapping[str, str]) -> str:
    """Run on a pseudo-terminal of this width; return everything that it showed."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    more = {"TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=folder, env={**environment, **more}, stdin=side, stdout=side, stderr=side)
    os.close(side)
    shown = b""
    try:
        while chunk := os.read(main, 65536):
            shown += chunk
    except OSError:
        # Linux' way to say that nobody holds the other side any more.
        pass
    os.close(main)
    assert process.wait(timeout=60) == 0, shown.decode()
    return shown.decode().replace("\r\n", "\n")


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


def test_on_a_terminal_it_is_as_wide_as_that_and_has_colours(environment: Mapping[str, str]) -> None:
    shown = on_a_terminal([Path(sys.executable).with_name("aidc"), "plan", "local"], ROOT, 100, environment)
    lines = plain(shown).splitlines()
    assert "\x1b[1m" in shown
    assert max(len(line) for line in lines) <= 100
    assert any(line.startswith("h100-training") and "p5.48xlarge" in line for line in lines)


def test_a_thousand_components_are_cut_on_a_terminal_only_and_progress_is_shown(
    environment: Mapping[str, str], stranger: Callable[..., Path], aidc: Callable[..., Any]
) -> None:
    folder = stranger(SHOP.replace('Shop("cart", 3)', "for i in range(1000): Shop(f'shop-{i:04d}', 1)"))
    (folder / "__main__.py").write_text((folder / "__main__.py").read_text() + "import time; time.sleep(1.5)\n")
    shown = on_a_terminal([Path(sys.executable).with_name("aidc"), "plan", "dev"], folder, 100, environment)
    assert re.search(r"[-|/\\] evaluating dev: \d+ s", shown), "a sign of life"
    assert len(re.findall(r"Deployment +shop/", plain(shown))) == 40
    assert "and 961 more workloads: --json has them all" in plain(shown)
    assert "more of Shop: --json has them all" in plain(shown)
    piped = aidc("plan", "dev", cwd=folder)
    assert piped.err == "", "nothing but the page where nobody looks"
    assert len(re.findall(r"Deployment +shop/", piped.out)) == 1001
    assert piped.out.count("Shop shop-") == 1000
