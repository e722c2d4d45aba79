"""InferenceService: exact children, a capacity that never drops, and ports opened to nobody but those named."""

from typing import Any

import pulumi
import pytest

from aidc.components.inference import InferenceService
from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.graph import UNKNOWN
from aidc.problems import InvalidInput

MINIMAL: dict[str, Any] = {"namespace": "serving", "image": "registry.example/chat:1.4.2"}


def declare(**changes: Any) -> ResourceGraph:
    return evaluate(lambda: InferenceService("chat", {**MINIMAL, **changes}))  # type: ignore[typeddict-item]


def deployment_of(graph: ResourceGraph) -> Any:
    return graph.named("chat-deployment").inputs["spec"]


def pod_of(graph: ResourceGraph) -> Any:
    return deployment_of(graph)["template"]["spec"]


def container_of(graph: ResourceGraph) -> Any:
    (container,) = pod_of(graph)["containers"]
    return container


def test_children_are_exactly_these() -> None:
    graph = declare()
    component = graph.named("chat", "aidc:index:InferenceService")
    children = list(graph.descendants(component.urn))
    assert sorted((r.type, r.name) for r in children) == [
        ("kubernetes:apps/v1:Deployment", "chat-deployment"),
        ("kubernetes:core/v1:Service", "chat-service"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "chat-network-policy"),
        ("kubernetes:policy/v1:PodDisruptionBudget", "chat-disruption-budget"),
    ]
    for child in children:
        metadata = child.inputs["metadata"]
        assert (metadata["name"], metadata["namespace"]) == ("chat", "serving")


def test_all_select_the_same_pods() -> None:
    graph = declare()
    labels = deployment_of(graph)["template"]["metadata"]["labels"]
    selectors = [
        deployment_of(graph)["selector"]["matchLabels"],
        graph.named("chat-service").inputs["spec"]["selector"],
        graph.named("chat-disruption-budget").inputs["spec"]["selector"]["matchLabels"],
        graph.named("chat-network-policy").inputs["spec"]["podSelector"]["matchLabels"],
        *(each["labelSelector"]["matchLabels"] for each in pod_of(graph)["topologySpreadConstraints"]),
        graph.named("chat", "aidc:index:InferenceService").outputs["selector"],
    ]
    assert all(selector == selectors[0] and selector.items() <= labels.items() for selector in selectors)


@pytest.mark.parametrize(("given", "written"), [("25%", "25%"), ("1", 1)])
def test_a_rollout_never_drops_below_the_wanted_capacity(given: str, written: Any) -> None:
    strategy = deployment_of(declare(max_surge=given))["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": written}}


def test_replicas_are_written_unless_an_autoscaler_owns_them() -> None:
    assert deployment_of(declare(replicas=3))["replicas"] == 3
    assert "replicas" not in deployment_of(declare(autoscaled=True))


@pytest.mark.parametrize("replicas", [1, 2, 8])
def test_the_budget_never_blocks_a_drain(replicas: int) -> None:
    budget = declare(replicas=replicas).named("chat-disruption-budget").inputs["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_the_probes_ask_different_things() -> None:
    container = container_of(declare(startup_seconds=95))
    startup, ready, alive = (container[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness"))
    assert startup["httpGet"] == ready["httpGet"] == {"path": "/readyz", "port": "http"}
    assert alive["httpGet"] == {"path": "/livez", "port": "http"}
    assert startup["failureThreshold"] * startup["periodSeconds"] == 100
    # A pod leaves the Service long before it is restarted.
    leaves = ready["failureThreshold"] * ready["periodSeconds"]
    assert leaves < alive["failureThreshold"] * alive["periodSeconds"]


def test_a_model_may_take_long_to_load() -> None:
    graph = declare(startup_seconds=3600)
    assert deployment_of(graph)["progressDeadlineSeconds"] == 4200
    assert pod_of(graph)["containers"][0]["startupProbe"]["failureThreshold"] == 360


def test_it_stops_gracefully() -> None:
    graph = declare(drain_seconds=15, termination_seconds=90)
    assert container_of(graph)["lifecycle"] == {"preStop": {"sleep": {"seconds": 15}}}
    assert pod_of(graph)["terminationGracePeriodSeconds"] == 90
    assert "lifecycle" not in container_of(declare(drain_seconds=0))


@pytest.mark.parametrize(("spread", "action"), [("preferred", "ScheduleAnyway"), ("required", "DoNotSchedule")])
def test_it_is_spread_over_zones_and_nodes(spread: str, action: str) -> None:
    constraints = pod_of(declare(spread=spread))["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in constraints] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    assert {each["whenUnsatisfiable"] for each in constraints} == {action}


def test_its_port_is_open_to_its_namespace_and_to_those_named() -> None:
    policy = declare(allowed_namespaces=["web"], allowed_cidrs=["10.0.0.0/8"]).named("chat-network-policy")
    assert policy.inputs["spec"]["policyTypes"] == ["Ingress"]
    assert policy.inputs["spec"]["ingress"] == [
        {
            "from": [
                {"podSelector": {}},
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "web"}}},
                {"ipBlock": {"cidr": "10.0.0.0/8"}},
            ],
            "ports": [{"protocol": "TCP", "port": 8000}],
        }
    ]


def test_metrics_of_their_own_port_are_for_the_cluster_only() -> None:
    graph = declare(allowed_cidrs=["10.0.0.0/8"], metrics_port=9000)
    traffic, metrics = graph.named("chat-network-policy").inputs["spec"]["ingress"]
    assert {"ipBlock": {"cidr": "10.0.0.0/8"}} in traffic["from"]
    assert metrics == {"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 9000}]}
    annotations = deployment_of(graph)["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == "9000"
    assert [port["containerPort"] for port in container_of(graph)["ports"]] == [8000, 9000]


def test_its_service_reaches_its_port() -> None:
    graph = declare(port=8080)
    (port,) = graph.named("chat-service").inputs["spec"]["ports"]
    ports = {each["name"]: each["containerPort"] for each in container_of(graph)["ports"]}
    assert port["port"] == ports[port["targetPort"]] == 8080


def test_pods_pass_pod_security_restricted() -> None:
    graph = declare()
    security, container = pod_of(graph)["securityContext"], container_of(graph)["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert pod_of(graph)["automountServiceAccountToken"] is False


def test_gpus_pool_and_model() -> None:
    graph = declare(
        resources={"gpus": 2, "memory": "64Gi"},
        shared_memory="16Gi",
        node_pool="l40s",
        priority_class="serving",
        mounts=[{"claim": "models", "path": "/models", "read_only": True}],
        secret_environment={"TOKEN": {"secret": "hub", "key": "token"}},
    )
    pod, container = pod_of(graph), container_of(graph)
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert pod["nodeSelector"] == {"aidc.dev/node-pool": "l40s"}
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert pod["priorityClassName"] == "serving"
    paths = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes[paths["/models"]]["persistentVolumeClaim"] == {"claimName": "models", "readOnly": True}
    assert volumes[paths["/dev/shm"]]["emptyDir"] == {"medium": "Memory", "sizeLimit": "16Gi"}
    assert {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}} in container["env"]


def test_command_and_arguments_are_those_of_the_image_unless_given() -> None:
    assert not {"command", "args"} & container_of(declare()).keys()
    container = container_of(declare(command=["serve"], args=["--model", "/models/chat"]))
    assert (container["command"], container["args"]) == (["serve"], ["--model", "/models/chat"])


def test_outputs() -> None:
    assert declare(port=8080).named("chat", "aidc:index:InferenceService").outputs == {
        "deployment_name": "chat",
        "service_name": "chat",
        "port": 8080,
        "url": "http://chat.serving.svc:8080",
        "selector": {"app.kubernetes.io/name": "chat", "app.kubernetes.io/component": "inference"},
    }


def test_order_does_not_matter_where_it_has_no_meaning() -> None:
    changes: dict[str, Any] = {
        "mounts": [{"claim": "a", "path": "/a"}, {"claim": "b", "path": "/b"}],
        "allowed_namespaces": ["web", "monitoring"],
        "allowed_cidrs": ["172.16.0.0/12", "10.0.0.0/8"],
    }
    first = declare(**changes, environment={"A": "1", "B": "2"})
    second = declare(**{key: value[::-1] for key, value in changes.items()}, environment={"B": "2", "A": "1"})
    kubernetes = [{r.urn: r.inputs for r in g if r.package == "kubernetes"} for g in (first, second)]
    assert kubernetes[0] == kubernetes[1]


def test_two_services_collide_in_nothing() -> None:
    def program() -> None:
        for name in ("chat", "vision"):
            InferenceService(name, {**MINIMAL})  # type: ignore[typeddict-item]

    objects = [r for r in evaluate(program) if r.package == "kubernetes"]
    assert len({(r.type, r.inputs["metadata"]["name"]) for r in objects}) == len(objects) == 8
    selectors = [r.inputs["spec"]["selector"]["app.kubernetes.io/name"] for r in objects if r.type.endswith(":Service")]
    assert sorted(selectors) == ["chat", "vision"]


def test_what_is_only_known_at_deployment_stays_unknown() -> None:
    def program() -> None:
        later = pulumi.CustomResource("other:index:Thing", "later", {}).id
        InferenceService("chat", {"namespace": later, "image": later, "node_pool": later})

    graph = evaluate(program, preview=True)
    assert container_of(graph)["image"] is UNKNOWN
    assert pod_of(graph)["nodeSelector"] == {"aidc.dev/node-pool": UNKNOWN}
    assert graph.named("chat", "aidc:index:InferenceService").outputs["url"] is UNKNOWN


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match=r"InferenceService 'chat': 1 problem\n  - replicas: 0 pods"):
        declare(replicas=0)


@pytest.mark.parametrize(
    ("changes", "port", "path"),
    [({}, "http", "/metrics"), ({"metrics_port": 9000, "metrics_path": "/m"}, "metrics", "/m")],
)
def test_the_prometheus_operator_is_told_where_the_metrics_are(changes: dict[str, Any], port: str, path: str) -> None:
    monitor = declare(monitored=True, **changes).named("chat-monitor").inputs
    assert (monitor["apiVersion"], monitor["kind"]) == ("monitoring.coreos.com/v1", "PodMonitor")
    assert (monitor["metadata"]["name"], monitor["metadata"]["namespace"]) == ("chat", "serving")
    assert monitor["spec"] == {
        "selector": {"matchLabels": {"app.kubernetes.io/name": "chat", "app.kubernetes.io/component": "inference"}},
        "podMetricsEndpoints": [{"port": port, "path": path}],
    }
    assert port in [each["name"] for each in container_of(declare(**changes))["ports"]]


def test_without_the_operator_there_is_no_monitor() -> None:
    assert not declare().of_type("kubernetes:monitoring.coreos.com/v1:PodMonitor")
