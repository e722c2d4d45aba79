"""A pool of nodes with accelerators."""

from collections.abc import Mapping
from functools import partial
from typing import NotRequired, Optional, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...problems import Problems
from .aws_node_options import AwsNodeOptions
from .hardware import AcceleratorRequirement, accelerated_shape
from .node_labels import NodeTaint, shown_taint
from .node_pool import create_node_pool
from .node_sharing import plan_node_sharing
from .pool_plan import NodePoolPlan, check_region, plan_pool
from .provisioner import NodeProvisioner, check_provisioner, is_on_aws
from .scaling_policy import NodePurpose, NodeScalingPolicy
from .sharing import plan_sharing


class GpuNodePoolArgs(TypedDict):
    """Inputs of `GpuNodePool`."""

    provisioner: NodeProvisioner
    """Where the nodes come from: `karpenter-aws` or `managed-node-group` (EC2), `existing-nodes` (your own) or
    `karpenter-kwok` (simulated ones)."""

    scaling: NodeScalingPolicy
    """How many nodes there may be, and when one may be taken away."""

    instance_types: NotRequired[list[str]]
    """Instance types by name, such as `p5.48xlarge`; all with the same accelerators. Give these or `requirement`."""

    requirement: NotRequired[AcceleratorRequirement]
    """What a node must have; every type of the catalog that has it may be used. Give this or `instance_types`."""

    pool_name: NotRequired[str]
    """Name of the pool, which workloads select. Default: the component's name."""

    labels: NotRequired[dict[str, str]]
    """Labels of the nodes beside those of the pool. Default: none."""

    taints: NotRequired[list[NodeTaint]]
    """Taints of the nodes beside that of their accelerators. Default: none."""

    accelerator_taint: NotRequired[bool]
    """Whether pods that ask for no accelerator are kept off the nodes by the taint `nvidia.com/gpu` (or
    `aws.amazon.com/neuron`). Default: true; turn it off where these nodes are all that there are."""

    zones: NotRequired[list[str]]
    """Zones that nodes may be in. Default: any. Training over several nodes wants one zone."""

    capacity_types: NotRequired[list[str]]
    """`on-demand`, `spot` and `reserved`, which may be mixed: reserved is taken first, then spot. Default:
    `on-demand` alone."""

    time_slicing_replicas: NotRequired[int]
    """Pods that share each accelerator in turn, without isolation, 2 to 48. Default: not shared."""

    mig_profile: NotRequired[str]
    """MIG profile that each accelerator is cut into, such as `1g.10gb`. Default: not cut."""

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


def plan_gpu_node_pool(args: GpuNodePoolArgs, name: str) -> NodePoolPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, GpuNodePoolArgs):
        problems.raise_if_any("GpuNodePool")
    nodes_exist = check_provisioner(problems, args)
    region = check_region(problems, args)
    problems.raise_if_any("GpuNodePool")
    shape = accelerated_shape(
        problems, args.get("instance_types"), args.get("requirement"), region=region, nodes_exist=nodes_exist
    )
    sharing = None
    if shape is not None and shape.accelerator is not None:
        replicas, profile = args.get("time_slicing_replicas"), args.get("mig_profile")
        if "aws" in args and is_on_aws(args):
            sharing = plan_node_sharing(problems, shape.accelerator, replicas, profile, args["aws"])
        else:
            sharing = plan_sharing(problems, shape.accelerator, None if replicas is None else int(replicas), profile)
    plan = plan_pool(
        problems,
        args,
        name,
        shape=shape,
        sharing=sharing,
        purpose=NodePurpose.TRAINING,
        accelerator_taint=args.get("accelerator_taint", True),
    )
    problems.raise_if_any("GpuNodePool")
    assert plan is not None
    return plan


class GpuNodePool(pulumi.ComponentResource):
    """A pool of nodes with one kind of accelerator, of a bounded size.

    Makes a Karpenter NodePool (on EC2 with its EC2NodeClass; where accelerators are shared, with the NodeOverlay that
    tells Karpenter so), or a managed node group with its launch template, or for nodes that exist the labels and taints
    that they must carry.

    Example: `GpuNodePool("h100", {"provisioner": "karpenter-kwok", "instance_types": ["p5.48xlarge"],
    "scaling": {"maximum_nodes": 4}})`
    """

    pool_name: pulumi.Output[str]
    """Name that workloads give as their node pool."""

    node_selector: pulumi.Output[Mapping[str, str]]
    """Labels that select the nodes of the pool."""

    taints: pulumi.Output[list[str]]
    """Taints that a pod must tolerate, as `key=value:effect`."""

    gpu_resource: pulumi.Output[str]
    """Resource that a pod asks for: `nvidia.com/gpu`, or that of a shared accelerator."""

    gpus_per_node: pulumi.Output[int]
    """How many of `gpu_resource` one node offers."""

    accelerators_per_node: pulumi.Output[int]
    """Whole accelerators of one node."""

    instance_types: pulumi.Output[list[str]]
    """Instance types that nodes may have; empty for existing nodes that are described by a requirement."""

    maximum_nodes: pulumi.Output[int]
    """Nodes at most."""

    maximum_price_per_hour: pulumi.Output[Optional[float]]  # noqa: UP045 - what Pulumi's analyzer reads
    """US dollars an hour with all nodes of the dearest type; none where a price is not known."""

    efa_interfaces: pulumi.Output[int]
    """Elastic Fabric Adapters of one node, which pods ask for as `vpc.amazonaws.com/efa`; 0 without `aws.efa`."""

    usable_until: pulumi.Output[Optional[str]]  # noqa: UP045 - what Pulumi's analyzer reads
    """When the nodes of a capacity block begin to be drained, in ISO 8601; none for other nodes."""

    warnings: pulumi.Output[list[str]]
    """What is right, and yet may surprise; empty where nothing is."""

    def __init__(self, name: str, args: GpuNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("GpuNodePool", name, partial(plan_gpu_node_pool, name=name), args)
        super().__init__("aidc:index:GpuNodePool", name, recorded(args), opts)
        self.pool_name = create_node_pool(name, plan, pulumi.ResourceOptions(parent=self))
        self.node_selector = pulumi.Output.from_input(plan.node_selector)
        self.taints = pulumi.Output.from_input([shown_taint(taint) for taint in plan.taints])
        self.gpu_resource = pulumi.Output.from_input(plan.gpu_resource)
        self.gpus_per_node = pulumi.Output.from_input(plan.gpus_per_node)
        self.accelerators_per_node = pulumi.Output.from_input(plan.shape.accelerators)
        self.instance_types = pulumi.Output.from_input(plan.instance_types)
        self.maximum_nodes = pulumi.Output.from_input(plan.scaling.maximum_nodes)
        self.maximum_price_per_hour = pulumi.Output.from_input(plan.maximum_price_per_hour)
        self.efa_interfaces = pulumi.Output.from_input(plan.efa_interfaces)
        self.usable_until = pulumi.Output.from_input(plan.usable_until)
        self.warnings = pulumi.Output.from_input(list(plan.warnings))
        self.register_outputs(
            {
                "pool_name": self.pool_name,
                "node_selector": self.node_selector,
                "taints": self.taints,
                "gpu_resource": self.gpu_resource,
                "gpus_per_node": self.gpus_per_node,
                "accelerators_per_node": self.accelerators_per_node,
                "instance_types": self.instance_types,
                "maximum_nodes": self.maximum_nodes,
                "maximum_price_per_hour": self.maximum_price_per_hour,
                "efa_interfaces": self.efa_interfaces,
                "usable_until": self.usable_until,
                "warnings": self.warnings,
            }
        )
