"""How many nodes a pool may have, and when Karpenter may take one away."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NotRequired, TypedDict

from ...problems import Problems

MAXIMUM_NODES: Final = 5000
"""Nodes that one Kubernetes cluster supports: kubernetes.io, Considerations for large clusters, read 2026-11."""

_DURATION: Final = re.compile(r"([0-9]+[smh])+")
_BUDGET: Final = re.compile(r"(100|[0-9]{1,2})%|[0-9]+")
_NEVER: Final = "Never"


class NodePurpose(StrEnum):
    """What the nodes of a pool are for, which decides when one may be taken away."""

    TRAINING = "training"
    SERVING = "serving"


class NodeScalingPolicy(TypedDict):
    """How many nodes a pool may have, and when one may be taken away."""

    maximum_nodes: int
    """Nodes at most, 1 to 5,000. What they may cost follows from it, so it has no default."""

    purpose: NotRequired[NodePurpose]
    """`training`: only nodes without pods are taken away. `serving`: pods are moved together. Default: `training` for
    a GpuNodePool, `serving` for a CpuNodePool."""

    consolidate_after: NotRequired[str]
    """How long nothing must happen on a node before it may go, such as `90s`, or `Never`. Default: `60m` for training,
    `5m` for serving."""

    expire_after: NotRequired[str]
    """Age at which a node is replaced, such as `720h`, or `Never`. Expiry drains a node whatever the budget. Default:
    `Never` for training, `720h` for serving."""

    disruption_budget: NotRequired[str]
    """Nodes that may go at the same time, as a count or a percentage of the pool. Default: `100%` of the empty ones
    for training, `10%` for serving."""

    termination_grace_period: NotRequired[str]
    """How long a node may drain before its pods are deleted, even those that ask not to be disrupted. Default: as
    long as they need."""

    weight: NotRequired[int]
    """Which pool Karpenter tries first where several fit, 1 to 100, higher first. Default: no preference."""

    static_nodes: NotRequired[int]
    """Nodes that are there whatever the demand, on AWS; needed there with `managed-node-group`, which nothing else
    scales. With `karpenter-aws` the pool then has exactly these. Default: as many as pods need."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalingPlan:
    """A policy with every default applied."""

    maximum_nodes: int
    purpose: NodePurpose
    consolidate_after: str
    expire_after: str
    disruption_budget: str
    termination_grace_period: str | None
    weight: int | None
    static_nodes: int | None = None
    """Nodes that are there whatever the demand; None where demand decides."""

    update_budget: str = "1"
    """Nodes of a managed group that are replaced at the same time, as a count or a percentage."""

    def disruption(self) -> dict[str, Any]:
        """The NodePool's `spec.disruption`."""
        if self.purpose is NodePurpose.SERVING:
            policy, budgets = "WhenEmptyOrUnderutilized", [{"nodes": self.disruption_budget}]
        else:
            # A changed template (drift) and a better fit must wait until a node's training has ended.
            policy = "WhenEmpty"
            budgets = [
                {"nodes": "0", "reasons": ["Drifted", "Underutilized"]},
                {"nodes": self.disruption_budget, "reasons": ["Empty"]},
            ]
        return {"consolidationPolicy": policy, "consolidateAfter": self.consolidate_after, "budgets": budgets}


def plan_scaling(problems: Problems, policy: NodeScalingPolicy, purpose: NodePurpose) -> ScalingPlan:
    """Check a policy and apply the defaults of `purpose`, unless the policy names its own."""
    with problems.under("scaling"):
        chosen = policy.get("purpose", purpose)
        problems.choice("purpose", chosen, [each.value for each in NodePurpose])
        serves = chosen == NodePurpose.SERVING.value
        maximum_nodes = int(policy["maximum_nodes"])
        problems.between("maximumNodes", maximum_nodes, 1, MAXIMUM_NODES, "nodes")
        consolidate_after = policy.get("consolidate_after", "5m" if serves else "60m")
        expire_after = policy.get("expire_after", "720h" if serves else _NEVER)
        grace = policy.get("termination_grace_period")
        check_duration(problems, "consolidateAfter", consolidate_after, or_never=True)
        check_duration(problems, "expireAfter", expire_after, or_never=True)
        if grace is not None:
            check_duration(problems, "terminationGracePeriod", grace, or_never=False)
        budget = policy.get("disruption_budget", "10%" if serves else "100%")
        if not _BUDGET.fullmatch(budget):
            problems.add("disruptionBudget", f"'{budget}' is neither a count nor a percentage; write it like 2 or 10%")
        weight = policy.get("weight")
        if weight is not None:
            problems.between("weight", weight, 1, 100)
        static = policy.get("static_nodes")
        if static is not None:
            problems.between("staticNodes", int(static), 0, maximum_nodes, "nodes of maximumNodes")
    return ScalingPlan(
        maximum_nodes=maximum_nodes,
        purpose=NodePurpose.SERVING if serves else NodePurpose.TRAINING,
        consolidate_after=consolidate_after,
        expire_after=expire_after,
        disruption_budget=budget,
        termination_grace_period=grace,
        weight=None if weight is None else int(weight),
        static_nodes=None if static is None else int(static),
        update_budget=policy.get("disruption_budget", "1"),
    )


def check_duration(problems: Problems, path: str, text: str, *, or_never: bool) -> None:
    """Require a duration as Karpenter writes it, or also `Never`."""
    if not _DURATION.fullmatch(text) and not (or_never and text == _NEVER):
        never = " or Never" if or_never else ""
        problems.add(path, f"'{text}' is not a duration; write it like 90s, 5m, 1h30m{never}")
