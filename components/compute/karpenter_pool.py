"""A node pool as Karpenter's objects, for its KWOK provider and for AWS.

Only requirement keys by which the KWOK provider (sigs.k8s.io/karpenter v1.14.0, kwok/cloudprovider) narrows its choice
are used for it; it accepts others, and then chooses the cheapest type of all.
"""

from typing import Any, Final

import pulumi

from ...infra.labels import object_labels
from ...planning.catalog.instance_types import EFA_RESOURCE
from .pool_plan import NodePoolPlan
from .provisioner import NodeProvisioner

COMPONENT: Final = "node-pool"
_NODE_CLASSES: Final = {
    NodeProvisioner.KARPENTER_KWOK: ("karpenter.kwok.sh", "KWOKNodeClass"),
    NodeProvisioner.KARPENTER_AWS: ("karpenter.k8s.aws", "EC2NodeClass"),
}


def node_pool_manifest(plan: NodePoolPlan, node_class: pulumi.Input[str] | None = None) -> dict[str, Any]:
    """Return the NodePool, of the node class that the plan names or of another.

    It always has limits: without them, one wrong replica count buys machines without end.
    """
    group, kind = _NODE_CLASSES[plan.provisioner]
    template: dict[str, Any] = {
        "nodeClassRef": {"group": group, "kind": kind, "name": plan.node_class if node_class is None else node_class},
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
    if plan.scaling.static_nodes is not None:
        spec["replicas"] = plan.scaling.static_nodes
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
    capacity = {plan.shape.accelerator.resource_name: "0", plan.gpu_resource: str(plan.gpus_per_node)}
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
    if plan.scaling.static_nodes is not None:
        # The definition of a static pool allows no other bound.
        return {"nodes": str(nodes)}
    bounds = {
        "nodes": str(nodes),
        "cpu": _cores(nodes * plan.shape.maximum_cpu_millis),
        "memory": f"{nodes * plan.shape.maximum_memory_mib}Mi",
    }
    if plan.shape.accelerator is not None:
        whole = plan.shape.accelerator.resource_name
        bounds[whole] = str(nodes * (plan.gpus_per_node if plan.gpu_resource == whole else plan.shape.accelerators))
    if plan.efa_interfaces:
        bounds[EFA_RESOURCE] = str(nodes * plan.efa_interfaces)
    return bounds


def _cores(millis: int) -> str:
    return f"{millis}m" if millis % 1000 else str(millis // 1000)


def _requirements(plan: NodePoolPlan) -> list[dict[str, Any]]:
    values = {
        "karpenter.k8s.aws/instance-family": _families(plan),
        "karpenter.sh/capacity-type": list(plan.capacity_types),
        "kubernetes.io/arch": [plan.shape.architecture],
        "kubernetes.io/os": ["linux"],
        "node.kubernetes.io/instance-type": plan.instance_types,
        "topology.kubernetes.io/zone": list(plan.zones),
    }
    return [{"key": key, "operator": "In", "values": chosen} for key, chosen in values.items() if chosen]


def _families(plan: NodePoolPlan) -> list[str]:
    on_aws = plan.provisioner is NodeProvisioner.KARPENTER_AWS
    return sorted({each.family for each in plan.shape.instance_types}) if on_aws else []
