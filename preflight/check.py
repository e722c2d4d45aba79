"""A check, and what it finds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

Subject = TypeVar("Subject")


class Severity(StrEnum):
    """How much it matters that something is not as it should be."""

    ERROR = "error"
    """A deployment would fail, or something would never start."""

    WARNING = "warning"
    """It would work in part, or not for ever."""

    NOTE = "note"
    """Good to know."""


class Status(StrEnum):
    """What became of one thing that was looked at; the worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    SKIPPED = "skipped"
    """It could not be looked at, or nobody wanted it to be."""

    PASSED = "passed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at."""

    status: Status
    subject: str
    """What it is about."""

    wanted: str = ""
    """What the program wants."""

    found: str = ""
    """What is there."""

    way_out: str = ""
    """What a person can do; empty where nothing has to be done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check(Generic[Subject]):
    """One check: small, on its own, able to be skipped."""

    name: str
    """By which it is skipped, such as `vcpu-quotas`."""

    asks: str
    """What it finds out, as a question."""

    severity: Severity
    """The worst that it says."""

    run: Callable[[Subject, Any], Iterable[Finding]]
    """Looks, given what is looked at and what the program wants."""

    permissions: Sequence[str] = ()
    """What a person must be allowed to do in AWS."""

    needs_account: bool = True
    """Whether it asks the account at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """What one check found."""

    check: str
    findings: Sequence[Finding]

    @property
    def has_error(self) -> bool:
        """Whether something is an error."""
        return any(finding.status is Status.ERROR for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "check": self.check,
            "findings": [
                {
                    "status": str(each.status),
                    "subject": each.subject,
                    "wanted": each.wanted,
                    "found": each.found,
                    "wayOut": each.way_out,
                }
                for each in self.findings
            ],
        }


def passed(subject: str, found: str = "", wanted: str = "") -> Finding:
    """Return a finding that all is well."""
    return Finding(status=Status.PASSED, subject=subject, found=found, wanted=wanted)


def skipped(subject: str, reason: str, way_out: str = "") -> Finding:
    """Return a finding that something could not be looked at."""
    return Finding(status=Status.SKIPPED, subject=subject, found=reason, way_out=way_out)
