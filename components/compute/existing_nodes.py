"""A node pool of machines that are there already: what they must carry, and who puts it on them."""

import json
from typing import Any, Final

from ...infra.labels import object_labels
from .node_labels import shown_taint
from .pool_plan import NodePoolPlan

COMPONENT: Final = "node-pool"


def node_patch(plan: NodePoolPlan, node: str) -> dict[str, Any]:
    """Return the labels and taints of one node, as far as they are ours."""
    manifest: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node, "labels": dict(plan.labels)},
    }
    if plan.taints:
        manifest["spec"] = {"taints": [dict(taint) for taint in plan.taints]}
    return manifest


def contract_manifest(plan: NodePoolPlan) -> dict[str, Any]:
    """Return the record of what the nodes of the pool must be, for people and for checks."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"{plan.pool_name}-node-pool",
            "namespace": plan.contract_namespace,
            "labels": object_labels(plan.pool_name, COMPONENT),
        },
        "data": {"contract.json": json.dumps(_contract(plan), indent=2, sort_keys=True)},
    }


def _contract(plan: NodePoolPlan) -> dict[str, Any]:
    return {
        "pool": plan.pool_name,
        "purpose": str(plan.scaling.purpose),
        "maximumNodes": plan.scaling.maximum_nodes,
        "nodes": list(plan.nodes),
        "labels": dict(plan.labels),
        "taints": [shown_taint(taint) for taint in plan.taints],
        "zones": list(plan.zones),
        "capacityTypes": list(plan.capacity_types),
        "instanceTypes": plan.instance_types,
        "requirement": dict(plan.requirement),
        "accelerator": plan.shape.accelerator.name if plan.shape.accelerator else "",
        "acceleratorsPerNode": plan.shape.accelerators,
        "gpuResource": plan.gpu_resource,
        "gpusPerNode": plan.gpus_per_node,
    }
