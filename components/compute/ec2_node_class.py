"""The node class of nodes that Karpenter makes on EC2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name, object_labels
from ...planning.catalog import Accelerator
from ...problems import Problems
from .aws_node_options import AwsNodeOptions
from .aws_node_plan import AwsNodePlan, plan_aws_nodes
from .hardware import named_types
from .node_sharing import plan_node_sharing
from .node_user_data import karpenter_user_data
from .placement_group import create_placement_group
from .sharing import SharingPlan

COMPONENT: Final = "node-class"
DISCOVERY_TAG: Final = "karpenter.sh/discovery"
_FAMILIES: Final = {"bottlerocket": "Bottlerocket", "al2023": "AL2023"}


class Ec2NodeClassArgs(TypedDict):
    """Inputs of `Ec2NodeClass`."""

    aws: AwsNodeOptions
    """What the nodes are made of."""

    node_class: NotRequired[str]
    """Name of the node class. Default: the component's name."""

    instance_types: NotRequired[list[str]]
    """Instance types of the pools that refer to it, such as `p5.48xlarge`; EFA and shared accelerators need to know
    them. Default: any."""

    zones: NotRequired[list[str]]
    """Zones of the pools that refer to it; EFA and placement groups need one. Default: any."""

    time_slicing_replicas: NotRequired[int]
    """Pods that share each accelerator in turn, 2 to 48, where the machine image sees to it. Default: not shared."""

    mig_profile: NotRequired[str]
    """MIG profile that each accelerator is cut into, where the machine image sees to it. Default: not cut."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ec2NodeClassPlan:
    """A node class with every default applied."""

    node_class: str
    nodes: AwsNodePlan
    accelerator: Accelerator | None
    sharing: SharingPlan | None


def plan_ec2_node_class(args: Ec2NodeClassArgs, name: str) -> Ec2NodeClassPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, Ec2NodeClassArgs):
        problems.raise_if_any("Ec2NodeClass")
    node_class, options = args.get("node_class", name), args["aws"]
    check_name(problems, "nodeClass" if "node_class" in args else "name", node_class)
    types = named_types(problems, args.get("instance_types", []))
    models = {each.accelerator.name: each.accelerator for each in types if each.accelerator}
    accelerator = next(iter(models.values()), None)
    replicas, profile = args.get("time_slicing_replicas"), args.get("mig_profile")
    sharing = None
    if len(models) > 1:
        problems.add("instanceTypes", f"have {' and '.join(sorted(models))}; make a node class for each")
    elif accelerator is not None:
        sharing = plan_node_sharing(problems, accelerator, replicas, profile, options)
    elif replicas is not None or profile is not None:
        problems.add("instanceTypes", "none with accelerators to share; give them, or leave the sharing out")
    with problems.under("aws"):
        nodes = plan_aws_nodes(problems, options, types, zones=sorted(set(args.get("zones", []))), is_managed=False)
    problems.raise_if_any("Ec2NodeClass")
    return Ec2NodeClassPlan(node_class=node_class, nodes=nodes, accelerator=accelerator, sharing=sharing)


class Ec2NodeClass(pulumi.ComponentResource):
    """What nodes that Karpenter makes on EC2 have in common: image, disks, network, reservations.

    A pool with `aws` makes its own. This is for several pools of one kind, or for NodePools that are not ours.

    Example: `Ec2NodeClass("general", {"aws": {"cluster_name": "prod"}})`
    """

    node_class: pulumi.Output[str]
    """Name that node pools refer to."""

    ami_alias: pulumi.Output[str]
    """The pinned machine image, such as `bottlerocket@v1.66.0`."""

    efa_interfaces: pulumi.Output[int]
    """Elastic Fabric Adapters of one node."""

    def __init__(self, name: str, args: Ec2NodeClassArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("Ec2NodeClass", name, partial(plan_ec2_node_class, name=name), args)
        super().__init__("aidc:index:Ec2NodeClass", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        made = create_node_class(name, plan, child)
        self.node_class = made.object_name
        self.ami_alias = pulumi.Output.from_input(plan.nodes.image.alias)
        self.efa_interfaces = pulumi.Output.from_input(plan.nodes.efa_interfaces)
        self.register_outputs(
            {"node_class": self.node_class, "ami_alias": self.ami_alias, "efa_interfaces": self.efa_interfaces}
        )


def create_node_class(name: str, plan: Ec2NodeClassPlan, opts: pulumi.ResourceOptions) -> KubernetesObject:
    """Make the EC2NodeClass, called `name` in Pulumi, and the placement group that it asks for."""
    group = plan.nodes.placement_group_name
    if plan.nodes.placement_group:
        group = create_placement_group(f"{name}-placement", plan.node_class, opts)
    return KubernetesObject(name, _manifest(plan, group), opts)


def _manifest(plan: Ec2NodeClassPlan, placement_group: pulumi.Input[str] | None) -> Mapping[str, Any]:
    nodes = plan.nodes
    spec: dict[str, Any] = {
        "amiFamily": _FAMILIES[nodes.image.family],
        "amiSelectorTerms": [{"alias": nodes.image.alias}],
        "subnetSelectorTerms": _selected(list(nodes.subnets.values()), nodes.cluster_name),
        "securityGroupSelectorTerms": _selected(nodes.security_group_ids, nodes.cluster_name),
        "blockDeviceMappings": nodes.image.node_class_disks(),
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "detailedMonitoring": nodes.detailed_monitoring,
        "tags": {"Name": plan.node_class, **nodes.tags},
    }
    # The definition takes one of them, and only with a profile does Karpenter not ask IAM.
    if nodes.instance_profile is None:
        spec["role"] = nodes.node_role_name
    else:
        spec["instanceProfile"] = nodes.instance_profile
    if nodes.interfaces:
        spec["networkInterfaces"] = [
            {
                "networkCardIndex": each.card,
                "deviceIndex": each.device,
                "interfaceType": str(each.kind),
            }
            for each in nodes.interfaces
        ]
    if nodes.instance_store:
        spec["instanceStorePolicy"] = "RAID0"
    if nodes.max_pods is not None:
        spec["kubelet"] = {"maxPods": nodes.max_pods}
    if placement_group is not None:
        spec["placementGroupSelector"] = {"name": placement_group}
    if nodes.reservations.is_given:
        spec["capacityReservationSelectorTerms"] = nodes.reservations.selector_terms()
    user_data = karpenter_user_data(nodes.boot_settings(plan.accelerator, plan.sharing))
    if user_data is not None:
        spec["userData"] = user_data
    return {
        "apiVersion": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": plan.node_class, "labels": object_labels(plan.node_class, COMPONENT)},
        "spec": spec,
    }


def _selected(ids: Sequence[pulumi.Input[str]], cluster: pulumi.Input[str]) -> list[dict[str, Any]]:
    return [{"id": each} for each in ids] if ids else [{"tags": {DISCOVERY_TAG: cluster}}]
