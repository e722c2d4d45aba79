"""A node pool as Karpenter's objects, for its KWOK provider.

Only requirement keys by which the provider (sigs.k8s.io/karpenter v1.14.0, kwok/cloudprovider) narrows its choice are
used; it accepts others, and then chooses the cheapest type of all.
"""

from typing import Any, Final

from ...infra.labels import object_labels
from .pool_plan import NodePoolPlan

COMPONENT: Final = "node-pool"
_KWOK_GROUP: Final = "karpenter.kwok.sh"
_KWOK_KIND: Final = "KWOKNodeClass"


def node_pool_manifest(plan: NodePoolPlan) -> dict[str, Any]:
    """Return the NodePool. It always has limits: without them, one wrong replica count buys machines without end."""
    template: dict[str, Any] = {
        "nodeClassRef": {"group": _KWOK_GROUP, "kind": _KWOK_KIND, "name": plan.node_class},
        "requirements": _requirements(plan),
        "expireAfter": plan.scaling.expire_after,
    }
    if plan.taints:
        template["taints"] = [dict(taint) for taint in plan.taints]
    if plan.scaling.termination_grace_period is not None:
        template["terminationGracePeriod"] = plan.scaling.termination_grace_period
    spec: dict[str, Any] = {
        "template": {"metadata": {"labels": dict(plan.labels)}, "spec": template},
        "disruption": plan.scaling.disruption(),
        "limits": limits(plan),
    }
    if plan.scaling.weight is not None:
        spec["weight"] = plan.scaling.weight
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": plan.pool_name, "labels": object_labels(plan.pool_name, COMPONENT)},
        "spec": spec,
    }


def node_overlay_manifest(plan: NodePoolPlan) -> dict[str, Any] | None:
    """Return what tells Karpenter which shared devices a node of the pool will offer; None where none is shared.

    Karpenter knows instance types with whole accelerators only, so it would never make a node for a pod that asks for
    a part of one. Needs the feature gate NodeOverlay.
    """
    if plan.sharing is None or not plan.sharing.is_shared or plan.shape.accelerator is None:
        return None
    capacity = {plan.gpu_resource: str(plan.gpus_per_node), plan.shape.accelerator.resource_name: "0"}
    return {
        "apiVersion": "karpenter.sh/v1alpha1",
        "kind": "NodeOverlay",
        "metadata": {"name": plan.pool_name, "labels": object_labels(plan.pool_name, COMPONENT)},
        "spec": {
            "requirements": [{"key": "karpenter.sh/nodepool", "operator": "In", "values": [plan.pool_name]}],
            "capacity": capacity,
        },
    }


def limits(plan: NodePoolPlan) -> dict[str, str]:
    """Return what all nodes together may have: the maximum count times the largest type that fits."""
    nodes = plan.scaling.maximum_nodes
    bounds = {
        "nodes": str(nodes),
        "cpu": _cores(nodes * plan.shape.maximum_cpu_millis),
        "memory": f"{nodes * plan.shape.maximum_memory_mib}Mi",
    }
    if plan.shape.accelerator is not None:
        bounds[plan.shape.accelerator.resource_name] = str(nodes * plan.shape.accelerators)
    return bounds


def _cores(millis: int) -> str:
    return f"{millis}m" if millis % 1000 else str(millis // 1000)


def _requirements(plan: NodePoolPlan) -> list[dict[str, Any]]:
    values = {
        "karpenter.sh/capacity-type": list(plan.capacity_types),
        "kubernetes.io/arch": [plan.shape.architecture],
        "kubernetes.io/os": ["linux"],
        "node.kubernetes.io/instance-type": plan.instance_types,
        "topology.kubernetes.io/zone": list(plan.zones),
    }
    return [{"key": key, "operator": "In", "values": chosen} for key, chosen in values.items() if chosen]
