"""What a pool of nodes on EC2 needs beside what every pool has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from ...infra.addons.gpu_software import GpuSoftware
from ...planning.catalog import InstanceType
from ...planning.catalog.karpenter import RESERVED
from ...planning.catalog.prices import ON_DEMAND, SPOT
from ...problems import Problems
from .aws_node_options import AwsNodeOptions
from .aws_node_plan import AwsNodePlan, plan_aws_nodes
from .capacity_reservations import check_capacity_types
from .hardware import NodeShape
from .provisioner import NodeProvisioner, is_on_aws
from .scaling_policy import NodePurpose, ScalingPlan
from .sharing import SharingPlan

_GROUP_NODES: Final = 450
"""Nodes of a managed node group: Amazon EKS User Guide, Service quotas, read 2026-11."""


_GROUP_TYPES: Final = 40
"""Types of one group at most: Amazon EC2 Auto Scaling API, LaunchTemplate, Overrides."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsPoolPlan:
    """The part of a pool that is about EC2; empty for pools elsewhere."""

    nodes: AwsNodePlan | None = None
    """What the nodes are made of; None where a node class says it."""

    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    warnings: Sequence[str] = ()


def plan_aws_pool(
    problems: Problems,
    args: Mapping[str, Any],
    shape: NodeShape | None,
    sharing: SharingPlan | None,
    *,
    scaling: ScalingPlan,
    zones: Sequence[str],
    capacity_types: Sequence[str],
) -> AwsPoolPlan:
    """Check what a pool on EC2 needs; nothing for other provisioners."""
    if not is_on_aws(args):
        return AwsPoolPlan()
    is_managed = args["provisioner"] == NodeProvisioner.MANAGED_NODE_GROUP.value
    _check_scaling(problems, scaling, is_managed)
    _check_capacity_types(problems, scaling, capacity_types, is_managed)
    options = cast(AwsNodeOptions | None, args.get("aws"))
    if "node_class" in args and options is not None and not is_managed:
        problems.add("aws", "given together with nodeClass, which says all of it; give one of them")
        return AwsPoolPlan()
    if options is None:
        if "node_class" not in args:
            owner = "" if is_managed else ", or nodeClass"
            problems.add("aws", f"missing; give it with clusterName at least{owner}")
        return AwsPoolPlan(warnings=tuple(_warnings(None, sharing, scaling, capacity_types, is_managed)))
    types = shape.instance_types if shape else ()
    if shape is None:
        # What is wrong with the types is said already; without them nothing can be said of their network cards.
        options = cast(AwsNodeOptions, {key: value for key, value in options.items() if key != "efa"})
    with problems.under("aws"):
        nodes = plan_aws_nodes(problems, options, types, zones=zones, is_managed=is_managed)
    check_capacity_types(problems, nodes.reservations, capacity_types)
    if nodes.reservations.is_block and is_managed and len(types) > 1:
        problems.add("instanceTypes", "a capacity block has one instance type; give that one")
    if is_managed and len(types) > _GROUP_TYPES:
        path = "instanceTypes" if "instance_types" in args else "requirement"
        problems.add(
            path, f"{len(types)} instance types are too many for a managed group; give {_GROUP_TYPES} or fewer"
        )
    if nodes.software is GpuSoftware.DRA and not is_managed and scaling.static_nodes is None:
        problems.add(
            "aws.gpuSoftware",
            "Karpenter makes no nodes for pods with resource claims; give scaling.staticNodes, or the provisioner "
            "managed-node-group",
        )
    return AwsPoolPlan(
        nodes=nodes,
        labels=nodes.reservations.labels,
        warnings=tuple(_warnings(nodes, sharing, scaling, capacity_types, is_managed)),
    )


def sold_shape(
    problems: Problems, args: Mapping[str, Any], shape: NodeShape, capacity_types: Sequence[str]
) -> NodeShape | None:
    """Return the shape with the types that EC2 sells as asked for; None where `problems` were added.

    Some types come as capacity blocks or spot alone: a pool of them on demand would wait for ever.
    """
    if list(capacity_types) != [ON_DEMAND]:
        return shape
    sold = tuple(each for each in shape.instance_types if _is_sold_on_demand(each))
    unsold = [each.name for each in shape.instance_types if each not in sold]
    named = "instance_types" in args
    if unsold and (named or not sold):
        problems.add(
            "instanceTypes" if named else "requirement",
            f"{', '.join(unsold)}: not sold on demand; give capacityTypes 'reserved' with a capacity block, or 'spot'",
        )
        return None
    return replace(shape, instance_types=sold)


def _is_sold_on_demand(each: InstanceType) -> bool:
    return any(price.purchase_option == ON_DEMAND for price in each.prices)


def _check_scaling(problems: Problems, scaling: ScalingPlan, is_managed: bool) -> None:
    if is_managed:
        if scaling.static_nodes is None:
            problems.add("scaling.staticNodes", "missing; nothing else scales a managed node group")
        problems.between("scaling.maximumNodes", scaling.maximum_nodes, 1, _GROUP_NODES, "nodes of a managed group")
        if scaling.update_budget.rstrip("%") == "0":
            problems.add("scaling.disruptionBudget", "a managed node group replaces one node at a time at least")
    elif scaling.static_nodes is not None and scaling.weight is not None:
        problems.add("scaling.weight", "has no meaning with staticNodes; leave one of them out")


def _check_capacity_types(
    problems: Problems, scaling: ScalingPlan, capacity_types: Sequence[str], is_managed: bool
) -> None:
    if is_managed and len(capacity_types) > 1:
        problems.add("capacityTypes", "a managed node group has one; make a pool for each")
    elif RESERVED in capacity_types and len(capacity_types) > 1 and scaling.purpose is NodePurpose.TRAINING:
        # Karpenter falls back without a word: an expensive surprise for a job of hundreds of GPUs.
        others = " and ".join(each for each in capacity_types if each != RESERVED)
        problems.add(
            "capacityTypes",
            f"'reserved' falls back to {others} once the reservation is used up; give 'reserved' alone for training, "
            f"and a pool of its own with {others}",
        )


def _warnings(
    nodes: AwsNodePlan | None,
    sharing: SharingPlan | None,
    scaling: ScalingPlan,
    capacity_types: Sequence[str],
    is_managed: bool,
) -> list[str]:
    """Return what is right, and yet may surprise."""
    found: list[str] = []
    if RESERVED in capacity_types and len(capacity_types) > 1:
        others = " and ".join(each for each in capacity_types if each != RESERVED)
        found.append(f"Once its reservation is used up, the pool falls back to {others}, at that price.")
    if SPOT in capacity_types and scaling.purpose is NodePurpose.TRAINING:
        found.append("Spot nodes go with two minutes' notice: training on them needs checkpoints.")
    if scaling.static_nodes is not None and not is_managed:
        found.append("A fixed number of nodes needs Karpenter's feature gate StaticCapacity.")
    if sharing is not None and sharing.is_shared and not is_managed:
        found.append("Shared accelerators need Karpenter's feature gate NodeOverlay.")
    if nodes is None:
        return found
    if sharing is not None and sharing.mig_profile is not None and not sharing.labels:
        found.append(
            "Bottlerocket counts a MIG instance as nvidia.com/gpu: a pod that asks for a GPU and names no pool may get "
            "a part of one."
        )
    if nodes.software is GpuSoftware.DRA:
        found.append("Pods ask for GPUs by resource claims: the nodes do not offer nvidia.com/gpu.")
    end = nodes.reservations.shown_end
    if end is not None:
        found.append(f"The capacity block can be used until {end}; its nodes are drained then.")
    placed = nodes.placement_group or nodes.placement_group_name is not None
    if placed and nodes.reservations.is_given:
        found.append("A reservation that was not made in the placement group cannot be used in it.")
    return found
