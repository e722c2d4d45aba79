"""The system node group: its launch template and itself."""

from collections.abc import Sequence
from typing import Any, Final

import pulumi

from ..addons import AmiFamily
from ..labels import NODE_POOL_LABEL
from .system_nodes_plan import SYSTEM_POOL, SystemNodesPlan

SYSTEM_TAINT: Final = "CriticalAddonsOnly"
"""Kept by the nodes of the system, so that workloads do not crowd out what runs the cluster."""

_OPERATING_SYSTEM_GIB: Final = 4
"""The volume of Bottlerocket itself, beside that of its data; Bottlerocket, Partitions and volumes."""


def create_system_nodes(
    name: str,
    plan: SystemNodesPlan,
    *,
    cluster_name: pulumi.Output[str],
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    role_arn: pulumi.Input[str],
    security_group_id: pulumi.Input[str],
    volume_key: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """Make the system node group; return it."""
    from pulumi_aws import ec2, eks

    tags = {"Name": f"{name}-system", **plan.tags}
    template = ec2.LaunchTemplate(
        f"{name}-system",
        description=f"System nodes of {name}",
        update_default_version=True,
        vpc_security_group_ids=[security_group_id],
        block_device_mappings=[_device(device, size, volume_key) for device, size in _volumes(plan).items()],
        # One hop: no pod can take on the node's role.
        metadata_options={"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
        tag_specifications=[{"resource_type": kind, "tags": tags} for kind in ("instance", "volume")],
        tags=tags,
        opts=opts,
    )
    keep_size = pulumi.ResourceOptions(ignore_changes=["scalingConfig.desiredSize"])
    return eks.NodeGroup(
        f"{name}-system",
        cluster_name=cluster_name,
        node_role_arn=role_arn,
        subnet_ids=subnet_ids,
        ami_type=plan.ami_type,
        capacity_type="ON_DEMAND",
        instance_types=list(plan.instance_types),
        version=plan.kubernetes_version,
        release_version=plan.release,
        launch_template={"id": template.id, "version": template.latest_version.apply(lambda number: str(int(number)))},
        # The number in between is an autoscaler's, or whoever operates the cluster.
        scaling_config={
            "min_size": plan.minimum_nodes,
            "max_size": plan.maximum_nodes,
            "desired_size": plan.minimum_nodes,
        },
        update_config={"max_unavailable": 1},
        node_repair_config={"enabled": True},
        labels={NODE_POOL_LABEL: SYSTEM_POOL},
        taints=[{"key": SYSTEM_TAINT, "value": "true", "effect": "NO_SCHEDULE"}],
        opts=pulumi.ResourceOptions.merge(opts, keep_size),
    )


def _volumes(plan: SystemNodesPlan) -> dict[str, int]:
    """Return the volumes of a node by device, GiB."""
    if plan.image is AmiFamily.BOTTLEROCKET:
        return {"/dev/xvda": _OPERATING_SYSTEM_GIB, "/dev/xvdb": plan.volume_size}
    return {"/dev/xvda": plan.volume_size}


def _device(name: str, size: int, key: pulumi.Input[str] | None) -> Any:
    volume: dict[str, Any] = {
        "delete_on_termination": "true",
        "encrypted": "true",
        "volume_size": size,
        "volume_type": "gp3",
    }
    return {"device_name": name, "ebs": volume if key is None else {**volume, "kms_key_id": key}}
