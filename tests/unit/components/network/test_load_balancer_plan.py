"""Load balancers: defaults that open nothing, and every error by path."""

from typing import Any

import pytest

from aidc.components.network import LoadBalancerScheme, TrafficPolicy, plan_load_balancer
from aidc.problems import InvalidInput, Problem

_GIVEN: dict[str, Any] = {"namespace": "ai", "selector": {"app": "chat"}, "ports": {"http": {"port": 80}}}


def problems_of(**changed: Any) -> tuple[Problem, ...]:
    with pytest.raises(InvalidInput) as caught:
        plan_load_balancer({**_GIVEN, **changed}, name="chat")  # type: ignore[typeddict-item]
    return caught.value.problems


def test_nothing_is_public_by_default() -> None:
    plan = plan_load_balancer(_GIVEN, name="chat")  # type: ignore[arg-type]
    assert plan.source_ranges == ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    assert plan.annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internal"
    assert plan.annotations["networking.gke.io/load-balancer-type"] == "Internal"
    assert plan.network_policy


def test_the_defaults_of_the_rest() -> None:
    plan = plan_load_balancer(_GIVEN, name="chat")  # type: ignore[arg-type]
    assert plan.service_name == "chat-load-balancer"
    assert plan.traffic_policy is TrafficPolicy.LOCAL
    assert (plan.affinity_seconds, plan.health_check_port, plan.load_balancer_class) == (None, None, None)
    (port,) = plan.ports
    assert (port.name, port.port, port.target_port, str(port.protocol)) == ("http", 80, 80, "TCP")


def test_annotations_may_have_capitals_before_the_slash() -> None:
    plan = plan_load_balancer({**_GIVEN, "annotations": {"Example.com/team": "ai"}}, name="chat")  # type: ignore[typeddict-item]
    assert plan.annotations["Example.com/team"] == "ai"


def test_everybody_must_be_written_out() -> None:
    plan = plan_load_balancer({**_GIVEN, "source_ranges": ["::/0", "0.0.0.0/0"]}, name="chat")  # type: ignore[typeddict-item]
    assert plan.source_ranges == ["0.0.0.0/0", "::/0"]


def test_the_internet_needs_to_be_told_who_may_connect() -> None:
    (problem,) = problems_of(scheme="internet-facing")
    assert problem.path == "sourceRanges"
    assert "0.0.0.0/0 for everybody" in problem.reason
    plan = plan_load_balancer(
        {**_GIVEN, "scheme": LoadBalancerScheme.INTERNET_FACING, "source_ranges": ["0.0.0.0/0"]},  # type: ignore[typeddict-item]
        name="chat",
    )
    assert dict(plan.annotations) == {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}


@pytest.mark.parametrize(
    ("changed", "path", "words"),
    [
        ({"selector": {}}, "selector", "selects no pods"),
        ({"ports": {}}, "ports", "has no port"),
        ({"ports": {"http": {"port": 0}}}, "ports.http.port", "0 is too little; give 1 or more"),
        ({"ports": {"http": {"port": 1_000_000}}}, "ports.http.port", "give 65,535 or less"),
        ({"ports": {"http": {"port": 80, "target_port": 70_000}}}, "ports.http.targetPort", "give 65,535 or less"),
        ({"ports": {"http": {"port": 80, "protocol": "tcp"}}}, "ports.http.protocol", "is not one of TCP, UDP, SCTP"),
        ({"ports": {"http": {"prot": 80, "port": 80}}}, "ports.http.prot", "did you mean 'port'"),
        ({"ports": {"HTTP": {"port": 80}}}, "ports.HTTP", "is not a DNS label"),
        ({"ports": {"a": {"port": 80}, "b": {"port": 80}}}, "ports.b.port", "is that of 'a' too"),
        ({"scheme": "public"}, "scheme", "is not one of internal, internet-facing"),
        ({"scheme": "internl"}, "scheme", "did you mean 'internal'"),
        ({"source_ranges": []}, "sourceRanges", "lets nobody connect"),
        ({"source_ranges": ["10.0.0.1/8"]}, "sourceRanges[0]", "without host bits"),
        ({"source_ranges": ["10.0.0.0/8", "all"]}, "sourceRanges[1]", "is not a network"),
        ({"affinity_seconds": 0}, "affinitySeconds", "give 1 second or more"),
        ({"affinity_seconds": 86_401}, "affinitySeconds", "give 86,400 seconds or less"),
        ({"traffic_policy": "local"}, "trafficPolicy", "did you mean 'Local'"),
        ({"health_check_port": 8080}, "healthCheckPort", "give 30,000 or more"),
        (
            {"health_check_port": 30_100, "traffic_policy": "Cluster"},
            "healthCheckPort",
            "only Local has one",
        ),
        (
            {"annotations": {"networking.gke.io/load-balancer-type": "External"}},
            "annotations.networking.gke.io/load-balancer-type",
            "set scheme in its place",
        ),
        ({"source_range": ["10.0.0.0/8"]}, "sourceRange", "did you mean 'sourceRanges'"),
    ],
)
def test_a_wrong_field_is_named(changed: dict[str, Any], path: str, words: str) -> None:
    (problem,) = problems_of(**changed)
    assert problem.path == path
    assert words in problem.reason


def test_the_same_port_may_speak_two_protocols() -> None:
    ports = {"quic": {"port": 443, "protocol": "UDP"}, "https": {"port": 443}}
    plan = plan_load_balancer({**_GIVEN, "ports": ports}, name="chat")  # type: ignore[typeddict-item]
    assert [each.name for each in plan.ports] == ["https", "quic"]


def test_all_problems_are_listed_at_once() -> None:
    found = problems_of(
        ports={"http": {"port": 0}}, source_ranges=["x"], affinity_seconds=0, scheme="x", traffic_policy="y"
    )
    assert [each.path for each in found] == [
        "ports.http.port",
        "scheme",
        "affinitySeconds",
        "trafficPolicy",
        "sourceRanges[0]",
    ]


def test_the_name_leaves_room_for_what_is_appended() -> None:
    assert plan_load_balancer(_GIVEN, name="a" * 49).service_name == "a" * 49 + "-load-balancer"  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="give 49 or fewer"):
        plan_load_balancer(_GIVEN, name="a" * 50)  # type: ignore[arg-type]
