"""The workload whose number of pods is scaled, and who owns that number."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.labels import check_object_name
from ...problems import Problems, suggestion

MAXIMUM_PODS: Final = 150_000
"""Pods that one cluster is tested with: kubernetes.io, "Considerations for large clusters", read 2026-11."""

_API_VERSION: Final = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?v\d+((alpha|beta)\d+)?")
_KIND: Final = re.compile(r"[A-Z][A-Za-z0-9]*")
_SCALABLE: Final = ("Deployment", "StatefulSet", "ReplicaSet")
_NOT_SCALABLE: Final = {
    "DaemonSet": "has one pod for each node; it cannot be scaled",
    "Job": "has a fixed number of pods; scale training by its elastic range",
    "Pod": "is one pod; name the Deployment that makes it",
}


class ScaleTarget(TypedDict):
    """A workload that can be scaled: any kind with the `scale` subresource."""

    name: pulumi.Input[str]
    """Name of the workload, in the policy's namespace."""

    kind: NotRequired[str]
    """Its kind. Default: `Deployment`."""

    api_version: NotRequired[str]
    """Its API group and version. Default: `apps/v1`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleTargetPlan:
    """A target with every default applied."""

    name: pulumi.Input[str]
    kind: str
    api_version: str

    def manifest(self) -> dict[str, Any]:
        """The policy's `scaleTargetRef`."""
        return {"apiVersion": self.api_version, "kind": self.kind, "name": self.name}


def plan_target(problems: Problems, target: ScaleTarget, *, also: Container[str] = ()) -> ScaleTargetPlan:
    """Check a target and apply its defaults; `also` names kinds that may be one although their number is fixed."""
    kind, api_version = target.get("kind", "Deployment"), target.get("api_version", "apps/v1")
    if not _KIND.fullmatch(kind):
        problems.add("kind", f"'{kind}' is not a kind; write it like Deployment{suggestion(kind, _SCALABLE)}")
    elif kind in _NOT_SCALABLE and kind not in also:
        problems.add("kind", f"a {kind} {_NOT_SCALABLE[kind]}")
    if not _API_VERSION.fullmatch(api_version):
        problems.add("apiVersion", f"'{api_version}' is not an API version; write it like apps/v1")
    if isinstance(target["name"], str):
        check_object_name(problems, "name", target["name"])
    return ScaleTargetPlan(name=target["name"], kind=kind, api_version=api_version)


def plan_bounds(problems: Problems, args: Mapping[str, Any], *, least: int, default: int) -> tuple[int, int]:
    """Check `min_replicas` and `max_replicas`; return both."""
    lower, upper = int(args.get("min_replicas", default)), int(args["max_replicas"])
    problems.between("minReplicas", lower, least, MAXIMUM_PODS, "pods")
    problems.between("maxReplicas", upper, 1, MAXIMUM_PODS, "pods")
    if lower > upper >= 1:
        reason = f"{upper:,} pods are fewer than the {lower:,} of minReplicas"
        problems.add("maxReplicas", f"{reason}; give {lower:,} or more, or a lower minReplicas")
    return lower, upper
