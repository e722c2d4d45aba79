"""PredictiveScaling: exact children, permissions by name, one owner of the number of pods, settings it accepts."""

import json
import re
from typing import Any

import pytest
import yaml

from aidc.components.autoscaling import PredictiveScaling
from aidc.evaluation import ResourceGraph, evaluate
from aidc.infra.kubernetes import KubernetesObject
from aidc.planning.plan.ownership import replica_conflicts
from aidc.problems import InvalidInput
from aidc.workloads.autoscaler.metrics import GAUGES, Metrics
from aidc.workloads.autoscaler.settings import AutoscalerSettings
from aidc.workloads.settings import override, read_settings

_CPU = {"type": "cpu", "metadata": {"value": "70"}}
QUERY = 'sum(rate(requests_total{namespace="ai"}[2m]))'
GIVEN: dict[str, Any] = {
    "namespace": "ai",
    "image": "registry.example/autoscaler:1.0.0",
    "target": {"name": "chat"},
    "max_replicas": 8,
    "load": {"query": QUERY},
    "capacity": {"service_seconds": 1.5, "concurrency": 3},
}
BY_METRICS = {key: value for key, value in GIVEN.items() if key != "load"} | {
    "resource": "cpu",
    "capacity": {"replica_rate": 0.5},
}


def declare(given: dict[str, Any] = GIVEN, **changed: Any) -> ResourceGraph:
    return evaluate(lambda: PredictiveScaling("chat", {**given, **changed}))  # type: ignore[typeddict-item]


def settings_of(graph: ResourceGraph) -> AutoscalerSettings:
    """The settings that the program has in a pod: its file, and what its arguments say."""
    values = yaml.safe_load(graph.named("chat-settings").inputs["data"]["settings.yaml"])
    (container,) = graph.named("chat-deployment").inputs["spec"]["template"]["spec"]["containers"]
    words = container["args"]
    assert words[:4] == ["-m", "aidc.workloads.autoscaler", "--config", "/etc/aidc/settings.yaml"]
    assert words[4::2] == ["--set"] * len(words[5::2])
    return read_settings(AutoscalerSettings, override(values, words[5::2]), "settings")


def test_it_makes_exactly_these_objects() -> None:
    common = {
        ("ServiceAccount", "chat-autoscaler"),
        ("Role", "chat-autoscaler"),
        ("RoleBinding", "chat-autoscaler"),
        ("Lease", "chat-autoscaler"),
        ("NetworkPolicy", "chat-autoscaler"),
        ("PodDisruptionBudget", "chat-autoscaler"),
        ("Service", "chat-autoscaler"),
        ("Deployment", "chat-autoscaler"),
    }
    monitored = {
        ("PodMonitor", "chat-autoscaler"),
        ("PrometheusRule", "chat-autoscaler"),
        ("ConfigMap", "chat-autoscaler-dashboard"),
    }

    def made(graph: ResourceGraph) -> set[tuple[str, str]]:
        found = {(each.type.rpartition(":")[2], each.inputs["metadata"]["name"]) for each in graph if each.custom}
        (settings,) = {(kind, name) for kind, name in found if re.fullmatch(r"chat-autoscaler-settings-\w{8}", name)}
        return found - {settings}

    assert made(declare()) == common
    assert made(declare(monitored=True)) == common | monitored
    assert made(declare(mode="act", acting="scale")) == common
    assert made(declare(mode="act")) == common | {("ScaledObject", "chat")}
    assert made(declare(BY_METRICS)) == common | {("ConfigMap", "chat-autoscaler-history")}


def test_the_program_accepts_the_settings() -> None:
    settings = settings_of(declare(settings={"interval_seconds": 15, "replicas": {"growth_pods": 2}}))
    assert (settings.target.namespace, settings.target.name) == ("ai", "chat")
    assert settings.source.kind == "prometheus"
    assert settings.source.query == QUERY
    assert settings.source.address == "http://kube-prometheus-stack-prometheus.monitoring.svc:9090"
    assert settings.capacity.rate == 2.0
    assert (settings.replicas.minimum, settings.replicas.maximum, settings.replicas.growth_pods) == (1, 8, 2)
    assert (settings.mode, settings.acting.kind, settings.interval_seconds) == ("forecast", "keda", 15)
    assert settings.election is not None
    assert (settings.election.namespace, settings.election.name) == ("ai", "chat-autoscaler")
    # KEDA's autoscaler has a window of its own; without KEDA this one's counts.
    assert settings.replicas.stabilization_seconds == 0
    assert settings_of(declare(acting="scale")).replicas.stabilization_seconds == 300
    by_metrics = settings_of(declare(BY_METRICS))
    assert by_metrics.history_config_map == "chat-autoscaler-history"


def test_permissions_are_by_name_and_writing_only_where_it_writes() -> None:
    def rules(graph: ResourceGraph) -> dict[str, tuple[list[str], list[str]]]:
        listed = graph.named("chat-role").inputs["rules"]
        return {
            f"{rule['apiGroups'][0]}/{rule['resources'][0]}": (rule.get("resourceNames", []), rule["verbs"])
            for rule in listed
        }

    read = {
        "apps/deployments": (["chat"], ["get"]),
        "apps/deployments/scale": (["chat"], ["get"]),
        "coordination.k8s.io/leases": (["chat-autoscaler"], ["get", "patch"]),
    }
    assert rules(declare()) == rules(declare(mode="act")) == rules(declare(acting="scale")) == read
    assert rules(declare(mode="act", acting="scale")) == {
        **read,
        "apps/deployments/scale": (["chat"], ["get", "patch"]),
    }
    assert rules(declare(BY_METRICS)) == {
        **read,
        "/configmaps": (["chat-autoscaler-history"], ["get", "patch"]),
        "metrics.k8s.io/pods": ([], ["list"]),
    }


def test_with_keda_the_number_of_pods_has_one_owner_who_asks_both() -> None:
    graph = declare(mode="act", scale_down={"stabilization_seconds": 60})
    spec = graph.named("chat-scaled-object").inputs["spec"]
    triggers = {trigger["name"]: trigger for trigger in spec["triggers"]}
    assert set(triggers) == {"forecast", "load"}
    # An external scaler that is gone would take the other trigger with it.
    assert triggers["forecast"]["type"] == "metrics-api"
    assert triggers["forecast"]["metadata"] == {
        "url": "http://chat-autoscaler.ai.svc:9402/replicas",
        "valueLocation": "replicas",
        "targetValue": "1",
    }
    # 2 requests a second for a busy pod, of which 70 percent: the reactive rule of the autoscaler, by KEDA itself.
    assert triggers["load"]["metadata"]["threshold"] == "1.4"
    assert triggers["load"]["metadata"]["query"] == QUERY
    assert spec["fallback"]["behavior"] == "currentReplicasIfHigher"
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 60
    assert replica_conflicts(graph) == ()
    scaled = graph.named("chat-scaled-object")
    assert graph.named("chat-deployment").urn in scaled.dependencies


def test_its_pods_are_restricted_and_reached_by_whom_they_must_be() -> None:
    graph = declare(mode="act")
    pod = graph.named("chat-deployment").inputs["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["serviceAccountName"] == "chat-autoscaler"
    assert pod["automountServiceAccountToken"] is True
    assert graph.named("chat-service-account").inputs["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    policy = graph.named("chat-network-policy").inputs["spec"]
    (rule,) = policy["ingress"]
    assert [port["port"] for port in rule["ports"]] == [9402]
    named = [source["namespaceSelector"]["matchLabels"] for source in rule["from"] if "namespaceSelector" in source]
    assert named == [{"kubernetes.io/metadata.name": name} for name in ("monitoring", "keda")]
    # The last two are the cluster's DNS, which knows where Prometheus is.
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [443, 6443, 9090, 53, 53]
    (servers,) = policy["egress"][-1]["to"]
    assert servers["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    assert servers["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}


def test_dashboard_and_alerts_ask_for_metrics_that_there_are() -> None:
    graph = declare(monitored=True, start_up_seconds=240)
    dashboard = json.loads(graph.named("chat-dashboard").inputs["data"]["chat-autoscaler.json"])
    (group,) = graph.named("chat-alerts").inputs["spec"]["groups"]
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [rule["expr"] for rule in group["rules"]]
    known = {f"aidc_autoscaler_{name}" for name in GAUGES}
    known |= {sample.name for family in Metrics().registry.collect() for sample in family.samples}
    asked = {name for query in queries for name in re.findall(r"aidc_autoscaler_\w+", query)}
    assert asked <= known
    assert {"aidc_autoscaler_forecast", "aidc_autoscaler_load", "aidc_autoscaler_forecast_error"} <= asked
    assert any("offset 240s" in query for query in queries)
    text = json.dumps([dashboard, group])
    assert not re.search(r"\$[A-Z]", text)
    assert {rule["alert"] for rule in group["rules"]} >= {
        "PredictiveScalingBlind",
        "PredictiveScalingAtMaximum",
        "PredictiveScalingForecastError",
    }
    assert all(panel["title"] and panel["fieldConfig"]["defaults"]["unit"] for panel in dashboard["panels"])


@pytest.mark.parametrize("preview", [False, True])
def test_names_may_come_from_other_resources(preview: bool) -> None:
    def program() -> None:
        manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "chat", "namespace": "ai"}}
        given = KubernetesObject("given", manifest).status
        later = {
            "namespace": given.apply(lambda status: status["namespace"]),
            "target": {"name": given.apply(lambda status: status["name"])},
            "load": {"query": given.apply(lambda status: status["query"])},
        }
        PredictiveScaling("chat", {**GIVEN, **later, "mode": "act", "monitored": True})  # type: ignore[typeddict-item]

    status = {"name": "chat", "namespace": "ai", "query": QUERY}
    graph = evaluate(program, preview=preview, answers=[lambda *_: {"status": status}])
    assert graph.named("given").urn in graph.named("chat-deployment").dependencies
    if not preview:
        settings = settings_of(graph)
        assert (settings.target.name, settings.target.namespace) == ("chat", "ai")
        triggers = graph.named("chat-scaled-object").inputs["spec"]["triggers"]
        assert triggers[0]["metadata"]["url"] == "http://chat-autoscaler.ai.svc:9402/replicas"
        assert '"namespace=\\"ai\\"' not in graph.named("chat-dashboard").inputs["data"]["chat-autoscaler.json"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"min_replicas": 9}, "maxReplicas: 8 pods are fewer than the 9 of minReplicas"),
        ({"capacity": {}}, "capacity: give replica_rate or service_seconds, one of them"),
        ({"capacity": {"replica_rate": -1.0}}, "capacity.replicaRate: -1.0 is too little"),
        ({"resource": "cpu"}, "load: give load or resource, one of them"),
        ({"acting": "kedaa"}, "acting: 'kedaa' is not one of keda, scale; did you mean 'keda'?"),
        ({"load": {"query": "x", "address": "prometheus"}}, "load.address: 'prometheus'"),
        ({"settings": {"mode": "act"}}, "settings.mode: give mode of the component"),
        ({"settings": {"replicas": {"maximum": 99}}}, "settings.replicas.maximum: give max_replicas of the component"),
        ({"settings": {"replicas": {"minimum": 0}}}, "settings.replicas.minimum: give min_replicas of the component"),
        ({"settings": {"interval_secs": 3}}, "settings.interval_secs: unknown key; did you mean"),
        ({"max_replicas": 20_000, "capacity": {"replica_rate": 1, "concurrency": 4}}, "maxReplicas: 20,000 pods of 4"),
        ({"acting": "scale", "triggers": {}}, "acting: 'scale' asks nothing of KEDA"),
        (
            {"mode": "act", "triggers": {"load": {"type": "cpu", "metadata": {"value": "7"}}}},
            "triggers.load: is made by",
        ),
        ({"image": "registry.example/autoscaler"}, "image: 'registry.example/autoscaler' has no fixed version"),
        ({"autoscalers": 0}, "autoscalers: 0 pods is too little"),
        ({"api_networks": ["everything"]}, "apiNetworks\\[0\\]: 'everything' is not a network"),
    ],
)
def test_what_is_wrong_is_said(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said if "\\[" in said else re.escape(said)):
        declare(**changed)


def test_two_of_them_share_nothing() -> None:
    def program() -> None:
        for name in ("chat", "search"):
            given = {**GIVEN, "target": {"name": name}, "mode": "act", "monitored": True}
            PredictiveScaling(name, given)  # type: ignore[typeddict-item]

    graph = evaluate(program)
    names = [(each.type, each.inputs["metadata"]["name"]) for each in graph if each.custom]
    assert len(names) == len(set(names))
