"""EventDrivenScaling: triggers, zero, the fallback that every trigger that can fail needs, and every error by path."""

from typing import Any

import pytest

from aidc.components.autoscaling import cron_schedule, plan_event_driven_scaling
from aidc.problems import InvalidInput, Problem

_QUEUE: dict[str, Any] = {
    "type": "prometheus",
    "metadata": {"serverAddress": "http://prometheus:9090", "query": "sum(waiting)", "threshold": "5"},
}
_CPU: dict[str, Any] = {"type": "cpu", "metadata": {"value": "70"}}
_CRON: dict[str, Any] = {
    "type": "cron",
    "metadata": {"timezone": "UTC", "start": "0 8 * * *", "end": "0 18 * * *", "desiredReplicas": "4"},
}
_GIVEN: dict[str, Any] = {
    "namespace": "ai",
    "target": {"name": "chat"},
    "triggers": {"queue": _QUEUE},
    "max_replicas": 8,
}


def plan(**changed: Any) -> Any:
    return plan_event_driven_scaling({**_GIVEN, **changed}, name="chat")  # type: ignore[typeddict-item]


def problems_of(**changed: Any) -> tuple[Problem, ...]:
    with pytest.raises(InvalidInput) as caught:
        plan(**changed)
    return caught.value.problems


def trigger(**changed: Any) -> dict[str, Any]:
    return {"queue": {**_QUEUE, **changed}}


def test_the_defaults() -> None:
    made = plan()
    assert (made.min_replicas, made.max_replicas, made.idle_at_zero) == (1, 8, False)
    assert (made.polling_seconds, made.cooldown_seconds, made.restore_replicas) == (30, 300, False)


@pytest.mark.parametrize(("lower", "replicas"), [(0, 1), (1, 1), (3, 3)])
def test_a_trigger_that_can_fail_always_has_a_fallback(lower: int, replicas: int) -> None:
    assert plan(min_replicas=lower).fallback.manifest() == {
        "replicas": replicas,
        "failureThreshold": 3,
        "behavior": "currentReplicasIfHigher",
    }


def test_the_fallback_may_be_ones_own() -> None:
    made = plan(fallback={"replicas": 4, "failures": 0, "behavior": "static"})
    assert made.fallback.manifest() == {"replicas": 4, "failureThreshold": 0, "behavior": "static"}


def test_what_cannot_fail_has_no_fallback() -> None:
    assert plan(triggers={"cpu": _CPU, "day": _CRON}).fallback is None
    assert plan(triggers={"cpu": _CPU, "queue": _QUEUE}).fallback is not None


def test_metrics_are_held_against_the_target_by_type() -> None:
    cpu, day, queue = plan(triggers={"queue": _QUEUE, "cpu": _CPU, "day": _CRON}).triggers
    assert [str(each.metric_type) for each in (cpu, day, queue)] == ["Utilization", "AverageValue", "AverageValue"]


def test_a_memory_target_may_be_a_size() -> None:
    memory = {"type": "memory", "metric_type": "AverageValue", "metadata": {"value": "4Gi"}}
    assert plan(triggers={"memory": memory}).triggers[0].manifest()["metadata"] == {"value": "4Gi"}


def test_a_million_pods_are_too_many_and_none_is_allowed() -> None:
    assert plan(min_replicas=0).min_replicas == 0
    assert [each.path for each in problems_of(max_replicas=1_000_000)] == ["maxReplicas"]
    assert [each.path for each in problems_of(max_replicas=0, min_replicas=0)] == ["maxReplicas"]


@pytest.mark.parametrize(
    ("changed", "path", "words"),
    [
        ({"min_replicas": -1}, "minReplicas", "give 0 pods or more"),
        ({"min_replicas": 9}, "maxReplicas", "8 pods are fewer than the 9 of minReplicas"),
        ({"triggers": {}}, "triggers", "has no trigger"),
        ({"triggers": trigger(type="prometeus")}, "triggers.queue.type", "did you mean 'prometheus'"),
        (
            {"triggers": trigger(metadata={**_QUEUE["metadata"], "threshold": "0"})},
            "triggers.queue.metadata.threshold",
            "more",
        ),
        (
            {"triggers": trigger(metadata={**_QUEUE["metadata"], "threshold": "five"})},
            "triggers.queue.metadata.threshold",
            "is not a number as KEDA reads it; write it like 5 or 0.5",
        ),
        (
            {"triggers": {"cpu": {**_CPU, "metadata": {"value": "70.5"}}}},
            "triggers.cpu.metadata.value",
            "write it like 70",
        ),
        (
            {"triggers": {"cpu": {"type": "memory", "metric_type": "AverageValue", "metadata": {"value": "4 GB"}}}},
            "triggers.cpu.metadata.value",
            "is not a quantity",
        ),
        (
            {"triggers": trigger(metadata={"serverAddress": "http://x", "threshold": "1"})},
            "triggers.queue.metadata.query",
            "missing; a prometheus trigger needs it",
        ),
        (
            {"triggers": trigger(metric_type="Utilization")},
            "triggers.queue.metricType",
            "is not one of AverageValue, Value",
        ),
        (
            {"triggers": {"cpu": {**_CPU, "metric_type": "Value"}}},
            "triggers.cpu.metricType",
            "AverageValue, Utilization",
        ),
        (
            {"triggers": trigger(authentication="a", cluster_authentication="b")},
            "triggers.queue.clusterAuthentication",
            "is beside authentication",
        ),
        ({"triggers": {"day": {**_CRON, "cached": True}}}, "triggers.day.cached", "a cron trigger is not polled"),
        ({"triggers": {"Queue": _QUEUE}}, "triggers.Queue", "is not a DNS label"),
        ({"triggers": {"cpu": _CPU}, "min_replicas": 0}, "minReplicas", "add a trigger that counts events"),
        ({"triggers": {"cpu": _CPU}, "idle_at_zero": True}, "idleAtZero", "add a trigger that counts events"),
        ({"idle_at_zero": True, "min_replicas": 0}, "idleAtZero", "says what minReplicas of 0 does already"),
        ({"polling_seconds": 0}, "pollingSeconds", "give 1 second or more"),
        ({"cooldown_seconds": 86_401}, "cooldownSeconds", "give 86,400 seconds or less"),
        ({"fallback": {"replicas": 9}}, "fallback.replicas", "give 8 pods or less"),
        ({"fallback": {"failures": -1}}, "fallback.failures", "give 0 or more"),
        ({"fallback": {"behavior": "keep"}}, "fallback.behavior", "is not one of static"),
        ({"fallback": {"behaviour": "static"}}, "fallback.behaviour", "did you mean 'behavior'"),
        ({"fallback": {}, "triggers": {"cpu": _CPU}}, "fallback", "no trigger can fail"),
        ({"scale_down": {"select": "none"}}, "scaleDown.select", "is not one of Max, Min, Disabled"),
        ({"target": {"name": "chat", "kind": "Pod"}}, "target.kind", "name the Deployment"),
    ],
)
def test_a_wrong_field_is_named(changed: dict[str, Any], path: str, words: str) -> None:
    (problem,) = problems_of(**changed)
    assert problem.path == path
    assert words in problem.reason


def test_the_name_leaves_room_for_what_keda_puts_before_it() -> None:
    plan_event_driven_scaling(_GIVEN, name="a" * 54)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="give 54 or fewer"):
        plan_event_driven_scaling(_GIVEN, name="a" * 55)  # type: ignore[arg-type]


def day(**metadata: str) -> dict[str, Any]:
    return {"day": {**_CRON, "metadata": {**_CRON["metadata"], **metadata}}, "queue": _QUEUE}


@pytest.mark.parametrize(
    ("metadata", "path", "words"),
    [
        ({"timezone": "Europe/Berln"}, "timezone", "did you mean 'Europe/Berlin'"),
        ({"start": "61 8 * * *"}, "start", "'61' is no minute; give 0 to 59"),
        ({"start": "0 8 * *"}, "start", "has 4 fields"),
        ({"end": "0 18 * * 7"}, "end", "'7' is no day of the week; give 0 to 6"),
        ({"end": "0 18 * * fri-mon"}, "end", "no day of the week"),
        ({"end": "*/0 18 * * *"}, "end", "no minute"),
        ({"end": "0 18 0 * *"}, "end", "no day of the month"),
        ({"end": "0 18 * smarch *"}, "end", "no month"),
        ({"end": "0 8 * * *"}, "end", "nothing lies between them"),
        ({"start": "@daily"}, "start", "a word that KEDA does not read"),
    ],
)
def test_times_that_keda_cannot_read_are_named(metadata: dict[str, str], path: str, words: str) -> None:
    (problem,) = problems_of(triggers=day(**metadata))
    assert problem.path == f"triggers.day.metadata.{path}"
    assert words in problem.reason


@pytest.mark.parametrize(
    "start", ["*/15 6-9,17 * jan-MAR mon-fri", "0 0 1 1 ?", "5/10 * 1-31/2 12 0", "TZ=UTC 0 8 * * 1-5,"]
)
def test_times_of_every_form_are_taken(start: str) -> None:
    assert plan(triggers=day(start=start)).triggers


def test_a_machine_without_the_old_names_of_zones_refuses_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cron_schedule, "available_timezones", lambda: {"Europe/Berlin", "UTC"})
    assert plan(triggers=day(timezone="US/Pacific")).triggers
