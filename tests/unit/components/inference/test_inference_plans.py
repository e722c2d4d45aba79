"""The plans of servers: defaults, bounds, and every error by its path."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from aidc.components.inference import SpreadMode, plan_inference_service, plan_microservice
from aidc.problems import InvalidInput, Problem

MINIMAL: dict[str, Any] = {"namespace": "serving", "image": "registry.example/chat:1.4.2"}


def problems_of(plan: Callable[..., Any], name: str = "chat", **changes: Any) -> list[Problem]:
    with pytest.raises(InvalidInput) as caught:
        plan({**MINIMAL, **changes}, name=name)
    return list(caught.value.problems)


def service(**changes: Any) -> Any:
    return plan_inference_service({**MINIMAL, **changes}, name="chat")  # type: ignore[typeddict-item]


def microservice(**changes: Any) -> Any:
    return plan_microservice({**MINIMAL, **changes}, name="my-pytorch")  # type: ignore[typeddict-item]


def test_defaults_of_an_inference_service() -> None:
    plan = service()
    assert (plan.availability.replicas, plan.availability.max_surge, plan.availability.max_unavailable) == (2, "25%", 1)
    assert plan.availability.spread is SpreadMode.PREFERRED
    assert (plan.access.port, plan.access.metrics_port, plan.access.metrics_path) == (8000, 8000, "/metrics")
    assert (plan.health.liveness_path, plan.health.readiness_path) == ("/livez", "/readyz")
    assert (plan.health.startup_seconds, plan.health.drain_seconds, plan.health.termination_seconds) == (600, 10, 60)
    assert plan.service_account == "workload"
    assert plan.resources.gpus == 0


def test_devices_are_counted_by_the_class_of_dynamic_resource_allocation_too() -> None:
    resource = "deviceclass.resource.kubernetes.io/gpu.nvidia.com"
    assert service(resources={"gpus": 1, "gpu_resource": resource}).resources.limits[resource] == "1"


def test_an_autoscaler_owns_the_number() -> None:
    assert service(autoscaled=True).availability.replicas is None


def test_the_metrics_follow_the_port() -> None:
    assert service(port=9001).access.metrics_port == 9001


def test_a_single_replica_may_be_drained() -> None:
    assert service(replicas=1).availability.max_unavailable == 1


def test_numbers_that_came_over_pulumis_wire_as_floats_become_whole() -> None:
    plan = service(replicas=3.0, port=8001.0, startup_seconds=60.0, max_unavailable=2.0)
    for number in (plan.availability.replicas, plan.access.port, plan.access.metrics_port, plan.health.startup_seconds):
        assert type(number) is int


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"replica": 3}, "replica", "did you mean 'replicas'"),
        ({"resources": {"gpu": 1}}, "resources.gpu", "did you mean 'gpus'"),
        ({"replicas": 0}, "replicas", "give 1 pod or more"),
        ({"replicas": 1_000_000}, "replicas", "give 150,000 pods or less"),
        ({"replicas": 2, "autoscaled": True}, "replicas", "an autoscaler owns the number"),
        ({"max_unavailable": 0}, "maxUnavailable", "would block every drain"),
        ({"max_unavailable": 2}, "maxUnavailable", "all of 2"),
        ({"max_unavailable": 2, "replicas": 1}, "maxUnavailable", "all of 1"),
        ({"max_surge": "0"}, "maxSurge", "more than 0"),
        ({"max_surge": "0%"}, "maxSurge", "more than 0"),
        ({"max_surge": "some"}, "maxSurge", "write it like 1 or 25%"),
        ({"spread": "prefer"}, "spread", "did you mean 'preferred'"),
        ({"port": 80}, "port", "give 1,024 or more"),
        ({"port": 65_536}, "port", "give 65,535 or less"),
        ({"metrics_port": 0}, "metricsPort", "give 1,024 or more"),
        ({"metrics_path": "metrics"}, "metricsPath", "start it with /"),
        ({"liveness_path": "live z"}, "livenessPath", "start it with /"),
        ({"liveness_path": "/readyz"}, "readinessPath", "give it two paths"),
        ({"startup_seconds": 0}, "startupSeconds", "give 10 seconds or more"),
        ({"startup_seconds": 1_000_000}, "startupSeconds", "give 86,400 seconds or less"),
        ({"drain_seconds": -1}, "drainSeconds", "give 0 seconds or more"),
        ({"termination_seconds": 0}, "terminationSeconds", "give 1 second or more"),
        ({"drain_seconds": 60}, "terminationSeconds", "give more than 60 seconds"),
        ({"shared_memory": "2Gi"}, "sharedMemory", "more than the memory limit '1Gi'"),
        ({"mounts": [{"claim": "m", "path": "models"}]}, "mounts[0].path", "relative"),
        ({"mounts": [{"claim": "m", "path": "/tmp"}]}, "mounts[0].path", "taken"),
        ({"mounts": [{"claim": "m", "path": "//tmp/"}]}, "mounts[0].path", "taken"),
        ({"mounts": [{"claim": "m", "path": "/a/../etc"}]}, "mounts[0].path", "without .. and colons"),
        ({"mounts": [{"claim": "m", "path": "/a:rw"}]}, "mounts[0].path", "without .. and colons"),
        ({"mounts": [{"claim": "m", "path": "/a"}, {"claim": "n", "path": "/a/"}]}, "mounts[1].path", "twice"),
        ({"mounts": [{"claim": "My Claim", "path": "/a"}]}, "mounts[0].claim", "not a DNS subdomain"),
        ({"namespace": "My Team"}, "namespace", "not a DNS label"),
        ({"environment": {"A B": "x"}}, "environment.A B", "not the name of a variable"),
        ({"secret_environment": {"A": {"secret": "s", "key": "a b"}}}, "secretEnvironment.A.key", "no key of a Secret"),
        ({"secret_environment": {"A": {"secret": "s"}}}, "secretEnvironment.A.key", "missing"),
        ({"allowed_namespaces": ["Monitoring"]}, "allowedNamespaces[0]", "not a DNS label"),
        ({"allowed_cidrs": ["10.0.0.1/8"]}, "allowedCidrs[0]", "without host bits"),
        ({"image": "chat:latest"}, "image", "tag other than latest"),
        ({"image": "https://registry.example/chat:1"}, "image", "not an image reference"),
        ({"image": "registry.example/Chat:1"}, "image", "not an image reference"),
        ({"image": "chat@sha256:12"}, "image", "not an image reference"),
        ({"image": "chat:1 "}, "image", "not an image reference"),
        ({"resources": {"memory": "100m"}}, "resources.memory", "'100m' is 0.100 bytes"),
        ({"resources": {"gpus": 1, "gpu_resource": "memory"}}, "resources.gpuResource", "counts no device"),
        ({"resources": {"gpus": 1, "gpu_resource": "example.com/a b"}}, "resources.gpuResource", "qualified name"),
        ({"resources": {"gpus": -1}}, "resources.gpus", "give 0 accelerators or more"),
        ({"resources": {"gpus": 1_000_000}}, "resources.gpus", "accelerators or less"),
    ],
)
def test_a_wrong_field_of_an_inference_service_is_named(changes: dict[str, Any], path: str, words: str) -> None:
    (problem,) = problems_of(plan_inference_service, **changes)
    assert problem.path == path
    assert words in problem.reason


@pytest.mark.parametrize(
    "image",
    [
        "chat:1",
        "team/chat:1.4.2-rc.1_x",
        "localhost/chat:1",
        "localhost:5000/chat:1",
        "registry:5000/a/b--c/d__e:V1",
        "[::1]:5000/chat:1",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/a/b@sha256:" + "0" * 64,
        "Registry.example/chat:1@sha256:" + "a" * 64,
    ],
)
def test_references_of_every_form_are_taken(image: str) -> None:
    assert service(image=image).image == image


@pytest.mark.parametrize("name", ["Chat", "chat_1", "1chat", "c" * 64])
def test_names_are_those_of_services(name: str) -> None:
    assert [problem.path for problem in problems_of(plan_inference_service, name)] == ["name"]


def test_all_problems_are_listed_at_once() -> None:
    found = problems_of(plan_inference_service, replicas=0, port=1, image="chat", spread="even")
    assert {problem.path for problem in found} == {"replicas", "port", "image", "spread"}


def test_what_other_resources_tell_later_is_accepted() -> None:
    later = pulumi.Output.from_input("later")
    plan = service(namespace=later, image=later, node_pool=later, mounts=[{"claim": later, "path": "/models"}])
    assert plan.image is later


def test_defaults_of_a_microservice_are_those_of_the_example() -> None:
    plan = microservice()
    assert plan.deployment.access.port == 8000
    requests, limits = plan.deployment.resources.requests, plan.deployment.resources.limits
    assert (requests["cpu"], requests["memory"]) == ("0.1", "0.2Gi")
    assert (limits["cpu"], limits["memory"]) == ("0.5", "1Gi")
    assert plan.deployment.availability.replicas is None
    assert (plan.scaling["min_replicas"], plan.scaling["max_replicas"]) == (3, 10)
    assert plan.load_balancer["ports"] == {"http": {"port": 8000}}


def test_more_replicas_than_usual_need_no_second_number() -> None:
    assert microservice(replicas=20).scaling["max_replicas"] == 20


def test_given_resources_replace_all_defaults() -> None:
    plan = microservice(resources={"cpu": "2", "memory": "4Gi"})
    assert plan.deployment.resources.limits == {"memory": "4Gi", "ephemeral-storage": "1Gi"}


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"replica": 3}, "replica", "did you mean 'replicas'"),
        ({"replicas": 0}, "replicas", "give 1 pod or more"),
        ({"replicas": 1_000_000}, "replicas", "give 150,000 pods or less"),
        ({"max_replicas": 1_000_000}, "maxReplicas", "give 150,000 pods or less"),
        ({"replicas": 20, "max_replicas": 10}, "maxReplicas", "fewer than the 20 of replicas"),
        ({"cpu_percent": 0}, "cpuPercent", "give 1 percent or more"),
        ({"port": 80}, "port", "give 1,024 or more"),
        ({"scheme": "intern"}, "scheme", "did you mean 'internal'"),
        ({"scheme": "internet-facing"}, "sourceRanges", "say who may connect"),
        ({"source_ranges": ["10.0.0.1/8"]}, "sourceRanges[0]", "without host bits"),
        ({"source_ranges": []}, "sourceRanges", "lets nobody connect"),
        ({"resources": {"cpu_limit": "0.5"}}, "resources.cpuLimit", "less than the request '1'"),
        ({"startup_seconds": 0}, "startupSeconds", "give 10 seconds or more"),
        ({"image": "my-pytorch"}, "image", "no fixed version"),
    ],
)
def test_a_wrong_field_of_a_microservice_is_named(changes: dict[str, Any], path: str, words: str) -> None:
    (problem,) = problems_of(plan_microservice, "my-pytorch", **changes)
    assert problem.path == path
    assert words in problem.reason


def test_the_name_of_a_microservice_leaves_room_for_that_of_its_load_balancer() -> None:
    plan_microservice({**MINIMAL}, name="m" * 49)  # type: ignore[typeddict-item]
    (problem,) = problems_of(plan_microservice, "m" * 50)
    assert problem.path == "name"
    assert "give 49 or fewer" in problem.reason
