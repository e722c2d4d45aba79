"""The rules of a route: which requests, to which backends, for how long."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.addresses import check_port
from ...infra.labels import check_name
from ...problems import Problems

# Bounds of HTTPRoute in Gateway API v1, from the published schema.
_MAXIMUM_RULES: Final = 16
_MAXIMUM_MATCHES: Final = 64
_MAXIMUM_BACKENDS: Final = 16
_MAXIMUM_WEIGHT: Final = 1_000_000
_MAXIMUM_PATH: Final = 1024
_MAXIMUM_MATCHES_IN_ALL: Final = 128
_MINIMUM_SECONDS: Final = 0.001
_MAXIMUM_SECONDS: Final = 86_400
_PATH: Final = re.compile(r"/(?:[A-Za-z0-9/\-._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*")
_NOT_IN_PATH: Final = ("//", "/./", "/../", "%2f", "%2F")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_\x60|~]{1,256}")


class RouteBackend(TypedDict):
    """A Service that takes a share of the requests."""

    service: pulumi.Input[str]
    """Name of the Service, in the route's namespace."""

    port: int
    """Port of the Service. 1 to 65,535."""

    weight: NotRequired[int]
    """Share of the requests, beside the weights of the other backends; 0 takes none. Default: 1."""


class RouteRule(TypedDict):
    """Which requests go where."""

    backends: dict[str, RouteBackend]
    """Backends by role, such as `stable` and `canary`; 1 to 16."""

    path_prefixes: NotRequired[list[str]]
    """Paths whose requests it takes, whole segments. The longest prefix of all rules wins. Default: `/`."""

    headers: NotRequired[dict[str, str]]
    """Headers that a request must have, with exactly these values, such as one that asks for a canary. Default: any."""

    request_seconds: NotRequired[float]
    """Seconds until the client has its whole answer; 0 for no bound, as for streams of tokens. Default: that of the
    gateway, which may be as short as 15."""

    backend_seconds: NotRequired[float]
    """Seconds of one try at a backend, at most `request_seconds`. Default: that of the gateway."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RulePlan:
    """A rule with every default applied."""

    name: str
    backends: Sequence[Mapping[str, Any]]
    path_prefixes: Sequence[str]
    headers: Mapping[str, str]
    request_seconds: float | None
    backend_seconds: float | None

    def manifest(self) -> dict[str, Any]:
        """An item of the route's `spec.rules`."""
        headers = [{"type": "Exact", "name": name, "value": self.headers[name]} for name in sorted(self.headers)]
        matches = [
            {"path": {"type": "PathPrefix", "value": prefix}, **({"headers": headers} if headers else {})}
            for prefix in self.path_prefixes
        ]
        fields: dict[str, Any] = {"name": self.name, "matches": matches, "backendRefs": list(self.backends)}
        bounds = {"request": self.request_seconds, "backendRequest": self.backend_seconds}
        timeouts = {key: _duration(seconds) for key, seconds in bounds.items() if seconds is not None}
        return fields | ({"timeouts": timeouts} if timeouts else {})


def plan_rules(problems: Problems, rules: Mapping[str, RouteRule]) -> tuple[RulePlan, ...]:
    """Check rules and apply their defaults; sorted by name."""
    if not 1 <= len(rules) <= _MAXIMUM_RULES:
        problems.add("rules", f"{len(rules)} rules; give 1 to {_MAXIMUM_RULES}")
    planned: list[RulePlan] = []
    taken: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
    for name in sorted(rules):
        check_name(problems, f"rules.{name}", name)
        with problems.under(f"rules.{name}"):
            rule = _plan_rule(problems, name, rules[name])
            for prefix in rule.path_prefixes:
                headers = tuple(sorted((key.lower(), value) for key, value in rule.headers.items()))
                other = taken.setdefault((prefix, headers), name)
                if other != name:
                    problems.add("pathPrefixes", f"'{prefix}' is that of rule '{other}' too; put both in one rule")
        planned.append(rule)
    count = sum(len(rule.path_prefixes) for rule in planned)
    if count > _MAXIMUM_MATCHES_IN_ALL:
        problems.add("rules", f"{count} paths in all; give {_MAXIMUM_MATCHES_IN_ALL} or fewer, or make a second route")
    return tuple(planned)


def _plan_rule(problems: Problems, name: str, given: RouteRule) -> RulePlan:
    prefixes = sorted({prefix.rstrip("/") or "/" for prefix in given.get("path_prefixes", ["/"])})
    if not 1 <= len(prefixes) <= _MAXIMUM_MATCHES:
        problems.add("pathPrefixes", f"{len(prefixes)} paths; give 1 to {_MAXIMUM_MATCHES}")
    for index, prefix in enumerate(given.get("path_prefixes", [])):
        _check_prefix(problems, f"pathPrefixes[{index}]", prefix)
    headers = given.get("headers", {})
    for header, value in headers.items():
        if not _HEADER.fullmatch(header) or not value:
            problems.add(f"headers.{header}", "is not a header with a value; write it like {'x-canary': 'always'}")
    request, backend = given.get("request_seconds"), given.get("backend_seconds")
    for field, seconds in (("requestSeconds", request), ("backendSeconds", backend)):
        if seconds:
            problems.between(field, seconds, _MINIMUM_SECONDS, _MAXIMUM_SECONDS, "seconds")
    if request and backend is not None and backend > request:
        problems.add(
            "backendSeconds", f"{backend:g} seconds must end within the request's {request:g} seconds; give fewer"
        )
    return RulePlan(
        name=name,
        backends=_plan_backends(problems, given["backends"]),
        path_prefixes=prefixes,
        headers=headers,
        request_seconds=request,
        backend_seconds=backend,
    )


def _plan_backends(problems: Problems, backends: Mapping[str, RouteBackend]) -> list[Mapping[str, Any]]:
    if not 1 <= len(backends) <= _MAXIMUM_BACKENDS:
        problems.add("backends", f"{len(backends)} backends; give 1 to {_MAXIMUM_BACKENDS}")
    planned: list[Mapping[str, Any]] = []
    for role in sorted(backends):
        given = backends[role]
        with problems.under(f"backends.{role}"):
            weight = int(given.get("weight", 1))
            problems.between("weight", weight, 0, _MAXIMUM_WEIGHT)
            port = check_port(problems, "port", given["port"])
        planned.append({"group": "", "kind": "Service", "name": given["service"], "port": port, "weight": weight})
    if planned and all(backend["weight"] == 0 for backend in planned):
        problems.add("backends", "all have weight 0, so every request would fail; give one of them more")
    return planned


def _check_prefix(problems: Problems, path: str, prefix: str) -> None:
    dotted = prefix.endswith(("/.", "/.."))
    if len(prefix) > _MAXIMUM_PATH or not _PATH.fullmatch(prefix) or dotted:
        problems.add(path, f"'{prefix}' is not a path; write it like /v1/chat, at most {_MAXIMUM_PATH:,} characters")
    for part in _NOT_IN_PATH:
        if part in prefix:
            problems.add(path, f"'{prefix}' has '{part}' in it, which gateways refuse; leave it out")


def _duration(seconds: float) -> str:
    """A Gateway API duration (GEP-2257): whole milliseconds, at most five digits a unit."""
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    whole, thousandths = divmod(rest, 1000)
    parts = {"m": minutes, "s": whole, "ms": thousandths}
    return "".join(f"{count}{unit}" for unit, count in parts.items() if count) or "0s"
