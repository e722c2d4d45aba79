"""GatewayRoute: exact children, one's own Gateway or another, canaries."""

from typing import Any

import pytest

from aidc.components.network import GatewayRoute
from aidc.evaluation import ResourceGraph, evaluate
from aidc.infra.kubernetes import KubernetesObject

_RULES: dict[str, Any] = {
    "all": {
        "backends": {
            "stable": {"service": "chat", "port": 8000, "weight": 9},
            "canary": {"service": "chat-next", "port": 8000},
        }
    }
}
_OWN: dict[str, Any] = {"gateway_class": "envoy", "listeners": {"https": {"tls_secret": "certificate"}}}


def declare(**args: Any) -> ResourceGraph:
    return evaluate(lambda: GatewayRoute("chat", {"namespace": "ai", "rules": _RULES, **args}))  # type: ignore[typeddict-item]


def test_a_route_of_another_gateway_is_one_object() -> None:
    graph = declare(existing_gateway={"name": "edge", "namespace": "gateways", "listener": "https"})
    component = graph.named("chat", "aidc:index:GatewayRoute")
    (route,) = graph.descendants(component.urn)
    assert (route.type, route.name) == ("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "chat-route")
    assert route.inputs["spec"]["parentRefs"] == [
        {
            "group": "gateway.networking.k8s.io",
            "kind": "Gateway",
            "name": "edge",
            "namespace": "gateways",
            "sectionName": "https",
        }
    ]
    assert dict(component.outputs) == {"route_name": "chat", "gateway_name": "edge", "address": ""}


def test_a_gateway_of_ones_own_comes_first() -> None:
    graph = declare(own_gateway=_OWN, hostnames=["chat.example.org"])
    gateway, route = graph.named("chat-gateway"), graph.named("chat-route")
    assert gateway.type == "kubernetes:gateway.networking.k8s.io/v1:Gateway"
    assert gateway.urn in route.dependencies
    assert route.inputs["spec"]["parentRefs"][0]["name"] == gateway.inputs["metadata"]["name"] == "chat"
    assert route.inputs["spec"]["hostnames"] == ["chat.example.org"]
    annotations = gateway.inputs["spec"]["infrastructure"]["annotations"]
    assert annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internal"


def test_requests_are_shared_by_weight() -> None:
    (rule,) = declare(existing_gateway={"name": "edge"}).named("chat-route").inputs["spec"]["rules"]
    assert [(each["name"], each["weight"]) for each in rule["backendRefs"]] == [("chat-next", 1), ("chat", 9)]


def test_the_address_is_that_of_its_own_gateway() -> None:
    def answer(type: str, name: str, inputs: Any) -> dict[str, Any] | None:
        return {"status": {"addresses": [{"value": "192.0.2.1"}]}} if type.endswith(":Gateway") else None

    program = lambda: GatewayRoute("chat", {"namespace": "ai", "rules": _RULES, "own_gateway": _OWN})  # type: ignore[typeddict-item]  # noqa: E731
    for answers, address in (([answer], "192.0.2.1"), ([lambda *_: {"status": {}}], "")):
        graph = evaluate(program, answers=answers)
        assert graph.named("chat", "aidc:index:GatewayRoute").outputs["address"] == address


@pytest.mark.parametrize("preview", [False, True])
def test_backends_may_come_from_other_resources(preview: bool) -> None:
    def program() -> None:
        manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "chat", "namespace": "ai"}}
        service = KubernetesObject("chat", manifest).status.apply(lambda status: status["name"])
        rules = {"all": {"backends": {"stable": {"service": service, "port": 8000}}}}
        GatewayRoute("chat", {"namespace": "ai", "rules": rules, "existing_gateway": {"name": "edge"}})  # type: ignore[typeddict-item]

    graph = evaluate(program, preview=preview, answers=[lambda type, *_: {"status": {"name": "chat"}}])
    route = graph.named("chat-route")
    assert graph.named("chat", "kubernetes:core/v1:Service").urn in route.dependencies
    assert ("spec.rules[0].backendRefs[0].name" in route.unknowns) is preview


def test_two_of_them_share_nothing() -> None:
    def program() -> None:
        for name in ("chat", "search"):
            GatewayRoute(name, {"namespace": "ai", "rules": _RULES, "own_gateway": _OWN})  # type: ignore[typeddict-item]

    graph = evaluate(program)
    objects = [(r.type, r.inputs["metadata"]["name"]) for r in graph if r.package == "kubernetes"]
    assert len(objects) == len(set(objects)) == 4
