"""A web application firewall before load balancers of AWS."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.labels import check_name
from ...problems import Problems

_DEFAULT_GROUPS: Final = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
)
_COMMON: Final = "AWSManagedRulesCommonRuleSet"
_BODY_RULE: Final = "SizeRestrictions_BODY"
"""Blocks bodies above 8 KiB: AWS WAF, "Baseline rule groups", read 2026-11."""

_LOG_PREFIX: Final = "aws-waf-logs-"
"""What AWS WAF wants the name of a log group to begin with: AWS WAF, "CloudWatch Logs", read 2026-11."""

_RATE: Final = (10, 2_000_000_000)
_WINDOWS: Final = (60, 120, 300, 600)
"""Requests, and seconds: AWS WAF, "Rate-based rule high-level settings", read 2026-11."""

_RETENTION: Final = (30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Days that CloudWatch Logs offers, from a month upwards: PutRetentionPolicy."""


class WebFirewallArgs(TypedDict):
    """Inputs of `WebFirewall`."""

    managed_rule_groups: NotRequired[list[str]]
    """Names of AWS's rule groups, each at most once. Default: `AWSManagedRulesAmazonIpReputationList`,
    `AWSManagedRulesCommonRuleSet` and `AWSManagedRulesKnownBadInputsRuleSet`."""

    rate_limit: NotRequired[int]
    """Requests of one address in a window before it is blocked, 10 to 2,000,000,000. Default: 2,000."""

    rate_window_seconds: NotRequired[int]
    """Seconds of that window: 60, 120, 300 or 600. Default: 300."""

    large_bodies: NotRequired[bool]
    """Whether bodies above 8 KiB, as long prompts are, go through; AWS's rule only counts them then. Default: true."""

    count_only: NotRequired[bool]
    """Whether nothing is blocked, only counted and logged, to see first what the rules would do. Default: false."""

    log_retention_days: NotRequired[int]
    """Days that logs are kept, one of those that CloudWatch offers. Default: 365."""

    encryption_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key of the logs, whose policy must let CloudWatch Logs use it. Default: a key of AWS's own."""

    redacted_headers: NotRequired[list[str]]
    """Headers that are left out of the logs. Default: `authorization`, `cookie` and `x-api-key`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebFirewallPlan:
    """A firewall with every default applied."""

    name: str
    managed_rule_groups: Sequence[str]
    rate_limit: int
    rate_window_seconds: int
    large_bodies: bool
    count_only: bool
    log_retention_days: int
    redacted_headers: Sequence[str]

    def rules(self) -> list[dict[str, Any]]:
        """The rules: the limit first, as it is the cheapest, then AWS's groups by name."""
        limit: dict[str, Any] = {
            "name": "rate-limit",
            "priority": 0,
            "action": {"count": {}} if self.count_only else {"block": {}},
            "statement": {
                "rate_based_statement": {
                    "limit": self.rate_limit,
                    "evaluation_window_sec": self.rate_window_seconds,
                    "aggregate_key_type": "IP",
                }
            },
            "visibility_config": _metrics("rate-limit"),
        }
        return [limit, *(self._group(index, group) for index, group in enumerate(self.managed_rule_groups, start=1))]

    def _group(self, priority: int, group: str) -> dict[str, Any]:
        statement: dict[str, Any] = {"vendor_name": "AWS", "name": group}
        if group == _COMMON and self.large_bodies:
            statement["rule_action_overrides"] = [{"name": _BODY_RULE, "action_to_use": {"count": {}}}]
        return {
            "name": group,
            "priority": priority,
            "override_action": {"count": {}} if self.count_only else {"none": {}},
            "statement": {"managed_rule_group_statement": statement},
            "visibility_config": _metrics(group),
        }


def plan_web_firewall(args: WebFirewallArgs, name: str = "web-firewall") -> WebFirewallPlan:
    """Check the inputs of the firewall called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, WebFirewallArgs):
        problems.raise_if_any("WebFirewall")
    check_name(problems, "name", name)
    groups = args.get("managed_rule_groups", list(_DEFAULT_GROUPS))
    for index, group in enumerate(groups):
        if not group.startswith("AWSManagedRules") or not group.isalnum():
            problems.add(
                f"managedRuleGroups[{index}]",
                f"'{group}' is no rule group of AWS; their names begin with AWSManagedRules",
            )
    if len(set(groups)) < len(groups):
        problems.add("managedRuleGroups", "names a group twice; once is enough")
    rate, window = int(args.get("rate_limit", 2_000)), int(args.get("rate_window_seconds", 300))
    problems.between("rateLimit", rate, *_RATE, "requests")
    problems.choice("rateWindowSeconds", str(window), map(str, _WINDOWS))
    days = int(args.get("log_retention_days", 365))
    problems.choice("logRetentionDays", str(days), map(str, _RETENTION))
    headers = args.get("redacted_headers", ["authorization", "cookie", "x-api-key"])
    for index, header in enumerate(headers):
        if not header or header != header.lower() or not header.isascii() or any(sign in header for sign in " :\n"):
            problems.add(f"redactedHeaders[{index}]", f"'{header}' is not the name of a header in lower case")
    problems.raise_if_any("WebFirewall")
    return WebFirewallPlan(
        name=name,
        managed_rule_groups=sorted(groups),
        rate_limit=rate,
        rate_window_seconds=window,
        large_bodies=args.get("large_bodies", True),
        count_only=args.get("count_only", False),
        log_retention_days=days,
        redacted_headers=sorted(set(headers)),
    )


class WebFirewall(pulumi.ComponentResource):
    """A regional web ACL of AWS WAF with AWS's own rules and a limit for each client, and its logs.

    It protects nothing by itself: give its ARN to an ApplicationLoadBalancer as `web_acl_arn`. Network Load Balancers
    have no firewall of this kind.

    Example: `WebFirewall("edge", {"rate_limit": 1000})`
    """

    web_acl_arn: pulumi.Output[str]
    """ARN of the web ACL."""

    log_group_name: pulumi.Output[str]
    """Name of the log group in CloudWatch."""

    def __init__(self, name: str, args: WebFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        from pulumi_aws import cloudwatch, wafv2

        plan = planned("WebFirewall", name, partial(plan_web_firewall, name=name), args)
        super().__init__("aidc:index:WebFirewall", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        rules: Any = plan.rules()
        acl = wafv2.WebAcl(
            name,
            scope="REGIONAL",
            description=f"Requests before the load balancers of {name}",
            default_action={"allow": {}},
            rules=rules,
            visibility_config=_metrics(name),
            opts=child,
        )
        logs = cloudwatch.LogGroup(
            name,
            name=f"{_LOG_PREFIX}{name}",
            retention_in_days=plan.log_retention_days,
            kms_key_id=args.get("encryption_key"),
            opts=child,
        )
        redacted: Any = [{"single_header": {"name": header}} for header in plan.redacted_headers]
        wafv2.WebAclLoggingConfiguration(
            name,
            resource_arn=acl.arn,
            log_destination_configs=[logs.arn],
            redacted_fields=redacted,
            opts=child,
        )
        self.web_acl_arn, self.log_group_name = acl.arn, logs.name
        self.register_outputs({"web_acl_arn": self.web_acl_arn, "log_group_name": self.log_group_name})


def _metrics(name: str) -> Any:
    return {"cloudwatch_metrics_enabled": True, "sampled_requests_enabled": True, "metric_name": name}
