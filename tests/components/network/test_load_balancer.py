"""LoadBalancer: exact children, who may connect, what comes from other resources."""

from typing import Any

import pulumi
import pytest

from aidc.components.network import LoadBalancer
from aidc.evaluation import UNKNOWN, ResourceGraph, evaluate
from aidc.infra.kubernetes import KubernetesObject
from aidc.problems import InvalidInput

_GIVEN: dict[str, Any] = {
    "namespace": "ai",
    "selector": {"app": "chat"},
    "ports": {"http": {"port": 80, "target_port": 8000}},
}


def declare(name: str = "chat", **changed: Any) -> ResourceGraph:
    return evaluate(lambda: LoadBalancer(name, {**_GIVEN, **changed}))  # type: ignore[typeddict-item]


def test_children_are_exactly_these() -> None:
    graph = declare()
    component = graph.named("chat", "aidc:index:LoadBalancer")
    assert [(r.type, r.name) for r in graph.descendants(component.urn)] == [
        ("kubernetes:core/v1:Service", "chat-service"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "chat-clients"),
    ]
    assert dict(component.outputs) == {"service_name": "chat-load-balancer", "address": "198.51.100.1"}


def test_the_service() -> None:
    service = declare(affinity_seconds=600, health_check_port=30_100, load_balancer_class="internal").named(
        "chat-service"
    )
    assert service.inputs["metadata"]["name"] == "chat-load-balancer"
    assert service.inputs["spec"] == {
        "type": "LoadBalancer",
        "selector": {"app": "chat"},
        "ports": [{"name": "http", "port": 80, "targetPort": 8000, "protocol": "TCP"}],
        "loadBalancerSourceRanges": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
        "externalTrafficPolicy": "Local",
        "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 600}},
        "healthCheckNodePort": 30_100,
        "loadBalancerClass": "internal",
    }


def test_only_those_who_may_connect_reach_the_pods() -> None:
    policy = declare(source_ranges=["203.0.113.0/24"]).named("chat-clients").inputs["spec"]
    assert policy == {
        "podSelector": {"matchLabels": {"app": "chat"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [{"ipBlock": {"cidr": "203.0.113.0/24"}}],
                "ports": [{"protocol": "TCP", "port": 8000}],
            }
        ],
    }


def test_nodes_that_pass_connections_on_reach_the_pods_too() -> None:
    policy = declare(source_ranges=["203.0.113.0/24"], traffic_policy="Cluster").named("chat-clients").inputs["spec"]
    sources = [each["ipBlock"]["cidr"] for each in policy["ingress"][0]["from"]]
    assert sources == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "203.0.113.0/24"]


def test_the_policy_can_be_left_out() -> None:
    graph = declare(network_policy=False)
    assert graph.of_type("kubernetes:*:NetworkPolicy") == ()


def test_order_does_not_matter() -> None:
    ports = {"a": {"port": 80}, "b": {"port": 443}}
    first = declare(source_ranges=["10.1.0.0/16", "10.0.0.0/16"], ports=ports)
    second = declare(source_ranges=["10.0.0.0/16", "10.1.0.0/16"], ports=dict(reversed(ports.items())))
    inputs = [{r.urn: r.inputs for r in graph if r.custom} for graph in (first, second)]
    assert inputs[0] == inputs[1]


def test_two_of_them_share_nothing() -> None:
    def program() -> None:
        for name in ("chat", "search"):
            LoadBalancer(name, _GIVEN)  # type: ignore[arg-type]

    graph = evaluate(program)
    objects = [(r.type, r.inputs["metadata"]["name"]) for r in graph if r.package == "kubernetes"]
    assert len(objects) == len(set(objects)) == 4


@pytest.mark.parametrize("preview", [False, True])
def test_inputs_may_come_from_other_resources(preview: bool) -> None:
    def program() -> None:
        space = KubernetesObject("ai", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ai"}})
        selector = space.status.apply(lambda status: {"app": status["phase"]})
        balancer = LoadBalancer("chat", {**_GIVEN, "namespace": space.object_name, "selector": selector})  # type: ignore[typeddict-item]
        pulumi.export("address", balancer.address)

    def answer(type: str, name: str, inputs: Any) -> dict[str, Any] | None:
        return {"status": {"phase": "Active"}, "metadata": {"name": "ai"}} if type.endswith(":Namespace") else None

    graph = evaluate(program, preview=preview, answers=[answer])
    service, policy = graph.named("chat-service"), graph.named("chat-clients")
    assert graph.named("ai").urn in service.dependencies
    expected = UNKNOWN if preview else {"app": "Active"}
    assert service.inputs["spec"]["selector"] == expected
    assert policy.inputs["spec"]["podSelector"]["matchLabels"] == expected
    assert graph.outputs["address"] == (UNKNOWN if preview else "198.51.100.1")


def test_a_platform_that_gives_no_address_gives_an_empty_one() -> None:
    def nothing(type: str, name: str, inputs: Any) -> dict[str, Any] | None:
        return {"status": {"loadBalancer": {}}} if type.endswith(":Service") else None

    def host(type: str, name: str, inputs: Any) -> dict[str, Any] | None:
        ingress = [{"hostname": "lb.example.org"}]
        return {"status": {"loadBalancer": {"ingress": ingress}}} if type.endswith(":Service") else None

    for answer, address in ((nothing, ""), (host, "lb.example.org")):
        graph = evaluate(lambda: LoadBalancer("chat", {**_GIVEN, "network_policy": False}), answers=[answer])  # type: ignore[typeddict-item]
        assert graph.named("chat", "aidc:index:LoadBalancer").outputs["address"] == address


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match="LoadBalancer 'chat'"):
        declare(source_ranges=[])
