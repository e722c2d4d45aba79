"""A Network Load Balancer: what AWS's controller is told about a Service of type LoadBalancer.

Source of the annotations: AWS Load Balancer Controller, guide/service/annotations, read 2026-11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from .service_ports import PortPlan, TransportProtocol
from .target_groups import (
    TLS_POLICY,
    AccessLogs,
    TargetHealthCheck,
    TargetType,
    balancer_attributes,
    boolean,
    check_list,
    check_tags,
    check_tls_policy,
    listed,
    mapped,
    plan_deregistration,
    plan_health_check,
    plan_target_type,
)

LOAD_BALANCER_CLASS: Final = "service.k8s.aws/nlb"
"""Services of this class are the AWS Load Balancer Controller's."""

_PREFIX: Final = "service.beta.kubernetes.io/aws-load-balancer-"


class NetworkLoadBalancer(TypedDict):
    """A Network Load Balancer, made by the AWS Load Balancer Controller."""

    target_type: NotRequired[TargetType]
    """Whether connections go to pods (`ip`) or through nodes (`instance`). Default: `ip`."""

    certificate_arns: NotRequired[list[pulumi.Input[str]]]
    """ARNs of certificates of ACM, that of most clients first: the balancer ends TLS. Default: none, so that what
    clients send reaches the pods as it is."""

    tls_ports: NotRequired[list[str]]
    """Names of the ports that speak TLS; only with `certificate_arns`. Default: all TCP ports."""

    tls_policy: NotRequired[str]
    """Security policy of TLS: versions and ciphers. Default: `ELBSecurityPolicy-TLS13-1-2-2021-06`, TLS 1.2 and 1.3."""

    backend_tls: NotRequired[bool]
    """Whether connections to the pods are TLS too; only with `certificate_arns`. Default: false."""

    proxy_protocol: NotRequired[bool]
    """Whether each connection begins with the client's address, in the proxy protocol's version 2, which the pods must
    then read. Default: false."""

    preserve_client_ip: NotRequired[bool]
    """Whether pods see the client's address. A pod that connects to itself through the balancer then gets no answer.
    Default: true."""

    cross_zone: NotRequired[bool]
    """Whether connections go to pods of all zones, at the price of traffic between them. Default: true, as pods on
    GPUs are few and seldom even over the zones."""

    health_check: NotRequired[TargetHealthCheck]
    """Which pods get connections. Default: those that accept one."""

    deregistration_delay_seconds: NotRequired[int]
    """Seconds that connections of a pod which goes away may last, 0 to 3,600. Default: 300."""

    security_groups: NotRequired[list[pulumi.Input[str]]]
    """Security groups of the balancer; `source_ranges` are then theirs to admit. Default: one that the controller makes
    from `source_ranges`."""

    subnets: NotRequired[list[pulumi.Input[str]]]
    """Subnets, at most one a zone. Default: those that their tags offer to load balancers."""

    access_logs: NotRequired[AccessLogs]
    """Where connections are logged; AWS logs those with TLS alone. Default: nowhere."""

    deletion_protection: NotRequired[bool]
    """Whether AWS refuses to delete the balancer, as then does `pulumi destroy`. Default: false."""

    dual_stack: NotRequired[bool]
    """Whether it has addresses of IPv6 too. Default: false."""

    tags: NotRequired[dict[str, pulumi.Input[str]]]
    """Tags of all that the controller makes in AWS, beside its own. Default: none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkLoadBalancerPlan:
    """A Network Load Balancer with every default applied."""

    target_type: TargetType
    annotations: Mapping[str, pulumi.Input[str]]


def plan_network_load_balancer(
    problems: Problems, given: NetworkLoadBalancer, ports: Sequence[PortPlan], *, affinity: bool
) -> NetworkLoadBalancerPlan:
    """Check the options and apply the defaults; the paths of problems are relative to the options."""
    target_type = plan_target_type(problems, given.get("target_type", TargetType.IP))
    for key, path in (("security_groups", "securityGroups"), ("subnets", "subnets")):
        check_list(problems, path, given.get(key))
    check_tags(problems, given.get("tags", {}))
    for port in ports:
        if port.protocol is TransportProtocol.SCTP:
            problems.add("", f"port '{port.name}' is SCTP, which no Network Load Balancer speaks; use TCP or UDP")
    with problems.under("healthCheck"):
        health = plan_health_check(problems, given.get("health_check"), http=False)
    delay = plan_deregistration(problems, given.get("deregistration_delay_seconds"))
    values: dict[str, pulumi.Input[str]] = {f"healthcheck-{key}": value for key, value in health.items()}
    values |= _tls(problems, given, ports)
    values |= {
        "nlb-target-type": str(target_type),
        "ip-address-type": "dualstack" if given.get("dual_stack", False) else "ipv4",
        "attributes": mapped(_attributes(given)),
        "target-group-attributes": mapped(_target_attributes(given, delay, affinity)),
    }
    if given.get("proxy_protocol", False):
        values["proxy-protocol"] = "*"
    if "security_groups" in given:
        # Without this nobody lets the balancer reach the pods.
        values |= {
            "security-groups": listed(given["security_groups"]),
            "manage-backend-security-group-rules": "true",
        }
    if "subnets" in given:
        values["subnets"] = listed(given["subnets"])
    if given.get("tags"):
        values["additional-resource-tags"] = mapped(given.get("tags", {}))
    annotations = {f"{_PREFIX}{key}": values[key] for key in sorted(values)}
    return NetworkLoadBalancerPlan(target_type=target_type, annotations=annotations)


def is_network_load_balancer_annotation(key: str) -> bool:
    """Whether an annotation is one that these options write; those of the scheme are refused elsewhere."""
    return key.startswith(_PREFIX) and key.removeprefix(_PREFIX) not in ("scheme", "internal")


def _attributes(given: NetworkLoadBalancer) -> dict[str, pulumi.Input[str]]:
    return {
        **balancer_attributes(given.get("access_logs"), given.get("deletion_protection", False)),
        "load_balancing.cross_zone.enabled": boolean(given.get("cross_zone", True)),
    }


def _target_attributes(given: NetworkLoadBalancer, delay: int, affinity: bool) -> dict[str, pulumi.Input[str]]:
    attributes: dict[str, pulumi.Input[str]] = {
        "deregistration_delay.timeout_seconds": str(delay),
        "preserve_client_ip.enabled": boolean(given.get("preserve_client_ip", True)),
        # Connections to pods go past the Service, and so past its affinity.
        "stickiness.enabled": boolean(affinity),
    }
    return attributes | ({"stickiness.type": "source_ip"} if affinity else {})


def _tls(problems: Problems, given: NetworkLoadBalancer, ports: Sequence[PortPlan]) -> Mapping[str, pulumi.Input[str]]:
    certificates = given.get("certificate_arns")
    check_list(problems, "certificateArns", certificates)
    if certificates is None:
        for key, path in (("tls_ports", "tlsPorts"), ("tls_policy", "tlsPolicy"), ("backend_tls", "backendTls")):
            if key in given:
                problems.add(path, "needs certificateArns; give a certificate too, or leave it out")
        return {}
    with_tls = [port.name for port in ports if port.protocol is TransportProtocol.TCP]
    chosen = given.get("tls_ports", with_tls)
    for index, name in enumerate(chosen):
        problems.choice(f"tlsPorts[{index}]", name, with_tls)
    if not chosen:
        problems.add("tlsPorts", "no port speaks TLS; name a TCP port, or leave the certificates out")
    policy = given.get("tls_policy", TLS_POLICY)
    check_tls_policy(problems, policy)
    return {
        "ssl-cert": listed(certificates),
        "ssl-ports": ",".join(sorted(chosen)),
        "ssl-negotiation-policy": policy,
        "backend-protocol": "ssl" if given.get("backend_tls", False) else "tcp",
    }
