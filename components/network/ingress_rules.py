"""Rules of an Ingress: which requests go to which Service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi

from ...infra.addresses import check_port
from ...infra.labels import check_name
from ...problems import Problems
from .exposure import PRIVATE_NETWORKS
from .gateway import check_host_name


class IngressRule(TypedDict):
    """Requests that go to one Service."""

    service: pulumi.Input[str]
    """Name of the Service, in the same namespace."""

    port: int
    """Port of the Service, 1 to 65,535."""

    hostname: NotRequired[str]
    """Host name of the requests, such as `chat.example.org` or `*.example.org`. Default: any."""

    path_prefix: NotRequired[str]
    """Beginning of their path, whole segments. Default: `/`, all."""

    pods: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Labels of the Service's pods: a NetworkPolicy then lets the balancer reach them, as a namespace that denies by
    default needs. Default: no policy is made."""

    target_port: NotRequired[int]
    """Port of the pods, for that policy, 1 to 65,535. Default: `port`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IngressRulePlan:
    """A rule with every default applied."""

    name: str
    service: pulumi.Input[str]
    port: int
    hostname: str | None
    path_prefix: str
    pods: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None
    target_port: int

    def path(self) -> dict[str, Any]:
        """An item of `http.paths`."""
        backend = {"service": {"name": self.service, "port": {"number": self.port}}}
        return {"path": self.path_prefix, "pathType": "Prefix", "backend": backend}

    def network_policy(self) -> dict[str, Any]:
        """The spec of a policy that lets the balancer reach the pods: it has addresses of the private network."""
        sources = [{"ipBlock": {"cidr": cidr}} for cidr in PRIVATE_NETWORKS]
        rule = {"from": sources, "ports": [{"protocol": "TCP", "port": self.target_port}]}
        return {"podSelector": {"matchLabels": self.pods}, "policyTypes": ["Ingress"], "ingress": [rule]}


def plan_ingress_rules(problems: Problems, rules: Mapping[str, IngressRule]) -> Sequence[IngressRulePlan]:
    """Check rules and apply their defaults; by host name, then the longest path first, then by name."""
    if not rules:
        problems.add("rules", "has no rule; give one, such as {'all': {'service': 'chat', 'port': 80}}")
    planned: list[IngressRulePlan] = []
    names: dict[tuple[str | None, str], str] = {}
    for name in sorted(rules):
        given = rules[name]
        check_name(problems, f"rules.{name}", name)
        with problems.under(f"rules.{name}"):
            port = check_port(problems, "port", given["port"])
            hostname, prefix = given.get("hostname"), given.get("path_prefix", "/")
            if hostname is not None:
                check_host_name(problems, "hostname", hostname)
            if not prefix.startswith("/") or "*" in prefix or "?" in prefix:
                problems.add("pathPrefix", f"'{prefix}' is not the beginning of a path; begin it with /, no wildcards")
            other = names.setdefault((hostname, prefix), name)
            if other != name:
                problems.add("pathPrefix", f"'{prefix}' of this host name is that of '{other}' too; give each its own")
            if "target_port" in given and "pods" not in given:
                problems.add("targetPort", "is for the network policy; give pods too, or leave it out")
            if given.get("pods") == {}:
                problems.add("pods", "selects no pods; give their labels, or leave it out")
            target = check_port(problems, "targetPort", given["target_port"]) if "target_port" in given else port
        planned.append(
            IngressRulePlan(
                name=name,
                service=given["service"],
                port=port,
                hostname=hostname,
                path_prefix=prefix,
                pods=given.get("pods"),
                target_port=target,
            )
        )
    return sorted(planned, key=lambda rule: (rule.hostname or "", -len(rule.path_prefix), rule.name))


def ingress_rules(rules: Sequence[IngressRulePlan]) -> list[dict[str, Any]]:
    """The Ingress's `spec.rules`."""
    by_host: dict[str | None, list[dict[str, Any]]] = {}
    for rule in rules:
        by_host.setdefault(rule.hostname, []).append(rule.path())
    return [({} if host is None else {"host": host}) | {"http": {"paths": paths}} for host, paths in by_host.items()]
