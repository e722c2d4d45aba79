"""Microservice: the example of one call, with exact children and one owner of the number of pods."""

from typing import Any

import pytest

from aidc.components.inference import Microservice
from aidc.evaluation import ResourceGraph, evaluate
from aidc.problems import InvalidInput

MINIMAL: dict[str, Any] = {"namespace": "serving", "image": "registry.example/my-pytorch:1.0.0"}


def declare(**changes: Any) -> ResourceGraph:
    return evaluate(lambda: Microservice("my-pytorch", {**MINIMAL, **changes}))  # type: ignore[typeddict-item]


def test_children_are_exactly_these() -> None:
    graph = declare()
    component = graph.named("my-pytorch", "aidc:index:Microservice")
    children = [(r.type, r.inputs["metadata"]["name"]) for r in graph.descendants(component.urn) if r.custom]
    assert sorted(children) == [
        ("kubernetes:apps/v1:Deployment", "my-pytorch"),
        ("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "my-pytorch"),
        ("kubernetes:core/v1:Service", "my-pytorch"),
        ("kubernetes:core/v1:Service", "my-pytorch-load-balancer"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "my-pytorch"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "my-pytorch-load-balancer"),
        ("kubernetes:policy/v1:PodDisruptionBudget", "my-pytorch"),
    ]


def test_values_are_those_of_the_example() -> None:
    graph = declare()
    (container,) = graph.named("my-pytorch-deployment").inputs["spec"]["template"]["spec"]["containers"]
    requests, limits = container["resources"]["requests"], container["resources"]["limits"]
    assert (requests["cpu"], requests["memory"]) == ("0.1", "0.2Gi")
    assert (limits["cpu"], limits["memory"]) == ("0.5", "1Gi")
    assert [port["containerPort"] for port in container["ports"]] == [8000]
    (balancer,) = (s for s in graph.of_type("kubernetes:*:Service") if s.inputs["spec"]["type"] == "LoadBalancer")
    assert [(port["port"], port["targetPort"]) for port in balancer.inputs["spec"]["ports"]] == [(8000, 8000)]


def test_the_autoscaler_alone_owns_the_number_of_pods() -> None:
    graph = declare()
    deployment = graph.named("my-pytorch-deployment")
    autoscaler = graph.named("my-pytorch-autoscaler").inputs["spec"]
    assert "replicas" not in deployment.inputs["spec"]
    assert (autoscaler["minReplicas"], autoscaler["maxReplicas"]) == (3, 10)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment.inputs["metadata"]["name"]}
    assert autoscaler["scaleTargetRef"] == target


def test_the_autoscaler_comes_after_what_it_scales() -> None:
    graph = declare()
    assert graph.named("my-pytorch-deployment").urn in graph.named("my-pytorch-autoscaler").dependencies


def test_both_services_select_its_pods() -> None:
    graph = declare()
    labels = graph.named("my-pytorch-deployment").inputs["spec"]["template"]["metadata"]["labels"]
    services = graph.of_type("kubernetes:*:Service")
    assert len(services) == 2
    assert all(service.inputs["spec"]["selector"].items() <= labels.items() for service in services)


def test_nothing_is_public_unless_asked() -> None:
    assert "0.0.0.0/0" not in str([dict(r.inputs) for r in declare()])
    graph = declare(scheme="internet-facing", source_ranges=["203.0.113.0/24"])
    (balancer,) = (s for s in graph.of_type("kubernetes:*:Service") if s.inputs["spec"]["type"] == "LoadBalancer")
    assert balancer.inputs["spec"]["loadBalancerSourceRanges"] == ["203.0.113.0/24"]


def test_outputs() -> None:
    assert declare().named("my-pytorch", "aidc:index:Microservice").outputs == {
        "deployment_name": "my-pytorch",
        "service_name": "my-pytorch",
        "address": "198.51.100.1",
        "autoscaler_name": "my-pytorch",
        "selector": {"app.kubernetes.io/name": "my-pytorch", "app.kubernetes.io/component": "microservice"},
    }


def test_what_is_given_reaches_the_parts() -> None:
    graph = declare(replicas=5, max_replicas=50, cpu_percent=60, port=9000, environment={"MODEL": "resnet"})
    autoscaler = graph.named("my-pytorch-autoscaler").inputs["spec"]
    assert (autoscaler["minReplicas"], autoscaler["maxReplicas"]) == (5, 50)
    assert autoscaler["metrics"][0]["resource"]["target"]["averageUtilization"] == 60
    assert {port["port"] for s in graph.of_type("kubernetes:*:Service") for port in s.inputs["spec"]["ports"]} == {9000}
    (container,) = graph.named("my-pytorch-deployment").inputs["spec"]["template"]["spec"]["containers"]
    assert {"name": "MODEL", "value": "resnet"} in container["env"]


def test_two_microservices_collide_in_nothing() -> None:
    def program() -> None:
        for name in ("my-pytorch", "other"):
            Microservice(name, {**MINIMAL})  # type: ignore[typeddict-item]

    objects = [r for r in evaluate(program) if r.package == "kubernetes"]
    assert len({(r.type, r.inputs["metadata"]["name"]) for r in objects}) == len(objects) == 14


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match=r"Microservice 'my-pytorch': 1 problem\n  - replicas: 0 pods"):
        declare(replicas=0)
