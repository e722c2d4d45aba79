"""The objects of a node pool, GPU or CPU."""

import pulumi

from ...infra.kubernetes import KubernetesObject
from .ec2_node_class import Ec2NodeClassPlan, create_node_class
from .existing_nodes import contract_manifest, node_patch
from .karpenter_pool import node_overlay_manifest, node_pool_manifest
from .managed_node_group import create_managed_node_group
from .pool_plan import NodePoolPlan
from .provisioner import NodeProvisioner


def create_node_pool(name: str, plan: NodePoolPlan, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Make the objects of a pool; return its name, known once what defines the pool is there."""
    if plan.provisioner is NodeProvisioner.EXISTING_NODES:
        contract = KubernetesObject(f"{name}-contract", contract_manifest(plan), opts)
        for node in plan.nodes:
            KubernetesObject(f"{name}-{node}", node_patch(plan, node), opts, patch=True)
        return contract.object_name.apply(lambda _: plan.pool_name)
    if plan.provisioner is NodeProvisioner.MANAGED_NODE_GROUP:
        # Nothing in the cluster tells what its nodes are before they come; a rehearsal reads it here.
        KubernetesObject(f"{name}-contract", contract_manifest(plan), opts)
        return create_managed_node_group(name, plan, opts).apply(lambda _: plan.pool_name)
    node_class = plan.node_class
    if plan.aws is not None:
        own = Ec2NodeClassPlan(
            node_class=plan.pool_name, nodes=plan.aws, accelerator=plan.shape.accelerator, sharing=plan.sharing
        )
        node_class = create_node_class(f"{name}-node-class", own, opts).object_name
    pool = KubernetesObject(name, node_pool_manifest(plan, node_class), opts)
    overlay = node_overlay_manifest(plan)
    if overlay is not None:
        KubernetesObject(f"{name}-overlay", overlay, opts)
    return pool.object_name
