"""Metrics of the environments: who is monitored, by whom it is reached, and what scales by it."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.evaluation import ResourceGraph
from aidc.problems import InvalidInput
from aidc.stacks import check_settings
from aidc.stacks.composition import plan_data_center

ROOT = Path(__file__).parents[2]
MONITOR = "kubernetes:monitoring.coreos.com/v1:PodMonitor"


def settings(stack: str) -> dict[str, Any]:
    document = yaml.safe_load((ROOT / f"stacks/Pulumi.{stack}.yaml").read_text())
    return copy.deepcopy({key.removeprefix("aidc:"): value for key, value in document["config"].items()})


@pytest.mark.parametrize(("environment", "expected"), [("staging", 5), ("prod", 6), ("dev", 0)])
def test_every_program_is_monitored_where_the_operator_is(
    environment: str, expected: int, evaluate_stack: Callable[..., ResourceGraph]
) -> None:
    graph = evaluate_stack(ROOT, environment)
    monitors = graph.of_type(MONITOR)
    assert len(monitors) == expected
    for monitor in monitors:
        (endpoint,) = monitor.inputs["spec"]["podMetricsEndpoints"]
        assert endpoint["path"] == "/metrics"
        wanted = monitor.inputs["spec"]["selector"]["matchLabels"]
        namespace = monitor.inputs["metadata"]["namespace"]
        (container,) = [
            each
            for resource in graph
            if resource.inputs.get("kind") in ("Deployment", "Job", "JobSet")
            and resource.inputs["metadata"]["namespace"] == namespace
            and wanted.items() <= resource.inputs["metadata"]["labels"].items()
            for each in pod(resource.inputs)["containers"]
        ]
        assert endpoint["port"] in [each["name"] for each in container["ports"]]
        assert reached(graph, namespace, wanted)


def pod(manifest: Any) -> Any:
    spec = manifest["spec"]
    if "replicatedJobs" in spec:
        spec = spec["replicatedJobs"][0]["template"]["spec"]
    return spec["template"]["spec"]


def reached(graph: ResourceGraph, namespace: str, labels: dict[str, str]) -> bool:
    """Whether a network policy lets pods of the namespace `monitoring` in."""
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    return any(
        peer in rule.get("from", [])
        for policy in graph.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")
        if policy.inputs["metadata"]["namespace"] == namespace
        and policy.inputs["spec"]["podSelector"].get("matchLabels", {}).items() <= labels.items()
        for rule in policy.inputs["spec"].get("ingress", [])
    )


def test_settings_go_before_what_is_filled_in() -> None:
    given = settings("staging")
    given["microservices"]["my-pytorch"]["monitored"] = False
    given["trainingJobs"]["gpt2"]["monitored"] = False
    plan = plan_data_center(check_settings(given, "staging"), "staging")
    assert plan.section("microservices")["my-pytorch"]["monitored"] is False
    assert plan.section("training_jobs")["gpt2"]["monitored"] is False
    assert plan.section("training_jobs")["digits"]["monitored"] is True


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_chat_scales_on_its_own_waiting_requests(
    environment: str, evaluate_stack: Callable[..., ResourceGraph]
) -> None:
    graph = evaluate_stack(ROOT, environment)
    spec = graph.named("chat-scaled-object").inputs["spec"]
    assert [each["name"] for each in spec["triggers"]] == ["running", "waiting"]
    for trigger in spec["triggers"]:
        assert 'namespace="serving",pod=~"chat-' in trigger["metadata"]["query"]
    assert "replicas" not in graph.named("chat-deployment").inputs["spec"]
    # The address is that of the add-on's Service.
    release = graph.named("addons-kube-prometheus-stack").inputs
    name, namespace = release["values"]["fullnameOverride"], release["namespace"]
    assert spec["triggers"][0]["metadata"]["serverAddress"] == f"http://{name}-prometheus.{namespace}.svc:9090"


def test_the_number_of_pods_has_one_owner() -> None:
    given = settings("staging")
    given["inferenceServices"]["chat"]["horizontalScaling"] = {"maxReplicas": 4, "cpuPercent": 60}
    given["inferenceServices"]["chat"]["scaleOnWaiting"]["target"] = 0
    with pytest.raises(InvalidInput) as caught:
        check_settings(given, "staging")
    found = {problem.path: problem.reason for problem in caught.value.problems}
    assert "horizontalScaling owns the number" in found["inferenceServices.chat.scaleOnWaiting"]
    assert "1 request or more" in found["inferenceServices.chat.scaleOnWaiting.target"]
