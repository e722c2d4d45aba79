"""One owner for every number of pods."""

from typing import Any

import pytest

from aidc.components.autoscaling import (
    EventDrivenScaling,
    HorizontalScaling,
    PredictiveActing,
    PredictiveMode,
    PredictiveScaling,
)
from aidc.evaluation import evaluate
from aidc.infra.kubernetes import KubernetesObject
from aidc.planning.plan.ownership import ReplicaClaim, check_one_owner, replica_conflicts
from aidc.planning.plan.summary import summarise
from aidc.problems import Problems

_TRIGGER: dict[str, Any] = {
    "type": "metrics-api",
    "metadata": {"url": "http://chat:9000/load", "valueLocation": "waiting", "targetValue": "5"},
}


def horizontal(name: str, target: Any, namespace: str = "ai") -> None:
    HorizontalScaling(name, {"namespace": namespace, "target": {"name": target}, "max_replicas": 4, "cpu_percent": 70})


def predictive(
    name: str,
    target: Any,
    mode: PredictiveMode = PredictiveMode.ACT,
    acting: PredictiveActing = PredictiveActing.SCALE,
    namespace: str = "ai",
) -> None:
    PredictiveScaling(
        name,
        {
            "namespace": namespace,
            "image": "registry.example/autoscaler:1.0.0",
            "target": {"name": target},
            "min_replicas": 2,
            "max_replicas": 8,
            "load": {"query": "load"},
            "capacity": {"replica_rate": 5},
            "mode": mode,
            "acting": acting,
        },
    )


def deployment(name: str, spec: dict[str, Any], api_version: str = "apps/v1") -> KubernetesObject:
    metadata = {"name": name, "namespace": "ai"}
    return KubernetesObject(name, {"apiVersion": api_version, "kind": "Deployment", "metadata": metadata, "spec": spec})


def found(program: Any, **options: Any) -> list[str]:
    return [str(each) for each in replica_conflicts(evaluate(program, **options))]


def test_the_second_claim_is_refused() -> None:
    problems = Problems()
    claims = [
        ReplicaClaim(path="services.chat.scaling", namespace="ai", name="chat"),
        ReplicaClaim(path="services.search.scaling", namespace="ai", name="search"),
        ReplicaClaim(path="events.chat", namespace="ai", name="chat"),
        ReplicaClaim(path="elsewhere", namespace="other", name="chat"),
        ReplicaClaim(path="set", namespace="ai", name="chat", kind="StatefulSet"),
    ]
    check_one_owner(problems, claims)
    assert [str(each) for each in problems] == [
        "events.chat: sets the number of the pods of Deployment 'chat' in 'ai', which services.chat.scaling owns; "
        "keep one of them"
    ]


def test_two_autoscalers_of_one_target_are_found() -> None:
    def program() -> None:
        horizontal("first", "chat")
        horizontal("other-namespace", "chat", "dev")
        target = {"name": "chat", "api_version": "apps/v1"}
        EventDrivenScaling(
            "second", {"namespace": "ai", "target": target, "triggers": {"load": _TRIGGER}, "max_replicas": 4}
        )

    (conflict,) = found(program)
    assert conflict.startswith("ScaledObject second-scaled-object: sets the number")
    assert "HorizontalPodAutoscaler first-autoscaler owns" in conflict


def test_a_workload_that_writes_its_number_is_found() -> None:
    def program() -> None:
        deployment("chat", {"replicas": 3})
        horizontal("chat", "chat")
        deployment("search", {"replicas": 3})
        deployment("index", {})
        horizontal("index", "index")

    (conflict,) = found(program)
    assert conflict.startswith("Deployment chat: sets the number of the pods of Deployment 'chat' in 'ai'")


def test_a_predictive_autoscaler_that_writes_the_number_is_an_owner() -> None:
    def program() -> None:
        deployment("chat", {"replicas": 3})
        predictive("first", "chat")
        deployment("search", {})
        horizontal("search", "search")
        predictive("second", "search")
        # Somewhere else, and by itself.
        predictive("third", "search", namespace="dev")

    assert found(program) == [
        "PredictiveScaling second: sets the number of the pods of Deployment 'search' in 'ai', which "
        "HorizontalPodAutoscaler search-autoscaler owns; keep one of them",
        "Deployment chat: sets the number of the pods of Deployment 'chat' in 'ai', which PredictiveScaling first "
        "owns; keep one of them",
    ]


@pytest.mark.parametrize("acting", list(PredictiveActing))
def test_a_forecast_that_is_only_shown_owns_nothing(acting: PredictiveActing) -> None:
    def program() -> None:
        deployment("chat", {})
        horizontal("chat", "chat")
        predictive("forecast", "chat", PredictiveMode.FORECAST, acting)

    assert found(program) == []


def test_with_keda_its_scaled_object_is_the_owner() -> None:
    def program() -> None:
        horizontal("other", "chat")
        predictive("chat", "chat", acting=PredictiveActing.KEDA)

    (conflict,) = found(program)
    assert conflict.startswith("ScaledObject chat-scaled-object: sets the number")


def test_kinds_of_other_groups_are_other_workloads() -> None:
    def program() -> None:
        deployment("chat", {"replicas": 3}, api_version="example.org/v1")
        horizontal("chat", "chat")

    assert found(program) == []


def test_names_that_are_not_known_yet_are_left_out() -> None:
    def program() -> None:
        target = deployment("chat", {}).status.apply(lambda status: status["name"])
        horizontal("first", target)
        predictive("second", target)

    assert found(program, preview=True) == []
    known = found(program, answers=[lambda *_: {"status": {"name": "chat"}}])
    assert len(known) == 1


def test_the_plan_warns_of_two_owners() -> None:
    def program() -> None:
        horizontal("first", "chat")
        horizontal("second", "chat")

    assert any("keep one of them" in warning for warning in summarise(evaluate(program)).warnings)


def test_the_plan_counts_as_many_pods_as_whoever_writes_their_number_may_give() -> None:
    def program() -> None:
        pod = {"spec": {"containers": [{"name": "server", "resources": {"requests": {"cpu": "2"}}}]}}
        deployment("chat", {"template": pod})
        deployment("other", {"template": pod})
        predictive("chat", "chat")

    planned = {each.workload.name: each.workload for each in summarise(evaluate(program)).workloads}
    assert (planned["chat"].pods, planned["chat"].maximum_pods) == (2, 8)
    assert (planned["other"].pods, planned["other"].maximum_pods) == (1, 1)
