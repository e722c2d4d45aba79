"""The objects of a node pool, GPU or CPU."""

import pulumi

from ...infra.kubernetes import KubernetesObject
from .existing_nodes import contract_manifest, node_patch
from .karpenter_pool import node_overlay_manifest, node_pool_manifest
from .pool_plan import NodePoolPlan, NodeProvisioner


def create_node_pool(name: str, plan: NodePoolPlan, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Make the objects of a pool; return its name, known once what defines the pool is there."""
    if plan.provisioner is NodeProvisioner.EXISTING_NODES:
        contract = KubernetesObject(f"{name}-contract", contract_manifest(plan), opts)
        for node in plan.nodes:
            KubernetesObject(f"{name}-{node}", node_patch(plan, node), opts, patch=True)
        return contract.object_name.apply(lambda _: plan.pool_name)
    pool = KubernetesObject(name, node_pool_manifest(plan), opts)
    overlay = node_overlay_manifest(plan)
    if overlay is not None:
        KubernetesObject(f"{name}-overlay", overlay, opts)
    return pool.object_name
