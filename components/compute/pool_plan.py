"""The plan of a node pool, GPU or CPU, whoever provides the nodes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypedDict, cast

import pulumi

from ...infra.labels import NODE_POOL_LABEL, check_label_value, check_name, check_object_name
from ...planning.catalog import InstanceType, regions
from ...planning.catalog.karpenter import CAPACITY_TYPES
from ...planning.catalog.prices import ON_DEMAND, SPOT
from ...problems import Problems
from .aws_node_options import AwsNodeOptions
from .aws_node_plan import AwsNodePlan
from .aws_pool import plan_aws_pool, sold_shape
from .hardware import NodeShape, plain_requirement
from .node_labels import NodeTaint, plan_labels, plan_taints
from .provisioner import NodeProvisioner, check_belonging, is_on_aws
from .scaling_policy import MAXIMUM_NODES, NodePurpose, NodeScalingPolicy, ScalingPlan, plan_scaling
from .sharing import SharingPlan

_SUFFIX_ROOM: Final = 6
"""Characters that Karpenter appends to a pool's name for a node's host name: `-` and five random ones."""

_NODE_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_REGION: Final = "us-east-1"
_NODE_CLASS: Final = "default"
_CONTRACT_NAMESPACE: Final = "kube-system"


@dataclass(frozen=True, kw_only=True, slots=True)
class NodePoolPlan:
    """A pool with every default applied."""

    pool_name: str
    provisioner: NodeProvisioner
    shape: NodeShape
    sharing: SharingPlan | None
    scaling: ScalingPlan
    labels: Mapping[str, str]
    taints: Sequence[Mapping[str, str]]
    zones: Sequence[str]
    capacity_types: Sequence[str]
    nodes: Sequence[str]
    node_class: pulumi.Input[str]
    contract_namespace: pulumi.Input[str]
    requirement: Mapping[str, Any]
    region: str
    aws: AwsNodePlan | None = None
    """What the nodes are made of, where they are made on EC2 and no node class says it."""

    warnings: Sequence[str] = ()
    """What to know before it is deployed."""

    @property
    def gpu_resource(self) -> str:
        """Extended resource that pods ask for; empty for CPU nodes."""
        return self.sharing.gpu_resource if self.sharing else ""

    @property
    def gpus_per_node(self) -> int:
        """How many of `gpu_resource` one node offers."""
        return self.shape.accelerators * self.sharing.devices if self.sharing else 0

    @property
    def instance_types(self) -> list[str]:
        """Names of the instance types, sorted."""
        return sorted(each.name for each in self.shape.instance_types)

    @property
    def efa_interfaces(self) -> int:
        """Elastic Fabric Adapters of one node that its pods may ask for, as far as the pool decides."""
        return self.aws.efa_interfaces if self.aws else 0

    @property
    def usable_until(self) -> str | None:
        """When the nodes of a capacity block begin to be drained, in ISO 8601; None for other nodes."""
        return self.aws.reservations.shown_end if self.aws else None

    @property
    def node_selector(self) -> dict[str, str]:
        """What a pod's `nodeSelector` needs in order to land in this pool."""
        return {NODE_POOL_LABEL: self.pool_name}

    @property
    def maximum_price_per_hour(self) -> float | None:
        """US dollars an hour with all nodes of the dearest type; None where a price is not known.

        Reserved capacity counts at its on-demand price; a pool of spot nodes alone at the highest spot price that was
        seen in the region, or the on-demand price where none was.
        """
        if self.provisioner is NodeProvisioner.EXISTING_NODES:
            return None
        options = (SPOT, ON_DEMAND) if list(self.capacity_types) == [SPOT] else (ON_DEMAND,)
        prices = [
            next((price for option in options if (price := each.price(self.region, option))), None)
            for each in self.shape.instance_types
        ]
        known = [price.amount for price in prices if price is not None]
        return max(known) * self.scaling.maximum_nodes if len(known) == len(prices) else None


class PoolArguments(TypedDict, total=False):
    """What the arguments of both kinds of pool hold; their own declarations say what each means."""

    provisioner: NodeProvisioner
    instance_types: list[str]
    scaling: NodeScalingPolicy
    pool_name: str
    labels: dict[str, str]
    taints: list[NodeTaint]
    zones: list[str]
    capacity_types: list[str]
    node_class: pulumi.Input[str]
    nodes: list[str]
    contract_namespace: pulumi.Input[str]
    region: str
    aws: AwsNodeOptions


def check_region(problems: Problems, args: Mapping[str, Any]) -> str:
    """Return the region whose prices count."""
    region = cast(str, args.get("region", _REGION))
    problems.choice("region", region, regions())
    return region


def plan_pool(
    problems: Problems,
    args: Mapping[str, Any],
    name: str,
    *,
    shape: NodeShape | None,
    sharing: SharingPlan | None,
    purpose: NodePurpose,
    accelerator_taint: bool,
) -> NodePoolPlan | None:
    """Check what both kinds of pool have in common; None where the shape could not be found out."""
    given = cast(PoolArguments, args)
    pool_name = given.get("pool_name", name)
    check_name(problems, "poolName" if "pool_name" in given else "name", pool_name, room=_SUFFIX_ROOM)
    scaling = plan_scaling(problems, given.get("scaling", NodeScalingPolicy(maximum_nodes=0)), purpose)
    accelerator = shape.accelerator if shape else None
    labels = plan_labels(problems, given.get("labels", {}), pool_name, accelerator)
    taints = plan_taints(problems, given.get("taints", []), accelerator if accelerator_taint else None)
    zones = _unique(problems, "zones", given.get("zones", []))
    for index, zone in enumerate(given.get("zones", [])):
        check_label_value(problems, f"zones[{index}]", zone)
    capacity_types = _unique(problems, "capacityTypes", given.get("capacity_types", [ON_DEMAND]))
    for index, capacity_type in enumerate(given.get("capacity_types", [])):
        problems.choice(f"capacityTypes[{index}]", capacity_type, CAPACITY_TYPES)
    if not capacity_types:
        problems.add("capacityTypes", f"none given; give one or more of {', '.join(CAPACITY_TYPES)}")
    check_belonging(problems, given)
    node_class = given.get("node_class", _NODE_CLASS)
    if isinstance(node_class, str):
        check_object_name(problems, "nodeClass", node_class)
    nodes = _check_nodes(problems, given, scaling.maximum_nodes)
    if shape is not None and given.get("provisioner") == NodeProvisioner.KARPENTER_KWOK.value:
        shape = _offered(problems, given, shape, capacity_types)
    elif shape is not None and is_on_aws(args):
        shape = sold_shape(problems, args, shape, capacity_types)
    aws_pool = plan_aws_pool(
        problems, given, shape, sharing, scaling=scaling, zones=zones, capacity_types=capacity_types
    )
    if shape is None:
        return None
    return NodePoolPlan(
        pool_name=pool_name,
        provisioner=NodeProvisioner(str(args["provisioner"])),
        shape=shape,
        sharing=sharing,
        scaling=scaling,
        labels=dict(sorted({**labels, **(sharing.labels if sharing else {}), **aws_pool.labels}.items())),
        taints=taints,
        zones=zones,
        capacity_types=capacity_types,
        nodes=nodes,
        node_class=node_class,
        contract_namespace=given.get("contract_namespace", _CONTRACT_NAMESPACE),
        requirement=plain_requirement(args.get("requirement", {})),
        region=given.get("region", _REGION),
        aws=aws_pool.nodes,
        warnings=aws_pool.warnings,
    )


def _unique(problems: Problems, path: str, words: Sequence[str]) -> list[str]:
    for index, word in enumerate(words):
        if word in words[:index]:
            problems.add(f"{path}[{index}]", f"'{word}' is given twice; give it once")
    return sorted(set(words))


def _offered(
    problems: Problems, args: PoolArguments, shape: NodeShape, capacity_types: Sequence[str]
) -> NodeShape | None:
    """Return the shape with the types that the simulation has: those with a price, as `karpenter_instance_types`."""
    region = args.get("region", _REGION)

    def is_offered(each: InstanceType) -> bool:
        on_demand = each.price(region, ON_DEMAND) is not None
        other = any(kind != ON_DEMAND for kind in capacity_types)
        return on_demand or (other and each.price(region, SPOT) is not None)

    named = [name.strip().lower() for name in args.get("instance_types", [])]
    missing = [each.name for each in shape.instance_types if not is_offered(each)]
    kinds = ", ".join(capacity_types)
    for name in missing if named else []:
        path = f"instanceTypes[{named.index(name)}]"
        problems.add(path, f"{name} has no price in {region} as {kinds}, so no simulated node of it comes")
    if not named and len(missing) == len(shape.instance_types):
        problems.add("requirement", f"fits only {', '.join(missing)}, without a price in {region} as {kinds}")
    offered = tuple(each for each in shape.instance_types if each.name not in missing)
    return replace(shape, instance_types=offered) if offered else None


def _check_nodes(problems: Problems, args: PoolArguments, maximum_nodes: int) -> list[str]:
    """Check the names of nodes, and where their record lies."""
    nodes = args.get("nodes", [])
    for index, node in enumerate(nodes):
        if not _NODE_NAME.fullmatch(node):
            problems.add(f"nodes[{index}]", f"'{node}' is not the name of a node; use what kubectl get nodes shows")
    if 0 < maximum_nodes <= MAXIMUM_NODES and len(nodes) > maximum_nodes:
        problems.add("nodes", f"{len(nodes)} nodes are more than scaling.maximumNodes, {maximum_nodes}; raise it")
    return _unique(problems, "nodes", nodes)
