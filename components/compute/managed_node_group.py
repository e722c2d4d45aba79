"""A node pool as an EKS managed node group, with its launch template."""

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from ...infra.identity import current_account, current_region, partition
from ...planning.catalog import InstanceType
from ...planning.catalog.karpenter import RESERVED
from ...planning.catalog.prices import SPOT
from .aws_node_plan import AwsNodePlan
from .node_user_data import group_user_data
from .placement_group import create_placement_group
from .pool_plan import NodePoolPlan

_EFFECTS: Final = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
_TAGGED: Final = ("instance", "network-interface", "volume")


def create_managed_node_group(
    name: str, plan: NodePoolPlan, opts: pulumi.ResourceOptions
) -> pulumi.Output[Mapping[str, str] | None]:
    """Make the launch template and the group; return the group's labels, known once it is there."""
    from pulumi_aws import eks

    nodes = plan.aws
    assert nodes is not None, "a managed node group has options of EC2"
    assert opts.parent is not None, "a pool is the parent of what it makes"
    template = _launch_template(name, plan, nodes, opts)
    group = eks.NodeGroup(
        name,
        cluster_name=nodes.cluster_name,
        node_role_arn=_role_arn(nodes.node_role_name, opts.parent),
        subnet_ids=list(nodes.subnets.values()),
        # Cheapest first, since EC2 tries them in this order; that of a capacity block is in the launch template alone.
        instance_types=None if nodes.reservations.is_block else _cheapest_first(plan),
        capacity_type=_capacity_type(plan, nodes),
        ami_type=nodes.image.group_type(plan.shape.architecture, plan.shape.accelerator),
        release_version=nodes.image.group_release,
        version=nodes.image.kubernetes_version,
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        scaling_config={
            # EKS takes the nodes of a capacity block away before its end, which a minimum would forbid.
            "min_size": 0 if nodes.reservations.is_block else plan.scaling.static_nodes or 0,
            "max_size": plan.scaling.maximum_nodes,
            "desired_size": plan.scaling.static_nodes or 0,
        },
        update_config=_update_config(plan.scaling.update_budget),
        node_repair_config={"enabled": nodes.node_repair},
        labels=dict(plan.labels),
        taints=[_taint(taint) for taint in plan.taints],
        tags={"Name": plan.pool_name},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=_left_alone(nodes))),
    )
    return group.labels


def _launch_template(name: str, plan: NodePoolPlan, nodes: AwsNodePlan, opts: pulumi.ResourceOptions) -> Any:
    from pulumi_aws import ec2

    settings: dict[str, Any] = {"block_device_mappings": nodes.image.launch_template_disks()}
    if nodes.interfaces:
        settings["network_interfaces"] = _interfaces(nodes)
    else:
        settings["vpc_security_group_ids"] = list(nodes.security_group_ids)
    group = nodes.placement_group_name
    if nodes.placement_group:
        group = create_placement_group(f"{name}-placement", plan.pool_name, opts)
    if group is not None:
        settings["placement"] = {"group_name": group}
    if nodes.reservations.ids:
        target = {"capacity_reservation_id": nodes.reservations.ids[0]}
        settings["capacity_reservation_specification"] = {"capacity_reservation_target": target}
    if nodes.reservations.is_block:
        settings["instance_market_options"] = {"market_type": "capacity-block"}
        settings["instance_type"] = plan.instance_types[0]
    user_data = group_user_data(nodes.boot_settings(plan.shape.accelerator, plan.sharing))
    if user_data is not None:
        settings["user_data"] = base64.b64encode(user_data.encode()).decode()
    tags = {"Name": plan.pool_name, **nodes.tags}
    return ec2.LaunchTemplate(
        f"{name}-template",
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
            "http_protocol_ipv6": "disabled",
        },
        monitoring={"enabled": nodes.detailed_monitoring},
        tag_specifications=[{"resource_type": kind, "tags": tags} for kind in _TAGGED],
        update_default_version=True,
        tags={"Name": plan.pool_name},
        opts=opts,
        **settings,
    )


def _interfaces(nodes: AwsNodePlan) -> Sequence[dict[str, Any]]:
    return [
        {
            "network_card_index": each.card,
            "device_index": each.device,
            "interface_type": str(each.kind),
            "security_groups": list(nodes.security_group_ids),
            "delete_on_termination": "true",
        }
        for each in nodes.interfaces
    ]


def _left_alone(nodes: AwsNodePlan) -> list[str]:
    """Return the inputs that somebody else owns: the program owns the number of nodes, but not those of a block."""
    # Elsewhere the wanted number must follow the smallest, or EKS refuses the update as soon as that is raised.
    return ["scalingConfig.desiredSize"] if nodes.reservations.is_block else []


def _cheapest_first(plan: NodePoolPlan) -> list[str]:
    def order(each: InstanceType) -> tuple[float, str]:
        price = each.price(plan.region)
        return (price.amount if price else math.inf, each.name)

    return [each.name for each in sorted(plan.shape.instance_types, key=order)]


def _capacity_type(plan: NodePoolPlan, nodes: AwsNodePlan) -> str:
    if nodes.reservations.is_block:
        return "CAPACITY_BLOCK"
    # A reservation is used on demand: the launch template names it.
    return {SPOT: "SPOT", RESERVED: "ON_DEMAND"}.get(plan.capacity_types[0], "ON_DEMAND")


def _update_config(budget: str) -> Any:
    amount = int(budget.rstrip("%"))
    return {"max_unavailable_percentage": amount} if budget.endswith("%") else {"max_unavailable": amount}


def _taint(taint: Mapping[str, str]) -> Any:
    value = {"value": taint["value"]} if "value" in taint else {}
    return {"key": taint["key"], **value, "effect": _EFFECTS[taint["effect"]]}


def _role_arn(role_name: pulumi.Input[str], parent: pulumi.Resource) -> pulumi.Output[str]:
    return pulumi.Output.all(region=current_region(parent), account=current_account(parent), role=role_name).apply(
        lambda known: f"arn:{partition(known['region'])}:iam::{known['account']}:role/{known['role']}"
    )
