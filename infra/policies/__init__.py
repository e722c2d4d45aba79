"""Rules that every environment keeps: the same offline and as a policy pack under `pulumi preview`."""

from .exceptions import PolicyException, read_exceptions
from .report import Finding, PolicyReport, findings, policy_report
from .rule import Level, ResourceRule, Rule, StackRule
from .rules import RULES

__all__ = [
    "RULES",
    "Finding",
    "Level",
    "PolicyException",
    "PolicyReport",
    "ResourceRule",
    "Rule",
    "StackRule",
    "findings",
    "policy_report",
    "read_exceptions",
]
