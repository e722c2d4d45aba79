"""Scaling of served models by autoscalers that are in the cluster, and not by others."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.project import load_project
from aidc.infra.policies import findings
from aidc.problems import InvalidInput
from aidc.stacks import check_settings

STACKS = Path(__file__).parents[2] / "stacks"
SIZING = {"server": {"maximumCpu": "8", "maximumMemory": "64Gi"}}
VERTICAL = {"sizing": SIZING}
HYBRID = {"sizing": SIZING, "maxReplicas": 4, "cpuPercentOfMaximum": 80}
NIGHT = {"timezone": "UTC", "start": "0 20 * * *", "end": "0 6 * * *", "desiredReplicas": "1"}
EVENTS = {"triggers": {"night": {"type": "cron", "metadata": NIGHT}}, "maxReplicas": 4}
ACTING = {
    "image": "ghcr.io/aidc/autoscaler:0.1.0",
    "maxReplicas": 4,
    "mode": "act",
    "load": {"query": "sum(rate(requests_total[2m]))"},
    "capacity": {"serviceSeconds": 1.5, "concurrency": 16},
}
SCALERS = ("horizontalScaling", "scaleOnWaiting")


def settings(stack: str, scaling: Mapping[str, Any], addons: Mapping[str, Any]) -> dict[str, Any]:
    """A stack's settings with `chat` scaled in one way alone; add-ons that are None are left out."""
    document = yaml.safe_load((STACKS / f"Pulumi.{stack}.yaml").read_text())
    given = copy.deepcopy({key.removeprefix("aidc:"): value for key, value in document["config"].items()})
    chat = given["inferenceServices"]["chat"]
    given["inferenceServices"]["chat"] = {key: chat[key] for key in chat if key not in SCALERS} | dict(scaling)
    if addons:
        chosen = given["clusterAddons"]["addons"] | dict(addons)
        given["clusterAddons"]["addons"] = {name: each for name, each in chosen.items() if each is not None}
    return given


def platform(stack: str, addons: Mapping[str, Any]) -> dict[str, Any]:
    document = yaml.safe_load((STACKS / f"Pulumi.{stack}.yaml").read_text())
    given = {key.removeprefix("aidc:"): value for key, value in document["config"].items()}
    given["clusterAddons"]["addons"] |= addons
    return given


def refused(stack: str, scaling: Mapping[str, Any], addons: Mapping[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        check_settings(settings(stack, scaling, addons), stack)
    return {problem.path: problem.reason for problem in caught.value.problems}


CASES = [
    ("verticalScaling", VERTICAL, {}, "vertical-pod-autoscaler"),
    ("hybridScaling", HYBRID, {}, "vertical-pod-autoscaler"),
    ("eventDrivenScaling", EVENTS, {"keda": None}, "keda"),
    ("scaleOnWaiting", {"maxReplicas": 4}, {"keda": None}, "keda"),
    ("predictiveScaling", ACTING, {"keda": None}, "keda"),
    ("horizontalScaling", {"maxReplicas": 4, "cpuPercent": 60}, {"metrics-server": None}, "metrics-server"),
]


@pytest.mark.parametrize(("key", "scaling", "without", "addon"), CASES, ids=[case[0] for case in CASES])
def test_scaling_by_an_autoscaler_that_is_not_there_is_refused_with_the_way_out(
    key: str, scaling: Mapping[str, Any], without: Mapping[str, Any], addon: str
) -> None:
    reason = f"needs the add-on {addon}, which the cluster does not have; add clusterAddons.addons.{addon}"
    assert refused("staging", {key: scaling}, without) == {f"inferenceServices.chat.{key}": reason}
    check_settings(settings("staging", {key: scaling}, {addon: {}}), "staging")


def test_waiting_requests_are_counted_by_the_prometheus_that_is_named_or_there() -> None:
    waiting: dict[str, Any] = {"maxReplicas": 4}
    without = {"kube-prometheus-stack": None}
    told = refused("staging", {"scaleOnWaiting": waiting}, without)
    assert "clusterAddons.addons.kube-prometheus-stack" in told["inferenceServices.chat.scaleOnWaiting"]
    elsewhere = {**waiting, "prometheus": "https://metrics.example.org"}
    check_settings(settings("staging", {"scaleOnWaiting": elsewhere}, without), "staging")


def test_eks_s_own_metrics_server_is_one() -> None:
    given = settings("staging", {"horizontalScaling": {"maxReplicas": 4, "cpuPercent": 60}}, {"metrics-server": None})
    own = ["aws-ebs-csi-driver", "eks-node-monitoring-agent", "eks-pod-identity-agent", "metrics-server"]
    given["cluster"]["addons"] = own
    check_settings(given, "staging")


def test_the_add_ons_of_a_layer_beneath_are_not_known() -> None:
    check_settings(settings("prod", {"verticalScaling": VERTICAL, "scaleOnWaiting": {"maxReplicas": 4}}, {}), "prod")


@pytest.mark.parametrize("with_addon", [False, True])
def test_a_plan_of_all_layers_says_what_their_settings_cannot(tmp_path: Path, *, with_addon: bool) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text((STACKS.parent / "Pulumi.yaml").read_text())
    for file in [*STACKS.glob("Pulumi.prod*.yaml"), STACKS / "__main__.py"]:
        (tmp_path / "stacks" / file.name).write_text(file.read_text())
    changed = {"prod": settings("prod", {"verticalScaling": VERTICAL}, {})}
    if with_addon:
        changed["prod-platform"] = platform("prod-platform", {"vertical-pod-autoscaler": {}})
    for stack, given in changed.items():
        document = {"config": {f"aidc:{key}": value for key, value in given.items()}}
        (tmp_path / f"stacks/Pulumi.{stack}.yaml").write_text(yaml.safe_dump(document))
    graph = joined(evaluate_layers(load_project(tmp_path), "prod"))
    found = [each for each in findings(graph) if each.rule.name == "addon-there"]
    assert [each.resource.type.rpartition(":")[2] for each in found] == (
        [] if with_addon else ["VerticalPodAutoscaler"]
    )
    assert all("add-on vertical-pod-autoscaler" in each.message for each in found)


def test_a_model_that_is_wrong_in_itself_is_told_that_alone() -> None:
    told = refused("staging", {"verticalScaling": "yes"}, {})
    assert [path for path in told if path.startswith("inferenceServices")] == ["inferenceServices.chat.verticalScaling"]
    assert "add-on" not in told["inferenceServices.chat.verticalScaling"]
