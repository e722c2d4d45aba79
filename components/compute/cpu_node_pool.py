"""A pool of nodes without accelerators."""

from collections.abc import Mapping
from functools import partial
from typing import NotRequired, Optional, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...problems import Problems
from .aws_node_options import AwsNodeOptions
from .hardware import MachineRequirement, machine_shape
from .node_labels import NodeTaint, shown_taint
from .node_pool import create_node_pool
from .pool_plan import NodePoolPlan, check_region, plan_pool
from .provisioner import NodeProvisioner, check_provisioner
from .scaling_policy import NodePurpose, NodeScalingPolicy


class CpuNodePoolArgs(TypedDict):
    """Inputs of `CpuNodePool`."""

    provisioner: NodeProvisioner
    """Where the nodes come from: `karpenter-aws` or `managed-node-group` (EC2), `existing-nodes` (your own) or
    `karpenter-kwok` (simulated ones)."""

    scaling: NodeScalingPolicy
    """How many nodes there may be, and when one may be taken away."""

    instance_types: NotRequired[list[str]]
    """Instance types by name, such as `m7i.2xlarge`; all of one architecture. Give these or `requirement`."""

    requirement: NotRequired[MachineRequirement]
    """What a node must have; every type of the catalog that has it may be used. Give this or `instance_types`."""

    pool_name: NotRequired[str]
    """Name of the pool, which workloads select. Default: the component's name."""

    labels: NotRequired[dict[str, str]]
    """Labels of the nodes beside that of the pool. Default: none."""

    taints: NotRequired[list[NodeTaint]]
    """Taints of the nodes. Default: none."""

    zones: NotRequired[list[str]]
    """Zones that nodes may be in. Default: any."""

    capacity_types: NotRequired[list[str]]
    """`on-demand`, `spot` and `reserved`, which may be mixed: reserved is taken first, then spot. Default:
    `on-demand` alone."""

    node_class: NotRequired[pulumi.Input[str]]
    """Name of the KWOKNodeClass, with the provisioner `karpenter-kwok`; of an Ec2NodeClass that several pools share,
    with `karpenter-aws`. Default: `default` for simulated nodes; on EC2 one of the pool's own."""

    nodes: NotRequired[list[str]]
    """Names of nodes that get the labels and taints, with the provisioner `existing-nodes`. Default: none; whoever
    sets up the nodes puts them on."""

    contract_namespace: NotRequired[pulumi.Input[str]]
    """Namespace of the record of what the nodes must be, with `existing-nodes` and `managed-node-group`. Default:
    `kube-system`."""

    aws: NotRequired[AwsNodeOptions]
    """What the nodes are made of, with `karpenter-aws` and `managed-node-group`. Default: none; needed there, unless
    `node_class` says it."""

    region: NotRequired[str]
    """AWS region whose prices count. Default: `us-east-1`."""


def plan_cpu_node_pool(args: CpuNodePoolArgs, name: str) -> NodePoolPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, CpuNodePoolArgs):
        problems.raise_if_any("CpuNodePool")
    nodes_exist = check_provisioner(problems, args)
    region = check_region(problems, args)
    problems.raise_if_any("CpuNodePool")
    shape = machine_shape(
        problems, args.get("instance_types"), args.get("requirement"), region=region, nodes_exist=nodes_exist
    )
    purpose = NodePurpose.SERVING
    plan = plan_pool(problems, args, name, shape=shape, sharing=None, purpose=purpose, accelerator_taint=False)
    problems.raise_if_any("CpuNodePool")
    assert plan is not None
    return plan


class CpuNodePool(pulumi.ComponentResource):
    """A pool of nodes without accelerators, of a bounded size.

    Makes a Karpenter NodePool (on EC2 with its EC2NodeClass), or a managed node group with its launch template, or for
    nodes that exist the labels and taints that they must carry.

    Example: `CpuNodePool("general", {"provisioner": "karpenter-kwok", "requirement": {"vcpus": 8},
    "scaling": {"maximum_nodes": 10}})`
    """

    pool_name: pulumi.Output[str]
    """Name that workloads give as their node pool."""

    node_selector: pulumi.Output[Mapping[str, str]]
    """Labels that select the nodes of the pool."""

    taints: pulumi.Output[list[str]]
    """Taints that a pod must tolerate, as `key=value:effect`."""

    instance_types: pulumi.Output[list[str]]
    """Instance types that nodes may have; empty for existing nodes that are described by a requirement."""

    maximum_nodes: pulumi.Output[int]
    """Nodes at most."""

    maximum_price_per_hour: pulumi.Output[Optional[float]]  # noqa: UP045 - what Pulumi's analyzer reads
    """US dollars an hour with all nodes of the dearest type; none where a price is not known."""

    warnings: pulumi.Output[list[str]]
    """What is right, and yet may surprise; empty where nothing is."""

    def __init__(self, name: str, args: CpuNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("CpuNodePool", name, partial(plan_cpu_node_pool, name=name), args)
        super().__init__("aidc:index:CpuNodePool", name, recorded(args), opts)
        self.pool_name = create_node_pool(name, plan, pulumi.ResourceOptions(parent=self))
        self.node_selector = pulumi.Output.from_input(plan.node_selector)
        self.taints = pulumi.Output.from_input([shown_taint(taint) for taint in plan.taints])
        self.instance_types = pulumi.Output.from_input(plan.instance_types)
        self.maximum_nodes = pulumi.Output.from_input(plan.scaling.maximum_nodes)
        self.maximum_price_per_hour = pulumi.Output.from_input(plan.maximum_price_per_hour)
        self.warnings = pulumi.Output.from_input(list(plan.warnings))
        self.register_outputs(
            {
                "pool_name": self.pool_name,
                "node_selector": self.node_selector,
                "taints": self.taints,
                "instance_types": self.instance_types,
                "maximum_nodes": self.maximum_nodes,
                "maximum_price_per_hour": self.maximum_price_per_hour,
                "warnings": self.warnings,
            }
        )
