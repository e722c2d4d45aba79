"""What AWS's controller is told about an Ingress.

Source of the annotations: AWS Load Balancer Controller, guide/ingress/annotations, read 2026-11.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

import pulumi

from ...problems import Problems
from .alb_arguments import ApplicationLoadBalancerArgs, BackendProtocol, BackendProtocolVersion, BalancingAlgorithm
from .exposure import LoadBalancerScheme, plan_scheme, plan_source_ranges
from .target_groups import (
    TLS_POLICY,
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

PREFIX: Final = "alb.ingress.kubernetes.io/"
_GROUP_NAME: Final = re.compile(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?")
_LONGEST_GROUP_NAME: Final = 63
_ORDERS: Final = (1, 1_000)
_IDLE: Final = (1, 4_000)
"""Seconds: Application Load Balancers, "Load balancer attributes", `idle_timeout.timeout_seconds`."""

_SLOW_START: Final = (30, 900)
_STICKINESS: Final = (1, 604_800)
"""Seconds: Application Load Balancers, "Target group attributes"."""

_HEALTH_NAMES: Final = {
    "protocol": "healthcheck-protocol",
    "port": "healthcheck-port",
    "path": "healthcheck-path",
    "interval": "healthcheck-interval-seconds",
    "timeout": "healthcheck-timeout-seconds",
    "healthy-threshold": "healthy-threshold-count",
    "unhealthy-threshold": "unhealthy-threshold-count",
    "success-codes": "success-codes",
}


def plan_alb_annotations(problems: Problems, args: ApplicationLoadBalancerArgs) -> Mapping[str, pulumi.Input[str]]:
    """Check the options of a balancer, apply the defaults, and write them as annotations."""
    scheme = plan_scheme(problems, args.get("scheme", LoadBalancerScheme.INTERNAL))
    protocol = args.get("backend_protocol", BackendProtocol.HTTP)
    version = args.get("protocol_version", BackendProtocolVersion.HTTP1)
    problems.choice("backendProtocol", protocol, [each.value for each in BackendProtocol])
    problems.choice("protocolVersion", version, [each.value for each in BackendProtocolVersion])
    check_tags(problems, args.get("tags", {}))
    values: dict[str, pulumi.Input[str]] = {
        "scheme": str(scheme),
        "target-type": str(plan_target_type(problems, args.get("target_type", TargetType.IP))),
        "ip-address-type": "dualstack" if args.get("dual_stack", False) else "ipv4",
        "backend-protocol": str(protocol),
        "backend-protocol-version": str(version),
        "load-balancer-attributes": mapped(_attributes(problems, args)),
        "target-group-attributes": mapped(_target_attributes(problems, args)),
        **_listeners(problems, args, scheme),
        **_clients(problems, args, scheme),
        **_health(problems, args, is_grpc=version == BackendProtocolVersion.GRPC, protocol=protocol),
        **_group(problems, args),
    }
    check_list(problems, "subnets", args.get("subnets"))
    if "subnets" in args:
        values["subnets"] = listed(args["subnets"])
    if "web_acl_arn" in args:
        values["wafv2-acl-arn"] = args["web_acl_arn"]
    if args.get("tags"):
        values["tags"] = mapped(args.get("tags", {}))
    given = args.get("annotations", {})
    for key in sorted({f"{PREFIX}{name}" for name in values} & given.keys()):
        problems.add(f"annotations.{key}", "is written from the other inputs; set it there")
    own = {f"{PREFIX}{name}": value for name, value in values.items()} | dict(given)
    return {key: own[key] for key in sorted(own)}


def _listeners(
    problems: Problems, args: ApplicationLoadBalancerArgs, scheme: LoadBalancerScheme
) -> Mapping[str, pulumi.Input[str]]:
    certificates = args.get("certificate_arns")
    check_list(problems, "certificateArns", certificates)
    if certificates is None:
        if scheme is LoadBalancerScheme.INTERNET_FACING:
            problems.add("certificateArns", "missing; on the internet clients need TLS, so give a certificate of ACM")
        for key, path in (("tls_policy", "tlsPolicy"), ("redirect_http", "redirectHttp")):
            if key in args:
                problems.add(path, "needs certificateArns; give a certificate too, or leave it out")
        return {"listen-ports": json.dumps([{"HTTP": 80}])}
    policy = args.get("tls_policy", TLS_POLICY)
    check_tls_policy(problems, policy)
    tls: dict[str, pulumi.Input[str]] = {"certificate-arn": listed(certificates), "ssl-policy": policy}
    if args.get("redirect_http", True):
        return tls | {"listen-ports": json.dumps([{"HTTP": 80}, {"HTTPS": 443}]), "ssl-redirect": "443"}
    return tls | {"listen-ports": json.dumps([{"HTTPS": 443}])}


def _clients(
    problems: Problems, args: ApplicationLoadBalancerArgs, scheme: LoadBalancerScheme
) -> Mapping[str, pulumi.Input[str]]:
    groups = args.get("security_groups")
    check_list(problems, "securityGroups", groups)
    if groups is None:
        return {"inbound-cidrs": ",".join(plan_source_ranges(problems, args.get("source_ranges"), scheme))}
    if "source_ranges" in args:
        problems.add("sourceRanges", "is for the group that the controller makes; leave it out, or securityGroups")
    return {"security-groups": listed(groups), "manage-backend-security-group-rules": "true"}


def _health(
    problems: Problems, args: ApplicationLoadBalancerArgs, *, is_grpc: bool, protocol: str
) -> Mapping[str, str]:
    given = args.get("health_check")
    with problems.under("healthCheck"):
        values = dict(plan_health_check(problems, given, http=True))
    values["protocol"] = str(protocol)
    if is_grpc and "success_codes" not in (given or {}):
        # gRPC has statuses of its own: 12 is "unimplemented", which every server answers to what it does not know.
        values["success-codes"] = "12"
        values["path"] = (given or {}).get("path", "/AWS.ALB/healthcheck")
    return {_HEALTH_NAMES[key]: value for key, value in values.items()}


def _group(problems: Problems, args: ApplicationLoadBalancerArgs) -> Mapping[str, str]:
    name = args.get("group_name")
    order = args.get("group_order")
    if order is not None:
        problems.between("groupOrder", int(order), *_ORDERS)
    if name is None:
        if order is not None:
            problems.add("groupOrder", "needs groupName; give it too, or leave the order out")
        return {}
    if not _GROUP_NAME.fullmatch(name) or len(name) > _LONGEST_GROUP_NAME:
        problems.add(
            "groupName", f"'{name}' is not a name; use lower-case letters, digits and inner - or ., 63 at most"
        )
    return {"group.name": name} | ({} if order is None else {"group.order": str(int(order))})


def _attributes(problems: Problems, args: ApplicationLoadBalancerArgs) -> Mapping[str, pulumi.Input[str]]:
    idle = int(args.get("idle_timeout_seconds", 300))
    problems.between("idleTimeoutSeconds", idle, *_IDLE, "seconds")
    return {
        **balancer_attributes(args.get("access_logs"), args.get("deletion_protection", False)),
        "idle_timeout.timeout_seconds": str(idle),
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }


def _target_attributes(problems: Problems, args: ApplicationLoadBalancerArgs) -> Mapping[str, pulumi.Input[str]]:
    slow, sticky = args.get("slow_start_seconds"), args.get("stickiness_seconds")
    default = BalancingAlgorithm.LEAST_OUTSTANDING_REQUESTS if slow is None else BalancingAlgorithm.ROUND_ROBIN
    algorithm = args.get("algorithm", default)
    problems.choice("algorithm", algorithm, [each.value for each in BalancingAlgorithm])
    if slow is not None:
        problems.between("slowStartSeconds", int(slow), *_SLOW_START, "seconds")
        if algorithm != BalancingAlgorithm.ROUND_ROBIN:
            problems.add("slowStartSeconds", f"AWS has none with {algorithm}; leave it out, or take round_robin")
    if sticky is not None:
        problems.between("stickinessSeconds", int(sticky), *_STICKINESS, "seconds")
    attributes: dict[str, pulumi.Input[str]] = {
        "deregistration_delay.timeout_seconds": str(
            plan_deregistration(problems, args.get("deregistration_delay_seconds"))
        ),
        "load_balancing.algorithm.type": str(algorithm),
        "slow_start.duration_seconds": "0" if slow is None else str(int(slow)),
        "stickiness.enabled": boolean(sticky is not None),
    }
    if sticky is None:
        return attributes
    return attributes | {
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": str(int(sticky)),
    }
