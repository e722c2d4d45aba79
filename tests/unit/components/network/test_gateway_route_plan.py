"""Routes: what the Gateway API would refuse is refused here, by path."""

from typing import Any

import pytest

from aidc.components.network import plan_gateway_route
from aidc.components.network.route_rules import plan_rules
from aidc.problems import InvalidInput, Problem, Problems

_STABLE: dict[str, Any] = {"stable": {"service": "chat", "port": 8000}}
_GIVEN: dict[str, Any] = {
    "namespace": "ai",
    "existing_gateway": {"name": "edge"},
    "rules": {"all": {"backends": _STABLE}},
}


def problems_of(given: dict[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(InvalidInput) as caught:
        plan_gateway_route(given, name="chat")  # type: ignore[arg-type]
    return caught.value.problems


def rule(**fields: Any) -> dict[str, Any]:
    return {**_GIVEN, "rules": {"all": {"backends": _STABLE, **fields}}}


def gateway(**fields: Any) -> dict[str, Any]:
    own = {"gateway_class": "envoy", "listeners": {"http": {}}, **fields}
    return {"namespace": "ai", "rules": _GIVEN["rules"], "own_gateway": own}


def test_the_defaults() -> None:
    plan = plan_gateway_route(_GIVEN, name="chat")  # type: ignore[arg-type]
    (only,) = plan.rules
    assert only.manifest() == {
        "name": "all",
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "backendRefs": [{"group": "", "kind": "Service", "name": "chat", "port": 8000, "weight": 1}],
    }
    assert plan.gateway is None
    assert plan.hostnames == []


def test_a_listener_with_a_certificate_speaks_https() -> None:
    listeners = {"secure": {"tls_secret": "certificate", "hostname": "*.example.org"}, "plain": {}}
    plan = plan_gateway_route(gateway(listeners=listeners), name="chat")  # type: ignore[arg-type]
    assert plan.gateway is not None
    plain, secure = (each.manifest() for each in plan.gateway.listeners)
    assert (plain["protocol"], plain["port"]) == ("HTTP", 80)
    assert "tls" not in plain
    assert (secure["protocol"], secure["port"], secure["tls"]["mode"]) == ("HTTPS", 443, "Terminate")
    assert all(each["allowedRoutes"] == {"namespaces": {"from": "Same"}} for each in (plain, secure))


@pytest.mark.parametrize(
    ("seconds", "duration"),
    [(0, "0s"), (1, "1s"), (0.25, "250ms"), (60, "1m"), (300.5, "5m500ms"), (86_400, "1440m"), (61.001, "1m1s1ms")],
)
def test_seconds_become_durations(seconds: float, duration: str) -> None:
    (only,) = plan_gateway_route(rule(request_seconds=seconds), name="chat").rules  # type: ignore[arg-type]
    assert only.manifest()["timeouts"] == {"request": duration}


def test_no_bound_for_the_whole_allows_any_for_a_try() -> None:
    (only,) = plan_gateway_route(rule(request_seconds=0, backend_seconds=30), name="chat").rules  # type: ignore[arg-type]
    assert only.manifest()["timeouts"] == {"request": "0s", "backendRequest": "30s"}


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({**_GIVEN, "rules": {}}, "rules", "0 rules; give 1 to 16"),
        (
            {**_GIVEN, "rules": {f"r{n}": {"backends": _STABLE, "path_prefixes": [f"/{n}"]} for n in range(17)}},
            "rules",
            "17",
        ),
        ({"namespace": "ai", "rules": _GIVEN["rules"]}, "", "neither is given of existingGateway and ownGateway"),
        ({**gateway(), "existing_gateway": {"name": "edge"}}, "", "both are given"),
        ({**_GIVEN, "hostnames": ["chat.example.org:443"]}, "hostnames[0]", "is not a host name"),
        ({**_GIVEN, "hostnames": ["10.0.0.1"]}, "hostnames[0]", "is not a host name"),
        ({**_GIVEN, "hostnames": ["chat.*.org"]}, "hostnames[0]", "is not a host name"),
        ({**_GIVEN, "hostnames": [f"a{n}.example.org" for n in range(17)]}, "hostnames", "17 host names is too much"),
        (rule(backends={}), "rules.all.backends", "0 backends; give 1 to 16"),
        (rule(backends={"a": {"service": "chat", "port": 0}}), "rules.all.backends.a.port", "give 1 or more"),
        (rule(backends={"a": {"service": "chat", "port": 80, "weight": -1}}), "rules.all.backends.a.weight", "give 0"),
        (
            rule(backends={"a": {"service": "chat", "port": 80, "weight": 1_000_001}}),
            "rules.all.backends.a.weight",
            "give 1,000,000 or less",
        ),
        (rule(backends={"a": {"service": "x", "port": 80, "weight": 0}}), "rules.all.backends", "all have weight 0"),
        (rule(path_prefixes=[]), "rules.all.pathPrefixes", "0 paths; give 1 to 64"),
        (rule(path_prefixes=["v1"]), "rules.all.pathPrefixes[0]", "is not a path"),
        (rule(path_prefixes=["/v1", "/a b"]), "rules.all.pathPrefixes[1]", "is not a path"),
        (rule(path_prefixes=["/v1/.."]), "rules.all.pathPrefixes[0]", "is not a path"),
        (rule(path_prefixes=["/v1#x"]), "rules.all.pathPrefixes[0]", "is not a path"),
        (rule(path_prefixes=["/" + "a" * 1024]), "rules.all.pathPrefixes[0]", "1,024 characters"),
        (rule(path_prefixes=["/a//b"]), "rules.all.pathPrefixes[0]", "has '//' in it"),
        (rule(path_prefixes=["/a%2Fb"]), "rules.all.pathPrefixes[0]", "has '%2F' in it"),
        (rule(headers={"x canary": "1"}), "rules.all.headers.x canary", "is not a header"),
        (rule(headers={"x-canary": ""}), "rules.all.headers.x-canary", "is not a header with a value"),
        (rule(request_seconds=-1), "rules.all.requestSeconds", "give 0.001 seconds or more"),
        (rule(request_seconds=0.0001), "rules.all.requestSeconds", "give 0.001 seconds or more"),
        (rule(request_seconds=1_000_000), "rules.all.requestSeconds", "give 86,400 seconds or less"),
        (rule(request_seconds=10, backend_seconds=20), "rules.all.backendSeconds", "within the request's 10 seconds"),
        (gateway(listeners={}), "ownGateway.listeners", "0 listeners; give 1 to 64"),
        (gateway(listeners={"a": {"port": 0}}), "ownGateway.listeners.a.port", "give 1 or more"),
        (gateway(listeners={"a": {"hostname": "A"}}), "ownGateway.listeners.a.hostname", "is not a host name"),
        (gateway(listeners={"a": {}, "b": {}}), "ownGateway.listeners.b.port", "80 has the same host name on 'a'"),
        (gateway(scheme="internal-ish"), "ownGateway.scheme", "is not one of"),
        (
            gateway(annotations={"service.beta.kubernetes.io/azure-load-balancer-internal": "false"}),
            "ownGateway.annotations.service.beta.kubernetes.io/azure-load-balancer-internal",
            "set scheme in its place",
        ),
        ({**_GIVEN, "rule": {}}, "rule", "did you mean 'rules'"),
    ],
)
def test_a_wrong_field_is_named(given: dict[str, Any], path: str, words: str) -> None:
    (problem,) = problems_of(given)
    assert problem.path == path
    assert words in problem.reason


def test_two_rules_may_not_take_the_same_requests() -> None:
    rules = {
        "a": {"backends": _STABLE, "path_prefixes": ["/v1/"]},
        "b": {"backends": _STABLE, "path_prefixes": ["/v1"]},
    }
    (problem,) = problems_of({**_GIVEN, "rules": rules})
    assert problem.path == "rules.b.pathPrefixes"
    assert "is that of rule 'a' too" in problem.reason


def test_a_header_tells_two_rules_apart() -> None:
    rules = {"a": {"backends": _STABLE}, "b": {"backends": _STABLE, "headers": {"x-canary": "always"}}}
    assert len(plan_gateway_route({**_GIVEN, "rules": rules}, name="chat").rules) == 2  # type: ignore[typeddict-item]


def test_paths_are_bounded_over_all_rules() -> None:
    problems = Problems()
    rules: Any = {
        f"rule-{n}": {"backends": _STABLE, "path_prefixes": [f"/{n}/{m}" for m in range(64)]} for n in range(3)
    }
    plan_rules(problems, rules)
    (problem,) = problems
    assert problem.path == "rules"
    assert "192 paths in all; give 128 or fewer" in problem.reason
