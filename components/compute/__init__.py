"""Node pools, and the nodes that are kept warm in them."""

from .cpu_node_pool import CpuNodePool, CpuNodePoolArgs, plan_cpu_node_pool
from .gpu_node_pool import GpuNodePool, GpuNodePoolArgs, plan_gpu_node_pool
from .hardware import AcceleratorRequirement, MachineRequirement, NodeShape
from .kwok_node_class import KwokNodeClass, KwokNodeClassArgs, KwokNodeClassPlan, plan_kwok_node_class
from .node_labels import ACCELERATOR_LABEL, NodeTaint, TaintEffect
from .node_scaling import NodeScaling, NodeScalingArgs, NodeScalingPlan, plan_node_scaling
from .pool_plan import NodePoolPlan, NodeProvisioner
from .scaling_policy import MAXIMUM_NODES, NodePurpose, NodeScalingPolicy, ScalingPlan
from .sharing import SharingPlan

__all__ = [
    "ACCELERATOR_LABEL",
    "MAXIMUM_NODES",
    "AcceleratorRequirement",
    "CpuNodePool",
    "CpuNodePoolArgs",
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
    "plan_gpu_node_pool",
    "plan_kwok_node_class",
    "plan_node_scaling",
]
