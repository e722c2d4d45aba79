"""Nodes that are kept warm: placeholder pods that step aside for real ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import NODE_POOL_LABEL, accelerator_taint, check_name, object_labels, selector_labels
from ...infra.versions import PAUSE
from ...planning.catalog import InstanceType, find_instance_type
from ...problems import Problems
from ..pods import PodResources, ResourcesPlan, check_image, container_security, plan_resources, pod_security
from .node_labels import NodeTaint, plan_taints, toleration
from .scaling_policy import MAXIMUM_NODES

_COMPONENT: Final = "headroom"
_PRIORITY: Final = -10
"""Below every pod that names no priority, and the lowest at which the Cluster Autoscaler still adds nodes
(`--expendable-pods-priority-cutoff`); Karpenter adds them at any."""

_LOWEST_PRIORITY: Final = -2_147_483_648
_SHARE: Final = 0.9
"""Part of a node's CPU and memory that its placeholder asks for; the rest is for DaemonSets."""


class NodeScalingArgs(TypedDict):
    """Inputs of `NodeScaling`."""

    namespace: pulumi.Input[str]
    """Namespace of the placeholders. They count towards its quota."""

    node_pool: pulumi.Input[str]
    """Pool whose nodes are kept warm."""

    headroom: int
    """Placeholders: nodes where `instance_type` is given, else pods of the size of `resources`. 1 to 5,000."""

    instance_type: NotRequired[str]
    """Instance type of which each placeholder takes a whole node. Give this or `resources`."""

    resources: NotRequired[PodResources]
    """Size of one placeholder, such as that of a pod that must start at once. Give this or `instance_type`."""

    taints: NotRequired[list[NodeTaint]]
    """Taints of the pool beside that of its accelerators. Default: none."""

    priority: NotRequired[int]
    """Priority of the placeholders, below 0. Default: -10."""

    service_account: NotRequired[pulumi.Input[str]]
    """Service account of the placeholders, which get no token. Default: `workload`, that of a Tenancy."""

    image: NotRequired[pulumi.Input[str]]
    """Image that does nothing. Default: Kubernetes' own `pause`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeScalingPlan:
    """Warm capacity with every default applied."""

    namespace: pulumi.Input[str]
    node_pool: pulumi.Input[str]
    headroom: int
    instance_type: str | None
    requests: Mapping[str, str]
    limits: Mapping[str, str]
    tolerations: Sequence[Mapping[str, str]]
    priority: int
    service_account: pulumi.Input[str]
    image: pulumi.Input[str]


def plan_node_scaling(args: NodeScalingArgs, name: str) -> NodeScalingPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, NodeScalingArgs):
        problems.raise_if_any("NodeScaling")
    check_name(problems, "name", name)
    headroom, priority = int(args["headroom"]), int(args.get("priority", _PRIORITY))
    problems.between("headroom", headroom, 1, MAXIMUM_NODES, "placeholders")
    problems.between("priority", priority, _LOWEST_PRIORITY, -1)
    check_image(problems, "image", args.get("image", PAUSE.reference))
    size = _size(problems, args)
    taints = plan_taints(problems, args.get("taints", []), None)
    problems.raise_if_any("NodeScaling")
    assert size is not None
    tolerations = [toleration(taint) for taint in taints]
    if size.gpus:
        own = {"key": accelerator_taint(size.gpu_resource), "operator": "Exists", "effect": "NoSchedule"}
        tolerations = [own, *(each for each in tolerations if each != own)]
    return NodeScalingPlan(
        namespace=args["namespace"],
        node_pool=args["node_pool"],
        headroom=headroom,
        instance_type=args.get("instance_type", "").strip().lower() or None,
        requests=size.requests,
        limits=size.limits,
        tolerations=tolerations,
        priority=priority,
        service_account=args.get("service_account", "workload"),
        image=args.get("image", PAUSE.reference),
    )


class NodeScaling(pulumi.ComponentResource):
    """Warm capacity of a node pool, so that a pod need not wait for a node (minutes for a GPU node).

    Makes a Deployment of placeholder pods of negative priority: the pool's autoscaler keeps nodes for them, any real
    pod evicts them at once, and they make the autoscaler add the next node. How many nodes the pool may have stays
    with the pool (`scaling`); this adds nothing to it.

    Example: `NodeScaling("warm", {"namespace": "headroom", "node_pool": pool.pool_name, "headroom": 1,
    "instance_type": "p5.48xlarge"})`
    """

    deployment: pulumi.Output[str]
    """Name of the Deployment of placeholders."""

    priority_class: pulumi.Output[str]
    """Name of the placeholders' PriorityClass."""

    headroom: pulumi.Output[int]
    """Placeholders."""

    requests: pulumi.Output[Mapping[str, str]]
    """What one placeholder keeps free, by resource name."""

    def __init__(self, name: str, args: NodeScalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("NodeScaling", name, partial(plan_node_scaling, name=name), args)
        super().__init__("aidc:index:NodeScaling", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        priority = KubernetesObject(f"{name}-priority", _priority_class(name, plan), child)
        placeholders = KubernetesObject(name, _deployment(name, plan, priority.object_name), child)
        self.deployment = placeholders.object_name
        self.priority_class = priority.object_name
        self.headroom = pulumi.Output.from_input(plan.headroom)
        self.requests = pulumi.Output.from_input(dict(plan.requests))
        self.register_outputs(
            {
                "deployment": self.deployment,
                "priority_class": self.priority_class,
                "headroom": self.headroom,
                "requests": self.requests,
            }
        )


def _size(problems: Problems, args: NodeScalingArgs) -> ResourcesPlan | None:
    """Return what one placeholder asks for; None where `problems` were added."""
    before = len(problems)
    if "instance_type" in args and "resources" in args:
        problems.add("resources", "given together with instanceType; give one of them")
    elif "instance_type" in args:
        found = find_instance_type(args["instance_type"], problems)
        return None if found is None else _whole_node(found)
    elif "resources" in args:
        with problems.under("resources"):
            planned_size = plan_resources(problems, args["resources"])
        return planned_size if len(problems) == before else None
    else:
        problems.add("instanceType", "missing; give instanceType or resources")
    return None


def _whole_node(instance: InstanceType) -> ResourcesPlan:
    cpu = f"{int(instance.allocatable_cpu_millis * _SHARE)}m"
    memory = f"{int(instance.allocatable_memory_mib * _SHARE)}Mi"
    requests, limits = {"cpu": cpu, "memory": memory}, {"memory": memory}
    resource = instance.accelerator.resource_name if instance.accelerator else "nvidia.com/gpu"
    if instance.accelerator_count:
        requests[resource] = limits[resource] = str(instance.accelerator_count)
    return ResourcesPlan(requests=requests, limits=limits, gpus=instance.accelerator_count, gpu_resource=resource)


def _priority_class(name: str, plan: NodeScalingPlan) -> dict[str, Any]:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": f"{name}-headroom", "labels": object_labels(name, _COMPONENT)},
        "value": plan.priority,
        "globalDefault": False,
        "preemptionPolicy": "Never",
        "description": "Placeholder pods that keep nodes warm; anything else may evict them.",
    }


def _deployment(name: str, plan: NodeScalingPlan, priority_class: pulumi.Output[str]) -> dict[str, Any]:
    labels = object_labels(name, _COMPONENT)
    selector: dict[str, pulumi.Input[str]] = {NODE_POOL_LABEL: plan.node_pool}
    if plan.instance_type is not None:
        selector["node.kubernetes.io/instance-type"] = plan.instance_type
    pod: dict[str, Any] = {
        "serviceAccountName": plan.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": priority_class,
        "terminationGracePeriodSeconds": 0,
        "securityContext": pod_security(),
        "nodeSelector": selector,
        "containers": [
            {
                "name": "placeholder",
                "image": plan.image,
                "resources": {"requests": dict(plan.requests), "limits": dict(plan.limits)},
                "securityContext": container_security(),
            }
        ],
    }
    if plan.tolerations:
        pod["tolerations"] = [dict(each) for each in plan.tolerations]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": plan.namespace, "labels": labels},
        "spec": {
            "replicas": plan.headroom,
            # A rolling update would ask for more nodes than the headroom, only to give them back.
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": selector_labels(name, _COMPONENT)},
            "template": {
                "metadata": {
                    "labels": labels,
                    "annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"},
                },
                "spec": pod,
            },
        },
    }
