"""EventDrivenScaling: one ScaledObject, exactly."""

from typing import Any

import pytest

from aidc.components.autoscaling import EventDrivenScaling
from aidc.evaluation import ResourceGraph, evaluate
from aidc.infra.kubernetes import KubernetesObject

_QUEUE: dict[str, Any] = {
    "type": "prometheus",
    "metadata": {"threshold": "5", "serverAddress": "http://prometheus:9090", "query": "sum(waiting)"},
}
_GIVEN: dict[str, Any] = {
    "namespace": "ai",
    "target": {"name": "chat"},
    "triggers": {"queue": _QUEUE},
    "max_replicas": 8,
}


def declare(**changed: Any) -> ResourceGraph:
    return evaluate(lambda: EventDrivenScaling("chat", {**_GIVEN, **changed}))  # type: ignore[typeddict-item]


def test_it_makes_one_scaled_object() -> None:
    graph = declare()
    component = graph.named("chat", "aidc:index:EventDrivenScaling")
    (scaled,) = graph.descendants(component.urn)
    assert (scaled.type, scaled.name) == ("kubernetes:keda.sh/v1alpha1:ScaledObject", "chat-scaled-object")
    spec = dict(scaled.inputs["spec"])
    behavior = spec.pop("advanced")["horizontalPodAutoscalerConfig"]["behavior"]
    assert spec == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat"},
        "pollingInterval": 30,
        "cooldownPeriod": 300,
        "minReplicaCount": 1,
        "maxReplicaCount": 8,
        "triggers": [
            {"name": "queue", "type": "prometheus", "metricType": "AverageValue", "metadata": _QUEUE["metadata"]}
        ],
        "fallback": {"replicas": 1, "failureThreshold": 3, "behavior": "currentReplicasIfHigher"},
    }
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 300
    assert dict(component.outputs) == {
        "scaled_object_name": "chat",
        "autoscaler_name": "keda-hpa-chat",
        "min_replicas": 1,
        "max_replicas": 8,
    }


def test_it_idles_at_zero() -> None:
    graph = declare(idle_at_zero=True, min_replicas=2)
    spec = graph.named("chat-scaled-object").inputs["spec"]
    assert (spec["idleReplicaCount"], spec["minReplicaCount"]) == (0, 2)
    assert graph.named("chat", "aidc:index:EventDrivenScaling").outputs["min_replicas"] == 0


def test_a_source_may_need_a_secret() -> None:
    def references(**fields: Any) -> Any:
        spec = declare(triggers={"queue": {**_QUEUE, **fields}}).named("chat-scaled-object").inputs["spec"]
        return spec["triggers"][0].get("authenticationRef")

    assert references() is None
    assert references(authentication="token") == {"kind": "TriggerAuthentication", "name": "token"}
    assert references(cluster_authentication="token") == {"kind": "ClusterTriggerAuthentication", "name": "token"}


def test_order_of_triggers_does_not_matter() -> None:
    triggers = {"queue": _QUEUE, "cpu": {"type": "cpu", "metadata": {"value": "70"}}}
    graphs = [declare(triggers=triggers), declare(triggers=dict(reversed(triggers.items())))]
    first, second = (graph.named("chat-scaled-object").inputs for graph in graphs)
    assert first == second
    assert [each["name"] for each in first["spec"]["triggers"]] == ["cpu", "queue"]


@pytest.mark.parametrize("preview", [False, True])
def test_settings_of_a_trigger_may_come_from_other_resources(preview: bool) -> None:
    def program() -> None:
        manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "prometheus", "namespace": "ai"}}
        address = KubernetesObject("prometheus", manifest).status.apply(lambda status: status["address"])
        metadata = {**_QUEUE["metadata"], "serverAddress": address, "threshold": address}
        EventDrivenScaling("chat", {**_GIVEN, "triggers": {"queue": {**_QUEUE, "metadata": metadata}}})  # type: ignore[typeddict-item]

    graph = evaluate(program, preview=preview, answers=[lambda *_: {"status": {"address": "http://x"}}])
    scaled = graph.named("chat-scaled-object")
    assert graph.named("prometheus").urn in scaled.dependencies
    assert ("spec.triggers[0].metadata.serverAddress" in scaled.unknowns) is preview


def test_two_of_them_share_nothing() -> None:
    def program() -> None:
        for name in ("chat", "search"):
            EventDrivenScaling(name, {**_GIVEN, "target": {"name": name}})  # type: ignore[typeddict-item]

    graph = evaluate(program)
    assert {r.inputs["metadata"]["name"] for r in graph if r.package == "kubernetes"} == {"chat", "search"}
