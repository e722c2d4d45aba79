"""Node pools, and the nodes that are kept warm in them."""

from .aws_node_options import AwsNodeOptions, CapacityBlock
from .aws_node_plan import AwsNodePlan
from .cpu_node_pool import CpuNodePool, CpuNodePoolArgs, plan_cpu_node_pool
from .ec2_node_class import Ec2NodeClass, Ec2NodeClassArgs, Ec2NodeClassPlan, plan_ec2_node_class
from .gpu_node_pool import GpuNodePool, GpuNodePoolArgs, plan_gpu_node_pool
from .hardware import AcceleratorRequirement, MachineRequirement, NodeShape
from .kwok_node_class import KwokNodeClass, KwokNodeClassArgs, KwokNodeClassPlan, plan_kwok_node_class
from .node_labels import ACCELERATOR_LABEL, NodeTaint, TaintEffect
from .node_scaling import NodeScaling, NodeScalingArgs, NodeScalingPlan, plan_node_scaling
from .pool_plan import NodePoolPlan
from .provisioner import NodeProvisioner
from .scaling_policy import MAXIMUM_NODES, NodePurpose, NodeScalingPolicy, ScalingPlan
from .sharing import SharingPlan

__all__ = [
    "ACCELERATOR_LABEL",
    "MAXIMUM_NODES",
    "AcceleratorRequirement",
    "AwsNodeOptions",
    "AwsNodePlan",
    "CapacityBlock",
    "CpuNodePool",
    "CpuNodePoolArgs",
    "Ec2NodeClass",
    "Ec2NodeClassArgs",
    "Ec2NodeClassPlan",
    "GpuNodePool",
    "GpuNodePoolArgs",
    "KwokNodeClass",
    "KwokNodeClassArgs",
    "KwokNodeClassPlan",
    "MachineRequirement",
    "NodePoolPlan",
    "NodeProvisioner",
    "NodePurpose",
    "NodeScaling",
    "NodeScalingArgs",
    "NodeScalingPlan",
    "NodeScalingPolicy",
    "NodeShape",
    "NodeTaint",
    "ScalingPlan",
    "SharingPlan",
    "TaintEffect",
    "plan_cpu_node_pool",
    "plan_ec2_node_class",
    "plan_gpu_node_pool",
    "plan_kwok_node_class",
    "plan_node_scaling",
]
