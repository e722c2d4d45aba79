"""What AWS's load balancers know of the pods behind them: target groups, their health checks, who gets requests."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.addresses import check_port
from ...infra.arguments import is_known
from ...problems import Problems

TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3 and 1.2, with forward secrecy: Elastic Load Balancing, "Security policies", read 2026-11."""

_OLD_POLICIES: Final = ("2015", "2016", "TLS-1-0", "TLS-1-1", "TLS13-1-0", "TLS13-1-1", "FS-2018", "FS-1-1")
"""Beginnings of the names of policies that speak TLS 1.0 or 1.1, from the same page."""

_LONGEST_DELAY: Final = 3_600
"""Seconds: Elastic Load Balancing, "Target group attributes", `deregistration_delay.timeout_seconds`."""

_TAG_FORBIDDEN: Final = (",", "=")
"""What ends a tag in an annotation of the controller."""


class TargetType(StrEnum):
    """What a load balancer of AWS sends requests to."""

    IP = "ip"
    """The pods themselves; needs pods with addresses of the VPC, as the VPC CNI gives them."""

    INSTANCE = "instance"
    """A port of every node, which passes them on."""


class TargetHealthCheck(TypedDict):
    """How a load balancer of AWS finds out which pods may get requests."""

    path: NotRequired[str]
    """Path that answers, such as `/healthz`. Default: `/` for requests (HTTP); none for connections (TCP), where a
    pod is healthy that accepts one."""

    port: NotRequired[int]
    """Port of the pod that answers, 1 to 65,535. Default: the one that gets the traffic."""

    interval_seconds: NotRequired[int]
    """Seconds between two checks, 5 to 300. Default: 10."""

    timeout_seconds: NotRequired[int]
    """Seconds that an answer may take, 2 to 120, less than the interval. Default: 5."""

    healthy_threshold: NotRequired[int]
    """Checks in a row that make a pod healthy, 2 to 10. Default: 2."""

    unhealthy_threshold: NotRequired[int]
    """Checks in a row that make a pod unhealthy, 2 to 10. Default: 3."""

    success_codes: NotRequired[str]
    """HTTP statuses that are healthy, such as `200-299`; with a path only. Default: `200`."""


class AccessLogs(TypedDict):
    """Where a load balancer of AWS writes who asked for what."""

    bucket: pulumi.Input[str]
    """Name of the S3 bucket; its policy must let Elastic Load Balancing write."""

    prefix: NotRequired[str]
    """Folder in the bucket. Default: its root."""


def plan_health_check(problems: Problems, given: TargetHealthCheck | None, *, http: bool) -> Mapping[str, str]:
    """Check a health check and apply the defaults.

    Returns:
        The values of the annotations, by the last part of their names as the controller's Service annotations have
        them. With `http` a path is always asked for.
    """
    check: TargetHealthCheck = given or {}
    interval, timeout = int(check.get("interval_seconds", 10)), int(check.get("timeout_seconds", 5))
    healthy, unhealthy = int(check.get("healthy_threshold", 2)), int(check.get("unhealthy_threshold", 3))
    problems.between("intervalSeconds", interval, 5, 300, "seconds")
    problems.between("timeoutSeconds", timeout, 2, 120, "seconds")
    if timeout >= interval:
        problems.add("timeoutSeconds", f"{timeout} seconds is no less than the interval of {interval}; shorten it")
    problems.between("healthyThreshold", healthy, 2, 10, "checks")
    problems.between("unhealthyThreshold", unhealthy, 2, 10, "checks")
    path = check.get("path", "/" if http else None)
    if path is not None and not path.startswith("/"):
        problems.add("path", f"'{path}' is not a path; begin it with /")
    if path is None and "success_codes" in check:
        problems.add("successCodes", "TCP has no statuses; give a path too, or leave it out")
    values = {
        "protocol": "http" if path is not None else "tcp",
        "port": str(check_port(problems, "port", check["port"])) if "port" in check else "traffic-port",
        "interval": str(interval),
        "timeout": str(timeout),
        "healthy-threshold": str(healthy),
        "unhealthy-threshold": str(unhealthy),
    }
    if path is not None:
        values |= {"path": path, "success-codes": check.get("success_codes", "200")}
    return values


def plan_deregistration(problems: Problems, given: float | None) -> int:
    """Return the seconds that a pod which goes away may finish what it began; AWS's default is 300."""
    seconds = 300 if given is None else int(given)
    problems.between("deregistrationDelaySeconds", seconds, 0, _LONGEST_DELAY, "seconds")
    return seconds


def plan_target_type(problems: Problems, given: str) -> TargetType:
    """Read the target type; a wrong one becomes a problem and counts as `ip`."""
    problems.choice("targetType", given, [each.value for each in TargetType])
    return TargetType(given) if given in list(TargetType) else TargetType.IP


def check_list(problems: Problems, path: str, given: Sequence[pulumi.Input[str]] | None) -> None:
    """Refuse an empty list, and what a list in an annotation cannot hold."""
    if given is not None and not given:
        problems.add(path, "names nothing; name something, or leave it out")
    for index, item in enumerate(given or ()):
        if is_known(item) and (not item or "," in str(item)):
            problems.add(f"{path}[{index}]", f"'{item}' cannot stand in a list of the controller")


def check_tags(problems: Problems, tags: Mapping[str, pulumi.Input[str]]) -> None:
    """Refuse tags that an annotation cannot hold."""
    for key, value in tags.items():
        text = f"{key}{value}" if is_known(value) else key
        if not key or any(sign in text for sign in _TAG_FORBIDDEN):
            problems.add(f"tags.{key}", "a tag in an annotation has a name, and neither comma nor equals sign")


def check_tls_policy(problems: Problems, policy: str) -> None:
    """Refuse what is no policy, and policies that speak TLS 1.0 or 1.1, which RFC 8996 retired."""
    if not policy.startswith("ELBSecurityPolicy-"):
        problems.add("tlsPolicy", f"'{policy}' is not a policy of AWS; its name begins with ELBSecurityPolicy-")
    elif policy.removeprefix("ELBSecurityPolicy-").startswith(_OLD_POLICIES):
        problems.add("tlsPolicy", f"'{policy}' speaks TLS 1.0 or 1.1; give {TLS_POLICY} or a stricter one")


def listed(values: Iterable[pulumi.Input[str]]) -> pulumi.Input[str]:
    """Write a list as the controller reads it: with commas between."""
    values = list(values)
    if all(isinstance(value, str) for value in values):
        return ",".join(map(str, values))
    return pulumi.Output.all(*values).apply(lambda known: ",".join(map(str, known)))


def mapped(values: Mapping[str, pulumi.Input[str]]) -> pulumi.Input[str]:
    """Write a map as the controller reads it: `key=value`, with commas between, sorted."""
    parts: list[pulumi.Input[str]] = []
    for key in sorted(values):
        value = values[key]
        parts.append(f"{key}={value}" if isinstance(value, str) else pulumi.Output.concat(f"{key}=", value))
    return listed(parts)


def balancer_attributes(logs: AccessLogs | None, deletion_protection: bool) -> dict[str, pulumi.Input[str]]:
    """Return the attributes that both kinds of load balancers have.

    What is off is written too: the controller leaves alone what is not named, so that an attribute which was on once
    would stay on.
    """
    attributes: dict[str, Any] = {"deletion_protection.enabled": boolean(deletion_protection)}
    if logs is None:
        return attributes | {"access_logs.s3.enabled": "false"}
    attributes |= {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": logs["bucket"]}
    return attributes | ({"access_logs.s3.prefix": logs["prefix"]} if "prefix" in logs else {})


def boolean(value: bool) -> str:
    """Write true or false as an annotation has it."""
    return "true" if value else "false"
