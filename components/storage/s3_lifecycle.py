"""What becomes of the objects in a bucket of S3 as they age."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final, NotRequired, TypedDict

from ...problems import Problems

_WATERFALL: Final = (
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)
"""Storage classes in the one direction in which objects may move: Amazon S3 User Guide, Transitioning objects using
Amazon S3 Lifecycle, https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"""

_INFREQUENT: Final = ("STANDARD_IA", "ONEZONE_IA")
_INFREQUENT_DAYS: Final = 30
"""Days that an object is at least in the class before one of infrequent access, and in that class: the same page."""

_ABORT: Final = "abort-incomplete-uploads"
_VERSIONS: Final = "expire-noncurrent-versions"
_ALL: Final = {"prefix": ""}


class LifecycleRule(TypedDict):
    """What becomes of objects by their age."""

    prefix: NotRequired[str]
    """Beginning of the keys of the objects, such as `checkpoints/`. Default: all objects."""

    transitions: NotRequired[dict[str, int]]
    """Days after creation when objects move, by storage class, such as `GLACIER_IR: 90`. Default: they stay."""

    expiration_days: NotRequired[int]
    """Days after creation when objects are deleted; with versioning they become noncurrent. Default: never."""


def check_lifecycle(problems: Problems, rules: Mapping[str, LifecycleRule]) -> None:
    """Refuse what S3 would refuse: unknown classes, ages in the wrong order, rules that do nothing."""
    for key, rule in rules.items():
        with problems.under(key):
            if key in (_ABORT, _VERSIONS) or not key:
                problems.add("", f"'{key}' is the name of a rule that is made anyway; give it another name")
            transitions = {name: int(days) for name, days in rule.get("transitions", {}).items()}
            _check_transitions(problems, transitions)
            if "expiration_days" in rule:
                # A transition on the day of expiry would never be seen.
                least = max(transitions.values(), default=0) + 1
                problems.between("expirationDays", int(rule["expiration_days"]), least, unit="days")
            elif not transitions:
                problems.add("", "does nothing; give transitions or expirationDays")


def lifecycle_rules(
    *, abort_uploads_days: int, noncurrent_days: int | None, rules: Mapping[str, LifecycleRule]
) -> list[dict[str, Any]]:
    """Return the rules of a bucket, sorted by name after the two that every bucket has.

    Args:
        abort_uploads_days: days after which the parts of an upload that was never completed are deleted.
        noncurrent_days: days after which versions that were replaced or deleted are gone. None: no versions.
        rules: more, by name.
    """
    made: list[dict[str, Any]] = [
        {
            "id": _ABORT,
            "status": "Enabled",
            "filter": _ALL,
            "abort_incomplete_multipart_upload": {"days_after_initiation": abort_uploads_days},
        }
    ]
    if noncurrent_days is not None:
        made.append(
            {
                "id": _VERSIONS,
                "status": "Enabled",
                "filter": _ALL,
                "noncurrent_version_expiration": {"noncurrent_days": noncurrent_days},
                # Else the markers of deletions stay for ever, and slow down listings.
                "expiration": {"expired_object_delete_marker": True},
            }
        )
    return [*made, *(_rule(key, rule) for key, rule in sorted(rules.items()))]


def _rule(key: str, rule: LifecycleRule) -> dict[str, Any]:
    told: dict[str, Any] = {"id": key, "status": "Enabled", "filter": {"prefix": rule.get("prefix", "")}}
    if rule.get("transitions"):
        by_age = sorted((int(days), name) for name, days in rule.get("transitions", {}).items())
        told["transitions"] = [{"days": days, "storage_class": name} for days, name in by_age]
    if "expiration_days" in rule:
        told["expiration"] = {"days": int(rule["expiration_days"])}
    return told


def _check_transitions(problems: Problems, transitions: Mapping[str, int]) -> None:
    for name, days in transitions.items():
        if name not in _WATERFALL:
            problems.choice("transitions", name, _WATERFALL)
            return
        problems.between(f"transitions.{name}", days, _INFREQUENT_DAYS if name in _INFREQUENT else 0, unit="days")
    in_order = [name for name in _WATERFALL if name in transitions]
    for before, after in pairwise(in_order):
        least = transitions[before] + (_INFREQUENT_DAYS if before in _INFREQUENT else 1)
        if transitions[after] < least:
            problems.add(
                f"transitions.{after}",
                f"{transitions[after]} days is too soon after {before} at {transitions[before]} days; "
                f"give {least} days or more",
            )
