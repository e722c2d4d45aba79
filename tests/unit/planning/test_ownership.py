"""One owner for every number of pods."""

from typing import Any

from aidc.components.autoscaling import EventDrivenScaling, HorizontalScaling
from aidc.evaluation import evaluate
from aidc.infra.kubernetes import KubernetesObject
from aidc.planning.ownership import ReplicaClaim, check_one_owner, replica_conflicts
from aidc.planning.summary import summarise
from aidc.problems import Problems

_TRIGGER: dict[str, Any] = {
    "type": "metrics-api",
    "metadata": {"url": "http://chat:9000/load", "valueLocation": "waiting", "targetValue": "5"},
}


def horizontal(name: str, target: Any, namespace: str = "ai") -> None:
    HorizontalScaling(name, {"namespace": namespace, "target": {"name": target}, "max_replicas": 4, "cpu_percent": 70})


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


def test_kinds_of_other_groups_are_other_workloads() -> None:
    def program() -> None:
        deployment("chat", {"replicas": 3}, api_version="example.org/v1")
        horizontal("chat", "chat")

    assert found(program) == []


def test_names_that_are_not_known_yet_are_left_out() -> None:
    def program() -> None:
        target = deployment("chat", {}).status.apply(lambda status: status["name"])
        horizontal("first", target)
        horizontal("second", target)

    assert found(program, preview=True) == []
    known = found(program, answers=[lambda *_: {"status": {"name": "chat"}}])
    assert len(known) == 1


def test_the_plan_warns_of_two_owners() -> None:
    def program() -> None:
        horizontal("first", "chat")
        horizontal("second", "chat")

    assert any("keep one of them" in warning for warning in summarise(evaluate(program)).warnings)
