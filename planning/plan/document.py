"""A plan as plain data: what `aidc plan --json` writes, and what a later plan is compared with."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ...evaluation.graph import STACK_TYPE
from .summary import PlannedWorkload, PlanSummary, PoolSummary

if TYPE_CHECKING:
    from ...evaluation.graph import ResourceGraph
    from ..nodes.quota_demands import QuotaDemand

FORMAT: Final = 2
"""Raised when a reader of the old form would not understand the new one."""

_ENVIRONMENT: Final = "ENV"


def plan_document(summary: PlanSummary) -> dict[str, Any]:
    """Return a plan as plain data; keys are camelCase, amounts in cores, bytes and pieces."""
    return {
        "format": FORMAT,
        "project": summary.project,
        "stack": summary.stack,
        "resources": summary.resources,
        "types": dict(sorted(summary.types.items())),
        "components": [
            {"type": c.type, "name": c.name, "depth": c.depth, "stack": c.stack, "resources": c.resources}
            for c in summary.components
        ],
        "pods": dict(zip(("least", "most"), summary.pods, strict=True)),
        "wanted": {"least": _numbers(summary.wanted), "most": _numbers(summary.wanted_at_most)},
        "provided": _numbers(summary.provided),
        "maximumNodes": summary.maximum_nodes,
        "workloads": [_workload(each) for each in summary.workloads],
        "nodePools": [_pool(summary, each) for each in summary.pools],
        "cost": summary.cost.to_dict(),
        "capacity": summary.capacity.to_dict(),
        "power": summary.power.to_dict(),
        "quotas": [_quota(each) for each in summary.quotas],
        "warnings": list(summary.warnings),
        "notes": list(summary.notes),
        "stacks": list(summary.stacks),
        "teardown": [
            {
                "stack": step.stack,
                "kind": step.kind,
                "names": list(step.names),
                "protected": step.protected,
                "kept": step.kept,
            }
            for step in summary.teardown
        ],
        "inventory": list(inventory(summary.graph)),
    }


def inventory(graph: "ResourceGraph") -> Iterator[dict[str, str]]:
    """Yield every resource: its type, name and stack, and a fingerprint of its inputs.

    Where the environment's name stands in a name or an input, the fingerprint has a stand-in: resources that differ
    by nothing else are the same in two environments. Secret values are not in it.
    """
    own = environment_pattern(*(graph.stacks or (graph.stack,)))
    for resource in graph:
        if resource.type != STACK_TYPE:
            inputs = json.dumps(resource.shown_inputs(), sort_keys=True, default=str)
            yield {
                "type": resource.type,
                "name": resource.name,
                "stack": resource.urn.split(":")[2],
                "fingerprint": hashlib.sha256(own.sub(_ENVIRONMENT, inputs).encode()).hexdigest()[:16],
            }


def environment_pattern(*stacks: str) -> re.Pattern[str]:
    """Return what matches the names of stacks, longest first, where they stand as whole words."""
    names = "|".join(re.escape(each) for each in sorted(stacks, key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{names})(?![A-Za-z0-9])")


def without_environment(text: str, pattern: re.Pattern[str]) -> str:
    """Return a text with a stand-in in place of an environment's name."""
    return pattern.sub(_ENVIRONMENT, text)


def _workload(each: PlannedWorkload) -> dict[str, Any]:
    return {
        "kind": each.workload.kind,
        "namespace": each.workload.namespace,
        "name": each.workload.name,
        "pods": {"least": each.workload.pods, "most": each.workload.maximum_pods},
        "requests": _numbers(each.workload.requests),
        "nodePool": each.pool or None,
    }


def _pool(summary: PlanSummary, each: PoolSummary) -> dict[str, Any]:
    price = summary.cost.of_pool(each.pool.name)
    return {
        "name": each.pool.name,
        "instanceTypes": list(each.pool.instance_types),
        "existingNodes": each.pool.is_existing,
        "maximumNodes": each.pool.maximum_nodes,
        "gpuResource": each.pool.gpu_resource,
        "provided": _numbers(each.pool.provided),
        "wanted": {"least": _numbers(each.wanted), "most": _numbers(each.wanted_at_most)},
        "pricePerHour": price.to_dict() if price else None,
    }


def _quota(each: "QuotaDemand") -> dict[str, Any]:
    return {
        "service": each.quota.service,
        "code": each.quota.code,
        "name": each.quota.name,
        "unit": each.quota.unit,
        "least": each.least,
        "smallestNode": each.smallest,
        "most": each.most,
        "pools": list(each.pools),
        "unbounded": list(each.unbounded),
    }


def _numbers(amounts: Mapping[str, Decimal] | Mapping[str, float]) -> dict[str, float]:
    return {resource: float(amount) for resource, amount in sorted(amounts.items())}
