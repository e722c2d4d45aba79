"""Statements of IAM policies, and the documents that they make: least privilege, or a written reason."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import pulumi

_VERSION: Final = "2012-10-17"
"""The current version of the policy language: IAM User Guide, Version element."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement of a policy.

    Raises `ValueError` for a wildcard that has no reason: `*` as a resource, or anywhere in an action. An account's
    own root as principal of a key's policy is no wildcard.
    """

    sid: str
    """Name of the statement, letters and digits: what it is for."""

    actions: Sequence[str]
    """Actions, such as `s3:GetObject`."""

    resources: Sequence[pulumi.Input[str]]
    """ARNs."""

    conditions: Mapping[str, Mapping[str, Any]] | pulumi.Output[Any] = field(default_factory=dict[str, Any])
    """By operator, then by condition key: a value or a list of values. Default: none."""

    principals: Mapping[str, Sequence[pulumi.Input[str]]] = field(default_factory=dict[str, Any])
    """Who it is about, by kind (`AWS`, `Service`, `Federated`), in policies of resources. Default: none, in policies
    of identities. The kind `*` alone is everybody, for statements that deny."""

    effect: str = "Allow"
    """`Allow` or `Deny`."""

    why: str = ""
    """Why it cannot be narrower; needed with a wildcard in an allowed action or resource."""

    def __post_init__(self) -> None:
        """Refuse wildcards without a reason."""
        if not self.sid.isalnum():
            raise ValueError(f"{self.sid!r} is no statement id; give letters and digits")
        if self.effect == "Allow" and self.is_broad and not self.why:
            raise ValueError(f"statement {self.sid} has a wildcard; narrow it, or say why it cannot be narrower")

    @property
    def is_broad(self) -> bool:
        """Whether an action has a wildcard, or the resources are all there are."""
        return any("*" in action for action in self.actions) or any(each == "*" for each in self.resources)

    def document(self) -> dict[str, Any]:
        """Return the statement as IAM reads it, its lists sorted as far as they are known."""
        told: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals:
            told["Principal"] = (
                "*" if "*" in self.principals else {kind: _sorted(who) for kind, who in sorted(self.principals.items())}
            )
        told |= {"Action": _sorted(self.actions), "Resource": _sorted(self.resources)}
        if not self.resources:
            del told["Resource"]
        if isinstance(self.conditions, pulumi.Output):
            told["Condition"] = self.conditions
        elif self.conditions:
            told["Condition"] = {
                operator: {key: _listed(value) for key, value in keys.items()}
                for operator, keys in sorted(self.conditions.items())
            }
        return told


def policy_document(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """Return a policy as JSON; the same statements give the same text."""
    document = {"Version": _VERSION, "Statement": [statement.document() for statement in statements]}
    return pulumi.Output.from_input(cast(Any, document)).apply(lambda known: json.dumps(known, sort_keys=True))


def service_trust(*services: str, conditions: Mapping[str, Mapping[str, Any]] | None = None) -> Statement:
    """Return who may take on a role: AWS services, such as `eks.amazonaws.com`."""
    return Statement(
        sid="AssumedByService",
        actions=["sts:AssumeRole"],
        resources=[],
        principals={"Service": list(services)},
        conditions=conditions or {},
    )


def _listed(value: Any) -> Any:
    return _sorted(cast(Sequence[Any], value)) if isinstance(value, (list, tuple)) else value


def _sorted(values: Sequence[Any]) -> list[Any]:
    return sorted(values) if all(isinstance(value, str) for value in values) else list(values)
